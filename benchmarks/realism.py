"""Whether a model can tell simulated sources from real ones: AUROC on embedding, statistics and catalog."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.settings import DetectionSettings, default_cutouts
from astrotl_gui.ml.encoder import Encoder
from astrotl_gui.ml.encoders import card
from astrotl_gui.ml.preprocess import Preprocessing
from astrotl_gui.ml.recipes import AsinhRecipe
from astrotl_gui.pipeline.batches import batches
from astrotl_gui.pipeline.describe import SNR
from astrotl_gui.pipeline.description.source_numbers import colours, ellipticities
from astrotl_gui.pipeline.detect import detect
from benchmarks.report import Row
from benchmarks.skies import SKIES

SIZES = {"cfhtls_w3": 1600, "xdf": 1400, "sdss": 2048}
"""Sides of the simulated fields [px]: enough sources to choose from."""
SEEDS, FOLDS, PIXELS = 5, 5, 224
FOLDER = Path("bench-output/data/skies")
MAGNITUDES = 0.5
"""Width [mag] of the bins in which two samples are made equally many."""
BLOCK = 2
"""Side of the squares, in cutouts, whose sources are learned or asked together."""
COMPONENTS = 32
FEWEST = 12
"""Of fewer sources a side no model can be asked to learn."""


@dataclass(frozen=True)
class Seen:
    """The sources of one mosaic as models see them: a table (N, M) per kind, and what samples are matched on.

    `mag` is in the reference band; `place` (N, 3) is x, y in cutouts and a number that stands for the mosaic.
    """

    tables: Mapping[str, np.ndarray]
    mag: np.ndarray
    place: np.ndarray

    def __len__(self) -> int:
        return len(self.mag)

    def take(self, rows: np.ndarray) -> Seen:
        tables = {name: table[rows] for name, table in self.tables.items()}
        return Seen(tables, self.mag[rows], self.place[rows])


def run(full: bool = False) -> list[Row]:
    rows = []
    for name, size in SIZES.items():
        sky = SKIES[name]
        real = sky.real()
        if real is None:
            print(f"  skipped {name}: {sky.folder / sky.files} is not here")
            continue
        ours = [sky.simulated(seed, size, FOLDER / f"{name}-{seed}") for seed in (3, 4)]
        rows += [replace(row, name=f"{name}: {row.name}") for row in realism(real, *ours, cutout=sky.cutout)]
    return rows


def realism(real: Mosaic, simulated: Mosaic, other: Mosaic | None = None, cutout: float = 0.0) -> list[Row]:
    """AUROC of telling real from simulated sources, beside two halves of the real and two simulated mosaics.

    The mosaics have equally many bands. On each, sources are detected; those with S/N ≥ 10 and a cutout
    (`cutout` [arcsec], default by pixel scale) inside the mosaic count. All are stretched by the noise and
    white level of the real mosaic. Samples are made alike in magnitude, and so balanced. A source whose cutout
    touches one that is asked is not learned from: models would know the field, not its kind.
    """
    cutout = cutout or default_cutouts(real.pixel_scale()).size
    stretch, here = see(real, cutout)
    _, there = see(simulated, cutout, stretch)
    pairs = {"real | simulated": (here, there), "real | real": _halves(here)}
    if other is not None:
        pairs["simulated | simulated"] = there, see(other, cutout, stretch)[1]
    return [row for name, (a, b) in pairs.items() for row in _rows(name, a, b)]


def see(mosaic: Mosaic, cutout: float, like: Preprocessing | None = None) -> tuple[Preprocessing, Seen]:
    """(stretch, sources) of a mosaic; noise and white level are those of `like`, sky and units its own."""
    catalog = detect(mosaic, DetectionSettings())
    catalog = catalog.take(_inside(mosaic, catalog, cutout) & (catalog.column("snr") >= SNR))
    stretch = Preprocessing.fit(mosaic, catalog.ids, catalog.x, catalog.y, cutout)
    if like is not None:
        stretch = replace(stretch, noise=like.noise, white=like.white)
    vectors, values = _embedded(mosaic, catalog, stretch, cutout)
    mag = catalog.column(f"mag_{mosaic.reference.name}")
    columns = [mag, np.log10(catalog.column("r50")), ellipticities(catalog), *colours(catalog).values()]
    tables = {"embedding": vectors, "statistics": values, "catalog": np.column_stack(columns)}
    sides = np.column_stack([catalog.x, catalog.y]) * mosaic.pixel_scale() / cutout
    number = np.full((len(catalog), 1), int(mosaic.fingerprint[:8], 16))
    seen = Seen(tables, mag, np.hstack([sides, number]))
    return stretch, seen.take(np.flatnonzero(np.isfinite(mag)))


def auroc(kind: str, a: Seen, b: Seen, seed: int) -> tuple[float, int]:
    """(cross-validated AUROC of telling `a` from `b`, sources a side): the mean over folds of neighbourhoods.

    What is learned is made alike in magnitude once more: else a magnitude of which more was held out of one
    kind would speak for the other, and chance would come out below 0.5.
    """
    rng = np.random.default_rng(seed)
    x, place = np.concatenate([a.tables[kind], b.tables[kind]]), np.concatenate([a.place, b.place])
    y, mag = np.repeat([0, 1], [len(a), len(b)]), np.concatenate([a.mag, b.mag])
    rows = alike(mag, y, rng)
    x, place, y, mag = x[rows], place[rows], y[rows], mag[rows]
    if len(y) < 2 * FEWEST:
        return float("nan"), len(y) // 2
    _, blocks = np.unique(np.floor(place / [BLOCK, BLOCK, 1]), axis=0, return_inverse=True)
    scores = []
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    for learned, asked in folds.split(x, y, blocks.ravel()):
        learned = learned[cKDTree(place[asked]).query(place[learned], p=np.inf)[0] >= 1]
        learned = learned[alike(mag[learned], y[learned], rng)]
        if len(learned) >= FEWEST and len(np.unique(y[asked])) == 2:
            model = _model(kind, len(learned), seed).fit(x[learned], y[learned])
            scores.append(roc_auc_score(y[asked], model.predict_proba(x[asked])[:, 1]))
    return float(np.mean(scores)) if scores else float("nan"), len(y) // 2


def alike(mag: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rows of equally many of both classes in each half magnitude, taken at random."""
    bins = np.floor(mag / MAGNITUDES)
    chosen = [np.empty(0, int)]
    for value in np.unique(bins):
        rows = [np.flatnonzero((bins == value) & (y == kind)) for kind in (0, 1)]
        chosen += [rng.choice(part, min(map(len, rows)), replace=False) for part in rows]
    return np.sort(np.concatenate(chosen))


