"""The simulated field on disk: reproducible, true to its truth table, whole or not there, refused with a reason."""

from __future__ import annotations

import hashlib
import multiprocessing
import tomllib
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.identify import identify
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import Cancelled, Progress
from astrotl_gui.pipeline import simulate as verb
from astrotl_gui.pipeline.demo import demo_spec
from astrotl_gui.pipeline.simulate import Recipe, SimulatedField, simulate

SMALL = Recipe(seed=12, width=700, height=600)
TINY = Recipe(seed=1, width=90, height=80, bands=("r",))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SimulatedField:
    return simulate(tmp_path_factory.mktemp("sky"), SMALL, workers=1)


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory) -> SimulatedField:
    recipe = Recipe(seed=19, width=400, height=300, bands=("i",), epochs=12)
    return simulate(tmp_path_factory.mktemp("visits"), recipe, workers=1)


@pytest.fixture(scope="module")
def truth(small: SimulatedField) -> Table:
    return Table.read(small.truth.with_suffix(".ecsv"))


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def test_same_seed_same_bytes_however_many_processes(tmp_path: Path) -> None:
    recipe = Recipe(seed=3, width=1100, height=64, bands=("g", "i"), epochs=1)
    one = simulate(tmp_path / "a", recipe, workers=1)
    other = simulate(tmp_path / "b", recipe, workers=2)
    assert digests(one.truth.parent) == digests(other.truth.parent)
    third = simulate(tmp_path / "c", Recipe(seed=4, width=1100, height=64, bands=("g",)), workers=1)
    assert digests(third.truth.parent)["simulated_g.fits"] != digests(one.truth.parent)["simulated_g.fits"]


def test_a_finished_field_is_reused_and_a_damaged_one_made_again(tmp_path: Path) -> None:
    field = simulate(tmp_path, TINY)
    before = field.images["r"].stat().st_mtime_ns
    assert simulate(tmp_path, TINY) == field and field.images["r"].stat().st_mtime_ns == before
    field.rms["r"].unlink()
    assert simulate(tmp_path, TINY).rms["r"].is_file()
    assert tomllib.loads((tmp_path / verb.MARKER).read_text())["seed"] == 1


def test_files_say_what_they_are(small: SimulatedField) -> None:
    for band, path in small.images.items():
        header = fits.getheader(path)
        assert (header["FILTER"], header["MAGZERO"], header["SIMSEED"]) == (band, 30.0, 12)
        assert "Simulated" in header["OBJECT"] and {"GAIN", "SATURATE", "SEEING", "DEPTH", "BUNIT"} <= set(
            header
        )
        image, rms, weight = (fits.getdata(p[band]) for p in (small.images, small.rms, small.weights))
        assert image.shape == (600, 700) and image.dtype.itemsize == 4 and np.isfinite(image).all()
        np.testing.assert_allclose(weight * rms**2, 1, rtol=1e-5)
        mask = fits.getheader(small.masks[band])
        assert {mask[f"MASKB{k}"] for k in range(5)} == {"SATURATED", "BLEED", "COLUMN", "COSMIC", "TRAIL"}
        assert fits.getdata(small.psfs[band]).sum() == pytest.approx(1, abs=1e-4)


def test_astrotl_opens_it_as_what_it_is(small: SimulatedField) -> None:
    """Every plane finds its band by itself, and the mask bits that count are known."""
    proposal = identify([path for path in small.files() if path.suffix == ".fits"])
    assert [band.name for band in proposal.bands] == ["g", "r", "i"] and not proposal.warnings
    assert all(band.rms and band.weight and band.mask and band.psf for band in proposal.bands)
    mosaic = Mosaic.open(demo_spec(small))
    assert mosaic.pixel_scale() == pytest.approx(0.2, rel=1e-4) and mosaic.zeropoint("g") == 30.0


@pytest.mark.parametrize("projection", ["tan", "sip", "tpv"])
def test_truth_positions_agree_with_the_header(tmp_path: Path, projection: str) -> None:
    """To 0.05 px, read by astropy and by AstroTL."""
    recipe = Recipe(seed=2, width=500, height=400, bands=("i",), projection=projection)
    field = simulate(tmp_path, recipe, workers=1)
    table = pq.read_table(field.truth)
    x, y, ra, dec = (table[name].to_numpy() for name in ("x", "y", "ra", "dec"))
    wx, wy = WCS(fits.getheader(field.images["i"])).all_world2pix(ra, dec, 0)
    assert np.hypot(wx - x, wy - y).max() < 0.05
    mx, my = Mosaic.open(identify([field.images["i"]]).spec()).pixel(ra, dec)
    assert np.hypot(mx - x, my - y).max() < 0.05


