"""deepCR's column: what is counted, with a plain mask; and deepCR itself on planted cosmic rays, where it is here."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from astrotl_gui.core.bands import BandSpec, MosaicSpec, default_colour
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.pipeline import cosmic_rays
from astrotl_gui.pipeline.cosmic_rays import cosmic_ray_share, mark_cosmic_rays, network
from tests.pipeline.small_sky import make_catalog

STARS = ((30, 40), (90, 30), (60, 100), (105, 100))
RAYS = ((30, 80), (75, 65))


def exposure() -> np.ndarray:
    """Four stars and two cosmic rays on noise, float32 (128, 128)."""
    rng = np.random.default_rng(0)
    image = rng.normal(100, 10, (128, 128))
    row, column = np.mgrid[:128, :128]
    for x, y in STARS:
        image += 900 * np.exp(-0.5 * ((column - x) ** 2 + (row - y) ** 2) / 2**2)
    for x, y in RAYS:
        for step in (-1, 0, 1):
            image[y, x + step] += 1200
    return image.astype(np.float32)


def test_the_share_is_that_of_the_marked_light() -> None:
    image = np.full((40, 40), 5.0, np.float32)
    image[::2] += 0.1
    image[10, 10], image[10, 11] = 305, 105
    marked = np.zeros((40, 40), np.float32)
    marked[10, 10] = 0.9
    x = np.array([10.0, 30.0])
    share = cosmic_ray_share(image, x, np.array([10.0, 30.0]), 3.0, lambda _: marked)
    assert share[0] == pytest.approx(0.75, abs=0.01)
    assert share[1] == 0


def test_bad_pixels_have_no_share() -> None:
    nothing = np.full((20, 20), np.nan, np.float32)
    assert np.isnan(cosmic_ray_share(nothing, np.array([9.0]), np.array([9.0]), 2.0, np.zeros_like)).all()


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "deepCR":
            raise ImportError("No module named 'deepCR'")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(AstroTLError, match=r"astrotl\[cosmic-rays\]"):
        network("decam")


def test_bands_whose_stars_are_hardly_wider_than_a_pixel_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There deepCR takes stars for cosmic rays, and the outlier list would hide them."""
    specs = []
    for name in "gi":
        fits.PrimaryHDU(exposure()).writeto(tmp_path / f"{name}.fits")
        specs.append(BandSpec(name=name, image=Plane(tmp_path / f"{name}.fits", 0), zeropoint=25.0))
    spec = MosaicSpec("two", tuple(specs), "i", default_colour(tuple("gi")), pixel_scale=0.2)
    mosaic, table = Mosaic.open(spec), make_catalog(*np.array(STARS, float).T)
    columns = {name: table.column(name) for name in ("id", "ra", "dec", "x", "y")}
    asked: list[str] = []
    monkeypatch.setattr(cosmic_rays, "network", lambda name: asked.append(name) or np.zeros_like)
    with pytest.raises(AstroTLError, match="pass for cosmic rays") as problem:
        mark_cosmic_rays(mosaic, Catalog.from_columns(columns, fwhm={"g": 0.32, "i": 0.30}))
    assert "1.6 px" in problem.value.detail and not asked
    mark_cosmic_rays(mosaic, Catalog.from_columns(columns, fwhm={"g": 0.9, "i": 0.30}))
    assert asked == ["decam"]


def test_deepcr_finds_planted_cosmic_rays_and_spares_stars(tmp_path: Path) -> None:
    pytest.importorskip("deepCR", reason="the extra cosmic-rays is not installed")
    path = tmp_path / "i.fits"
    fits.PrimaryHDU(exposure()).writeto(path)
    bands = (BandSpec(name="i", image=Plane(path, 0), zeropoint=25.0),)
    mosaic = Mosaic.open(MosaicSpec("one", bands, "i", default_colour(("i",)), pixel_scale=0.2))
    places = np.array([*STARS, *RAYS], float)
    steps: list[float] = []
    marked = mark_cosmic_rays(
        mosaic, make_catalog(*places.T), progress=lambda done, total, text="": steps.append(done / total)
    )
    share = marked.column("deepcr")
    assert (share[: len(STARS)] < 0.2).all()
    assert (share[len(STARS) :] > 0.8).all()
    assert steps[-1] == 1
