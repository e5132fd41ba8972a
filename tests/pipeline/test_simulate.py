"""The simulated sky: reproducible, true to its truth table, honest about its noise, whole or not there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.progress import Cancelled, Progress
from astrotl_gui.pipeline.simulate import SimulatedField, simulate
from astrotl_gui.pipeline.simulation import galaxies, lenses
from astrotl_gui.pipeline.simulation.agn import nucleus_magnitudes
from astrotl_gui.pipeline.simulation.instrument import (
    BANDS,
    PIXEL_SCALE,
    psf_image,
    rms_map,
    rng_for,
    unit_noise,
)
from astrotl_gui.pipeline.simulation.profiles import Canvas
from astrotl_gui.pipeline.simulation.stars import point_reach

SIZE = 900


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SimulatedField:
    return simulate(tmp_path_factory.mktemp("sky"), seed=3, size=SIZE)


@pytest.fixture(scope="module")
def truth(small: SimulatedField) -> Table:
    return Table.read(small.truth.with_suffix(".ecsv"))


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def test_same_seed_same_bytes(small: SimulatedField, tmp_path: Path) -> None:
    again, other = simulate(tmp_path / "a", seed=3, size=SIZE), simulate(tmp_path / "b", seed=4, size=SIZE)
    assert digests(again.truth.parent) == digests(small.truth.parent)
    assert digests(other.truth.parent)["simulated_g.fits"] != digests(small.truth.parent)["simulated_g.fits"]


def test_a_finished_field_is_reused_and_a_damaged_one_made_again(tmp_path: Path) -> None:
    field = simulate(tmp_path, seed=1, size=300)
    before = field.images["g"].stat().st_mtime_ns
    assert simulate(tmp_path, seed=1, size=300) == field
    assert field.images["g"].stat().st_mtime_ns == before
    field.rms["r"].unlink()
    assert simulate(tmp_path, seed=1, size=300).rms["r"].is_file()


def test_files_say_what_they_are(small: SimulatedField) -> None:
    for band in BANDS:
        header = fits.getheader(small.images[band.name])
        assert (header["FILTER"], header["MAGZERO"]) == (band.name, band.zeropoint)
        assert "simulated" in header["OBJECT"]
        assert {"GAIN", "SATURATE", "SEEING", "BUNIT"} <= set(header)
        image = fits.getdata(small.images[band.name])
        assert image.shape == (SIZE, SIZE) and image.dtype.itemsize == 4 and np.isfinite(image).all()
    assert list(small.masks) == ["g", "r", "i"]


def test_world_coordinates_agree_with_the_truth(small: SimulatedField, truth: Table) -> None:
    wcs = WCS(fits.getheader(small.images["r"]))
    assert list(wcs.wcs.ctype) == ["RA---TAN", "DEC--TAN"]
    x, y = wcs.world_to_pixel_values(truth["ra"], truth["dec"])
    assert np.abs(x - truth["x"]).max() < 0.01 and np.abs(y - truth["y"]).max() < 0.01
    assert np.sqrt(abs(np.linalg.det(wcs.pixel_scale_matrix))) * 3600 == pytest.approx(PIXEL_SCALE, rel=1e-6)


def test_every_class_is_there_in_proportion(truth: Table) -> None:
    counts = {c: int((truth["class"] == c).sum()) for c in np.unique(truth["class"])}
    assert set(counts) == {"galaxy", "star", "lens", "agn", "artifact", "outlier"}
    assert counts["galaxy"] > 4 * counts["star"] > 4 * counts["lens"]
    mags = truth["mag_i"][truth["class"] == "galaxy"]
    bright, middle, faint = (int(((mags > m) & (mags < m + 2)).sum()) for m in (20, 22, 24))
    assert bright < middle < faint


def test_parquet_holds_the_same_rows(small: SimulatedField, truth: Table) -> None:
    import pyarrow.parquet as pq

    table = pq.read_table(small.truth)
    assert table.column_names == truth.colnames
    np.testing.assert_allclose(table["x"].to_numpy(), truth["x"], atol=1e-4)


def test_stars_lie_and_shine_where_the_truth_says(small: SimulatedField, truth: Table) -> None:
    """Isolated unsaturated stars: centroids to 0.05 px and the light to 2 % in the median, 0.3 px and 10 % each."""
    rows = _isolated(truth, "star", 18.3, 22.0)
    assert len(rows) >= 4
    for band in BANDS:
        image = fits.getdata(small.images[band.name]).astype(float)
        enclosed = _enclosed(psf_image(band), 9)
        offsets, ratios = [], []
        for row in rows:
            flux, x, y = _aperture(image, row["x"], row["y"], 9)
            offsets.append(np.hypot(x - row["x"], y - row["y"]))
            ratios.append(flux / enclosed / float(band.counts(row[f"mag_{band.name}"])))
        assert np.median(offsets) < 0.05 and max(offsets) < 0.3, offsets
        assert np.median(ratios) == pytest.approx(1, abs=0.02), ratios
        assert np.abs(np.array(ratios) - 1).max() < 0.1, ratios


@pytest.mark.parametrize(("n", "q"), [(0.5, 0.3), (1.0, 0.15), (1.0, 0.9), (4.0, 0.7), (5.5, 0.9)])
def test_sersic_light_is_kept_and_half_is_inside_r50(n: float, q: float) -> None:
    canvas = Canvas(500)
    counts = np.array([1e5, 2e5, 3e5])
    galaxies.add_sersic(canvas, 249.3, 250.7, 8.0, n, q, 0.7, counts)
    np.testing.assert_allclose(canvas.extended.sum(axis=(1, 2)), counts, rtol=1e-4)
    y, x = np.indices(canvas.extended[0].shape) - 64.0
    dx, dy = x - 249.3, y - 250.7
    u, v = dx * np.cos(0.7) + dy * np.sin(0.7), dy * np.cos(0.7) - dx * np.sin(0.7)
    inside = canvas.extended[2][u**2 + (v / q) ** 2 < 64].sum() / 3e5
    assert inside == pytest.approx(0.5, abs=0.06)  # the profile ends at a finite radius, so a little more
    assert canvas.observed(1).sum() == pytest.approx(2e5, rel=0.01)  # the PSF spreads light, it takes none


def test_sis_ring_lies_at_the_einstein_radius() -> None:
    model, source = lenses.LensModel(1.5, 1.0, 0.0), lenses.Source(0, 0, 0.03, 1.0, 0)
    x0, y0, stamp = lenses.lensed_image(model, source, 40.0, 40.0)
    y, x = np.indices(stamp.shape)
    r = np.hypot(x + x0 - 40.0, y + y0 - 40.0)
    assert (r * stamp).sum() / stamp.sum() == pytest.approx(1.5 / PIXEL_SCALE, abs=0.1)


@pytest.mark.parametrize("beta", [0.2, 0.5, 0.9])
def test_sis_images_and_magnification_are_analytic(beta: float) -> None:
    """SIS, β < θE: images at θE ± β on the line through the source; total magnification 2 θE/β."""
    model, source = lenses.LensModel(1.4, 1.0, 0.0), lenses.Source(beta, 0, 0.05, 1.0, 0)
    x0, y0, stamp = lenses.lensed_image(model, source, 0.0, 0.0)
    profile = stamp[-y0]  # the row through both images
    x = (np.arange(stamp.shape[1]) + x0) * PIXEL_SCALE
    for sign, expected in ((1, 1.4 + beta), (-1, beta - 1.4)):
        side = sign * x > 0
        near = side & (np.abs(x - expected) < 0.35)
        assert (x * profile)[near].sum() / profile[near].sum() == pytest.approx(
            expected, abs=0.1 * PIXEL_SCALE + 0.02
        )
    assert stamp.sum() == pytest.approx(2 * 1.4 / beta, rel=0.08)


def test_sie_critical_curve_encloses_the_einstein_area() -> None:
    model = lenses.LensModel(1.7, 0.6, 0.4)
    axis = np.linspace(-4, 4, 1601)
    x, y = np.meshgrid(axis, axis)
    bx, by = model.source_position(x, y)
    step = axis[1] - axis[0]
    (bxy, bxx), (byy, byx) = np.gradient(bx, step), np.gradient(by, step)
    inside = (bxx * byy - bxy * byx < 0) | (np.hypot(x, y) < 0.1)
    assert inside.sum() * step**2 == pytest.approx(np.pi * 1.7**2, rel=0.01)


def test_cusp_separates_three_images_from_one() -> None:
    model = lenses.LensModel(1.5, 0.7, 0.0)
    total = [
        lenses.lensed_image(model, lenses.Source(f * model.cusp(False), 0, 0.02, 1.0, 0), 0.0, 0.0)[2].sum()
        for f in (0.97, 1.6)
    ]
    assert total[0] > 3 * total[1]


def test_lensed_light_of_the_field_lies_at_the_einstein_radius() -> None:
    """The sources as drawn for each kind: light-weighted radius of the images within 35 % of θE (doubles: up to
    the θE + β of their brighter image)."""
    rng = rng_for(5, "test")
    for kind in lenses.KINDS:
        model = lenses.LensModel(1.4, lenses._axis_ratio(rng, kind), 0.3)
        x0, y0, stamp = lenses.lensed_image(model, lenses._source(rng, kind, model), 0.0, 0.0)
        y, x = np.indices(stamp.shape)
        radius = (np.hypot(x + x0, y + y0) * stamp).sum() / stamp.sum() * PIXEL_SCALE
        assert radius == pytest.approx(1.4, rel=0.7 if kind == "double" else 0.35), kind


def test_nuclei_follow_their_power_law() -> None:
    g, r, i = nucleus_magnitudes(20.0, -0.5, np.zeros(3))
    assert i == 20.0
    assert g - r == pytest.approx(1.25 * np.log10(622 / 477)) and r - i == pytest.approx(
        1.25 * np.log10(763 / 622)
    )


def test_noise_has_the_stated_width_and_correlation() -> None:
    noise = unit_noise(rng_for(1, "noise"), (700, 700))
    assert noise.std() == pytest.approx(1, rel=0.01)
    for one, other in ((noise[1:], noise[:-1]), (noise[:, 1:], noise[:, :-1])):
        assert (one * other).mean() == pytest.approx(0.1, abs=0.01)


def test_rms_image_is_the_noise_of_blank_sky(small: SimulatedField, truth: Table) -> None:
    for name, path in small.images.items():
        image, rms = fits.getdata(path).astype(float), fits.getdata(small.rms[name]).astype(float)
        pull = image[1:-1, 1:-1] / rms[1:-1, 1:-1]
        blank = _far_from(truth, 14)[1:-1, 1:-1]
        middle = np.median(pull[blank])
        below = pull[blank & (pull < middle)] - middle  # the half that no faint source reaches
        assert np.sqrt((below**2).mean()) == pytest.approx(1, abs=0.05)
        assert abs(middle) < 0.5
    assert len(np.unique(rms_map(BANDS[0], rng_for(1, "visits"), 900))) >= 3


def test_mask_bits_are_where_they_belong(small: SimulatedField, truth: Table) -> None:
    mask = fits.getdata(small.mask)
    assert set(np.unique(np.unpackbits(mask.ravel()[:, None], axis=1).any(axis=0)[:4])) == {False}
    clipped = np.zeros(mask.shape, bool)
    for path in small.images.values():
        clipped |= fits.getdata(path) >= np.float32(fits.getheader(path)["SATURATE"])
    np.testing.assert_array_equal((mask & 1) > 0, clipped)
    artifacts = truth[truth["class"] == "artifact"]
    for kind, bit in (("cosmic ray", 8), ("bad column", 4)):
        of_kind = artifacts[artifacts["kind"] == kind]
        assert of_kind["masked"].any() and not of_kind["masked"].all()
        for row in of_kind:
            x, y = round(row["x"]), round(row["y"])
            around = mask[max(y - 4, 0) : y + 5, max(x - 4, 0) : x + 5]
            assert bool((around & bit).any()) == bool(row["masked"]), row


def test_cosmic_rays_are_in_one_band_and_sharper_than_the_seeing(small: SimulatedField, truth: Table) -> None:
    rays = truth[(truth["kind"] == "cosmic ray") & ~truth["masked"]]
    for row in rays:
        x, y = round(row["x"]), round(row["y"])
        peak = {
            band.name: float(fits.getdata(small.images[band.name])[y - 4 : y + 5, x - 4 : x + 5].max())
            / band.sky_noise
            for band in BANDS
        }
        assert max(peak, key=lambda name: peak[name]) == row["band"]


def test_point_sources_end_below_the_noise() -> None:
    counts = np.full(3, 1e6)
    canvas = Canvas(400)
    canvas.add_point(200, 200, counts, point_reach(counts))
    ring = canvas.optics[:, 64 + 200, :]
    for k, band in enumerate(BANDS):
        assert np.abs(np.diff(ring[k][:200])).max() < band.sky_noise


class Stop(Progress):
    """Cancels at the first report whose text is `text`."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __call__(self, done: float, total: float, text: str = "") -> None:
        if text == self.text:
            raise Cancelled


