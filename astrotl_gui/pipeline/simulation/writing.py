"""A planned field on disk: tiles drawn by several processes, tables written as the tiles come in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.table import Table
from astropy.time import Time

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.progress import Progress
from astrotl_gui.pipeline.simulation import bits
from astrotl_gui.pipeline.simulation.camera import ZEROPOINT, SimulatedBand
from astrotl_gui.pipeline.simulation.canvas import Box
from astrotl_gui.pipeline.simulation.epochs import variation
from astrotl_gui.pipeline.simulation.files import PlaneFile
from astrotl_gui.pipeline.simulation.observation import Observation, Row
from astrotl_gui.pipeline.simulation.plan import Plan
from astrotl_gui.pipeline.simulation.truth import TruthWriter

LEAST_VARIATION = 0.005  # mag: what varies less is constant


@dataclass(frozen=True)
class Task:
    """One tile of the deep image (`visit` None) or of a visit."""

    visit: int | None
    box: Box


def write(plan: Plan, folder: Path, workers: int, progress: Progress) -> None:
    """Write all files of a planned field into `folder`, which is made where it is not there.

    Raises AstroTLError when a worker process dies, OSError when a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    painter = Painter(plan, folder)
    painter.create()
    boxes = plan.observation().tiles()
    tasks = [Task(visit, box) for visit in (None, *range(len(plan.visits))) for box in boxes]
    progress(0, len(tasks), "Simulating")
    variables = _Variables(plan)
    with TruthWriter(folder, painter.field.truth.stem, plan.camera.names) as truth:
        for number, (task, rows) in enumerate(
            zip(tasks, _drawn(painter, tasks, workers), strict=True), start=1
        ):
            if task.visit is None:
                variables.note(rows, first_id=truth.count + 1)
                truth.write(rows)
            progress(number, len(tasks), "Simulating")
    if plan.visits:
        variables.table().write(painter.field.variables)
        _epoch_table(plan, painter).write(painter.field.epoch_table)


class Painter:
    """Draws tiles into the files of a planned field; each process has one."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan, self.field = plan, plan.field(folder)
        self._observations: dict[int | None, Observation] = {}

    def observation(self, visit: int | None) -> Observation:
        """The deep image or a visit; two are kept, for what they draw is alike."""
        if visit not in self._observations:
            self._observations = {None: self._observations[None]} if None in self._observations else {}
            self._observations[visit] = self.plan.observation(visit)
        return self._observations[visit]

    def create(self) -> None:
        """Every image with its header and no pixels yet, and the PSF images."""
        deep = self.observation(None)
        for band, psf in zip(deep.camera.bands, deep.psfs, strict=True):
            self._plane(self.field.images, band.name).create(_image_header(deep, band))
            self._plane(self.field.rms, band.name).create(_noise_header(deep, band, "RMS", "adu"))
            self._plane(self.field.weights, band.name).create(_noise_header(deep, band, "WEIGHT", "adu**-2"))
            self._plane(self.field.masks, band.name, np.uint8).create(_mask_header(deep, band))
            header = fits.Header(
                [("EXTNAME", "PSF"), ("FILTER", band.name), ("ORIGIN", "AstroTL simulation")]
            )
            fits.PrimaryHDU(psf.image().astype(np.float32), header).writeto(self.field.psfs[band.name])
        for visit, path in enumerate(self.field.epochs):
            seen = self.plan.observation(visit)
            PlaneFile(path, self.plan.shape, np.float32).create(self._visit_header(seen, visit))

    def draw(self, task: Task) -> list[Row]:
        """Draw one tile into its files; the truth rows of what lies in it."""
        seen = self.observation(task.visit)
        tile = seen.tile(task.box)
        if task.visit is not None:
            PlaneFile(self.field.epochs[task.visit], self.plan.shape, np.float32).write(
                task.box, tile.images[0]
            )
            return []
        for k, band in enumerate(seen.camera.names):
            self._plane(self.field.images, band).write(task.box, tile.images[k])
            self._plane(self.field.rms, band).write(task.box, tile.rms[k])
            self._plane(self.field.weights, band).write(task.box, 1 / tile.rms[k] ** 2)
            self._plane(self.field.masks, band, np.uint8).write(task.box, tile.masks[k])
        return tile.rows

    def _plane(
        self, paths: dict[str, Path], band: str, dtype: type[np.float32 | np.uint8] = np.float32
    ) -> PlaneFile:
        return PlaneFile(paths[band], self.plan.shape, dtype)

    def _visit_header(self, seen: Observation, number: int) -> fits.Header:
        visit = self.plan.visits[number]
        (band,) = seen.camera.bands
        header = _image_header(seen, band)
        header["CRPIX1"] += visit.header_error[0]
        header["CRPIX2"] += visit.header_error[1]
        header["MJD-OBS"] = (visit.mjd, "start of the exposure")
        header["DATE-OBS"] = Time(visit.mjd, format="mjd").isot
        return header


_painter: list[Painter] = []
"""The painter of a worker process, so that each task brings no more than its box."""


def _start_worker(plan: Plan, folder: Path) -> None:
    _painter[:] = [Painter(plan, folder)]


def _work(task: Task) -> list[Row]:
    return _painter[0].draw(task)


def _drawn(painter: Painter, tasks: list[Task], workers: int) -> Iterator[list[Row]]:
    """Draw every tile, in order; yields the truth rows of each."""
    workers = min(workers or os.cpu_count() or 1, len(tasks))
    if workers == 1:
        yield from map(painter.draw, tasks)
        return
    # "spawn": forking a process that runs Qt or torch threads can deadlock.
    arguments = (painter.plan, painter.field.truth.parent)
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _start_worker, arguments)
    try:
        yield from pool.map(_work, tasks)
    except BrokenProcessPool as problem:
        raise AstroTLError(
            "A worker process stopped",
            "It was killed, or memory ran out; nothing was written. Use fewer workers.",
        ) from problem
    finally:
        pool.shutdown(cancel_futures=True)


class _Variables:
    """Which of the truth table's sources vary, and how bright they are in each visit."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.rows: list[tuple[int, str, int, float, float]] = []

    def note(self, rows: list[Row], first_id: int) -> None:
        """Look at rows of the truth table, which count from `first_id`."""
        for number, row in enumerate(rows if self.plan.visits else (), start=first_id):
            if row["class"] not in ("star", "agn"):
                continue
            brighter = variation(self.plan.visits, int(row["seed"]), str(row["class"]))  # type: ignore[call-overload]
            if np.ptp(brighter) < LEAST_VARIATION:
                continue
            light = (
                f"nucleus_mag_{self.plan.epoch_band}"
                if row["class"] == "agn"
                else f"mag_{self.plan.epoch_band}"
            )
            mags = float(row[light]) - brighter  # type: ignore[arg-type]
            for visit, mag in zip(self.plan.visits, mags, strict=True):
                self.rows.append((number, str(row["class"]), visit.number, visit.mjd, float(mag)))

    def table(self) -> Table:
        names = ("id", "class", "epoch", "mjd", f"mag_{self.plan.epoch_band}")
        table = Table(rows=self.rows or None, names=names, dtype=(int, "U8", int, float, float))
        table.meta["comments"] = ["id as in the truth table; of an AGN, the magnitude of its nucleus."]
        return table


