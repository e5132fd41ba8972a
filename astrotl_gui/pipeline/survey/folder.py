"""The folder `NAME.survey/`: which mosaics, which partitions of work, what is finished and what failed.

The state of a survey is what lies here; no process remembers anything. Parts appear whole, by renaming.
"""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tomli_w
from numpy.typing import NDArray

from astrotl_gui.core.bands import MosaicSpec
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import atomic_write, cannot_write, draft_folder
from astrotl_gui.core.settings import (
    CutoutSettings,
    DetectionSettings,
    EncoderSettings,
    from_sparse,
    to_sparse,
)
from astrotl_gui.ml.preprocess import Preprocessing
from astrotl_gui.pipeline.survey.watch import SUFFIX

Floats = NDArray[np.float64]

SCHEMA = 1
WIDEST = 1e6
"""No mosaic is wider [px]."""
ID_STEP = 1 << 32
"""A detected source has the id of its mosaic's number times this, plus its id there."""


@dataclass(frozen=True)
class Field:
    """One mosaic of a survey.

    `ra`, `dec` [deg, ICRS] is its middle, `radius` [deg] reaches its farthest corner, `noise` is σ of the reference
    band [µJy/arcsec² where the zero point is known], `shape` (height, width) [px]. `coverage`, packed bits, tells
    which of every `step`-th pixel has a value. NaN and (0, 0) of a mosaic that could not be opened, for `reason`.
    """

    number: int
    spec: MosaicSpec
    ra: float
    dec: float
    radius: float
    noise: float
    shape: tuple[int, int] = (0, 0)
    step: int = 1
    coverage: bytes = field(default=b"", repr=False)
    reason: str = ""

    def holds(self, x: Floats, y: Floats) -> NDArray[np.bool_]:
        """Which pixel positions lie on the mosaic where it has values."""
        ny, nx = self.shape
        inside = (x >= -0.5) & (x < nx - 0.5) & (y >= -0.5) & (y < ny - 0.5)
        if self.coverage:
            rows, columns = -(-ny // self.step), -(-nx // self.step)
            bits = np.unpackbits(np.frombuffer(self.coverage, np.uint8), count=rows * columns)
            seen = bits.reshape(rows, columns).astype(bool)
            row = np.clip(np.nan_to_num(y) / self.step, 0, rows - 1).astype(int)
            column = np.clip(np.nan_to_num(x) / self.step, 0, columns - 1).astype(int)
            inside &= seen[row, column]
        return inside

    def quality(self, x: Floats, y: Floats) -> Floats:
        """How good the image is at pixel positions, larger is better: by steps of 10 % in noise, then by the distance
        to the edge [px]."""
        ny, nx = self.shape
        edge = np.minimum.reduce([x + 0.5, y + 0.5, nx - 0.5 - x, ny - 0.5 - y])
        step = float(np.round(np.log(self.noise) / np.log(1.1))) if self.noise > 0 else 0.0
        return np.asarray(edge - step * WIDEST)


@dataclass(frozen=True)
class _Work:
    """What work.parquet held when it was `written` [ns]."""

    written: int
    pairs: list[tuple[int, int]]
    detected: list[int]


@dataclass
class Survey:
    """An open survey folder. `catalog` is the user's, "" where sources are detected."""

    path: Path
    name: str
    detection: DetectionSettings
    cutouts: CutoutSettings
    encoder: EncoderSettings
    catalog: str = ""
    preprocessing: Preprocessing | None = None
    fields: tuple[Field, ...] = field(default=(), repr=False)
    _work: _Work | None = field(default=None, repr=False, compare=False)

    @classmethod
    def create(
        cls,
        path: Path,
        fields: Sequence[Field],
        detection: DetectionSettings,
        cutouts: CutoutSettings,
        encoder: EncoderSettings,
        catalog: Path | None = None,
    ) -> Survey:
        """A new folder, whole or not at all. Raises AstroTLError when it exists or cannot be written."""
        path = path if path.suffix == SUFFIX else path.with_name(path.name + SUFFIX)
        if path.exists():
            raise AstroTLError(
                "This survey exists already", f"{path}. Go on with it: astrotl survey --out {path}"
            )
        draft = draft_folder(path)
        text = str(catalog.resolve()) if catalog is not None else ""
        survey = cls(path, path.stem, detection, cutouts, encoder, text, fields=tuple(fields))
        try:
            _write_fields(draft / "mosaics.parquet", survey.fields)
            replace(survey, path=draft).save()
            os.rename(draft, path)
        except OSError as problem:
            raise cannot_write(path, problem) from problem
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return survey

    @classmethod
    def open(cls, path: Path) -> Survey:
        """Raises AstroTLError when the folder is none of a survey, is newer, or cannot be read."""
        file = path / "survey.toml"
        if not file.is_file():
            raise AstroTLError("This is not a survey", f"{path} holds no survey.toml. Choose NAME{SUFFIX}.")
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
            fields = _read_fields(path / "mosaics.parquet")
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, pa.ArrowException, KeyError) as problem:
            raise AstroTLError("The survey cannot be read", f"{path}: {problem}.") from problem
        if values.get("schema", 0) > SCHEMA:
            raise AstroTLError("This survey is newer", f"{path} was written by a newer AstroTL. Update it.")
        return cls(
            path,
            str(values.get("name", path.stem)),
            from_sparse(DetectionSettings, values.get("detection", {})),
            from_sparse(CutoutSettings, values.get("cutouts", {})),
            from_sparse(EncoderSettings, values.get("encoder", {})),
            str(values.get("catalog", "")),
            Preprocessing.from_dict(kept) if (kept := values.get("preprocessing")) else None,
            fields,
        )

    def save(self) -> None:
        """Write survey.toml. Raises AstroTLError when the folder cannot be written."""
        values: dict[str, Any] = {
            "schema": SCHEMA,
            "name": self.name,
            "catalog": self.catalog,
            "detection": to_sparse(self.detection),
            "cutouts": to_sparse(self.cutouts),
            "encoder": to_sparse(self.encoder),
        }
        if self.preprocessing is not None:
            values["preprocessing"] = self.preprocessing.to_dict()
        with atomic_write(self.path / "survey.toml") as temporary:
            temporary.write_text(tomli_w.dumps(values), encoding="utf-8")

    # --- where things lie ----------------------------------------------------------------------------

    def sources_file(self, mosaic: int) -> Path:
        """What was detected in a mosaic."""
        return self.path / "sources" / f"{mosaic:06}.parquet"

    def positions_file(self, number: int) -> Path:
        """The sources that a partition embeds."""
        return self.path / "work" / positions_name(number)

    def part(self, number: int) -> Path:
        """Catalog and embeddings of a finished partition."""
        return self.path / "parts" / f"{number:06}"

    def detected(self) -> list[int]:
        """The mosaics whose sources are known; none of a survey by catalog."""
        return [one.number for one in self.fields if self.sources_file(one.number).is_file()]

    @property
    def divided(self) -> bool:
        """Whether the work is divided, and all that was detected is in it."""
        self.work()
        return self._work is not None and self._work.detected == self.detected()

    def work(self) -> list[tuple[int, int]]:
        """(partition, its mosaic) by number, empty before the work is divided; read again when it has changed."""
        file = self.path / "work.parquet"
        if not file.is_file():
            return []
        written = file.stat().st_mtime_ns
        if self._work is None or self._work.written != written:
            table = pq.read_table(file)
            detected = json.loads((table.schema.metadata or {}).get(b"detected", b"[]"))
            pairs = zip(table["number"].to_pylist(), table["mosaic"].to_pylist(), strict=True)
            self._work = _Work(written, list(pairs), detected)
        return self._work.pairs

    def write_work(self, parts: Sequence[tuple[int, int, int]], detected: Sequence[int]) -> None:
        """Keep (partition, its mosaic, sources), and the mosaics whose detections they are. Raises AstroTLError when
        it cannot be written."""
        number, mosaic, sources = (list(values) for values in zip(*parts, strict=True))
        table = pa.table({"number": number, "mosaic": mosaic, "sources": sources})
        with atomic_write(self.path / "work.parquet") as temporary:
            pq.write_table(table.replace_schema_metadata({"detected": json.dumps(list(detected))}), temporary)

    def mosaic_of(self, number: int) -> Field:
        """The mosaic of a partition."""
        return self.fields[dict(self.work())[number]]

    def finished(self) -> list[int]:
        """The partitions that are done, in order."""
        return [number for number, _ in self.work() if self.part(number).is_dir()]

    # --- failures ------------------------------------------------------------------------------------

    def note_failure(self, stage: str, number: int, where: str, reason: str, tries: int) -> None:
        """Say on disk that a task failed. Raises AstroTLError where that cannot be written either."""
        with atomic_write(self.failure_file(stage, number)) as temporary:
            said = {"stage": stage, "number": number, "where": where, "reason": reason, "tries": tries}
            temporary.write_text(json.dumps(said), encoding="utf-8")

    def failure_file(self, stage: str, number: int) -> Path:
        """Where a failed task is noted: "detect" of a mosaic, "embed" of a partition."""
        return self.path / "failures" / f"{stage}-{number:06}.json"


def positions_name(number: int) -> str:
    """The file of a partition's positions."""
    return f"{number:06}.parquet"


def _write_fields(file: Path, fields: Sequence[Field]) -> None:
    rows = [
        asdict(one) | {"spec": json.dumps(one.spec.to_dict()), "shape": list(one.shape)} for one in fields
    ]
    with atomic_write(file) as temporary:
        pq.write_table(pa.Table.from_pylist(rows), temporary)


def _read_fields(file: Path) -> tuple[Field, ...]:
    rows = pq.read_table(file).to_pylist()
    return tuple(
        Field(**{**row, "spec": MosaicSpec.from_dict(json.loads(row["spec"])), "shape": tuple(row["shape"])})
        for row in rows
    )
