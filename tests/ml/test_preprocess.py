"""Preprocessing: units, the fixed stretch, channel order, and the fill of bad pixels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from astrotl_gui.ml.preprocess import Preprocessing, band_units, reference_rows
from tests.pipeline.small_sky import SCALE, make_sky

SIZE = 8.0


def fitted(folder: Path, names: str = "gri") -> Preprocessing:
    mosaic, catalog = make_sky(folder, names)
    return Preprocessing.fit(mosaic, catalog.ids, catalog.x, catalog.y, SIZE)


def test_units_are_microjansky_per_square_arcsecond(tmp_path: Path) -> None:
    mosaic, _ = make_sky(tmp_path, "gr", count=1)
    # AB zero point 25: one unit is 10^(-0.4 (25 - 23.9)) µJy a pixel of 0.2 arcsec.
    np.testing.assert_allclose(band_units(mosaic), 10 ** (-0.44) / SCALE**2, rtol=1e-9)


def test_the_sky_is_measured_in_those_units(tmp_path: Path) -> None:
    made = fitted(tmp_path)
    np.testing.assert_allclose(np.array(made.sky) / made.unit, 10, atol=0.6)
    assert (np.array(made.noise) / made.unit < 1.5).all()
    assert (np.array(made.white) >= 20 * np.array(made.noise)).all()


def test_the_stretch_survives_toml(tmp_path: Path) -> None:
    import tomllib

    import tomli_w

    made = fitted(tmp_path)
    assert Preprocessing.from_dict(tomllib.loads(tomli_w.dumps(made.to_dict()))) == made


def test_it_does_not_depend_on_the_order_of_the_catalog(tmp_path: Path) -> None:
    mosaic, catalog = make_sky(tmp_path)
    turned = catalog.take(np.arange(len(catalog))[::-1])
    other = Preprocessing.fit(mosaic, turned.ids, turned.x, turned.y, SIZE)
    made = fitted(tmp_path)
    assert set(other.reference) == set(made.reference)
    np.testing.assert_allclose(other.white, made.white, rtol=1e-6)
    ids = np.arange(1000)
    assert np.array_equal(np.sort(ids[::-1][reference_rows(ids[::-1])]), np.sort(reference_rows(ids)))
    assert len(reference_rows(ids)) == 200


def test_a_band_without_a_good_pixel_has_the_mosaics_background(tmp_path: Path) -> None:
    made = fitted(tmp_path)
    sky, noise = made.background(np.full((1, 3, 64, 64), np.nan, np.float32))
    np.testing.assert_allclose(sky[0], made.sky, rtol=1e-5)
    np.testing.assert_allclose(noise[0], made.noise, rtol=1e-5)
    np.testing.assert_allclose(
        made.physical(made.in_image_units(sky)[:, :, None, None])[..., 0, 0], sky, rtol=1e-5
    )


def test_a_galaxy_that_fills_its_cutout_is_not_taken_for_sky(tmp_path: Path) -> None:
    made = replace(fitted(tmp_path), scatter=(0.1, 0.1, 0.1))
    sky, _ = made.background(np.full((1, 3, 64, 64), 1e6, np.float32))
    assert (sky[0] < np.array(made.sky) + 1 + np.array(made.noise)).all()
