"""Simulate: a survey field with a truth table, made of nothing but a seed."""

from __future__ import annotations

import os
import shutil
import tempfile
import tomllib
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import tomli_w

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import atomic_write, cannot_write
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.pipeline.simulation.bits import BAD_BITS

VERSION = 4  # raise when the same recipe gives another sky
MARKER = "simulated.toml"
LIBRARIES = ("galsim", "caustics")
SMALLEST, LARGEST = 64, 40_000  # px
MOST_EPOCHS, MOST_STARS, MOST_TIMES = 200, 500, 5


@dataclass(frozen=True)
class Recipe:
    """What a simulated field is made from.

    `bands` (): those of the camera by default; `depths`: 5σ AB magnitudes of point sources that differ from the
    camera's, by band, "" for all; `star_density`: stars an arcmin² to i = 25.5; `rare`, `artifacts`: how many lenses,
    AGN and disturbed galaxies, and how many artifacts, in relation to the demo sky; `epochs`: visits of band
    `epoch_band` ("": the reddest).
    """

    seed: int = 7
    width: int = 3000
    height: int = 3000
    camera: str = "ground"
    bands: tuple[str, ...] = ()
    depths: dict[str, float] = field(default_factory=dict)
    projection: str = "tan"
    star_density: float = 4.2
    rare: float = 1.0
    artifacts: float = 1.0
    epochs: int = 0
    epoch_band: str = ""

    def stored(self) -> dict[str, Any]:
        """Values that TOML can hold."""
        return {"version": VERSION, **asdict(self), "bands": list(self.bands)}


@dataclass(frozen=True)
class SimulatedField:
    """The files of one simulated field. Dictionaries are by band; `mask_bits` are the mask bits that detection
    should treat as bad; `epochs` are the images of single visits in the order of time."""

    images: dict[str, Path]
    rms: dict[str, Path]
    weights: dict[str, Path]
    masks: dict[str, Path]
    psfs: dict[str, Path]
    truth: Path
    epochs: tuple[Path, ...] = ()
    mask_bits: int = BAD_BITS

    @classmethod
    def at(
        cls, folder: Path, bands: tuple[str, ...], epochs: int = 0, epoch_band: str = ""
    ) -> SimulatedField:
        """The names that a field in `folder` has."""

        def each(ending: str) -> dict[str, Path]:
            return {band: folder / f"simulated_{band}{ending}.fits" for band in bands}

        visits = tuple(folder / f"simulated_{epoch_band}_epoch{k:03d}.fits" for k in range(epochs))
        truth = folder / "simulated_truth.parquet"
        return cls(each(""), each("_rms"), each("_weight"), each("_mask"), each("_psf"), truth, visits)

    @property
    def variables(self) -> Path:
        """The magnitudes of variable sources in each epoch."""
        return self.truth.with_name("simulated_variables.ecsv")

    @property
    def epoch_table(self) -> Path:
        """What each epoch is like, and what went wrong with it."""
        return self.truth.with_name("simulated_epochs.ecsv")

    def counts(self) -> dict[str, int]:
        """How many objects of each class the truth table lists, the most numerous first."""
        classes = pq.read_table(self.truth, columns=["class"])["class"].value_counts()
        found = {str(row["values"]): int(row["counts"].as_py()) for row in classes}
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def files(self) -> list[Path]:
        """Every file of the field but its marker."""
        planes = (self.images, self.rms, self.weights, self.masks, self.psfs)
        tables = [self.truth, self.truth.with_suffix(".ecsv")]
        if self.epochs:
            tables += [self.variables, self.epoch_table]
        return [*(path for role in planes for path in role.values()), *tables, *self.epochs]


def simulate(
    folder: Path, recipe: Recipe | None = None, *, workers: int = 0, progress: Progress = SILENT
) -> SimulatedField:
    """A simulated survey field written to `folder`, reused if it is already there.

    For each band B: simulated_B.fits (float32, image units of AB zero point MAGZERO), simulated_B_rms.fits (1σ of
    the background per pixel, without the photon noise of sources, which GAIN gives), _weight (1 / rms²), _mask
    (bits named by MASKB cards) and _psf; simulated_truth.parquet and .ecsv; for epochs simulated_B_epochNNN.fits,
    simulated_epochs.ecsv and simulated_variables.ecsv; simulated.toml, written last. The same recipe gives the same
    bytes on one machine, whatever the number of `workers` (processes; 0: one a core).

    Memory is bounded by the tile of each worker. Raises AstroTLError for what cannot be simulated, when `folder`
    cannot be written or the simulation libraries are missing, and Cancelled from `progress`; nothing half-written
    stays.
    """
    recipe = recipe or Recipe()
    _check(recipe)
    from astrotl_gui.pipeline.simulation import plan, writing

    todo = plan.Plan.of(recipe)
    found = todo.field(folder)
    if _read_marker(folder) == recipe.stored() and all(path.is_file() for path in found.files()):
        return found
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".simulating-", dir=folder) as work:
            writing.write(todo, Path(work), workers, progress)
            (folder / MARKER).unlink(missing_ok=True)
            for path in sorted(Path(work).iterdir()):
                os.replace(path, folder / path.name)
    except OSError as problem:
        raise cannot_write(folder / MARKER, problem) from problem
    with atomic_write(folder / MARKER) as temporary:
        temporary.write_text(tomli_w.dumps(recipe.stored()))
    _remove_abandoned(folder)
    return found


def _check(recipe: Recipe) -> None:
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing:
        raise AstroTLError(
            "The simulator is not installed", f"It needs {' and '.join(missing)}: pip install 'astrotl[sim]'."
        )
    if not all(SMALLEST <= side <= LARGEST for side in (recipe.width, recipe.height)):
        size = f"{recipe.width} × {recipe.height}"
        raise AstroTLError(
            "No such size", f"A field is {SMALLEST} to {LARGEST:,} px wide and high, not {size}."
        )
    for what, given, most in (
        ("stars an arcmin²", recipe.star_density, MOST_STARS),
        ("times the rare objects of the demo sky", recipe.rare, MOST_TIMES),
        ("times the artifacts of the demo sky", recipe.artifacts, MOST_TIMES),
    ):
        if not 0 <= given <= most:
            raise AstroTLError("This is no density", f"A field has 0 to {most} {what}, not {given:g}.")
    if not 0 <= recipe.epochs <= MOST_EPOCHS:
        raise AstroTLError("Too many epochs", f"A field has up to {MOST_EPOCHS} epochs, not {recipe.epochs}.")


def _read_marker(folder: Path) -> dict[str, object] | None:
    try:
        return tomllib.loads((folder / MARKER).read_text())
    except (OSError, ValueError):
        return None


def _remove_abandoned(folder: Path) -> None:
    """What killed runs left behind, once a whole field is in place."""
    for path in folder.glob(".simulating-*"):
        shutil.rmtree(path, ignore_errors=True)
