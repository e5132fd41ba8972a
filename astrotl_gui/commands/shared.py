"""What the verbs of `astrotl` share: progress on stderr, an open project, tables as text."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.progress import Pace, Progress, round_time

Result = dict[str, Any]


class ConsoleProgress(Progress):
    """One line on stderr, rewritten while it is a terminal."""

    def __init__(self) -> None:
        self._pace, self._line = Pace(), ""

    def __call__(self, done: float, total: float, text: str = "") -> None:
        self._pace.update(done, total)
        share = f"{100 * done / total:.0f} %" if total else ""
        left = self._pace.left_seconds
        line = f"{text} {share}" + (f", {round_time(left)} left" if left and done < total else "")
        if line != self._line and sys.stderr.isatty():
            print(f"\r{line:<70}", end="\n" if done >= total else "", file=sys.stderr, flush=True)
        self._line = line


class opened:
    """The project and its mosaic, closed again whatever happens."""

    def __init__(self, path: Path) -> None:
        from astrotl_gui.core.project import Project

        self._project = Project.open(path)

    def __enter__(self) -> tuple[Any, Any]:
        from astrotl_gui.core.mosaic import Mosaic

        try:
            return self._project, Mosaic.open(self._project.spec, progress=ConsoleProgress())
        except BaseException:
            self._project.close()
            raise

    def __exit__(self, *_: object) -> None:
        self._project.close()


def find_sources(project: Any, mosaic: Any, catalog_file: Path | None) -> Any:
    from astrotl_gui.pipeline.sources import find_sources

    catalog = find_sources(
        mosaic,
        project.read_catalog(),
        project.held_places(),
        project.next_id,
        project.detection,
        catalog_file,
        progress=ConsoleProgress(),
    )
    project.write_catalog(catalog)
    return catalog


def catalog_of(project: Any) -> Any:
    catalog = project.read_catalog()
    if not len(catalog):
        raise AstroTLError("No sources yet", f"Run astrotl detect {project.path} first.")
    return catalog


def injected(
    project: Any, mosaic: Any, catalog: Any, device: str = "auto", targets: tuple[str, ...] = ()
) -> Any:
    """The injected examples of a project, made where they are not there yet."""
    from astrotl_gui.pipeline.inject import inject

    return inject(
        mosaic,
        catalog,
        project.embeddings_folder,
        project.cutouts,
        project.encoder,
        project.injection,
        device=device,
        targets=targets,
        progress=ConsoleProgress(),
    )


def inputs_of(project: Any, catalog: Any, mosaic: Any, device: str = "auto") -> Any:
    """What ranking and similarity need, injected examples and prototypes included.

    Examples that are not there yet are made first, so that every verb sees the same lists. AstroTLError while sources
    are not embedded.
    """
    from astrotl_gui.pipeline.lists import load_inputs
    from astrotl_gui.pipeline.prototypes import compare_prototypes

    injected(project, mosaic, catalog, device)
    made_of = (project.embeddings_folder, catalog, mosaic, project.cutouts, project.encoder)
    inputs = load_inputs(*made_of, project.outliers.method, project.injection)
    assert inputs is not None  # `injected` has looked
    ids = project.prototype_ids()
    return compare_prototypes(inputs, *made_of, ids)[0] if ids else inputs


def row_of(catalog: Any, source: int) -> dict[str, Any]:
    if catalog.rows_of([source])[0] < 0:
        raise AstroTLError(
            "No such source", f"There is no source {source}; ids go up to {int(catalog.ids.max())}."
        )
    return dict(catalog.row(source))


def target_of(project: Any, text: str) -> str:
    """The key of the list that the user means; AstroTLError with the lists there are when it is none."""
    from astrotl_gui.core.targets import find_target, no_such_target

    key = find_target(project.target_names, text)
    if key is None:
        raise no_such_target(
            project.target_names, text, f'Add it: astrotl target {project.path} --add "{text}"'
        )
    return key


def lines(rows: list[Result], names: Sequence[str]) -> str:
    def cell(value: Any) -> str:
        if value is None:
            return "–"
        return f"{float(value):.5f}" if hasattr(value, "dtype") and value.dtype.kind == "f" else str(value)

    return "\n".join(
        "\t".join(names if row is None else [cell(row[n]) for n in names]) for row in [None, *rows]
    )
