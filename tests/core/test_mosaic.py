"""Mosaics: noise and masks, what cannot be opened, the description, real fields."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tomli_w
from astropy.coordinates import SkyCoord
from astropy.io import fits

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.mosaic import BandSpec, Mosaic, MosaicSpec, default_colour
from tests.core.grids import DEC, RA, full, tan_header, two_bands, write


def test_noise_and_bad_pixels_on_the_own_grid(tmp_path: Path) -> None:
    shape = (20, 30)
    header = tan_header(shape, 0.2)
    image = np.ones(shape, "f4")
    image[1, 1] = np.nan
    rms, weight, mask = np.full(shape, 0.5, "f4"), np.full(shape, 4.0, "f4"), np.zeros(shape, "i2")
    rms[2, 2], rms[3, 3], weight[4, 4], mask[5, 5], mask[6, 6] = np.inf, np.nan, 0.0, 4, 2
    planes = {
        name: write(tmp_path / f"{name}.fits", data)
        for name, data in (("rms", rms), ("weight", weight), ("mask", mask))
    }
    band = replace(BandSpec("a", write(tmp_path / "i.fits", image, header)), **planes)  # type: ignore[arg-type]
    mosaic = Mosaic.open(MosaicSpec("t", (replace(band, mask_bits=4),)))
    noise = mosaic.noise("a", full(mosaic))
    assert noise is not None
    assert np.isnan(noise[[2, 3], [2, 3]]).all()
    assert noise[0, 0] == 0.5
    bad = mosaic.bad("a", full(mosaic))
    assert sorted(zip(*np.nonzero(bad), strict=True)) == [(k, k) for k in (1, 2, 3, 4, 5)]
    everything = Mosaic.open(MosaicSpec("t", (band,))).bad("a", (-1, 0, 30, 20))
    assert everything[:, 0].all()
    assert everything[6, 7]
    assert everything[:, 1:].sum() == 6
    by_weight = Mosaic.open(MosaicSpec("t", (replace(band, rms=None),))).noise("a", full(mosaic))
    assert by_weight is not None
    assert by_weight[0, 0] == 0.5
    assert np.isnan(by_weight[4, 4])


def test_steps_take_every_nth_pixel(tmp_path: Path) -> None:
    data = np.random.default_rng(1).normal(size=(50, 60)).astype("f4")
    weight = write(tmp_path / "w.fits", (data > 0).astype("f4"))
    plane = write(tmp_path / "a.fits", data, tan_header((50, 60), 0.2))
    mosaic = Mosaic.open(MosaicSpec("t", (BandSpec("a", plane, weight=weight),)))
    for box in (full(mosaic), (3, 4, 55, 49), (-5, -5, 70, 70), (1, 1, 5, 5)):
        for step in (2, 7):
            for read in (mosaic.read, mosaic.noise, mosaic.bad):
                whole = np.asarray(read("a", box))
                np.testing.assert_array_equal(read("a", box, step), whole[::step, ::step])


def test_bands_of_different_fields_are_both_named(tmp_path: Path) -> None:
    data = np.ones((50, 60), "f4")
    with pytest.raises(AstroTLError, match=r"different fields.*b\.fits.*a\.fits"):
        two_bands(tmp_path, (data, tan_header((50, 60), 0.2)), (data, tan_header((50, 60), 0.2, ra=RA + 1)))
    with pytest.raises(AstroTLError, match="different fields"):
        two_bands(
            tmp_path,
            (data, tan_header((50, 60), 0.2)),
            (data, tan_header((50, 60), 0.2, ra=RA + 180, dec=-DEC)),
        )


def test_a_small_band_inside_a_large_one_is_one_field(tmp_path: Path) -> None:
    large = np.ones((900, 900), "f4"), tan_header((900, 900), 0.2)
    small = np.ones((5, 6), "f4"), tan_header((5, 6), 0.2, ra=RA + 0.003)
    assert two_bands(tmp_path, large, small).band("b").shape == (5, 6)
    assert two_bands(tmp_path, small, large).shape == (5, 6)


def test_bands_without_values_files_or_a_common_size_are_told(tmp_path: Path) -> None:
    header = tan_header((50, 60), 0.2)
    good = BandSpec("g", write(tmp_path / "g.fits", np.ones((50, 60), "f4"), header))
    empty = BandSpec("r", write(tmp_path / "r.fits", np.full((50, 60), np.nan, "f4"), header))
    other = write(tmp_path / "o.fits", np.ones((40, 60), "f4"))
    with pytest.raises(AstroTLError, match=r"Band has no values.*r.fits"):
        Mosaic.open(MosaicSpec("t", (good, empty)))
    with pytest.raises(AstroTLError, match=r"File not found.*gone.fits"):
        Mosaic.open(MosaicSpec("t", (good, BandSpec("r", Plane(tmp_path / "gone.fits", 0)))))
    with pytest.raises(AstroTLError, match=r"weight map does not fit.*60 × 40.*60 × 50"):
        Mosaic.open(MosaicSpec("t", (replace(good, weight=other),)))
    with pytest.raises(AstroTLError, match=r"cannot be aligned.*60 × 40"):
        Mosaic.open(MosaicSpec("t", (good, BandSpec("o", other)), "g"))
    with pytest.raises(AstroTLError, match="no band x"):
        Mosaic.open(MosaicSpec("t", (good,))).read("x", (0, 0, 1, 1))


def test_one_value_in_a_sea_of_nan_is_enough(tmp_path: Path) -> None:
    data = np.full((500, 300), np.nan, "f4")
    data[333, 222] = 1.0
    plane = write(tmp_path / "a.fits", data, tan_header((500, 300), 0.2))
    assert Mosaic.open(MosaicSpec("t", (BandSpec("a", plane),))).read("a", (222, 333, 223, 334)) == 1.0


def test_specs_survive_toml() -> None:
    plane = Plane(Path("/data/odd [1].fits"), 2, 3)
    band = BandSpec("g", plane, rms=plane, mask=Plane(Path("m.fits"), 0), mask_bits=5, zeropoint=30.0)
    spec = MosaicSpec("W3", (band, BandSpec("r", plane, wavelength=623.0)), "g", pixel_scale=0.2)
    assert MosaicSpec.from_dict(tomllib.loads(tomli_w.dumps(spec.to_dict()))) == spec


@pytest.mark.parametrize(
    ("names", "colour"),
    [
        ("g", ("g", "g", "g")),
        ("gr", ("r", "", "g")),
        ("gri", ("i", "r", "g")),
        ("griz", ("z", "i", "r")),
        ("ugrizYJH", ("H", "z", "r")),
    ],
)
def test_the_longest_wavelength_is_red(names: str, colour: tuple[str, str, str]) -> None:
    assert default_colour(list(names)) == colour


def test_specs_that_contradict_themselves_are_told() -> None:
    band = BandSpec("g", Plane(Path("g.fits"), 0))
    for bad, title in (
        (lambda: MosaicSpec("t", ()), "No image"),
        (lambda: MosaicSpec("t", (band, band)), "share a name"),
        (lambda: MosaicSpec("t", (band,), "r"), "No such band"),
        (lambda: MosaicSpec("t", (band,), "g", ("g", "r", "g")), "No such band"),
        (lambda: BandSpec.from_dict({"name": "g"}), "incomplete"),
    ):
        with pytest.raises(AstroTLError, match=title):
            bad()


def test_the_fingerprint_knows_the_pixels_not_the_folder(tmp_path: Path) -> None:
    data = np.ones((50, 60), "f4")
    prints = []
    for folder, change in (("one", 0), ("two", 0), ("three", 1)):
        (tmp_path / folder).mkdir()
        data[0, 0] = change
        plane = write(tmp_path / folder / "a.fits", data, tan_header((50, 60), 0.2))
        prints.append(Mosaic.open(MosaicSpec(folder, (BandSpec("a", plane),))).fingerprint)
    assert prints[0] == prints[1] != prints[2]


def test_the_cfhtls_lens_is_where_it_is_known_to_be(shared_data: Path) -> None:
    folder = shared_data / "fits/cfhtls_w3"
    bands = tuple(BandSpec(b, Plane(folder / f"CFHTLS-test_{b}.fits", 0)) for b in "gri")
    mosaic = Mosaic.open(MosaicSpec("W3", bands))
    lens = SkyCoord("14h22m09s +52d46m52s")  # SL2SJ142209+524652
    ra, dec = mosaic.sky(222.0, 230.0)
    assert SkyCoord(ra, dec, unit="deg").separation(lens).arcsec < 8
    assert mosaic.aligned
    assert mosaic.pixel_scale() == pytest.approx(0.186, rel=1e-3)
    for b in "gri":
        with fits.open(folder / f"CFHTLS-test_{b}.fits") as hdus:
            np.testing.assert_array_equal(mosaic.read(b, full(mosaic)), hdus[0].data.astype("f4"))


def test_a_real_band_on_a_coarser_turned_grid_keeps_its_stars(shared_data: Path, tmp_path: Path) -> None:
    """The CFHTLS i band on a made-up 0.26″ grid turned by 30°: fluxes within an aperture survive to 1 %."""
    plane = Plane(shared_data / "fits/cfhtls_w3/CFHTLS-test_i.fits", 0)
    own = Mosaic.open(MosaicSpec("t", (BandSpec("i", plane),)))
    ra, dec = (float(v) for v in own.sky(219.5, 219.5))
    grid = write(
        tmp_path / "grid.fits", np.ones((180, 180), "f4"), tan_header((180, 180), 0.26, 30.0, ra, dec)
    )
    other = Mosaic.open(MosaicSpec("t", (BandSpec("grid", grid), BandSpec("i", plane)), "grid"))
    fluxes = []
    for mosaic in (own, other):
        values = mosaic.read("i", full(mosaic))
        yy, xx = np.mgrid[: mosaic.shape[0], : mosaic.shape[1]]
        x, y = mosaic.pixel(ra, dec)
        radius = np.hypot(xx - x, yy - y) * mosaic.pixel_scale()
        fluxes.append(float(values[radius < 15].sum()))
    assert fluxes[1] == pytest.approx(fluxes[0], rel=0.01)
