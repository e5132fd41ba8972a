"""What a worker does: detect in one mosaic, embed one partition. Each result appears whole, by renaming."""

from __future__ import annotations

import os
import shutil
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import cannot_write, draft_folder
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.pipeline.survey.folder import Survey

DETECT, EMBED = "detect", "embed"


@dataclass(frozen=True)
class Done:
    """How a task ended: `reason` "" when it is done; `where` says what it was about."""

    stage: str
    number: int
    where: str = ""
    reason: str = ""
    sources: int = 0


def attempt(folder: str, stage: str, number: int, tries: int = 1, device: str = "auto") -> Done:
    """Do one task of a survey; what goes wrong is written to failures/ and returned, never raised."""
    path = Path(folder)
    where = ""
    try:
        survey = survey_at(folder)
        where = _where(survey, stage, number)
        work: Callable[..., int] = {DETECT: detect_mosaic, EMBED: embed_partition}[stage]
        count = work(survey, number, device=device)
        survey.failure_file(stage, number).unlink(missing_ok=True)
        return Done(stage, number, where, "", count)
    except Exception as problem:
        reason = str(problem) if isinstance(problem, AstroTLError) else _unforeseen(problem)
        try:
            Survey.open(path).note_failure(stage, number, where, reason, tries)
        except AstroTLError as unwritten:
            reason = f"{reason} ({unwritten})"
        return Done(stage, number, where, reason)


def detect_mosaic(survey: Survey, number: int, *, device: str = "auto", progress: Progress = SILENT) -> int:
    """Detect and measure the sources of a mosaic; returns how many. Raises AstroTLError as `detect` does."""
    from astrotl_gui.pipeline.detect import detect

    catalog = detect(Mosaic.open(survey.fields[number].spec), survey.detection, progress=progress)
    catalog.write(survey.sources_file(number))
    return len(catalog)


def embed_partition(survey: Survey, number: int, *, device: str = "auto", progress: Progress = SILENT) -> int:
    """Embed the sources of a partition as the project of one mosaic would; returns how many.

    Raises AstroTLError where images or positions cannot be read and where the part cannot be written.
    """
    from astrotl_gui.ml.preprocess import band_units
    from astrotl_gui.pipeline.embed import embed

    assert survey.preprocessing is not None
    mosaic = Mosaic.open(survey.mosaic_of(number).spec)
    catalog = Catalog(pq.read_table(survey.positions_file(number)))
    draft = draft_folder(survey.part(number))
    try:
        embed(
            mosaic,
            catalog,
            draft / "embeddings",
            survey.cutouts,
            survey.encoder,
            device=device,
            # The units are the one part of the stretch that each mosaic has of its own.
            fixed=replace(survey.preprocessing, unit=band_units(mosaic)),
            make_encoder=_kept_encoder,
            progress=progress,
        )
        catalog.write(draft / "catalog.parquet")
        if not survey.part(number).exists():  # another worker may have been quicker
            os.rename(draft, survey.part(number))
    except OSError as problem:
        raise cannot_write(survey.part(number), problem) from problem
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return len(catalog)


# --- kept by a worker from task to task --------------------------------------------------------------

_surveys: dict[str, tuple[int, Survey]] = {}
_encoders: dict[str, Any] = {}


def survey_at(folder: str) -> Survey:
    """The survey, read again when its settings have changed."""
    written = (Path(folder) / "survey.toml").stat().st_mtime_ns
    if folder not in _surveys or _surveys[folder][0] != written:
        _surveys.clear()
        _surveys[folder] = (written, Survey.open(Path(folder)))
    return _surveys[folder][1]


def _kept_encoder(card: Any, front: Any, layers: str, device: str) -> Any:
    """An encoder for this front: the last one made where it is the same, since making one takes seconds."""
    from astrotl_gui.ml.encoder import Encoder

    state = {name: value.tolist() for name, value in front.state_dict().items()}
    plain = {name: value for name, value in vars(front).items() if name[0] != "_"}
    key = repr((card.identity(), type(front).__name__, state, plain, layers, device))
    if key not in _encoders:
        _encoders.clear()
        _encoders[key] = Encoder(card, front, layers, device)
    return _encoders[key]


def _where(survey: Survey, stage: str, number: int) -> str:
    return (survey.fields[number] if stage == DETECT else survey.mosaic_of(number)).spec.name


def _unforeseen(problem: Exception) -> str:
    """One line on what nobody foresaw, with the place in the code."""
    last = traceback.extract_tb(problem.__traceback__)[-1]
    return f"{type(problem).__name__}: {problem} ({Path(last.filename).name}:{last.lineno})"
