"""What `astrotl epochs` costs for many sources × epochs: time a cutout, memory, and what a killed run loses."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS

from astrotl_gui.core.embeddings import SHARD
from benchmarks.report import Row

SCALE, SIGMA, SPACING = 0.3, 1.7, 40
"""Arcsec a px, width of the stars [px], and px from star to star."""
WHEN = 0.5
"""A run is killed and stopped after this share of its embeddings."""
MEMORY_UNIT = 1024**2 if sys.platform != "darwin" else 1024**3


@dataclass(frozen=True)
class Ran:
    """One run of the command: exit `code`, `seconds`, largest `memory` [GB]."""

    code: int
    seconds: float
    memory: float


def cost(folder: Path, sizes: Sequence[int], epochs: int) -> list[Row]:
    """Whole runs for several numbers of sources; of the fewest, a run that is killed and one that is stopped."""
    rows: list[Row] = []
    each: list[float] = []
    for sources in sizes:
        project, images = make(folder / f"{sources}-{epochs}", sources, epochs)
        ran = run(project, images)
        assert ran.code == 0, ran
        each.append(1e3 * ran.seconds / (sources * epochs))
        n = f"{sources:,} sources × {epochs} epochs, {ran.seconds:.0f} s"
        rows += [
            Row("all of it, a cutout", each[-1], "ms", n=n),
            Row("largest memory", ran.memory, "GB", n=n),
        ]
    if len(each) > 1:
        times = sizes[-1] / sizes[0]
        n = f"for {times:.3g} times the sources, what is done once a run included"
        rows.append(
            Row("time a cutout, of the most over the fewest", each[-1] / each[0], "", target=1.2, n=n)
        )
    project, images = make(folder / "stopped", sizes[0], epochs)
    wanted = sizes[0] * epochs
    for name, how, code in (("killed", signal.SIGKILL, -signal.SIGKILL), ("stopped", signal.SIGINT, 130)):
        shutil.rmtree(project / "epochs", ignore_errors=True)
        ran = run(project, images, until=int(WHEN * wanted), how=how)
        kept = embedded(project)
        again = run(project, images)
        assert (ran.code, again.code) == (code, 0), (ran, again)
        n = f"{kept:,} of {wanted:,} were kept; {ran.seconds:.0f} s, then {again.seconds:.0f} s"
        over = (ran.seconds + again.seconds) / (1e-3 * each[0] * wanted)
        rows.append(Row(f"{name} halfway and taken up, over one run", over, "", n=n))
    return rows


def run(project: Path, images: list[Path], until: int = 0, how: signal.Signals = signal.SIGKILL) -> Ran:
    """`astrotl epochs` in a process of its own; ended by the signal `how` once `until` embeddings are kept."""
    begin = time.perf_counter()
    command = [sys.executable, "-m", "astrotl_gui", "epochs", str(project), "--images", *map(str, images)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=_heeds_ctrl_c)
    while until and process.poll() is None:
        if embedded(project) >= until:
            process.send_signal(how)
            break
        time.sleep(0.5)
    _, status, used = os.wait4(process.pid, 0) if process.returncode is None else (0, 0, None)
    process.returncode = os.waitstatus_to_exitcode(status)
    memory = used.ru_maxrss / MEMORY_UNIT if used else float("nan")
    return Ran(process.returncode, time.perf_counter() - begin, memory)


def _heeds_ctrl_c() -> None:
    """What was begun in the background of a shell, and all it begins, would ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def embedded(project: Path) -> int:
    """How many visits have their embedding on disk, at least."""
    folders = (project / "epochs").glob("*/")
    return SHARD * max((len(list(folder.glob("shard-*.npz"))) for folder in folders), default=0)


def make(folder: Path, sources: int, epochs: int) -> tuple[Path, list[Path]]:
    """A project of constant stars on a net, and its visits by date."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rng = np.random.default_rng(7)
    columns = int(np.ceil(np.sqrt(sources)))
    net = SPACING * (0.5 + np.arange(columns))
    x, y = (axis.ravel()[:sources] + rng.uniform(-5, 5, sources) for axis in np.meshgrid(net, net))
    flux = 10 ** rng.uniform(3, 4.7, sources)
    side = SPACING * columns
    stars = _stars(side, x, y, flux)
    header = _header(side)
    images = []
    for k in range(epochs):
        header["MJD-OBS"], header["EXPTIME"], header["GAIN"] = 60000.0 + k, 60.0, 4.0
        images.append(folder / f"visit_{k:03d}.fits")
        noise = rng.standard_normal(stars.shape, np.float32)
        fits.writeto(images[-1], stars + noise * np.sqrt(25 + stars / 4), header)
    deep = folder / "deep.fits"
    fits.writeto(deep, stars + rng.standard_normal(stars.shape, np.float32), header)
    Table({"x": x, "y": y}).write(folder / "sources.csv")
    project = folder / "cost.astrotl"
    astrotl = [sys.executable, "-m", "astrotl_gui"]
    subprocess.run([*astrotl, "new", str(project), f"--band=r={deep}"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(
        [*astrotl, "detect", str(project), "--catalog", str(folder / "sources.csv")],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return project, images


def _stars(side: int, x: np.ndarray, y: np.ndarray, flux: np.ndarray) -> np.ndarray:
    image = np.zeros((side, side), np.float32)
    reach = np.arange(-10, 11)
    for a, b, light in zip(x, y, flux, strict=True):
        columns, rows = round(a) + reach, round(b) + reach
        profile = [np.exp(-((axis - at) ** 2) / (2 * SIGMA**2)) for axis, at in ((rows, b), (columns, a))]
        image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] += (
            light / (2 * np.pi * SIGMA**2) * np.outer(*profile)
        )
    return image


def _header(side: int) -> fits.Header:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = "RA---TAN", "DEC--TAN"
    wcs.wcs.crval, wcs.wcs.crpix = (150.0, 2.0), (side / 2, side / 2)
    wcs.wcs.cdelt = -SCALE / 3600, SCALE / 3600
    header = wcs.to_header()
    header["FILTER"], header["MAGZERO"] = "r", 27.0
    return header
