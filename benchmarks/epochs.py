"""Problematic epochs found: real DECam exposures and simulated visits, artifacts drawn in; and the cost a cutout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.epochs import Series, read_series
from astrotl_gui.core.identify import identify
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.settings import DetectionSettings, EncoderSettings, EpochSettings, default_cutouts
from astrotl_gui.ml.epoch_rule import flagged_by_flux
from astrotl_gui.ml.epoch_score import labelled_scores
from astrotl_gui.pipeline.epochs.comparing import draw_examples
from astrotl_gui.pipeline.epochs.judging import SCORE
from astrotl_gui.pipeline.epochs.opening import unspoiled
from astrotl_gui.pipeline.epochs.run import Judged, judge_series
from astrotl_gui.pipeline.simulate import Recipe, SimulatedField, simulate
from astrotl_gui.pipeline.sources import find_sources
from benchmarks.epoch_artifacts import KINDS
from benchmarks.epoch_cost import cost
from benchmarks.report import Row

DATA = Path("../shared/data/fits/decam_epochs")
FOLDER = Path("bench-output/data")
SHARE = 0.1
"""One epoch in ten is problematic: what purity is said for."""
EACH, SEEDS, FEW_SEEDS, LABELS = 30, 10, 2, 40
METHODS = ("published", "flux", "default", f"default, {LABELS} labels")

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Field:
    """A series judged: its `catalog`, and which sources `usable` (N,) artifacts are drawn into."""

    name: str
    catalog: Catalog
    judged: Judged
    usable: Bools

    @property
    def widths(self) -> list[float]:
        scale = self.judged.measured.opened.reference.pixel_scale()
        return [fact.fwhm / scale for fact in self.judged.table.facts]


@dataclass(frozen=True, eq=False)
class Figures:
    """By seed, method and kind (seeds, methods, kinds): `completeness` and `purity`."""

    completeness: Floats
    purity: Floats

    @property
    def f1(self) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            value = 2 * self.purity * self.completeness / (self.purity + self.completeness)
        return np.nan_to_num(value)

    def over(self, method: int, other: int) -> tuple[float, float]:
        """Mean of the difference of F1, over kinds and seeds, and its standard error over seeds."""
        gap = (self.f1[:, method] - self.f1[:, other]).mean(axis=1)
        return float(gap.mean()), float(gap.std(ddof=1) / np.sqrt(len(gap)))


def run(full: bool = False) -> list[Row]:
    seeds = SEEDS if full else FEW_SEEDS
    rows: list[Row] = []
    for field in fields():
        figures = drawn_figures(field, seeds)
        n = f"{seeds} seeds × {EACH} of each kind, {int(field.usable.sum())} sources"
        for k, method in enumerate(METHODS):
            mean = figures.f1[:, k].mean(axis=1)
            rows.append(Row(f"{field.name}: F1 {method}", float(mean.mean()), "", more=True, n=n))
        for k in (0, 1):
            gap, error = figures.over(2, k)
            rows.append(
                Row(f"{field.name}: default over {METHODS[k]}, in its standard errors",
                    gap / error if error else np.inf, "σ", target=2.0, more=True, n=f"{gap:+.3f} ± {error:.3f}")
            )  # fmt: skip
    sizes, epochs = ((2_500, 10_000), 50) if full else ((60, 120), 8)
    return rows + cost(FOLDER / "epochs-cost", sizes, epochs)


def fields() -> list[Field]:
    """The real exposures, where they are, and the simulated visits without what went wrong as a whole."""
    found = [] if not DATA.is_dir() else [decam()]
    field = simulated()
    return [*found, judged_field("simulated", field.images["i"], good_visits(field), None)]


def decam() -> Field:
    images = sorted(DATA.glob("DEC*.fits"))
    dates = FOLDER / "decam-dates.csv"
    dates.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{path.name},{58300 + 3 * k}" for k, path in enumerate(images)]
    dates.write_text("\n".join(["filename,mjd", *lines]) + "\n")  # the headers all repeat one date
    return judged_field("DECam", DATA / "Stack-DEC-OBS04.fits", images, dates)


def simulated() -> SimulatedField:
    recipe = Recipe(seed=31, width=800, height=800, bands=("i",), epochs=16, epoch_band="i", star_density=8.0)
    return simulate(FOLDER / "epochs-sim", recipe)


def good_visits(field: SimulatedField) -> list[Path]:
    from astropy.table import Table

    table = Table.read(field.epoch_table)
    return [
        path
        for path, problem in zip(field.epochs, table["problem"].filled(""), strict=True)
        if not str(problem)
    ]


def judged_field(name: str, image: Path, epochs: list[Path], dates: Path | None, most: int = 60) -> Field:
    mosaic = Mosaic.open(identify([image]).spec())
    catalog = find_sources(mosaic, Catalog.empty(), [], 1, DetectionSettings())
    brightest = np.argsort(-catalog.column("snr"), kind="stable")[:most]
    catalog = catalog.take(np.sort(brightest))
    judged = _judged(mosaic, read_series(epochs, dates=dates), catalog, FOLDER / f"epochs-{name}")
    usable = unspoiled(catalog) & (judged.measured.missing.max(axis=1) < 0.01)
    return Field(name, catalog, judged, usable)


def _judged(mosaic: Mosaic, series: Series, catalog: Catalog, folder: Path) -> Judged:
    cutouts = default_cutouts(mosaic.pixel_scale())
    return judge_series(mosaic, series, catalog, folder, cutouts, EncoderSettings(), EpochSettings())


def drawn_figures(field: Field, seeds: int, say: Callable[[str], None] = lambda _: None) -> Figures:
    """Purity and completeness by kind of artifact; each seed draws and labels anew, by the series' own cold score."""
    shape = seeds, len(METHODS), len(KINDS)
    completeness, purity = np.zeros(shape), np.zeros(shape)
    for seed in range(seeds):
        say(f"{field.name}: seed {seed + 1} of {seeds}")
        completeness[seed], purity[seed] = _one_seed(field, seed)
    return Figures(completeness, purity)