def test_stars_lie_and_shine_where_the_truth_says(small: SimulatedField, truth: Table) -> None:
    """Isolated unsaturated stars: centroids to 0.05 px and light to 2 % in the median."""
    rows = _isolated(truth)
    assert len(rows) >= 4
    for band in ("g", "r", "i"):
        image, kernel = (fits.getdata(p[band]).astype(float) for p in (small.images, small.psfs))
        middle = kernel.shape[0] // 2
        enclosed, *_ = _aperture(kernel, middle, middle, 9)  # the aureole is in the sky annulus too
        offsets, ratios = [], []
        for row in rows:
            flux, x, y = _aperture(image, row["x"], row["y"], 9)
            offsets.append(np.hypot(x - row["x"], y - row["y"]))
            ratios.append(flux / enclosed / row[f"flux_{band}"])
        assert np.median(offsets) < 0.05, offsets
        assert np.median(ratios) == pytest.approx(1, abs=0.02), ratios


def test_parquet_holds_the_same_rows(small: SimulatedField, truth: Table) -> None:
    table = pq.read_table(small.truth)
    assert table.column_names == truth.colnames
    np.testing.assert_allclose(table["x"].to_numpy(), truth["x"], atol=1e-4)
    assert sum(small.counts().values()) == len(truth) and next(iter(small.counts())) == "galaxy"


def test_magnitudes_and_fluxes_are_one_light(truth: Table) -> None:
    lit = truth[truth["class"] != "artifact"]
    np.testing.assert_allclose(lit["mag_r"], 30 - 2.5 * np.log10(lit["flux_r"]), atol=2e-3)


def test_epochs_have_dates_problems_and_variables(visits: SimulatedField) -> None:
    field = visits
    table = Table.read(field.epoch_table)
    assert len(field.epochs) == 12 and list(table["file"]) == [path.name for path in field.epochs]
    for row, path in zip(table, field.epochs, strict=True):
        header = fits.getheader(path)
        assert header["MJD-OBS"] == pytest.approx(row["mjd"]) and header["FILTER"] == "i"
    variables = Table.read(field.variables)
    truth = pq.read_table(field.truth).to_pydict()
    assert len(variables) % 12 == 0 and len(variables)
    for source in np.unique(variables["id"]):
        row = truth["id"].index(source)
        mine = variables[variables["id"] == source]
        assert truth["class"][row] == mine["class"][0] and np.ptp(mine["mag_i"]) > 0.005


def test_a_shifted_visit_shows_its_stars_beside_their_places(visits: SimulatedField) -> None:
    """Where the header of each visit puts the field's stars, against where they are: the plan's error to 0.3 px."""
    field = visits
    truth = Table.read(field.truth.with_suffix(".ecsv"))
    stars = truth[(truth["class"] == "star") & (truth["mag_i"] > 18) & (truth["mag_i"] < 20.5)]
    stars = stars[(np.abs(stars["x"] - 250) < 200) & (np.abs(stars["y"] - 200) < 150)]
    assert len(stars) >= 2
    for row, path in zip(Table.read(field.epoch_table), field.epochs, strict=True):
        if row["problem"] in ("cloudy", "defocused", "trailed"):
            continue
        image = fits.getdata(path).astype(float)
        wx, wy = WCS(fits.getheader(path)).all_world2pix(stars["ra"], stars["dec"], 0)
        moved = []
        for x, y in zip(wx - row["dx"], wy - row["dy"], strict=True):
            _, cx, cy = _aperture(image, x, y, 9)
            moved.append((cx - x, cy - y))
        assert np.abs(np.median(moved, axis=0)).max() < 0.3, row["problem"]


class Stop(Progress):
    """Cancels once `done` is reached."""

    def __init__(self, done: int) -> None:
        self.done = done

    def __call__(self, done: float, total: float, text: str = "") -> None:
        if done >= self.done:
            raise Cancelled


