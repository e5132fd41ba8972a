"""The project folder `NAME.astrotl/`: what was opened, with which choices, and where its parts live.

Only `project.toml`, `labels.sqlite`, `prototypes.parquet`, `audits/`, `epochs/series.toml` and a sheet of stamps cannot
be rebuilt. Every write replaces a file whole, so a killed process leaves a project that opens.
"""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tomli_w

from astrotl_gui.core.audit_table import STANDING, Audit, held_out, read_audits, write_audit
from astrotl_gui.core.bands import MosaicSpec
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import atomic_write, cannot_write, draft_folder
from astrotl_gui.core.image_paths import absolute_paths, moved, relative, resolved
from astrotl_gui.core.labels import Label, LabelLog
from astrotl_gui.core.prototypes import Prototype, read_prototypes, write_prototypes
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.core.settings import (
    CutoutSettings,
    DetectionSettings,
    EncoderSettings,
    EpochSettings,
    InjectionSettings,
    OutlierSettings,
    QueueSettings,
    from_sparse,
    to_sparse,
)
from astrotl_gui.core.targets import Own, read_own, shown_names, with_name, with_target, without_target

SCHEMA = 1
SUFFIX = ".astrotl"
_FILE = "project.toml"
MODELS = "models"


@dataclass
class Project:
    """An open project. `view` is what the window restores: target, selected source, look, place."""

    path: Path
    spec: MosaicSpec
    detection: DetectionSettings
    cutouts: CutoutSettings
    labels: LabelLog
    next_id: int = 1
    created: str = ""
    encoder: EncoderSettings = field(default_factory=EncoderSettings)
    view: dict[str, Any] = field(default_factory=dict)
    outliers: OutlierSettings = field(default_factory=OutlierSettings)
    own_targets: Own = ()
    injection: InjectionSettings = field(default_factory=InjectionSettings)
    queue: QueueSettings = field(default_factory=QueueSettings)
    audits: tuple[Audit, ...] = ()
    epochs: EpochSettings = field(default_factory=EpochSettings)

    def __post_init__(self) -> None:
        self.labels.held_out = held_out(self.audits)

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def catalog_file(self) -> Path:
        return self.path / "catalog.parquet"

    @property
    def embeddings_folder(self) -> Path:
        return self.path / "embeddings"

    @property
    def epochs_folder(self) -> Path:
        """Where the series of epochs lies, and what was found in it."""
        return self.path / "epochs"

    @property
    def models_folder(self) -> Path:
        return self.path / MODELS

    def use_model(self, version: int) -> None:
        """Let a tuned version of the network (0: as shipped) look at the sources from now on.

        One atomic write decides; embeddings of other versions stay. Raises AstroTLError when the project cannot be
        written; the version before then stays in use.
        """
        before = self.encoder
        self.encoder = replace(before, model=version, models=str(self.models_folder))
        try:
            self.save()
        except AstroTLError:
            self.encoder = before
            raise

    @classmethod
    def create(
        cls,
        path: Path,
        spec: MosaicSpec,
        detection: DetectionSettings,
        cutouts: CutoutSettings,
        *,
        fill: Callable[[Path], object] | None = None,
    ) -> Project:
        """A new project folder; it appears whole or not at all.

        `fill(folder)` puts images into the folder before it appears; what it raises leaves nothing behind.
        Raises AstroTLError when the folder exists already or cannot be written.
        """
        path = free_folder(path)
        draft = draft_folder(path)
        created = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            labels = LabelLog(draft / "labels.sqlite")
            project = cls(draft, spec, detection, cutouts, labels, created=created)
            project.save(home=path)
            labels.close()
            if fill is not None:
                fill(draft)
            os.rename(draft, path)
        except OSError as problem:
            raise cannot_write(path, problem) from problem
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return cls.open(path)

    @classmethod
    def open(cls, path: Path) -> Project:
        """Open a project folder.

        Raises AstroTLError when it is none, when a newer AstroTL wrote it, or when its files cannot be read.
        """
        file = path / _FILE
        if not file.is_file():
            what = "is missing" if not path.exists() else "is not a project folder"
            raise AstroTLError("This is not a project", f"{path} {what}. Choose a folder named NAME{SUFFIX}.")
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
            raise AstroTLError("The project cannot be read", f"{file}: {problem}.") from problem
        if values.get("schema", 0) > SCHEMA:
            raise AstroTLError("This project is newer", f"{path} was written by a newer AstroTL. Update it.")
        try:
            spec = resolved(MosaicSpec.from_dict(values["mosaic"]), path, values.get("absolute", {}))
            project = cls(
                path,
                spec,
                from_sparse(DetectionSettings, values.get("detection", {})),
                from_sparse(CutoutSettings, values.get("cutouts", {})),
                LabelLog(path / "labels.sqlite"),
                int(values.get("next_id", 1)),
                str(values.get("created", "")),
                replace(from_sparse(EncoderSettings, values.get("encoder", {})), models=str(path / MODELS)),
                dict(values.get("view", {})),
                from_sparse(OutlierSettings, values.get("outliers", {})),
                read_own(values.get("targets")),
                from_sparse(InjectionSettings, values.get("injection", {})),
                from_sparse(QueueSettings, values.get("queue", {})),
                read_audits(path / "audits"),
                from_sparse(EpochSettings, values.get("epochs", {})),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            raise AstroTLError("The project cannot be read", f"{file} is incomplete: {problem}.") from problem
        return project

    def save(self, home: Path | None = None) -> None:
        """Write `project.toml`; image paths are kept relative to `home` (the folder itself) and absolute."""
        home = home or self.path
        values = {
            "schema": SCHEMA,
            "created": self.created,
            "next_id": self.next_id,
            "mosaic": moved(self.spec, lambda p: relative(p, home)).to_dict(),
            "absolute": absolute_paths(self.spec, home),
            "detection": to_sparse(self.detection),
            "cutouts": to_sparse(self.cutouts),
            "encoder": to_sparse(replace(self.encoder, models="")),
            "outliers": to_sparse(self.outliers),
            "injection": to_sparse(self.injection),
            "queue": to_sparse(self.queue),
            "epochs": to_sparse(self.epochs),
            "view": self.view,
        }
        if self.own_targets:
            values["targets"] = [to_sparse(target) for target in self.own_targets]
        with atomic_write(self.path / _FILE) as temporary:
            temporary.write_text(tomli_w.dumps(values), encoding="utf-8")

    def close(self) -> None:
        self.labels.close()

    @property
    def target_names(self) -> dict[str, str]:
        """Key → name of the lists: the four, then the astronomer's own."""
        return shown_names(self.own_targets)

    def add_target(self, name: str) -> str:
        """Make a list, or bring back a removed one with its labels; returns its key.

        Raises AstroTLError, as do the next two, for a name that cannot be, and when the project cannot be written.
        """
        own, key = with_target(self.own_targets, name)
        self._keep_targets(own)
        return key

    def rename_target(self, key: str, name: str) -> None:
        """Give one of the own lists another name; its key and labels stay."""
        self._keep_targets(with_name(self.own_targets, key, name))

    def remove_target(self, key: str) -> None:
        """Hide one of the own lists; its labels stay in the log."""
        self._keep_targets(without_target(self.own_targets, key))

    def _keep_targets(self, own: Own) -> None:
        before, self.own_targets = self.own_targets, own
        try:
            self.save()
        except AstroTLError:
            self.own_targets = before
            raise

    def read_prototypes(self) -> tuple[Prototype, ...]:
        """The prototypes of every target. Raises AstroTLError when their file cannot be read."""
        return read_prototypes(self._prototype_file)

    def write_prototypes(self, target: str, prototypes: Iterable[Prototype]) -> None:
        """Store the prototypes of one target in place of those it had."""
        others = [kept for kept in self.read_prototypes() if kept.target != target]
        write_prototypes(self._prototype_file, [*others, *prototypes])

    def prototype_ids(self) -> dict[str, list[int]]:
        """Target → ids of its prototypes, for the lists in view that have any."""
        kept = self.read_prototypes()
        ids = {target: [p.id for p in kept if p.target == target] for target in self.target_names}
        return {target: found for target, found in ids.items() if found}

    @property
    def _prototype_file(self) -> Path:
        return self.path / "prototypes.parquet"

    def held_places(self) -> list[Label]:
        """What must stay on its object when sources are found anew: labels, and in their form prototypes and samples
        of audits that are being labelled."""
        sampled = [place for audit in self.audits if audit.state == STANDING for place in audit.as_labels()]
        return [*sampled, *self.labels.events(), *(kept.as_label() for kept in self.read_prototypes())]

    def write_audit(self, audit: Audit) -> None:
        """Store an audit, new or as it stands now; its sample teaches no ranker while it is held out."""
        write_audit(self.path / "audits", audit)
        others = (kept for kept in self.audits if kept.number != audit.number)
        self.audits = tuple(sorted([*others, audit], key=lambda kept: kept.number))
        self.labels.held_out = held_out(self.audits)

    def read_catalog(self) -> Catalog:
        """The sources, empty before the first detection."""
        return Catalog.read(self.catalog_file) if self.catalog_file.exists() else Catalog.empty()

    def write_catalog(self, catalog: Catalog) -> None:
        """Store the sources; ids below `next_id` are never given again."""
        if len(catalog):
            self.next_id = max(self.next_id, int(catalog.ids.max()) + 1)
            self.save()
        catalog.write(self.catalog_file)

    def read_rankings(self) -> dict[str, Ranking]:
        """Stored rankings by target; one that cannot be read is left out, since it can be made again."""
        rankings = {}
        for target in self.target_names:
            try:
                # `read_table` would import all of pyarrow.dataset first, while the user waits.
                with pq.ParquetFile(self._ranking_file(target)) as file:
                    table = file.read()
                model = (table.schema.metadata or {})[b"model"].decode()
                columns = [np.asarray(table[name]) for name in ("id", "score")]
            except (OSError, KeyError, pa.ArrowException):
                continue
            rankings[target] = Ranking(target, columns[0], columns[1], model)
        return rankings

    def write_ranking(self, ranking: Ranking) -> None:
        table = pa.table({"id": ranking.ids, "score": ranking.scores})
        with atomic_write(self._ranking_file(ranking.target)) as temporary:
            pq.write_table(table.replace_schema_metadata({"model": ranking.model}), temporary)

    def _ranking_file(self, target: str) -> Path:
        return self.path / "rankings" / f"{target}.parquet"


def is_project(path: Path) -> bool:
    """Whether a folder is one of a project."""
    return (path / _FILE).is_file()


def free_folder(path: Path) -> Path:
    """The folder of a project to be, with its suffix. Raises AstroTLError when it exists already."""
    path = path if path.suffix == SUFFIX else path.with_name(path.name + SUFFIX)
    if path.exists():
        raise AstroTLError("This project exists already", f"{path}. Open it, or choose another name.")
    return path