@pytest.mark.parametrize("text", ["Lenses", "Galaxies", "Seeing and noise", "Writing images"])
def test_cancel_leaves_nothing_behind(tmp_path: Path, text: str) -> None:
    with pytest.raises(Cancelled):
        simulate(tmp_path, size=300, progress=Stop(text))
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_cleared(tmp_path: Path) -> None:
    (tmp_path / ".simulating-old").mkdir()
    (tmp_path / "simulated_g.fits").write_text("half")
    (tmp_path / "mine.txt").write_text("keep")
    field = simulate(tmp_path, seed=2, size=300)
    assert fits.getdata(field.images["g"]).shape == (300, 300)
    assert not (tmp_path / ".simulating-old").exists() and (tmp_path / "mine.txt").read_text() == "keep"


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AstroTLError):
        simulate(tmp_path / "file", size=300)


def _isolated(truth: Table, class_: str, bright: float, faint: float) -> Table:
    """Rows of a class with no comparable light within 3.4" and nothing brighter within 8", well inside the field."""
    rows = []
    for row in truth[(truth["class"] == class_) & (truth["mag_i"] > bright) & (truth["mag_i"] < faint)]:
        gap = np.hypot(truth["x"] - row["x"], truth["y"] - row["y"])
        other = np.nan_to_num(truth["mag_i"], nan=0.0)
        near = (gap > 0) & (
            ((gap < 17) & (other < row["mag_i"] + 3.7)) | ((gap < 40) & (other < row["mag_i"] + 1))
        )
        if not near.any() and 40 < row["x"] < SIZE - 40 and 40 < row["y"] < SIZE - 40:
            rows.append(row)
    return rows


