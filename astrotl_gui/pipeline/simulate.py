"""Simulate: a three-band survey field with a truth table, made of nothing but a seed."""

from __future__ import annotations

import os
import shutil
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tomli_w
from astropy.io import fits
from numpy.typing import NDArray

from astrotl_gui.core.files import atomic_write, cannot_write
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.pipeline.simulation import agn, artifacts, galaxies, lenses, outliers, stars
from astrotl_gui.pipeline.simulation.artifacts import Frames
from astrotl_gui.pipeline.simulation.instrument import (
    BANDS,
    SimulatedBand,
    field_wcs,
    position_angle,
    rms_map,
    rng_for,
    sky_residual,
    unit_noise,
)
from astrotl_gui.pipeline.simulation.population import Galaxies, draw_cluster, draw_galaxies
from astrotl_gui.pipeline.simulation.profiles import Canvas
from astrotl_gui.pipeline.simulation.truth import Places, Truth, clear_of

RECIPE = 3  # raise when the same seed gives another sky
TITLE = "Demo sky (simulated)"
MARKER = "simulated.toml"
RARE = {"lens": 26, "agn": 50, "outlier": 14, "artifact": 108, "cluster": 45}  # in 2400 × 2400 px
BAD_BITS = (
    artifacts.BLEED | artifacts.COLUMN | artifacts.COSMIC_RAY
)  # what spoils a measurement; 1 marks star cores


@dataclass(frozen=True)
class SimulatedField:
    """The files of one simulated field. `mask_bits` are the mask bits that detection should treat as bad."""

    images: dict[str, Path]
    rms: dict[str, Path]
    mask: Path
    truth: Path
    mask_bits: int = BAD_BITS

    @property
    def masks(self) -> dict[str, Path]:
        """The mask by band; all bands share one."""
        return dict.fromkeys(self.images, self.mask)


def simulate(folder: Path, *, seed: int = 7, size: int = 2400, progress: Progress = SILENT) -> SimulatedField:
    """A size × size px field (0.2"/px, TAN, bands g r i in AB) written to `folder`, reused if it is already there.

    Files: simulated_B.fits and simulated_B_rms.fits (float32, image units of zero point MAGZERO; RMS is the 1σ
    background per pixel, without the photon noise of sources, which GAIN gives), simulated_mask.fits (bits: 1
    saturated, 2 bleed, 4 bad column, 8 cosmic ray), simulated_truth.parquet and .ecsv, and simulated.toml, written
    last. The same seed and size give the same bytes on one machine. Raises AstroTLError when `folder` cannot be
    written and Cancelled from `progress`; nothing half-written stays.
    """
    found = _field(folder)
    recipe = {"title": TITLE, "recipe": RECIPE, "seed": seed, "size": size}
    if _read_marker(folder) == recipe and all(path.is_file() for path in _files(found)):
        return found
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".simulating-", dir=folder) as work:
            _write(Path(work), seed, size, progress)
            (folder / MARKER).unlink(missing_ok=True)
            for path in sorted(Path(work).iterdir()):
                os.replace(path, folder / path.name)
    except OSError as problem:
        raise cannot_write(folder / MARKER, problem) from problem
    with atomic_write(folder / MARKER) as temporary:
        temporary.write_text(tomli_w.dumps(recipe))
    _remove_abandoned(folder)
    return found


def _field(folder: Path) -> SimulatedField:
    images = {band.name: folder / f"simulated_{band.name}.fits" for band in BANDS}
    rms = {band.name: folder / f"simulated_{band.name}_rms.fits" for band in BANDS}
    return SimulatedField(images, rms, folder / "simulated_mask.fits", folder / "simulated_truth.parquet")


def _files(field: SimulatedField) -> list[Path]:
    return [
        *field.images.values(),
        *field.rms.values(),
        field.mask,
        field.truth,
        field.truth.with_suffix(".ecsv"),
    ]


def _read_marker(folder: Path) -> dict[str, object] | None:
    try:
        return tomllib.loads((folder / MARKER).read_text())
    except (OSError, ValueError):
        return None


def _remove_abandoned(folder: Path) -> None:
    """What killed runs left behind, once a whole field is in place."""
    for path in folder.glob(".simulating-*"):
        shutil.rmtree(path, ignore_errors=True)


def _write(work: Path, seed: int, size: int, progress: Progress) -> None:
    truth = Truth(size)
    frames, rms = _expose(truth, seed, size, progress)
    field = _field(work)
    for k, band in enumerate(BANDS):
        progress(k, len(BANDS), "Writing images")
        header = _header(band, seed, size)
        fits.PrimaryHDU(frames.images[k], header).writeto(field.images[band.name])
        header["EXTNAME"], header["BUNIT"] = "RMS", ("adu", "1 sigma of the background per pixel")
        fits.PrimaryHDU(rms[k], header).writeto(field.rms[band.name])
    fits.PrimaryHDU(frames.mask, _mask_header(seed, size)).writeto(field.mask)
    truth.save(field.truth.with_suffix(".ecsv"), field.truth)