def _epoch_table(plan: Plan, painter: Painter) -> Table:
    table = Table()
    table["epoch"] = [visit.number for visit in plan.visits]
    table["file"] = [path.name for path in painter.field.epochs]
    table["mjd"] = [visit.mjd for visit in plan.visits]
    table["fwhm"] = [plan.observation(k).camera.bands[0].fwhm for k in range(len(plan.visits))]
    table["depth"] = [plan.observation(k).camera.bands[0].depth for k in range(len(plan.visits))]
    table["transparency"] = [visit.transparency for visit in plan.visits]
    table["problem"] = [visit.problem for visit in plan.visits]
    for axis, name in enumerate(("dx", "dy")):
        table[name] = [visit.header_error[axis] for visit in plan.visits]
        table[name].description = "pixels by which the header misplaces the image"
    table["fwhm"].unit = "arcsec"
    return table


def _header(seen: Observation, band: SimulatedBand) -> fits.Header:
    header = seen.header()
    header["OBJECT"] = ("Simulated sky", "nothing in this image exists")
    header["ORIGIN"] = ("AstroTL simulation", "the recipe is in simulated.toml")
    header["SIMSEED"] = (seen.seed, "seed of the simulation")
    header["FILTER"] = band.name
    return header


def _image_header(seen: Observation, band: SimulatedBand) -> fits.Header:
    header = _header(seen, band)
    header["MAGZERO"] = (ZEROPOINT, "AB magnitude of one unit")
    header["GAIN"] = (band.gain, "electrons per unit")
    header["SATURATE"] = (band.saturate(seen.camera.pixel_scale), "level at which pixels clip")
    header["SEEING"] = (band.fwhm, "PSF FWHM, arcsec")
    header["DEPTH"] = (band.depth, "AB magnitude of a point source at 5 sigma")
    header["BUNIT"] = "adu"
    return header


def _noise_header(seen: Observation, band: SimulatedBand, name: str, unit: str) -> fits.Header:
    header = _header(seen, band)
    header["EXTNAME"], header["BUNIT"] = name, unit
    return header


def _mask_header(seen: Observation, band: SimulatedBand) -> fits.Header:
    header = _header(seen, band)
    header["EXTNAME"] = "MASK"
    for name, value in bits.NAMES.items():
        header[f"MASKB{value.bit_length() - 1}"] = (name, f"value {value}")
    return header
