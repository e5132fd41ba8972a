"""The sources of a survey's list as a project: their cutouts on a sheet, their embeddings as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from astrotl_gui.core.bands import BandSpec, MosaicSpec
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import EmbeddingStore, Shard, content_key
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.labels import Label
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.project import Project, free_folder
from astrotl_gui.core.regions import in_tiles, read_good, read_regions
from astrotl_gui.core.targets import find_target
from astrotl_gui.ml.preprocess import Preprocessing, band_units
from astrotl_gui.pipeline.making import making
from astrotl_gui.pipeline.new_stamps import SAME_SCALE, SHEET
from astrotl_gui.pipeline.stamps.sheet import SOURCES, Grid, SheetWriter, file_name
from astrotl_gui.pipeline.survey.folder import Survey
from astrotl_gui.pipeline.survey.labelled import survey_labels
from astrotl_gui.pipeline.survey.listing import SurveyList
from astrotl_gui.pipeline.survey.ranking import rank_survey
from astrotl_gui.pipeline.survey.reading import Rows, pieces

Places = NDArray[np.float64]


@dataclass(frozen=True)
class Gathered:
    """The project made, how many sources it has, and (mosaic, reason) of those whose images cannot be read."""

    path: Path
    count: int
    missing: tuple[tuple[str, str], ...]


def rank_and_open(
    folder: Path,
    labels: Path | Sequence[Label],
    target: str,
    top: int,
    path: Path,
    *,
    progress: Progress = SILENT,
) -> Gathered:
    """Rank what has arrived of a survey by a table of labels, or those of a project, keep the list, open its best.

    Raises AstroTLError as `survey_labels`, `rank_survey` and `open_list` do.
    """
    path = free_folder(path)
    survey = Survey.open(folder)
    name, signs = survey_labels(survey, labels, target, progress=progress)
    found = rank_survey(survey, name, signs, top, progress=progress)
    found.write(survey)
    return open_list(survey, found, path, labels=signs, progress=progress)


def open_list(
    survey: Survey,
    found: SurveyList,
    path: Path,
    *,
    labels: Mapping[int, int] | None = None,
    progress: Progress = SILENT,
) -> Gathered:
    """Make a project of a list: each source's cutout with its surroundings, best first, ids those of the survey.

    The catalog keeps ra, dec, the mosaic's name, and rank and score of the list. `labels` (id → +1 or −1) that made
    the list go on teaching it, where their sources are in it. A mosaic that cannot be read is passed over. The project
    appears whole or not at all. Raises AstroTLError for an empty list, when no mosaic can be read, when the folder
    exists or cannot be written; `Cancelled` through `progress`.
    """
    path = free_folder(path)
    if not len(found.ids):
        raise AstroTLError("Nothing to open", f"The list “{found.name}” is empty.")
    layout = _Layout(survey, found, progress)
    spec = layout.spec(path.stem, path / SHEET)
    project = Project.create(path, spec, survey.detection, survey.cutouts, fill=layout.write)
    try:
        project.encoder = survey.encoder
        catalog = Catalog.read(path / SHEET / SOURCES)
        project.write_catalog(catalog)
        project.save()
        if labels:
            _label(project, catalog, found.name, labels)
        return Gathered(path, len(layout.cells), tuple(layout.missing))
    finally:
        project.close()


def _label(project: Project, catalog: Catalog, name: str, labels: Mapping[int, int]) -> None:
    target = find_target(project.target_names, name) or project.add_target(name)
    mosaic = Mosaic.open(project.spec).fingerprint
    given = []
    for row in np.flatnonzero(np.isin(catalog.ids, list(labels))).tolist():
        source = int(catalog.ids[row])
        place: dict[str, Any] = {axis: float(catalog.column(axis)[row]) for axis in ("ra", "dec", "x", "y")}
        value = "positive" if labels[source] > 0 else "negative"
        given.append(Label(source, target, value, mosaic=mosaic, **place))
    project.labels.add(given)


class _Layout:
    """Cutouts on their way to the sheet. Its pixels and zero points are those of the first mosaic that opens."""

    def __init__(self, survey: Survey, found: SurveyList, progress: Progress) -> None:
        self.survey, self.found, self.progress = survey, found, progress
        self.catalog = found.catalog(survey)
        self.mosaics: NDArray[np.int64] = self.catalog.column("mosaic")
        self.missing: list[tuple[str, str]] = []
        self.cells: NDArray[np.int64] = np.zeros(0, np.int64)
        self._order, self.model = self._readable()
        self.scale = float(self.model.pixel_scale())
        self.units = np.array(band_units(self.model))
        self.names = [band.name for band in self.model.bands]
        self.grid = Grid(len(found.ids), int(np.ceil(survey.cutouts.context / self.scale)))

    def spec(self, name: str, folder: Path) -> MosaicSpec:
        of = self.model.spec
        bands = tuple(
            BandSpec(
                band.name,
                Plane(folder / file_name(number), 0),
                zeropoint=self.model.zeropoint(band.name),
                wavelength=band.wavelength,
            )
            for number, band in enumerate(of.bands)
        )
        return MosaicSpec(
            name, bands, of.reference, of.colour, self.scale, of.credit, stamp_side=self.grid.side
        )

    def write(self, folder: Path) -> None:
        """Images, sources and embeddings. Raises AstroTLError when nothing could be read."""
        count, side = self.grid.count, self.grid.side
        x, y = self.grid.centres()
        read = np.zeros(count, bool)
        with SheetWriter(folder / SHEET, self.grid, self.names, np.dtype(np.float32)) as sheet:
            for number in self._order:
                mine = np.flatnonzero(self.mosaics == number)
                try:
                    mosaic = Mosaic.open(self.survey.fields[number].spec)
                    cutouts = _Cutouts(mosaic, self.scale, side, self.units)
                    for cell in mine[in_tiles(self.catalog.x[mine], self.catalog.y[mine])].tolist():
                        self.progress(int(read.sum()), count, "Reading cutouts")
                        pixels, dx, dy = cutouts.read(
                            float(self.catalog.x[cell]), float(self.catalog.y[cell])
                        )
                        sheet.write(range(cell, cell + 1), pixels[None])
                        x[cell], y[cell], read[cell] = x[cell] + dx, y[cell] + dy, True
                except AstroTLError as problem:
                    self._pass_over(number, problem)
        self.cells = np.flatnonzero(read)
        if not len(self.cells):
            raise _none_readable(self.missing)
        self._sources(x, y).write(folder / SHEET / SOURCES)
        self._embeddings(folder, x, y)
        self.progress(count, count, "Reading cutouts")

    def _readable(self) -> tuple[list[int], Mosaic]:
        """The mosaics of the list, the first that can be opened and those after it; others fail when read."""
        order = list(dict.fromkeys(self.mosaics.tolist()))
        while order:
            try:
                return order, Mosaic.open(self.survey.fields[order[0]].spec)
            except AstroTLError as problem:
                self._pass_over(order.pop(0), problem)
        raise _none_readable(self.missing)

    def _pass_over(self, number: int, problem: AstroTLError) -> None:
        self.missing.append((self.survey.fields[number].spec.name, str(problem)))

    def _sources(self, x: Places, y: Places) -> Catalog:
        names = np.array([self.survey.fields[number].spec.name for number in self.mosaics.tolist()], object)
        table = self.catalog.with_columns(x=x, y=y, mosaic=names).table
        measure = {"rank": "survey_rank", self.found.measure: f"survey_{self.found.measure}"}
        table = table.rename_columns([measure.get(name, name) for name in table.column_names])
        return Catalog(table.take(pa.array(self.cells)))

    def _embeddings(self, folder: Path, x: Places, y: Places) -> None:
        """Carry the survey's embeddings over to the making of the sheet, a part at a time."""
        places = dict(zip(self.found.ids.tolist(), range(self.grid.count), strict=True))
        wanted = self.found.ids[self.cells]
        store: EmbeddingStore | None = None
        for number in np.unique(self.found.partitions[self.cells]).tolist():
            chosen = [rows.take(np.isin(rows.ids, wanted)) for rows in pieces(self.survey, number)]
            rows = Rows.joined(chosen)
            if store is None:
                store = self._store(folder, number)
            at = [places[source] for source in rows.ids.tolist()]
            store.append(Shard(rows.ids, np.stack([x[at], y[at]], axis=1), rows.vectors, rows.statistics))

    def _store(self, folder: Path, part: int) -> EmbeddingStore:
        (of, *_) = EmbeddingStore.all(self.survey.part(part) / "embeddings")
        sheet = Mosaic.open(self.spec("", folder / SHEET))
        made = making(sheet, self.survey.cutouts, self.survey.encoder)
        views = of.meta()["making"]["views"]
        stretch = replace(
            Preprocessing.from_dict(of.meta()["preprocessing"]),
            unit=band_units(sheet),
            channels=sheet.spec.colour,
        )
        meta: dict[str, Any] = {
            **of.meta(),
            "making": {**of.meta()["making"], **_of_images(made), "views": views},
            "preprocessing": stretch.to_dict(),
        }
        key = content_key({name: meta[name] for name in ("making", "preprocessing")})
        store = EmbeddingStore(folder / "embeddings", key)
        store.write_meta(meta)
        return store


