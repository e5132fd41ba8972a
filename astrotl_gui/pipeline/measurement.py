"""From sources in a window to the columns of the catalog."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog, column_names
from astrotl_gui.core.flags import Flag
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.pipeline.band_model import band_scale
from astrotl_gui.pipeline.detection_image import DetectionImage
from astrotl_gui.pipeline.extraction import Sources, Window
from astrotl_gui.pipeline.photometry import (
    Apertures,
    Fluxes,
    band_fluxes,
    detection_fluxes,
    kron_apertures,
)
from astrotl_gui.pipeline.psf import FWHM_PER_SIGMA
from astrotl_gui.pipeline.shapes import on_sky

Columns = dict[str, np.ndarray]


@dataclass(frozen=True)
class Measured:
    """Columns of the sources of one tile, and whether all they need was inside the window."""

    columns: Columns
    complete: bool


def measure_sources(mosaic: Mosaic, image: DetectionImage, window: Window, sources: Sources) -> Measured:
    """Every column but the id for these sources of a window."""
    sigma = image.fwhm / FWHM_PER_SIGMA
    apertures = kron_apertures(window, sources.x, sources.y, sources.moments, sources.segment, sigma)
    complete = bool(sources.whole.all()) and _inside(apertures, window, mosaic.shape)
    found, r50 = detection_fluxes(window, apertures)
    ra, dec = mosaic.sky(sources.x, sources.y)
    columns: Columns = {"ra": ra, "dec": dec, "x": sources.x, "y": sources.y}
    fluxes = [
        band_fluxes(mosaic, band.name, image.own[band.name], window, apertures, sigma)
        for band in mosaic.bands
    ]
    for band, part in zip(mosaic.bands, fluxes, strict=True):
        columns[f"flux_{band.name}"] = part.flux
        columns[f"fluxerr_{band.name}"] = part.error
        columns[f"mag_{band.name}"] = magnitudes(part.flux, band.zeropoint)
    a, b, theta = on_sky(mosaic, sources.x, sources.y, sources.moments)
    with np.errstate(divide="ignore", invalid="ignore"):
        snr = found.flux / found.error
    columns |= {
        "a": a,
        "b": b,
        "r50": r50 * mosaic.pixel_scales(sources.x, sources.y),
        "theta": theta,
        "snr": snr,
        "npix": sources.npix,
        "flags": _flags(mosaic, sources, apertures, found, fluxes),
        "masked_fraction": np.mean([part.bad_share for part in fluxes], axis=0),
    }
    return Measured(columns, complete)


def magnitudes(flux: NDArray[np.float64], zeropoint: float | None) -> NDArray[np.float64]:
    """AB magnitudes; NaN without a zero point and where the flux is not positive."""
    if zeropoint is None:
        return np.full(len(flux), np.nan)
    positive = flux > 0
    return np.where(positive, zeropoint - 2.5 * np.log10(np.where(positive, flux, 1.0)), np.nan)


def joined(parts: Sequence[Columns]) -> Columns:
    """The columns of all tiles, one after the other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def build_catalog(
    mosaic: Mosaic, image: DetectionImage, columns: Columns, extra: Sequence[str] = ()
) -> Catalog:
    """One catalog of all columns: rows from the bottom up and left to right, ids 1…N."""
    bands = [band.name for band in mosaic.bands]
    order = np.lexsort((columns["x"], columns["y"]))
    names = [*(name for name in column_names(bands) if name != "id"), *extra]
    columns = {name: columns[name][order] for name in names}
    fwhm = {name: image.own[name].fwhm * band_scale(mosaic, name) for name in bands}
    units = {
        f"{kind}_{band.name}": _flux_unit(band.unit) for band in mosaic.bands for kind in ("flux", "fluxerr")
    }
    return Catalog.from_columns({"id": np.arange(1, len(order) + 1), **columns}, fwhm=fwhm, units=units)


def _inside(apertures: Apertures, window: Window, shape: tuple[int, int]) -> bool:
    """Whether no aperture reaches beyond an inner edge of the window."""
    rx, ry = apertures.reach()
    x0, y0, x1, y1 = window.box
    beyond = (
        (x0 > 0) & (apertures.x - rx < x0 - 0.5),
        (y0 > 0) & (apertures.y - ry < y0 - 0.5),
        (x1 < shape[1]) & (apertures.x + rx > x1 - 0.5),
        (y1 < shape[0]) & (apertures.y + ry > y1 - 0.5),
    )
    return not any(part.any() for part in beyond)


def _flags(
    mosaic: Mosaic, sources: Sources, apertures: Apertures, found: Fluxes, fluxes: Sequence[Fluxes]
) -> NDArray[np.int64]:
    flags = sources.flags | found.flags
    for part in fluxes:
        flags = flags | (part.flags & int(Flag.SATURATED | Flag.APERTURE_HAS_MASKED))
    rx, ry = apertures.reach()
    ny, nx = mosaic.shape
    x, y = apertures.x, apertures.y
    edge = (x - rx < -0.5) | (y - ry < -0.5) | (x + rx > nx - 0.5) | (y + ry > ny - 0.5)
    flags = flags | np.where(edge, int(Flag.EDGE), 0)
    return np.asarray(flags | np.where(found.bad_share > 0.001, int(Flag.MASKED), 0), np.int64)


def _flux_unit(unit: str) -> str:
    """The unit of a sum over pixels; per area units keep the pixel they are summed over."""
    return f"pix {unit}" if "/sr" in unit or "/arcsec" in unit else unit
