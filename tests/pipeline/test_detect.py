"""Detection against known answers, every kind of sky, real fields and bad input; the tile size does not matter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.coordinates import SkyCoord

from astrotl_gui.core.bands import BandSpec
from astrotl_gui.core.catalog import Catalog, match_pixels
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.flags import Flag
from astrotl_gui.core.identify import identify
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import Cancelled, Progress
from astrotl_gui.core.settings import DetectionSettings
from astrotl_gui.pipeline.detect import detect
from tests.pipeline.injected import SCALE, Injected, draw, mosaic, tan, write_band


def big_field(folder: Path, side: int = 3100) -> Mosaic:
    """Stars, galaxies up to half a tile across, a saturated star, gradients; two bands, one with a hole."""
    rng = np.random.default_rng(7)
    stars, galaxies, giants = 1500, 2500, 10
    count = stars + galaxies + giants
    x, y = rng.uniform(0, side, (2, count))
    size = np.concatenate(
        [np.full(stars, 1.6), 1.6 + rng.gamma(2.0, 1.2, galaxies), rng.uniform(25, 60, giants)]
    )
    ratio = np.concatenate([np.ones(stars), rng.uniform(0.4, 1, galaxies + giants)])
    flux = 150 * rng.pareto(1.1, count) + 60
    flux[-giants:] = 4e5
    flux[0], x[0], y[0] = 3e6, 1030, 1015
    flux[1:-giants] = np.minimum(flux[1:-giants], 3e4)
    sources = Injected(x, y, flux, size, np.maximum(size * ratio, 1.6), rng.uniform(-1.5, 1.5, count))
    column, row = np.meshgrid(np.arange(side), np.arange(side))
    bands = []
    for name, scale, zeropoint in (("g", 0.6, 25.0), ("r", 1.0, 25.2)):
        image = rng.normal(100, 4, (side, side))
        image += 10 * column / side + 6 * np.sin(row / 500) + 8 * np.hypot(column - 900, row - 2000) / side
        draw(image, sources, scale)
        halo = 200 * scale / (1 + (np.hypot(column - x[0], row - y[0]) / 12) ** 1.8)
        image += halo
        if name == "g":
            image[1500:1700, 2000:2300] = np.nan
        bands.append(write_band(folder, name, image, tan((side, side)), zeropoint=zeropoint))
    return mosaic(*bands, reference="r")


def band_of(
    folder: Path, sources: Injected, side: int, name: str = "r", noise: float = 1.0, **kwargs: Any
) -> BandSpec:
    image = np.random.default_rng(5).normal(50, noise, (side, side))
    draw(image, sources)
    wcs = kwargs.pop("wcs", tan((side, side)))
    return write_band(folder, name, image, wcs, **kwargs)


def nearest(catalog: Catalog, sources: Injected, radius: float = 2.0) -> np.ndarray:
    """Row of each injected source; every one must be found."""
    rows = match_pixels(sources.x, sources.y, catalog.x, catalog.y, radius)
    assert (rows >= 0).all()
    return rows


def angle_between(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Difference of position angles [deg], in ±90."""
    return np.asarray((first - second + 90) % 180 - 90)


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Mosaic:
    return big_field(tmp_path_factory.mktemp("field"))


@pytest.mark.slow
def test_catalog_does_not_depend_on_the_tile_size(field: Mosaic) -> None:
    whole = detect(field, DetectionSettings(tile=4096))
    assert len(whole) > 2500
    for tile in (1024, 512):
        tiled = detect(field, DetectionSettings(tile=tile))
        for one, other in ((whole, tiled), (tiled, whole)):
            found = match_pixels(one.x, one.y, other.x, other.y, 0.1)
            assert (found >= 0).mean() >= 0.995
        rows = match_pixels(whole.x, whole.y, tiled.x, tiled.y, 0.1)
        for name in ("flux_g", "flux_r", "a", "r50", "npix", "flags"):
            here, there = whole.column(name)[rows >= 0], tiled.column(name)[rows[rows >= 0]]
            close = np.isclose(here, there, rtol=1e-3, equal_nan=True)
            assert close.mean() >= 0.99, f"{name} at tile {tile}"


