"""The whole road on the four real fields. Skips only where the package registry cannot be reached.

What is downloaded is kept from run to run (and verified each time) in the user's cache, shared by all workers.
Detection limits are far above the default: embedding takes 15 to 20 ms a source on two cores, and a few hundred of
the brightest sources show as well as thousands whether everything from the header to the export fits together.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS
from platformdirs import user_cache_path
from regions import Regions

from astrotl_gui.cli import main
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.labels import TARGETS
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.project import Project
from astrotl_gui.core.settings import CutoutSettings, DetectionSettings
from astrotl_gui.gui.field_run import run_field, show_field
from astrotl_gui.gui.window_run import window_run
from astrotl_gui.pipeline.field_files import field_files
from astrotl_gui.pipeline.field_project import field_project
from astrotl_gui.pipeline.real_fields import FIELDS, RealField

KEPT = user_cache_path("astrotl-test-fields")  # as the user has it: found before a test moves the cache
THRESHOLDS = {"abell370": 40.0, "abell671": 300.0, "ztf": 2000.0, "ugc12517": 40.0}

# Reading back, astropy complains of units ("Data Value") that the images' headers made up.
pytestmark = pytest.mark.filterwarnings("ignore::astropy.units.UnitsWarning", "ignore:.*W50")

Get = Callable[[str], RealField]


@pytest.fixture
def get(monkeypatch: pytest.MonkeyPatch) -> Get:
    """A field whose images are in this test's own cache."""

    def made(name: str) -> RealField:
        field = FIELDS[name]
        with monkeypatch.context() as kept:
            kept.setenv("XDG_CACHE_HOME", str(KEPT))
            try:
                files = field_files(field)
            except AstroTLError as problem:
                if problem.title == "No network":
                    pytest.skip(f"{problem}")
                raise
        shutil.copytree(files[0].parent, field.folder)
        return field

    return made


@pytest.fixture
def road(get: Get, tmp_path: Path, tidy_window: None) -> Callable[[str], tuple[Path, dict[str, Any]]]:
    """Take a field from the header to the export and back; (the folder of results, their summary)."""

    def taken(name: str) -> tuple[Path, dict[str, Any]]:
        get(name)
        out = tmp_path / "out"
        return out, run_field(out, name, DetectionSettings(threshold=THRESHOLDS[name]))

    return taken


def opened(get: Get, name: str, folder: Path) -> tuple[Project, Mosaic]:
    get(name)
    project = Project.open(field_project(name, folder))
    return project, Mosaic.open(project.spec)


def check_results(name: str, out: Path, summary: dict[str, Any]) -> Catalog:
    """What a run on any field must leave; the catalog."""
    field = FIELDS[name]
    project = Project.open(field.project(out / "project"))
    catalog, rankings = project.read_catalog(), project.read_rankings()
    labels = {target: project.labels.current(target) for target in TARGETS}
    project.close()
    assert summary["sources"] == len(catalog) > 150
    assert json.loads((out / "summary.json").read_text())["field"] == field.title
    assert summary["credit"] == project.spec.credit == field.credit
    for target in TARGETS:
        assert sorted(rankings[target].ids) == sorted(catalog.ids)
        ranked = Table.read(out / f"ranked-{target}.csv")
        assert ranked["id"].tolist() == rankings[target].ids.tolist()
        assert summary["labelled"][target] == len(labels[target]) >= 3
    assert np.isfinite(catalog.column(f"flux_{project.spec.bands[0].name}")).mean() > 0.98
    labelled = set().union(*labels.values())
    for ending in ("ecsv", "fits", "vot"):
        table = Table.read(out / f"labels.{ending}")
        assert set(table["id"].tolist()) == labelled
        rows = catalog.rows_of(table["id"])
        assert np.allclose(table["ra"], catalog.ra[rows]) and np.allclose(table["dec"], catalog.dec[rows])
    assert Table.read(out / "labels.ecsv").meta["credit"] == field.credit
    assert len(Regions.read(out / "labels.reg", format="ds9")) == sum(map(len, labels.values()))
    assert len(list((out / "screenshots").glob("*.png"))) == 8
    return catalog


def test_abell_370_and_its_giant_arc(road, get, tmp_path):
    project, mosaic = opened(get, "abell370", tmp_path)
    (band,) = project.spec.bands
    assert mosaic.shape == (1797, 1909) and mosaic.pixel_scale() == pytest.approx(0.206, abs=0.001)
    assert (band.name, band.wavelength, band.zeropoint, band.mask) == ("I", 832.1, None, None)
    assert project.cutouts == CutoutSettings(size=18.0, context=54.0)
    project.close()
    shutil.rmtree(FIELDS["abell370"].folder)

    out, summary = road("abell370")
    catalog = check_results("abell370", out, summary)
    x0, y0, x1, y1 = 945, 745, 1010, 860
    in_arc = (catalog.x > x0) & (catalog.x < x1) & (catalog.y > y0) & (catalog.y < y1)
    # Its southern end is a source of its own, long and thin.
    (end,) = np.flatnonzero(in_arc & (np.hypot(catalog.x - 997.7, catalog.y - 756.1) < 2))
    assert catalog.column("a")[end] > 1.5 * catalog.column("b")[end]
    rank = summary["landmark"]["rank"]
    assert summary["landmark"]["name"] == "giant arc" and 1 <= rank <= 0.15 * len(catalog)
    # One yes on it brings more of the arc to the top.
    after = Table.read(out / "ranked-lens.csv")
    assert after["label_lens"][0] == "positive" and after["id"][0] in catalog.ids[in_arc]
    assert np.isin(after["id"][:10], catalog.ids[in_arc]).sum() >= 3