def _one_seed(field: Field, seed: int) -> tuple[Floats, Floats]:
    table, compared = field.judged.table, field.judged.compared
    looked = field.judged.looked
    assert looked is not None
    assert compared is not None
    rng = np.random.default_rng([seed, 91])
    rows, kinds, epochs = np.flatnonzero(field.usable), list(KINDS), len(table.facts)
    wanted = [(int(rng.choice(rows)), int(rng.integers(epochs)), kind) for kind in kinds * EACH]
    radius = table.aperture / field.judged.measured.opened.reference.pixel_scale()
    drawn = draw_examples(looked, field.catalog, wanted, KINDS, field.widths, radius, seed=100 + seed)
    cold = field.judged.cold
    assert cold is not None
    clean, of = (
        compared.signs[rows].reshape(-1, compared.signs.shape[-1]),
        np.repeat(field.catalog.ids[rows], epochs),
    )
    sources = field.catalog.ids[drawn.rows]
    # Labels: half problematic, half good, on sources of their own; they are not judged.
    other = rng.random(len(rows)) < 0.5
    taught_bad = rng.permutation(np.flatnonzero(np.isin(drawn.rows, rows[other])))[: LABELS // 2]
    taught_good = rng.permutation(np.flatnonzero(np.repeat(other, epochs)))[: LABELS // 2]
    signs, every = np.concatenate([clean, drawn.signs]), np.concatenate([of, sources])
    labels = {int(k): -1 for k in taught_good} | {int(len(clean) + k): 1 for k in taught_bad}
    cold_scores = cold.scores(signs, every)
    taught = labelled_scores(cold, signs, every, labels)
    new = zip(drawn.rows, drawn.epochs, drawn.flux, drawn.error, strict=True)
    flux = np.array([_flux_flag(table.flux[row], table.error[row], k, f, e) for row, k, f, e in new])
    flags = {
        METHODS[0]: (table.distance[rows] > table.threshold[rows, None], drawn.distance > drawn.threshold),
        METHODS[1]: (flagged_by_flux(table.flux, table.error)[rows], flux),
        METHODS[2]: (cold_scores[: len(clean)] > SCORE, cold_scores[len(clean) :] > SCORE),
        METHODS[3]: (taught[: len(clean)] > SCORE, taught[len(clean) :] > SCORE),
    }
    judged_clean, judged_drawn = ~np.repeat(other, epochs), ~np.isin(drawn.rows, rows[other])
    found = np.array(
        [
            _figures(np.ravel(a)[judged_clean], b, np.array(drawn.kinds), judged_drawn)
            for a, b in flags.values()
        ]
    )
    return found[:, 0], found[:, 1]


def _figures(
    clean: Bools, drawn: Bools, kinds: NDArray[np.str_], judged: Bools
) -> tuple[list[float], list[float]]:
    """(completeness, purity) by kind, where SHARE of all epochs are problematic."""
    false = float(clean.mean())
    completeness = [float(drawn[judged & (kinds == kind)].mean()) for kind in KINDS]
    right = [SHARE * value for value in completeness]
    return completeness, [r / (r + (1 - SHARE) * false) if r else 0.0 for r in right]


def _flux_flag(flux: Floats, error: Floats, epoch: int, new: float, new_error: float) -> bool:
    """Whether the clipped flux flags an epoch whose flux is another than it was."""
    flux, error = flux.copy(), error.copy()
    flux[epoch], error[epoch] = new, np.fmax(new_error, error[epoch])
    return bool(flagged_by_flux(flux[None], error[None])[0, epoch])