def _rows(name: str, a: Seen, b: Seen) -> Iterator[Row]:
    for kind in a.tables:
        found = [auroc(kind, a, b, seed) for seed in range(SEEDS)]
        values, count = np.array([value for value, _ in found]), found[0][1]
        if np.isnan(values).any():
            print(f"  skipped {name}, {kind}: only {count} sources a side are alike in magnitude")
            continue
        scatter = np.sqrt((2 * count + 1) / 12) / count  # of the AUROC of two samples of one kind
        n = f"{count} + {count} sources, ±{values.std():.3f} over {SEEDS} seeds, chance ±{scatter:.3f}"
        yield Row(f"{name}, {kind}", float(values.mean()), "AUROC", "chance", 0.5, n=n)


def _model(kind: str, count: int, seed: int) -> Pipeline | RandomForestClassifier:
    """Logistic regression on the embedding; a forest, which sees widths of distributions too, on few columns."""
    if kind == "embedding":
        components = PCA(max(min(COMPONENTS, count // 4), 1), random_state=seed)
        return make_pipeline(Normalizer(), components, StandardScaler(), LogisticRegression(C=0.1))
    return RandomForestClassifier(200, min_samples_leaf=3, n_jobs=2, random_state=seed)


def _halves(one: Seen) -> tuple[Seen, Seen]:
    left = one.place[:, 0] < np.median(one.place[:, 0])
    return one.take(np.flatnonzero(left)), one.take(np.flatnonzero(~left))


def _inside(mosaic: Mosaic, catalog: Catalog, size: float) -> np.ndarray:
    ny, nx = mosaic.shape
    half = size / mosaic.pixel_scale() / 2
    x, y = catalog.x, catalog.y
    return np.asarray((x >= half) & (y >= half) & (x <= nx - 1 - half) & (y <= ny - 1 - half))


def _embedded(
    mosaic: Mosaic, catalog: Catalog, stretch: Preprocessing, size: float
) -> tuple[np.ndarray, np.ndarray]:
    """(embeddings, statistics) of the sources, as `pipeline.embed` makes them."""
    recipe = AsinhRecipe(stretch, card(), size)
    encoder = Encoder(card(), recipe.front(), device="cpu")
    rows = np.arange(len(catalog))
    made = {
        row: (vector, values)
        for batch in batches(mosaic, catalog, rows, recipe, (1.0,), 1, encoder.batch)
        for row, vector, values in zip(
            batch.rows.tolist(), encoder.embed(*batch.inputs[0][0]), batch.statistics, strict=True
        )
    }
    vectors, table = (np.stack([made[row][k] for row in rows.tolist()]) for k in range(2))
    return vectors, table