def _far_from(truth: Table, gap: float) -> np.ndarray:
    """Pixels in no square about a source that could matter."""
    blank = np.ones((SIZE, SIZE), bool)
    for row in truth[~(truth["mag_i"] > 26.0)]:
        wide = gap + (0 if row["class"] == "galaxy" else 30) + 3 * np.nan_to_num(row["r50"]) / PIXEL_SCALE
        if row["class"] == "star":
            wide = gap + 9 * 10 ** (0.2 * max(21.0 - row["mag_i"], 0))
        x0, x1, y0, y1 = (max(int(row[axis] + side * wide), 0) for axis in "xy" for side in (-1, 1))
        blank[y0:y1, x0:x1] = False
    return blank


def _aperture(image: np.ndarray, x: float, y: float, radius: float) -> tuple[float, float, float]:
    """Sky-subtracted light in a circle, and the centroid of the light within 4 px."""
    rows, columns = np.indices(image.shape)
    r = np.hypot(columns - x, rows - y)
    sky = np.median(image[(r > 18) & (r < 28)])
    inner = (r < 6) * (image - sky)
    flux = float((image[r < radius] - sky).sum())
    return flux, float((columns * inner).sum() / inner.sum()), float((rows * inner).sum() / inner.sum())


def _enclosed(kernel: np.ndarray, radius: float) -> float:
    y, x = np.indices(kernel.shape) - kernel.shape[0] // 2
    return float(kernel[np.hypot(x, y) < radius].sum())


def test_the_default_field_holds_what_it_promises(tmp_path: Path) -> None:
    truth = Table.read(simulate(tmp_path).truth.with_suffix(".ecsv"))
    counts = {c: int(((truth["class"] == c) & ~truth["masked"]).sum()) for c in np.unique(truth["class"])}
    assert 20 <= counts["lens"] <= 30 and 40 <= counts["agn"] <= 60 and 10 <= counts["outlier"] <= 20
    assert 80 <= counts["artifact"] <= 150 and 200 <= counts["star"] <= 400
    lens = truth[truth["class"] == "lens"]
    assert set(lens["kind"]) == {"arc", "ring", "quad", "double"}
    assert lens["einstein_radius"].min() >= 0.9 and lens["einstein_radius"].max() <= 2.5
    rare = truth[np.isin(truth["class"], ["lens", "agn", "outlier"])]
    gaps = np.hypot(rare["x"] - rare["x"][:, None], rare["y"] - rare["y"][:, None]) + 1e6 * np.eye(len(rare))
    assert gaps.min() * PIXEL_SCALE > 5.0
