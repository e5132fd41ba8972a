"""Artifacts of the bench of epochs, drawn by other code than what the learned score is taught with."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import fourier_shift, gaussian_filter, uniform_filter

from astrotl_gui.pipeline.epochs.artifact_draws import Draw, Drawn, Site
from astrotl_gui.pipeline.simulation import artifacts


def _drawn(make: str) -> Draw:
    """What the simulated sky adds to its images; its units are the noise of a pixel."""

    def draw(site: Site, rng: np.random.Generator) -> Drawn:
        off = rng.uniform(-0.25, 0.25, 2) * site.side
        one = getattr(artifacts, make)
        extra = (2 * site.side,) if make == "_trail" else ()
        artifact = one(rng, site.x + off[0], site.y + off[1], 0, False, *extra)
        pixels = np.arange(site.plane.shape[-1])
        light = artifact.draw((pixels - artifact.x)[None, :], (pixels - artifact.y)[:, None])
        return Drawn((site.plane + site.noise * light).astype(np.float32), site.x, site.y)

    return draw


def _moved(site: Site, rng: np.random.Generator) -> Drawn:
    """The image itself moves by 1 to 5 px, by its Fourier phases; bad pixels stay where they are."""
    shift = rng.uniform(1, 5) * np.array([np.cos(angle := rng.uniform(0, 2 * np.pi)), np.sin(angle)])
    values = np.pad(np.nan_to_num(site.plane, nan=site.sky), 8, mode="reflect")
    moved = np.fft.ifft2(fourier_shift(np.fft.fft2(values), shift)).real[8:-8, 8:-8]
    return _kept(site, moved)


def _blurred(site: Site, rng: np.random.Generator) -> Drawn:
    """A square pupil out of focus and some astigmatism; white noise makes up for what smoothing takes."""
    width = max(round(rng.uniform(1.0, 2.2) * site.fwhm), 2)
    sigma = rng.uniform(0.2, 0.5, 2) * site.fwhm

    def blur(image: np.ndarray) -> np.ndarray:
        return gaussian_filter(uniform_filter(image, width), sigma)

    point = np.zeros_like(site.plane)
    point[point.shape[0] // 2, point.shape[1] // 2] = 1
    lost = np.sqrt(max(1 - float((blur(point) ** 2).sum()), 0))
    values = blur(np.nan_to_num(site.plane - site.sky).astype(np.float64))
    return _kept(site, values + site.sky + rng.normal(0, lost * site.noise, values.shape))


def _dimmed(site: Site, rng: np.random.Generator) -> Drawn:
    """Clouds of 0.7 to 2.2 mag, before a brighter sky with more noise."""
    share = 10 ** (-0.4 * rng.uniform(0.7, 2.2))
    noise = np.sqrt(max(1.1**2 - share**2, 0)) * site.noise
    values = (site.plane - site.sky) * share + site.sky + rng.normal(0, noise, site.plane.shape)
    return _kept(site, values)


def _kept(site: Site, values: np.ndarray) -> Drawn:
    return Drawn(np.where(np.isfinite(site.plane), values, np.nan).astype(np.float32), site.x, site.y)


KINDS: dict[str, Draw] = {
    "cosmic ray": _drawn("_cosmic_ray"),
    "trail": _drawn("_trail"),
    "bad column": _drawn("_column"),
    "misregistration": _moved,
    "defocus": _blurred,
    "cloud": _dimmed,
}