def test_fluxes_sizes_and_angles_of_known_gaussians(tmp_path: Path) -> None:
    sources = Injected.grid(700, 60, flux=20_000, a=4.0, b=2.2)
    field = mosaic(band_of(tmp_path, sources, 700, zeropoint=25.0))
    catalog = detect(field, DetectionSettings(threshold=5.0))
    assert len(catalog) == len(sources.x)
    rows = nearest(catalog, sources)
    flux = catalog.column("flux_r")[rows]
    assert abs(np.median(flux / 20_000) - 1) < 0.02
    np.testing.assert_allclose(flux, 20_000, rtol=0.03)
    np.testing.assert_allclose(catalog.column("mag_r")[rows], 25 - 2.5 * np.log10(flux), atol=1e-6)
    np.testing.assert_allclose(catalog.x[rows], sources.x, atol=0.15)
    # North is up and east to the left, so the angle from +x to +y is that from north to east plus 90 degrees.
    expected = np.degrees(sources.theta) - 90
    assert np.abs(angle_between(catalog.column("theta")[rows], expected)).max() < 2
    np.testing.assert_allclose(catalog.column("a")[rows], 4.0 * SCALE, rtol=0.1)
    np.testing.assert_allclose(catalog.column("r50")[rows], half_light(4.0, 2.2) * SCALE, rtol=0.05)
    assert (catalog.column("snr") > 100).all()
    assert (catalog.column("flags") == 0).all() and (catalog.column("masked_fraction") == 0).all()


def half_light(a: float, b: float) -> float:
    """Radius of the circle that holds half of the light of an elliptical Gaussian [px], by sampling it."""
    u, v = np.random.default_rng(0).normal(size=(2, 400_000))
    return float(np.median(np.hypot(a * u, b * v)))


def test_flux_errors_are_the_scatter(tmp_path: Path) -> None:
    sources = Injected.grid(900, 50, flux=1500, a=1.7, b=1.7)
    catalog = detect(mosaic(band_of(tmp_path, sources, 900, noise=4.0)), DetectionSettings())
    rows = nearest(catalog, sources, 3)
    pull = (catalog.column("flux_r")[rows] - 1500 * 0.99) / catalog.column("fluxerr_r")[rows]
    assert 0.75 < pull.std() < 1.35


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("rotation", [0.0, 33.0, 140.0])
@pytest.mark.parametrize(("ra", "dec"), [(150.0, 2.0), (0.0, -30.0), (80.0, 89.99)])
def test_positions_and_angles_on_any_sky(
    tmp_path: Path, ra: float, dec: float, rotation: float, flipped: bool
) -> None:
    side = 400
    wcs = tan((side, side), ra, dec, rotation=rotation, flipped=flipped)
    sources = Injected.grid(side, 80, flux=30_000, a=4.0, b=2.0)
    catalog = detect(mosaic(band_of(tmp_path, sources, side, wcs=wcs)), DetectionSettings())
    rows = nearest(catalog, sources)
    centre = SkyCoord(*wcs.all_pix2world(sources.x, sources.y, 0), unit="deg")
    found = SkyCoord(catalog.ra[rows], catalog.dec[rows], unit="deg")
    assert centre.separation(found).arcsec.max() < 0.15 * SCALE
    step = 1.0
    tip = SkyCoord(
        *wcs.all_pix2world(
            sources.x + step * np.cos(sources.theta), sources.y + step * np.sin(sources.theta), 0
        ),
        unit="deg",
    )
    expected = centre.position_angle(tip).deg
    theta = catalog.column("theta")[rows]
    assert np.abs(angle_between(theta, expected)).max() < 2
    assert ((theta >= 0) & (theta < 180)).all() and ((catalog.ra >= 0) & (catalog.ra < 360)).all()
    np.testing.assert_allclose(catalog.column("a")[rows], 4.0 * SCALE, rtol=0.1)