class _Cutouts:
    """Squares of one mosaic on the pixels of the sheet, in its units.

    Where the scales agree they are the mosaic's own pixels; others are resampled. A cutout keeps the way its mosaic is
    turned.
    """

    def __init__(self, mosaic: Mosaic, scale: float, side: int, units: NDArray[np.float64]) -> None:
        self._mosaic, self._side = mosaic, side
        self._bands = [band.name for band in mosaic.bands]
        self._same = abs(mosaic.pixel_scale() / scale - 1) < SAME_SCALE
        self._factor = (np.array(band_units(mosaic)) / units).astype(np.float32)[:, None, None]
        # A cell is a whole number of the sheet's pixels.
        self._cell = side * scale

    def read(self, x: float, y: float) -> tuple[NDArray[np.float32], float, float]:
        """(pixels (B, side, side), how far the source lies from their middle in x and y [px])."""
        if not self._same:
            (region,) = read_regions(
                self._mosaic, [x], [y], self._cell, self._bands, 1, np.zeros(1, np.int64)
            )
            return region.resampled(self._side)[0] * self._factor, 0.0, 0.0
        half = (self._side - 1) / 2
        left, low = round(x - half), round(y - half)
        box = (left, low, left + self._side, low + self._side)
        pixels = np.stack([read_good(self._mosaic, name, box) for name in self._bands])
        return pixels * self._factor, x - half - left, y - half - low


def _of_images(made: dict[str, Any]) -> dict[str, Any]:
    """What the making of a sheet says of its images."""
    return {name: made[name] for name in ("mosaic", "bands", "channels", "zeropoints")}


def _none_readable(missing: list[tuple[str, str]]) -> AstroTLError:
    said = "; ".join(f"{name}: {reason}" for name, reason in missing[:3])
    return AstroTLError(
        "No image of the list can be read", f"{said}. Mend the images or their paths, and try again."
    )
