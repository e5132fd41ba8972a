"""A series opened on the grid of its project: every epoch read there, region by region."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.bands import BandSpec, MosaicSpec
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.epochs import Series
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.flags import Flag
from astrotl_gui.core.image_paths import planes_of
from astrotl_gui.core.mosaic import Box, Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.regions import Regions, read_good, read_regions
from astrotl_gui.core.unpack import unpack_all

F32 = NDArray[np.float32]
Floats = NDArray[np.float64]

OWN = "epoch: "
"""Before an epoch's name where it stands beside the bands of the project."""
SPOILED = int(
    Flag.TRUNCATED
    | Flag.APERTURE_TRUNCATED
    | Flag.APERTURE_HAS_MASKED
    | Flag.APERTURE_NONPOSITIVE
    | Flag.EDGE
    | Flag.MASKED
    | Flag.SATURATED
)


@dataclass(frozen=True)
class View:
    """One image (an epoch or the stack) on the project's grid; `name` its band there. `dx`, `dy` [px]: where its
    sources lie beside where the catalog has them; `scale` brings its fluxes to those of the series."""

    mosaic: Mosaic
    name: str
    dx: float = 0.0
    dy: float = 0.0
    scale: float = 1.0

    def read(self, box: Box) -> F32:
        """Values (h, w) on the project's grid, NaN where bad."""
        return read_good(self.mosaic, self.name, box)

    def noise(self, box: Box) -> F32 | None:
        """σ (h, w) from the epoch's noise or weight map; None without one."""
        return self.mosaic.noise(self.name, box)

    def regions(
        self, x: Floats, y: Floats, size: float, batch: int, rows: NDArray[np.int64]
    ) -> Iterator[Regions]:
        """Regions of the sources `rows` in this order; planes (n, 1, L, L) in fluxes of the series."""
        for part in read_regions(self.mosaic, x + self.dx, y + self.dy, size, [self.name], batch, rows):
            yield replace(part, planes=part.planes * np.float32(self.scale))


@dataclass(frozen=True, eq=False)
class OpenSeries:
    """A series whose images are open beside the project's reference band."""

    series: Series
    views: tuple[View, ...]
    stack: View | None
    reference: Mosaic

    @classmethod
    def open(cls, mosaic: Mosaic, series: Series, *, progress: Progress = SILENT) -> OpenSeries:
        """Open every epoch on the grid of the project's mosaic.

        Raises AstroTLError for files that are missing or do not overlap it, and for a project of stamps.
        """
        if mosaic.spec.stamp_side:
            raise AstroTLError(
                "These are stamps", "Epochs lie on the sky of a mosaic. Make a project from an image."
            )
        images = (*(epoch.image for epoch in series.epochs), *([series.stack] if series.stack else []))
        unpack_all((plane.path for plane in planes_of(MosaicSpec(series.band, images))), progress=progress)
        views = tuple(_view(mosaic, epoch.image) for epoch in series.epochs)
        stack = None if series.stack is None else _view(mosaic, series.stack)
        return cls(series, views, stack, mosaic)

    def __len__(self) -> int:
        return len(self.views)

    @cached_property
    def gains(self) -> Floats:
        """e⁻ per unit of each epoch (E,), NaN unknown."""
        return np.array([epoch.gain for epoch in self.series.epochs])

    @property
    def zeropoint(self) -> float:
        """AB magnitude of one unit of the series: the median of the epochs' own; NaN where one has none."""
        points = [view.mosaic.zeropoint(view.name) for view in self.views]
        return float("nan") if None in points else float(np.median([point or 0.0 for point in points]))

    def own_scales(self) -> Floats:
        """What brings each epoch (E,) to the series' zero point by its header; 1 where it is not known."""
        points = [view.mosaic.zeropoint(view.name) for view in self.views]
        if not np.isfinite(self.zeropoint):
            return np.ones(len(points))
        return np.array([10 ** (0.4 * (self.zeropoint - float(point or 0.0))) for point in points])

    def moved(self, dx: Sequence[float], dy: Sequence[float]) -> OpenSeries:
        """The same, looking for sources at these shifts [px] of each epoch."""
        views = tuple(replace(v, dx=a, dy=b) for v, a, b in zip(self.views, dx, dy, strict=True))
        return replace(self, views=views)

    def scaled(self, scales: Sequence[float]) -> OpenSeries:
        """The same with fluxes of each epoch multiplied by these."""
        views = tuple(
            replace(view, scale=float(scale)) for view, scale in zip(self.views, scales, strict=True)
        )
        return replace(self, views=views)

    def inside(self, catalog: Catalog) -> NDArray[np.bool_]:
        """Which sources lie within the reference image."""
        ny, nx = self.reference.shape
        return (catalog.x > -0.5) & (catalog.y > -0.5) & (catalog.x < nx - 0.5) & (catalog.y < ny - 0.5)


def unspoiled(catalog: Catalog) -> NDArray[np.bool_]:
    """Sources (N,) that are whole and not saturated; blended ones are not spoiled."""
    return (catalog.column("flags") & SPOILED) == 0 if "flags" in catalog else np.ones(len(catalog), bool)


def _view(mosaic: Mosaic, image: BandSpec) -> View:
    name = f"{OWN}{image.name}"
    reference = mosaic.spec.band(mosaic.spec.reference)
    spec = MosaicSpec(
        mosaic.spec.name,
        (reference, replace(image, name=name)),
        mosaic.spec.reference,
        (name, name, name),
        mosaic.spec.pixel_scale,
    )
    return View(Mosaic.open(spec), name)