def test_local_pixel_scale_far_from_the_tangent_point(tmp_path: Path) -> None:
    side = 300
    wcs = tan((side, side))
    wcs.wcs.crpix = [side / 2 - 30 * 3600 / SCALE, side / 2]  # 30 degrees away pixels cover less sky
    sources = Injected.grid(side, 80, flux=30_000, a=3.0, b=3.0)
    catalog = detect(mosaic(band_of(tmp_path, sources, side, wcs=wcs)), DetectionSettings())
    rows = nearest(catalog, sources)
    from astropy.wcs.utils import proj_plane_pixel_area  # the scale at the tangent point, which is not ours

    tangent = np.sqrt(proj_plane_pixel_area(wcs)) * 3600
    local = mosaic(band_of(tmp_path, sources, side, wcs=wcs)).pixel_scale()
    assert local < 0.9 * tangent
    np.testing.assert_allclose(catalog.column("r50")[rows], half_light(3, 3) * local, rtol=0.05)


def test_without_wcs_sizes_use_the_given_scale(tmp_path: Path) -> None:
    sources = Injected.grid(300, 80, flux=20_000, a=4.0, b=2.0)
    field = mosaic(band_of(tmp_path, sources, 300, wcs=None, zeropoint=None), pixel_scale=0.4)
    catalog = detect(field, DetectionSettings())
    rows = nearest(catalog, sources)
    assert np.isnan(catalog.ra).all() and np.isnan(catalog.dec).all()
    assert np.isnan(catalog.column("mag_r")).all()
    np.testing.assert_allclose(catalog.column("a")[rows], 1.6, rtol=0.1)
    assert np.abs(angle_between(catalog.column("theta")[rows], np.degrees(sources.theta) - 90)).max() < 2


def test_forced_photometry_on_other_grids(tmp_path: Path) -> None:
    """A coarser, rotated, shifted band and one that covers half of the field."""
    sources = Injected.grid(500, 80, flux=30_000, a=3.0, b=2.0)
    wide = tan((500, 500))
    coarse = tan((330, 330), scale=0.4, rotation=25)
    x, y = coarse.all_world2pix(*wide.all_pix2world(sources.x, sources.y, 0), 0)
    turned = Injected(x, y, 2 * sources.flux, sources.a / 2, sources.b / 2, sources.theta + np.radians(25))
    image = np.random.default_rng(6).normal(10, 1, (330, 330))
    draw(image, turned)
    half = tan((500, 500))
    half.wcs.crpix = half.wcs.crpix - np.array([250, 0])
    part = np.random.default_rng(8).normal(0, 1, (500, 250))
    draw(part, Injected(sources.x - 250, sources.y, sources.flux, sources.a, sources.b, sources.theta))
    field = mosaic(
        band_of(tmp_path, sources, 500, "r", wcs=wide),
        write_band(tmp_path, "i", image, coarse),
        write_band(tmp_path, "z", part, half),
        reference="r",
    )
    catalog = detect(field, DetectionSettings())
    rows = nearest(catalog, sources)
    np.testing.assert_allclose(catalog.column("flux_r")[rows], 30_000, rtol=0.03)
    np.testing.assert_allclose(catalog.column("flux_i")[rows], 60_000, rtol=0.04)
    right = sources.x > 275
    np.testing.assert_allclose(catalog.column("flux_z")[rows][right], 30_000, rtol=0.03)
    assert np.isnan(catalog.column("flux_z")[rows][sources.x < 245]).all()
    assert np.isnan(catalog.column("mag_z")[rows][sources.x < 245]).all()
    np.testing.assert_allclose(catalog.column("masked_fraction")[rows][sources.x < 235], 1 / 3, atol=1e-3)