def test_abell_671(road, get, tmp_path):
    project, mosaic = opened(get, "abell671", tmp_path)
    (band,) = project.spec.bands
    assert mosaic.shape == (2048, 2048) and mosaic.pixel_scale() == pytest.approx(0.688, abs=0.001)
    assert (band.name, band.wavelength, band.zeropoint) == ("R", 641.0, None)
    assert project.cutouts.size == 30.0
    project.close()
    shutil.rmtree(FIELDS["abell671"].folder)
    out, summary = road("abell671")
    catalog = check_results("abell671", out, summary)
    # IC 2378, its brightest galaxy.
    ra, dec = 127.1319, 30.4317
    assert np.hypot((catalog.ra - ra) * np.cos(np.radians(dec)), catalog.dec - dec).min() * 3600 < 3
    assert "landmark" not in summary


def test_ztf_with_its_mask_and_distortion(road, get, tmp_path):
    project, mosaic = opened(get, "ztf", tmp_path)
    (band,) = project.spec.bands
    assert mosaic.shape == (3080, 3072) and mosaic.pixel_scale() == pytest.approx(1.0126, abs=0.001)
    assert (band.name, band.wavelength, band.zeropoint) == ("r", 623.0, 26.285139)
    assert band.mask_bits == 6141 and not band.mask_bits & (1 << 1 | 1 << 11)
    bits = fits.getdata(band.mask.path)
    bad = mosaic.band("r").bad((0, 0, 3072, 3080))
    source_only = (bits != 0) & (bits & 6141 == 0)
    assert source_only.sum() > 300_000 and not bad[source_only].any()
    assert bad[bits & (1 << 8) != 0].all() and bad.sum() == (bits & 6141 != 0).sum()

    header = fits.getheader(band.image.path)
    project.close()
    shutil.rmtree(FIELDS["ztf"].folder)
    out, summary = road("ztf")
    catalog = check_results("ztf", out, summary)
    # An independent reading of the WCS; its TPV polynomial moves positions by up to 0.3″.
    ra, dec = WCS(header).all_pix2world(catalog.x, catalog.y, 0)
    assert offset(catalog.ra, catalog.dec, ra, dec).max() < 0.01
    plain = header.copy()
    del plain["PV?_*"]
    plain["CTYPE1"], plain["CTYPE2"] = "RA---TAN", "DEC--TAN"
    assert offset(*WCS(plain).all_pix2world(catalog.x, catalog.y, 0), ra, dec).max() > 0.2


def test_ugc_12517(road, get, tmp_path):
    project, mosaic = opened(get, "ugc12517", tmp_path)
    (band,) = project.spec.bands
    assert mosaic.shape == (1022, 1025) and mosaic.pixel_scale() == pytest.approx(0.128, abs=0.001)
    assert (band.name, band.wavelength) == ("F110W", pytest.approx(1153.4, abs=0.1))
    assert band.zeropoint == pytest.approx(26.819 + 2.5 * np.log10(2012), abs=0.001)
    assert project.cutouts.size == 10.0
    project.close()
    shutil.rmtree(FIELDS["ugc12517"].folder)
    out, summary = road("ugc12517")
    catalog = check_results("ugc12517", out, summary)
    # The galaxy's middle, which the package's notes put at (567, 562) from 1, and an elliptical's magnitude.
    nearest = np.hypot(catalog.x - 566, catalog.y - 561).argmin()
    assert np.hypot(catalog.x[nearest] - 566, catalog.y[nearest] - 561) < 3
    assert 10.5 < catalog.column("mag_F110W")[nearest] < 13


def offset(ra: np.ndarray, dec: np.ndarray, ra2: np.ndarray, dec2: np.ndarray) -> np.ndarray:
    """Angles [arcsec] between near positions [deg]."""
    return np.hypot((ra - ra2) * np.cos(np.radians(dec)), dec - dec2) * 3600


def test_the_demo_goes_on_without_a_field_it_cannot_have(tmp_path, monkeypatch, tidy_window):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple/")
    with window_run(tmp_path / "out") as run:
        real = show_field(run, "abell370")
    assert real.facts()["problem"].startswith("No network")
    assert real.lines()[0].startswith(
        "Abell 370, real sky, is not shown. No network: Abell 370 is not on this computer"
    )
    assert not list((tmp_path / "out").glob("*.csv"))


def test_the_command_says_in_one_line_what_is_missing(capsys, tmp_path, monkeypatch, tidy_window):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple/")
    assert main(["demo", "--field", "ztf", "--headless", "--out", str(tmp_path / "out"), "--json"]) == 2
    printed, told = capsys.readouterr()
    assert not printed and "astrotl demo: No network: ZTF field 655 is not on this computer yet" in told
    with pytest.raises(SystemExit, match="2"):
        main(["demo", "--field", "m31"])
    assert "abell370" in capsys.readouterr().err
