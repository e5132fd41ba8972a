"""Describe: a mosaic's look in numbers, so that two mosaics can be compared."""

from __future__ import annotations

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.settings import DetectionSettings
from astrotl_gui.pipeline.band_model import BandModel, band_scale, own_grid
from astrotl_gui.pipeline.description.blank_sky import depth, sky_numbers, sky_samples
from astrotl_gui.pipeline.description.footprint import Footprint, footprint
from astrotl_gui.pipeline.description.numbers import BandNumbers, Description
from astrotl_gui.pipeline.description.source_numbers import sample_sources, source_numbers, turnover
from astrotl_gui.pipeline.description.star_profile import psf_numbers
from astrotl_gui.pipeline.detect import detect

SNR = 10.0
"""Sources below this S/N are left out: some of them are peaks of the noise."""


def describe(
    mosaic: Mosaic,
    catalog: Catalog | None,
    settings: DetectionSettings,
    *,
    snr: float = SNR,
    progress: Progress = SILENT,
) -> Description:
    """Measure sky, noise, PSF and depth of every band, and the sources with S/N ≥ `snr` of the catalog.

    Without a catalog the sources are detected. Every band is measured on its own pixels: pixels of a
    resampled image share noise. What a mosaic cannot tell (magnitudes without zero point, quantiles of too few
    sources, the PSF of a field without stars) is None. Memory does not grow with the mosaic. Raises what `detect`
    raises, and `Cancelled` through `progress`.
    """
    if catalog is None:
        catalog = detect(mosaic, settings, progress=progress)
    kept, sample = sample_sources(mosaic, catalog, snr)
    bands, footprints = [], {}
    for index, band in enumerate(mosaic.bands):
        progress(index, len(mosaic.bands), f"Describing {band.name}")
        model = own_grid(mosaic, band.name, settings)
        footprints[band.name] = footprint(band, model)
        bands.append(_band(mosaic, band.name, model, footprints[band.name], kept))
    sources = source_numbers(mosaic, kept, sample, snr, footprints[mosaic.reference.name])
    progress(len(mosaic.bands), len(mosaic.bands), "Describing the sources")
    return Description(mosaic.spec.name, mosaic.shape, mosaic.pixel_scale(), tuple(bands), sources, sample)


def _band(mosaic: Mosaic, name: str, model: BandModel, where: Footprint, kept: Catalog) -> BandNumbers:
    band, scale = mosaic.band(name), band_scale(mosaic, name)
    assert model.psf is not None
    psf, samples = psf_numbers(model.psf, scale), sky_samples(model)
    return BandNumbers(
        name=name,
        unit=band.unit,
        zeropoint=band.zeropoint,
        pixel_scale=scale,
        missing=where.missing,
        masked=where.masked,
        saturated=where.saturated,
        sky=sky_numbers(samples, model, band.zeropoint, scale),
        psf=psf,
        depth=depth(samples, model, band.zeropoint) if psf.origin else None,
        turnover=turnover(kept.column(f"mag_{name}")) if f"mag_{name}" in kept else None,
    )