def test_psf_width_from_stars_in_each_band(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    count = 160
    x, y = rng.uniform(20, 1180, (2, count))
    theta = rng.uniform(-1.5, 1.5, count)
    bands = []
    for name, sigma in (("g", 2.4), ("r", 1.5)):
        size = np.where(np.arange(count) < 60, sigma, np.hypot(sigma, rng.gamma(4, 0.8, count)))
        sources = Injected(x, y, rng.uniform(3e3, 2e4, count), size, np.maximum(0.8 * size, sigma), theta)
        bands.append(band_of(tmp_path, sources, 1200, name, wcs=tan((1200, 1200))))
    catalog = detect(mosaic(*bands), DetectionSettings())
    assert catalog.fwhm["g"] == pytest.approx(2.4 * 2.3548 * SCALE, rel=0.04)
    assert catalog.fwhm["r"] == pytest.approx(1.5 * 2.3548 * SCALE, rel=0.04)


def test_masks_weights_saturation_and_edges(tmp_path: Path) -> None:
    side = 400
    sources = Injected.grid(side, 80, flux=30_000, a=2.0, b=2.0)
    sources.x[0], sources.y[0] = 1.0, 200.0
    sources.flux[5] = 400_000
    mask, weight = np.zeros((side, side)), np.ones((side, side))
    x, y = np.rint(sources.x).astype(int), np.rint(sources.y).astype(int)
    mask[y[1] - 2 : y[1] + 3, x[1] + 3] = 4
    mask[y[2] - 40 : y[2] + 40, x[2] - 40 : x[2] + 40] = 4
    mask[y[3], x[3]] = 1  # a bit that is not bad
    weight[y[4] - 40 : y[4] + 40, x[4] - 40 : x[4] + 40] = 0
    spec = band_of(tmp_path, sources, side, mask=mask, weight=weight, cards={"SATURATE": 5000.0})
    spec = replace(spec, mask_bits=4)
    catalog = detect(mosaic(spec), DetectionSettings())
    rows = match_pixels(sources.x, sources.y, catalog.x, catalog.y, 3)
    flags = np.where(rows >= 0, catalog.column("flags")[rows], -1)
    assert rows[2] < 0 and rows[4] < 0, "nothing is found where there is no data"
    assert flags[0] & Flag.EDGE
    assert flags[1] & Flag.MASKED and 0 < catalog.column("masked_fraction")[rows[1]] < 0.2
    assert flags[3] == 0
    assert flags[5] & Flag.SATURATED
    assert (flags[6:] == 0).all()


def test_noise_map_sets_the_depth(tmp_path: Path) -> None:
    """Half of the field is far noisier and its map says so: equal sources appear in the other half only."""
    side = 600
    sources = Injected.grid(side, 40, flux=150, a=1.7, b=1.7)
    sigma = np.where(np.arange(side) < side // 2, 1.0, 30.0) * np.ones((side, side))
    image = np.random.default_rng(4).normal(0, 1, (side, side)) * sigma
    draw(image, sources)
    catalog = detect(
        mosaic(write_band(tmp_path, "r", image, None, rms=sigma), pixel_scale=0.2), DetectionSettings()
    )
    found = match_pixels(sources.x, sources.y, catalog.x, catalog.y, 2) >= 0
    left = sources.x < side // 2 - 5
    assert found[left].mean() > 0.95
    assert found[~left].mean() < 0.1
    assert len(catalog) < 1.3 * found.sum()


def test_all_bands_go_deeper_than_one(tmp_path: Path) -> None:
    side = 700
    sources = Injected.grid(side, 40, flux=22, a=1.7, b=1.7)
    bands = []
    for seed, name in enumerate("gri"):
        image = np.random.default_rng(seed).normal(20, 1, (side, side))
        draw(image, sources, 10**0.4 if name == "i" else 1)
        noise = np.random.default_rng(seed + 9).normal(0, 10**0.4, (side, side)) if name == "i" else 0
        bands.append(write_band(tmp_path, name, image + noise, None, zeropoint=26.0 if name == "i" else 25.0))
    field = mosaic(*bands, pixel_scale=0.2)
    found = {
        band: (match_pixels(sources.x, sources.y, c.x, c.y, 2.5) >= 0).mean()
        for band in ("", "g")
        for c in [detect(field, DetectionSettings(band=band, filter_fwhm=4.0))]
    }
    assert found[""] > found["g"] + 0.1
    with pytest.raises(AstroTLError, match="No such band"):
        detect(field, DetectionSettings(band="K"))


def test_pure_noise_has_few_sources_and_blank_fields_none(tmp_path: Path) -> None:
    side = 512
    noise = np.random.default_rng(2).normal(100, 3, (side, side))
    catalog = detect(
        mosaic(write_band(tmp_path, "r", noise, tan((side, side)))), DetectionSettings(threshold=4.5)
    )
    assert len(catalog) <= 2
    flat = detect(
        mosaic(write_band(tmp_path, "r", np.full((90, 70), 3.0), None), pixel_scale=1), DetectionSettings()
    )
    masked = write_band(tmp_path, "r", noise, tan((side, side)), mask=np.ones((side, side)))
    nothing = detect(mosaic(masked), DetectionSettings())
    for empty in (flat, nothing):
        assert len(empty) == 0
        assert set(Catalog.empty(["r"]).names) == set(empty.names)
        assert empty.ids.dtype == np.int64


def test_columns_units_and_widths_survive_the_file(tmp_path: Path) -> None:
    sources = Injected.grid(300, 80, flux=20_000, a=2.0, b=2.0)
    cards = {"BUNIT": "MJy/sr"}
    catalog = detect(mosaic(band_of(tmp_path, sources, 300, cards=cards)), DetectionSettings())
    assert catalog.names == Catalog.empty(["r"]).names
    catalog.write(tmp_path / "c.parquet")
    again = Catalog.read(tmp_path / "c.parquet")
    assert again.fwhm == catalog.fwhm and set(again.fwhm) == {"r"}
    table = again.to_astropy()
    units = {name: str(table[name].unit) for name in ("ra", "r50", "theta", "mag_r", "flux_r")}
    assert units == {"ra": "deg", "r50": "arcsec", "theta": "deg", "mag_r": "mag", "flux_r": "MJy pix / sr"}
    assert all(table[name].description for name in table.colnames)


def test_progress_names_the_tiles_and_cancels(tmp_path: Path) -> None:
    class Recorder(Progress):
        def __init__(self, stop: str) -> None:
            self.seen: list[tuple[float, float, str]] = []
            self.stop = stop

        def __call__(self, done: float, total: float, text: str = "") -> None:
            self.seen.append((done, total, text))
            if text == self.stop:
                raise Cancelled

    field = mosaic(band_of(tmp_path, Injected.grid(600, 90, 9000, 2, 2), 600))
    record = Recorder("")
    detect(field, DetectionSettings(tile=200), progress=record)
    assert "Tile 3 of 9" in [text for _, _, text in record.seen]
    done = [step for step, _, _ in record.seen]
    assert done == sorted(done) and record.seen[-1][0] == record.seen[-1][1]
    with pytest.raises(Cancelled):
        detect(field, DetectionSettings(tile=200), progress=Recorder("Tile 2 of 9"))


# --- real fields -----------------------------------------------------------------------------------------


def real(files: list[Path]) -> Mosaic:
    assert files
    return Mosaic.open(identify(files).spec(pixel_scale=0.2))


def test_cfhtls_lens_is_a_source(shared_data: Path) -> None:
    catalog = detect(real(sorted((shared_data / "fits/cfhtls_w3").glob("*.fits"))), DetectionSettings())
    assert np.hypot(catalog.x - 222, catalog.y - 230).min() < 3
    assert 80 < len(catalog) < 250
    assert all(0.5 < width < 1.2 for width in catalog.fwhm.values())


def test_xdf_source_count(shared_data: Path) -> None:
    catalog = detect(real(sorted((shared_data / "fits/xdf").glob("*.fits"))), DetectionSettings())
    assert 140 <= len(catalog) <= 210
    assert catalog.bands == ("F435W", "F606W", "F775W", "F850LP", "F160W")
    assert np.isfinite(catalog.column("flux_F606W")).all()


def test_jwst_with_nan_and_mask(shared_data: Path) -> None:
    files = sorted((shared_data / "fits/jwst_a2744").glob("jw0256*"))
    field = real(files)
    catalog = detect(field, DetectionSettings())
    assert 200 < len(catalog) < 600
    box = (0, 0, field.shape[1], field.shape[0])
    bad = field.bad("F200W", box)
    at = bad[np.rint(catalog.y).astype(int), np.rint(catalog.x).astype(int)]
    assert at.mean() < 0.03
    assert catalog.fwhm["F200W"] == pytest.approx(0.075, abs=0.02)


def test_euclid_multi_extension(shared_data: Path) -> None:
    for path in sorted((shared_data / "fits/euclid_lens").glob("*.fits")):
        catalog = detect(real([path]), DetectionSettings())
        assert len(catalog) >= 1
        assert 0.12 < catalog.fwhm["VIS"] < 0.25, "measured on the PSF image"