def _expose(
    truth: Truth, seed: int, size: int, progress: Progress
) -> tuple[Frames, list[NDArray[np.float32]]]:
    """The sky through the instrument: images (3, size, size) with their mask, and an RMS map per band."""
    number = {name: max(3, round(n * (size / 2400) ** 2)) for name, n in RARE.items()}
    field = draw_galaxies(rng_for(seed, "galaxies"), size)
    cluster = draw_cluster(rng_for(seed, "cluster"), size, number["cluster"])
    star = stars.draw_stars(rng_for(seed, "stars"), size)
    places = Places(size)
    places.take(star.x, star.y, star.radius)
    for population, faint in ((field, 21.0), (cluster, 21.0)):
        bright = population.mag < faint
        places.take(population.x[bright], population.y[bright], 2.2 * population.r50[bright] + 6)

    canvas = Canvas(size)
    lenses.draw(canvas, truth, places, rng_for(seed, "lenses"), number["lens"], progress)
    agn.draw(canvas, truth, places, rng_for(seed, "agn"), number["agn"], progress)
    outliers.draw(canvas, truth, places, rng_for(seed, "outliers"), number["outlier"], progress)
    rare = np.array([[row["x"], row["y"]] for row in truth.rows], float)
    field = _keep(field, clear_of(field.x, field.y, rare, 20.0) | (field.mag > 24.3))
    for name, population in (("galaxy", field), ("cluster", cluster)):
        mags = galaxies.draw(canvas, population, rng_for(seed, f"{name} shapes"), progress)
        _note_galaxies(truth, population, mags, cluster=name == "cluster")
    stars.draw(canvas, star, progress)
    for x, y, mags in zip(star.x, star.y, star.mags, strict=True):
        truth.add("star", "star", x, y, mags)

    images, rms = _images(canvas, seed, progress)
    frames = Frames(images, np.zeros((size, size), np.uint8), truth)
    seen = field.mag < 24.8
    places.take(field.x[seen], field.y[seen], np.maximum(2.0 * field.r50[seen], 7.0))
    artifacts.draw(frames, star, places, rng_for(seed, "artifacts"), number["artifact"], progress)
    for k, band in enumerate(BANDS):
        stars.bleed(k, images[k], frames.mask, star, rng_for(seed, f"bleed {band.name}"), artifacts.BLEED)
        frames.mask[images[k] >= band.saturate] |= artifacts.SATURATED
        np.minimum(images[k], np.float32(band.saturate), out=images[k])
    return frames, rms


def _keep(population: Galaxies, keep: NDArray[np.bool_]) -> Galaxies:
    return Galaxies(**{name: values[keep] for name, values in vars(population).items()})


def _note_galaxies(truth: Truth, population: Galaxies, mags: NDArray[np.floating], cluster: bool) -> None:
    angles = position_angle(population.theta)
    for k in range(len(population)):
        kind = "cluster member" if cluster else str(population.kind[k])
        if kind == "spiral" and population.q[k] < 0.25:
            kind = "edge-on spiral"
        truth.add(
            "galaxy", kind, population.x[k], population.y[k], mags[k], z=population.z[k], r50=0.2 * population.r50[k],
            sersic_n=population.n[k], q=population.q[k], theta=angles[k],
        )  # fmt: skip


def _images(
    canvas: Canvas, seed: int, progress: Progress
) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
    """Seeing, background, photon and sky noise, band by band."""
    images = np.empty((len(BANDS), canvas.size, canvas.size), np.float32)
    rms = []
    for k, band in enumerate(BANDS):
        progress(k, len(BANDS), "Seeing and noise")
        light = canvas.observed(k)
        rms.append(rms_map(band, rng_for(seed, f"visits {band.name}"), canvas.size))
        noise = unit_noise(rng_for(seed, f"noise {band.name}"), light.shape)
        images[k] = light + noise * np.sqrt(rms[k] ** 2 + light / np.float32(band.gain))
        images[k] += sky_residual(rng_for(seed, f"background {band.name}"), canvas.size, band.sky_noise)
    return images, rms


def _header(band: SimulatedBand, seed: int, size: int) -> fits.Header:
    header = _mask_header(seed, size)
    header["FILTER"] = (band.name, f"simulated, effective wavelength {band.wavelength:.0f} nm")
    header["MAGZERO"] = (band.zeropoint, "AB magnitude of one unit")
    header["GAIN"] = (band.gain, "electrons per unit")
    header["SATURATE"] = (band.saturate, "level at which pixels clip")
    header["SEEING"] = (band.seeing, "PSF FWHM, arcsec")
    header["BUNIT"] = "adu"
    return header


def _mask_header(seed: int, size: int) -> fits.Header:
    header = field_wcs(size).to_header()
    header["OBJECT"] = (TITLE, "nothing in this image exists")
    header["ORIGIN"] = ("AstroTL simulation", f"recipe {RECIPE}")
    header["SIMSEED"] = (seed, "seed of the simulation")
    return header
