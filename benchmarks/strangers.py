"""What is unlike galaxies whose mass is known: bright stars, artifacts, galaxies seen with another order of bands.

On the demo sky, whose truth says what is what. A source within 1″ of a galaxy of the truth counts as known and is left
out. Of the galaxies of S/N > 30 half are seen in another order; they and their own are then not among the known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import Embeddings, EmbeddingStore
from astrotl_gui.core.matching import match_sky
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.places import Places
from astrotl_gui.core.project import Project
from astrotl_gui.ml.outside_flag import outside
from astrotl_gui.ml.parameters import Features
from astrotl_gui.ml.preprocess import Preprocessing
from astrotl_gui.pipeline.demo import demo_field
from astrotl_gui.pipeline.embed import embed
from astrotl_gui.pipeline.known_values import KnownValues
from astrotl_gui.pipeline.making import find_embeddings
from astrotl_gui.pipeline.parameters import PLANE, feature_columns, sky_folds, spread_folds
from benchmarks.field import FOLDER
from benchmarks.report import Row

BRIGHT = 30.0
ORDER = {"g": "i", "r": "r", "i": "g"}
"""Which band is shown for which."""
ASKED = 0.9


@dataclass(frozen=True)
class Seen:
    """What is looked at of sources (N): embeddings (N, D), columns (N, m), statistics (N, s), places (N, 2)."""

    vectors: NDArray[np.floating]
    columns: NDArray[np.float64]
    statistics: NDArray[np.floating]
    places: NDArray[np.float64]

    def flagged(self, known: NDArray[np.int64], plane: tuple[int, ...]) -> NDArray[np.bool_]:
        """Whether each lies outside, folds as where parameters are estimated."""
        x, y = self.places.T
        fold = spread_folds(x, y, known, sky_folds(x[known], y[known]))
        return outside(Features.of(self.vectors, self.columns, self.statistics), known, fold, plane)

    def take(self, rows: NDArray[np.int64]) -> Seen:
        return Seen(self.vectors[rows], self.columns[rows], self.statistics[rows], self.places[rows])

    def __add__(self, other: Seen) -> Seen:
        return Seen(
            np.concatenate([self.vectors, other.vectors]),
            np.concatenate([self.columns, other.columns]),
            np.concatenate([self.statistics, other.statistics]),
            np.concatenate([self.places, other.places]),
        )


def strangers(project: Project, catalog: Catalog, embeddings: Embeddings, known: KnownValues) -> list[Row]:
    """How many strangers are marked, where bright or all galaxies are known."""
    own, names = _seen(catalog, embeddings)
    plane = tuple(names.index(name) for name in PLANE)
    galaxies = np.flatnonzero(np.isin(embeddings.ids, known.ids))
    bright = catalog.column("snr")[catalog.rows_of(embeddings.ids)] > BRIGHT
    kinds = {
        kind: np.setdiff1d(_of_kind(kind, catalog, embeddings.ids), galaxies) for kind in ("star", "artifact")
    }
    kinds["star"] = kinds["star"][bright[kinds["star"]]]  # faint ones are points among points
    turned = np.random.default_rng(0).permutation(galaxies[bright[galaxies]])[::2]
    stretch = EmbeddingStore(project.embeddings_folder, embeddings.key).meta()["preprocessing"]
    there = catalog.take(catalog.rows_of(embeddings.ids[turned]))
    other = _in_other_order(project, there, Preprocessing.from_dict(stretch))
    rows = []
    for some, share in (("bright galaxies", bright), ("all galaxies", np.ones_like(bright))):
        rows_known = galaxies[share[galaxies]]
        found = own.flagged(rows_known, plane)
        for kind, title in {"star": "stars of S/N > 30", "artifact": "artifacts"}.items():
            rows.append(_row(title, some, found[kinds[kind]]))
        kept = np.setdiff1d(np.arange(len(own.places)), turned)
        still = np.flatnonzero(np.isin(kept, rows_known))
        planes = Seen(other.vectors, own.columns[turned], other.statistics, other.places)
        for title, strange in (("another band order", other), ("planes in another order", planes)):
            rows.append(_row(title, some, (own.take(kept) + strange).flagged(still, plane)[len(kept) :]))
    return rows


def _row(title: str, known: str, found: NDArray[np.bool_]) -> Row:
    name = f"{title} said to lie outside, {known} known"
    return Row(name, float(found.mean()), "", target=ASKED, more=True, n=f"{len(found)}")


def _of_kind(kind: str, catalog: Catalog, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows of `ids` at the places of a kind of the truth."""
    table = pq.read_table(demo_field().truth)
    mine = np.flatnonzero(np.array(table["class"].to_pylist()) == kind)
    place = catalog.rows_of(ids)
    ra, dec = (np.array(table[name])[mine] for name in ("ra", "dec"))
    at = match_sky(ra, dec, catalog.ra[place], catalog.dec[place], 1.0)
    return np.unique(at[at >= 0])


def _seen(catalog: Catalog, embeddings: Embeddings) -> tuple[Seen, tuple[str, ...]]:
    """What is looked at of the embedded sources, in their order, and the names of its columns."""
    names, columns = feature_columns(catalog, embeddings.ids, ("photometry",))
    at = catalog.rows_of(embeddings.ids)
    places = np.stack([catalog.x[at], catalog.y[at]], axis=1)
    return Seen(embeddings.vectors[:, embeddings.last], columns, embeddings.statistics, places), names


def _in_other_order(project: Project, catalog: Catalog, stretch: Preprocessing) -> Seen:
    """The sources of a catalog (in its order) with the planes and fluxes of other bands, by the same stretch."""
    spec = project.spec
    bands = {band.name: band for band in spec.bands}
    turned = tuple(
        replace(bands[ORDER[name]], name=name, wavelength=bands[name].wavelength) for name in bands
    )
    mosaic = Mosaic.open(replace(spec, bands=turned))
    columns = {name: catalog.column(name) for name in catalog.names}
    for name in bands:
        for kind in ("flux", "fluxerr", "mag"):
            columns[f"{kind}_{name}"] = catalog.column(f"{kind}_{ORDER[name]}")
    there = Catalog.from_columns(columns)
    folder = FOLDER / "other-order"
    embed(mosaic, there, folder, project.cutouts, project.encoder, fixed=stretch)
    embeddings = find_embeddings(folder, there, mosaic, project.cutouts, project.encoder)
    assert embeddings is not None
    return _seen(there, embeddings)[0].take(Places(embeddings.ids).of(there.ids))