@pytest.mark.parametrize(("done", "workers"), [(0, 1), (1, 1), (1, 2)])
def test_cancel_leaves_nothing_behind(tmp_path: Path, done: int, workers: int) -> None:
    wide = Recipe(seed=1, width=1100, height=80, bands=("r",))
    with pytest.raises(Cancelled):
        simulate(tmp_path, wide, workers=workers, progress=Stop(done))
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_cleared(tmp_path: Path) -> None:
    (tmp_path / ".simulating-old").mkdir()
    (tmp_path / "simulated_r.fits").write_text("half")
    (tmp_path / "mine.txt").write_text("keep")
    field = simulate(tmp_path, TINY)
    assert fits.getdata(field.images["r"]).shape == (80, 90)
    assert not (tmp_path / ".simulating-old").exists() and (tmp_path / "mine.txt").read_text() == "keep"


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AstroTLError):
        simulate(tmp_path / "file", TINY)


def test_a_full_disk_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from astrotl_gui.pipeline.simulation.files import PlaneFile

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(PlaneFile, "write", full)
    with pytest.raises(AstroTLError, match="disk is full"):
        simulate(tmp_path, TINY)
    assert list(tmp_path.iterdir()) == []


def test_a_killed_worker_is_one_clear_error(tmp_path: Path) -> None:
    class Kill(Progress):
        """Kills every worker process once there are some."""

        def __call__(self, done: float, total: float, text: str = "") -> None:
            for child in multiprocessing.active_children():
                child.kill()

    wide = Recipe(seed=1, width=3000, height=64, bands=("r",))
    with pytest.raises(AstroTLError, match="worker process stopped"):
        simulate(tmp_path, wide, workers=2, progress=Kill())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("recipe", "says"),
    [
        (Recipe(camera="radio"), "ground, space"),
        (Recipe(bands=("g", "q")), "u, g, r, i, z, y"),
        (Recipe(bands=("g", "g")), "once"),
        (Recipe(camera="space", bands=("g",)), "F435W"),
        (Recipe(depths={"z": 25.0}), "z is not simulated"),
        (Recipe(projection="car"), "tan, sip, tpv"),
        (Recipe(width=10), "10 × 3000"),
        (Recipe(height=10**6), "3000 × 1000000"),
        (Recipe(epochs=1000), "1000"),
        (Recipe(star_density=-1), "-1"),
        (Recipe(rare=50), "50"),
        (Recipe(epochs=3, epoch_band="u"), "u is not simulated"),
    ],
)
def test_what_cannot_be_simulated_is_refused(tmp_path: Path, recipe: Recipe, says: str) -> None:
    with pytest.raises(AstroTLError, match=says):
        simulate(tmp_path, recipe)
    assert list(tmp_path.iterdir()) == []


def test_without_its_libraries_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verb, "LIBRARIES", ("galsim", "no_such_library"))
    with pytest.raises(AstroTLError, match=r"astrotl\[sim\]"):
        simulate(tmp_path, TINY)


def _isolated(truth: Table) -> list[Table.Row]:
    """Stars with no comparable light within 3.4″ and nothing brighter within 8″, well inside the field."""
    rows = []
    for row in truth[(truth["class"] == "star") & (truth["mag_i"] > 18.3) & (truth["mag_i"] < 22)]:
        gap = np.hypot(truth["x"] - row["x"], truth["y"] - row["y"])
        other = np.nan_to_num(truth["mag_i"], nan=0.0)
        near = (gap > 0) & (
            ((gap < 17) & (other < row["mag_i"] + 3.7)) | ((gap < 40) & (other < row["mag_i"] + 1))
        )
        if not near.any() and 40 < row["x"] < SMALL.width - 40 and 40 < row["y"] < SMALL.height - 40:
            rows.append(row)
    return rows


def _aperture(image: np.ndarray, x: float, y: float, radius: float) -> tuple[float, float, float]:
    """Sky-subtracted light in a circle, and the centroid of the light within 6 px."""
    rows, columns = np.indices(image.shape)
    r = np.hypot(columns - x, rows - y)
    sky = np.median(image[(r > 18) & (r < 28)])
    inner = (r < 6) * (image - sky)
    flux = float((image[r < radius] - sky).sum())
    return flux, float((columns * inner).sum() / inner.sum()), float((rows * inner).sum() / inner.sum())
