"""Physical parameters on the demo sky, whose truth is known: with the image, without it, and by trees on the catalog.

Log M*, log SFR and redshift of all detected galaxies, with 0.1, 0.2 dex and no scatter; parts of the sky left out, the
same for all. Simulated: galaxies follow published relations, and look as such galaxies do in three bands from the
ground. Differences are of squared errors by region of the sky, with the standard error over 25 regions.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from astropy.table import Table

from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.project import Project
from astrotl_gui.pipeline.demo import demo_field
from astrotl_gui.pipeline.embed import embed
from astrotl_gui.pipeline.known_values import read_known
from astrotl_gui.pipeline.making import find_embeddings
from astrotl_gui.pipeline.parameters import (
    REGIONS,
    estimate_parameter,
    feature_columns,
    sky_folds,
    sky_regions,
)
from benchmarks.field import FOLDER, detected_project
from benchmarks.report import Row
from benchmarks.strangers import strangers

SCATTER = {"log_mass": 0.1, "log_sfr": 0.2, "z": 0.0}
HELD = {"68": (0.6827, 0.03), "95": (0.9545, 0.02)}


def run(full: bool = False) -> list[Row]:
    project = Project.open(detected_project())
    mosaic, catalog = Mosaic.open(project.spec), project.read_catalog()
    embed(mosaic, catalog, project.embeddings_folder, project.cutouts, project.encoder)
    embeddings = find_embeddings(project.embeddings_folder, catalog, mosaic, project.cutouts, project.encoder)
    assert embeddings is not None
    made_of = (mosaic, catalog, project.embeddings_folder, project.cutouts, project.encoder)
    truth = _galaxies(FOLDER / "galaxies.fits")
    columns = feature_columns(catalog, embeddings.ids, ("photometry",))[1]
    rows = []
    for name in SCATTER:
        known = read_known(truth, name, catalog)
        start = time.perf_counter()
        ours = estimate_parameter(*made_of, known)
        seconds = time.perf_counter() - start
        image = estimate_parameter(*made_of, known, "gp", ())
        at = np.flatnonzero(ours.known)
        place = catalog.rows_of(ours.ids[at])
        x, y = catalog.x[place], catalog.y[place]
        trees = _trees(columns[at], ours.truth[at], sky_folds(x, y))
        region = sky_regions(x, y, REGIONS)
        n = f"{len(at):,} galaxies, simulated"
        for rival, value in (("trees on the catalog", trees), ("the image alone", image.left_out[at])):
            gain, error = _gain(ours.left_out[at], value, ours.truth[at], region)
            rows.append(
                Row(
                    f"{name}: RMSE",
                    ours.fit.rmse,
                    "",
                    rival,
                    float(np.sqrt(np.mean((value - ours.truth[at]) ** 2))),
                    n=n,
                )
            )
            rows.append(
                Row(f"{name}: better than {rival}", gain / error, "std err", target=2.0, more=True, n=n)
            )
        for share, (wanted, most) in HELD.items():
            off = abs(ours.fit.held[share] - wanted)
            rows.append(Row(f"{name}: {share} % intervals, off by", off, "", target=most, n=n))
        rows.append(Row(f"{name}: time", seconds, "s", n=n))
    rows += strangers(project, catalog, embeddings, read_known(truth, "log_mass", catalog))
    project.close()
    return rows


def _galaxies(path: Path) -> Path:
    """The truth table of galaxies, with scatter, as an astronomer would bring it."""
    table = pq.read_table(demo_field().truth)
    table = table.filter(np.array(table["class"].to_pylist()) == "galaxy")
    rng = np.random.default_rng(0)
    made = Table({name: np.array(table[name]) for name in ("ra", "dec", *SCATTER)})
    for name, scatter in SCATTER.items():
        made[name] = made[name] + rng.normal(0, scatter, len(made))
    path.parent.mkdir(parents=True, exist_ok=True)
    made.write(path, overwrite=True)
    return path


def _trees(columns: np.ndarray, truth: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """The rival: scikit-learn's gradient-boosted trees, as they come, on the catalog's columns."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    value = np.empty(len(truth))
    for number in np.unique(fold):
        out = fold == number
        value[out] = (
            HistGradientBoostingRegressor(random_state=0)
            .fit(columns[~out], truth[~out])
            .predict(columns[out])
        )
    return value


def _gain(ours: np.ndarray, theirs: np.ndarray, truth: np.ndarray, region: np.ndarray) -> tuple[float, float]:
    """How much smaller our squared error is, and its standard error, from region to region."""
    less = (theirs - truth) ** 2 - (ours - truth) ** 2
    means = np.array([less[region == number].mean() for number in np.unique(region)])
    return float(means.mean()), float(means.std(ddof=1) / np.sqrt(len(means)))
