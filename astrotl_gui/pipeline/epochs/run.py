"""From a series of epochs to light curves and flags: register, measure, tie, embed, compare, judge."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.epoch_table import EpochFacts, EpochTable
from astrotl_gui.core.epochs import Series
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.labels import Labels
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.settings import CutoutSettings, EncoderSettings, EpochSettings
from astrotl_gui.ml.epoch_score import ColdScore
from astrotl_gui.pipeline.epochs.comparing import SIGNS, Compared, compare_epochs
from astrotl_gui.pipeline.epochs.embedding import Looked, embed_epochs
from astrotl_gui.pipeline.epochs.judging import epoch_labels, reasons, score_epochs, teach
from astrotl_gui.pipeline.epochs.opening import OpenSeries, unspoiled
from astrotl_gui.pipeline.epochs.photometry import Photometry, measure
from astrotl_gui.pipeline.epochs.registration import Shift, register
from astrotl_gui.pipeline.epochs.tie import Tie, suitable_stars, tie

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Measured:
    """A series measured: `opened` with its shifts and scales, `flux` ± `error` (N, E) tied to one scale and with the
    floor of each epoch, share of `missing` pixels, the `facts` of each epoch, aperture `radius` [arcsec]."""

    opened: OpenSeries
    flux: Floats
    error: Floats
    missing: Floats
    facts: tuple[EpochFacts, ...]
    radius: float


@dataclass(frozen=True, eq=False)
class Judged:
    """What became of a series: the table, and what it may be judged again by when labels come (None without
    embeddings); see `judge_again`."""

    table: EpochTable
    measured: Measured
    looked: Looked | None = None
    compared: Compared | None = None
    cold: ColdScore | None = None


def measure_series(
    mosaic: Mosaic, series: Series, catalog: Catalog, settings: EpochSettings, *, progress: Progress = SILENT
) -> Measured:
    """Register the epochs, measure every source in each of them, and tie their zero points.

    Raises AstroTLError for epochs that cannot be opened or do not overlap the mosaic.
    """
    opened = OpenSeries.open(mosaic, series, progress=progress)
    shifts = register(opened, catalog, progress=progress)
    if settings.align:
        opened = opened.moved([shift.dx for shift in shifts], [shift.dy for shift in shifts])
    radius = settings.aperture or _radius(shifts, mosaic.pixel_scale())
    raw = measure(opened, catalog, radius, progress=progress)
    own = opened.own_scales()
    stars = suitable_stars(catalog, opened.inside(catalog))
    tied = tie(raw.flux * own, raw.error * own, stars)
    scales = own * tied.scales
    flux = raw.flux * scales
    error = np.hypot(raw.error * scales, tied.floor * np.abs(flux))
    facts = tuple(_facts(opened, shifts, tied, raw))
    return Measured(opened.scaled(scales.tolist()), flux, error, raw.missing, facts, radius)


def judge_series(
    mosaic: Mosaic,
    series: Series,
    catalog: Catalog,
    folder: Path,
    cutouts: CutoutSettings,
    encoder: EncoderSettings,
    settings: EpochSettings = EpochSettings(),  # noqa: B008 (frozen)
    labels: Labels | None = None,
    *,
    vetter: str | None = None,
    device: str = "auto",
    progress: Progress = SILENT,
) -> Judged:
    """Measure and judge every source in every epoch; embeddings go to `folder` and are taken up again from there.

    With fewer than three epochs nothing is embedded or flagged, and a note says so. `progress.partial` gets the table
    with light curves before the networks have looked. Raises AstroTLError as `measure_series` and `embed_epochs` do.
    """
    if not len(catalog):
        raise AstroTLError("No sources yet", "Detect them, then give the epochs.")
    measured = measure_series(mosaic, series, catalog, settings, progress=progress)
    given = epoch_labels(labels or Labels(()), catalog.ids, series.names, vetter)
    table = _table(measured, catalog, settings, _nothing(measured), None, given)
    if not series.judged:
        return Judged(table, measured)
    progress.partial(table)
    looked = embed_epochs(
        measured.opened, catalog, folder, cutouts.size, encoder, device=device, progress=progress
    )
    compared = compare_epochs(looked, catalog, progress=progress)
    scale = mosaic.pixel_scale()
    widths = [fact.fwhm / scale if np.isfinite(fact.fwhm) else 4.0 for fact in measured.facts]
    usable = unspoiled(catalog) & (measured.missing.max(axis=1) < 0.01)
    cold = teach(looked, catalog, compared, widths, usable, progress=progress)
    return judge_again(
        Judged(table, measured, looked, compared, cold), catalog, settings, given, progress=progress
    )


def judge_again(
    judged: Judged,
    catalog: Catalog,
    settings: EpochSettings,
    labels: NDArray[np.int8],
    *,
    progress: Progress = SILENT,
) -> Judged:
    """The same series by other labels (see `epoch_labels`) or another rule: seconds, without pixels or network."""
    if judged.compared is None:
        return replace(judged, table=judged.table.with_labels(labels))
    score = score_epochs(judged.compared, judged.cold, catalog.ids, labels, progress=progress)
    return replace(judged, table=_table(judged.measured, catalog, settings, judged.compared, score, labels))


def _nothing(measured: Measured) -> Compared:
    sources, epochs = measured.flux.shape
    nan = np.full((sources, epochs), np.nan, np.float32)
    threshold = np.full(sources, np.nan, np.float32)
    return Compared(nan, threshold, np.zeros((sources, epochs, len(SIGNS)), np.float32))


def _table(
    measured: Measured,
    catalog: Catalog,
    settings: EpochSettings,
    compared: Compared,
    score: NDArray[np.float32] | None,
    labels: NDArray[np.int8],
) -> EpochTable:
    series = measured.opened.series
    seen = score if score is not None else np.full(measured.flux.shape, np.nan, np.float32)
    bits = np.zeros(measured.flux.shape, np.uint16)
    if series.judged:
        bits = reasons(settings.rule, measured.facts, compared, seen, measured.flux, measured.error,
                       measured.missing, settings.align)  # fmt: skip
    table = EpochTable(
        catalog.ids.astype(np.int64), measured.facts, compared.distance, compared.threshold, seen,
        measured.flux, measured.error, bits, labels, series.band, measured.radius, measured.opened.zeropoint,
        settings.rule, (*series.notes, *_notes(measured, settings)),
    )  # fmt: skip
    return table.with_labels(labels)


def _notes(measured: Measured, settings: EpochSettings) -> list[str]:
    facts = measured.facts
    notes = []
    far = [f"{fact.name} ({fact.shift:.1f} px)" for fact in facts if fact.shift > 0.5]
    if far:
        then = "followed" if settings.align else "not followed"
        notes.append(f"Misregistered and {then}: {', '.join(far[:5])}{' …' if len(far) > 5 else ''}.")
    if untied := [fact.name for fact in facts if not np.isfinite(fact.offset_error)]:
        notes.append(
            f"Too few stars to tie {len(untied)} of {len(facts)} epochs: their zero points are as given."
        )
    if unknown := int(np.isnan(measured.opened.gains).sum()):
        notes.append(
            f"No GAIN in {unknown} of {len(facts)} epochs: errors are without the sources' photon noise."
        )
    if not np.isfinite(measured.opened.zeropoint):
        notes.append("No zero point in the headers: fluxes are in units of the median epoch.")
    return notes


def _radius(shifts: list[Shift], scale: float) -> float:
    """Aperture radius [arcsec]: the median FWHM."""
    widths = [shift.fwhm for shift in shifts if np.isfinite(shift.fwhm)]
    return float(np.median(widths) if widths else 4.0) * scale


def _facts(opened: OpenSeries, shifts: list[Shift], tied: Tie, raw: Photometry) -> list[EpochFacts]:
    scale = opened.reference.pixel_scale()
    return [
        EpochFacts(
            epoch.name, epoch.mjd, s.dx, s.dy, s.error, s.stars, s.fwhm * scale, float(tied.offset[k]),
            float(tied.error[k]), float(tied.floor[k]), float(raw.correlation[k]),
        )
        for k, (epoch, s) in enumerate(zip(opened.series.epochs, shifts, strict=True))
    ]  # fmt: skip
