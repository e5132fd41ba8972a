"""The overlays as a layer: drawn once for what is in view and some way around, then only moved while one pans."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath

from astrotl_gui.core.sky_index import Area, SkyIndex
from astrotl_gui.gui import theme
from astrotl_gui.gui.marks import LABEL_TONES, ROOM, SMALLEST
from astrotl_gui.gui.overlay_glyphs import glyph_of
from astrotl_gui.gui.overlay_ink import (
    Picture,
    as_image,
    blank,
    counts,
    ring_cost,
    rings,
    shade,
    stamp,
)
from astrotl_gui.gui.overlays import CANDIDATES, DETECTIONS, LABELS, SELECTED, Overlays, UserOverlay
from astrotl_gui.gui.sky_ink import stroke, write
from astrotl_gui.gui.sky_layers import Layer
from astrotl_gui.gui.viewport import Viewport

if TYPE_CHECKING:
    from astrotl_gui.core.catalog import Catalog
    from astrotl_gui.core.mosaic import Mosaic
    from astrotl_gui.core.outlines import Outlines
    from astrotl_gui.gui.mosaic_view import MosaicView

AROUND = 0.125
"""So much of the view is drawn beyond each edge."""
CROWDED = 0.35
"""Where marks would cover this share of the mosaic in view they become dots, and dots become a density."""
DOT_PX, GLYPH_PX = 6.3, 15.0
"""The room a dot and a glyph take, side of a square [logical px]."""
RING_WORK = 8e5
"""Ellipses are drawn while no more pixels than this are looked at; with more of them dots."""
LEAST_RING, LEAST_AXES = 5.0, (3.5, 2.0)
"""Where half of the ellipses have a smaller semi-major axis [device px] they are dots; else each has at least such
semi-axes [logical px]."""
LINES_DRAWN = 400
TEXTS_WRITTEN = 80
DENSITY_PX = 3.0
"""A cell of a density is about as wide on screen [device px]."""
GREY, DARK = 0xD2, 0x14
QUIET = 0x8E
LINE = 1.25
"""Width of a line [logical px]."""


@dataclass(frozen=True, eq=False)
class Patch:
    """What was drawn: the part of the mosaic it shows [px], and of what."""

    key: tuple[object, ...]
    area: Area
    picture: Picture
    image: QImage


class OverlayLayer(Layer):
    """Detections, labels, candidates behind the first hundred, large selections, catalogs and regions."""

    of_sky = True

    def __init__(self) -> None:
        self._patch: Patch | None = None

    def clear(self) -> None:
        self._patch = None

    def paint(self, painter: QPainter, view: MosaicView, mosaic: Mosaic) -> None:
        overlays, viewport = view.session.overlays, view.viewport
        ratio = view.devicePixelRatioF()
        key = (overlays.edition, viewport.scale, ratio, view.session.look.invert, theme.scaled(100))
        patch, (x0, y0, x1, y1) = self._patch, viewport.box
        inside = patch is not None and (
            patch.area[0] <= x0 and patch.area[1] <= y0 and patch.area[2] >= x1 and patch.area[3] >= y1
        )
        if patch is None or patch.key != key or not inside:
            patch = self._patch = _Drawing(view, mosaic, ratio).patch(key)
        left, top = viewport.to_screen(patch.area[0], patch.area[3])
        corner = QPointF(round(left * ratio) / ratio, round(top * ratio) / ratio)
        painter.drawImage(corner, patch.image)


class _Drawing:
    """One drawing of a patch: places are device px from its upper left corner."""

    def __init__(self, view: MosaicView, mosaic: Mosaic, ratio: float) -> None:
        self.session, self.mosaic, self.ratio = view.session, mosaic, ratio
        self.overlays: Overlays = view.session.overlays
        viewport: Viewport = view.viewport
        self.scale = viewport.scale * ratio
        width, height = ((1 + 2 * AROUND) * side * ratio for side in (viewport.width, viewport.height))
        self.width, self.height = math.ceil(width), math.ceil(height)
        half_w, half_h = self.width / 2 / self.scale, self.height / 2 / self.scale
        x, y = viewport.x, viewport.y
        self.area: Area = (x - half_w, y - half_h, x + half_w, y + half_h)
        ny, nx = mosaic.shape
        covered = [
            max(0.0, min(high, n - 0.5) - max(low, -0.5))
            for low, high, n in ((self.area[0], self.area[2], nx), (self.area[1], self.area[3], ny))
        ]
        self.room = max(covered[0] * covered[1] * self.scale**2, 1.0)
        self.tone = DARK if view.session.look.invert else GREY
        self.picture = blank(self.width, self.height)
        self.image = as_image(self.picture)

    def patch(self, key: tuple[object, ...]) -> Patch:
        overlays = self.overlays
        if overlays.shows(DETECTIONS) and overlays.index is not None:
            self._detections(overlays.index, self.session.catalog)
        for file in overlays.files:
            if file.shown and file.content is not None:
                self._file(file)
        if overlays.shows(CANDIDATES):
            self._points(CANDIDATES, f"target {self.session.target}")
        if overlays.shows(LABELS):
            self._labels()
        self._points(SELECTED, "selected")
        self.image.setDevicePixelRatio(self.ratio)
        return Patch(key, self.area, self.picture, self.image)

    # -- the kinds

    def _detections(self, index: SkyIndex, catalog: Catalog) -> None:
        if self._crowded(index):
            return
        at = index.within(self.area)
        x, y = self._to_patch(index.x[at], index.y[at])
        rows = index.rows[at]
        a, b, angle = self._ellipses(catalog, rows)
        if not len(a) or ring_cost(a, LINE * self.ratio) > RING_WORK or np.median(a) < LEAST_RING:
            stamp(self.picture, glyph_of("dot", self.ratio), x, y)
            return
        a, b = np.maximum(a, LEAST_AXES[0] * self.ratio), np.maximum(b, LEAST_AXES[1] * self.ratio)
        rings(self.picture, x, y, a, b, angle, QUIET, LINE * self.ratio)

    def _ellipses(self, catalog: Catalog, rows: NDArray[np.int32]) -> tuple[NDArray, NDArray, NDArray]:
        """Semi-axes [device px] and angles [rad, from +x against the clock] of sources; () without sizes."""
        if "a" not in catalog:
            return np.zeros(0), np.zeros(0), np.zeros(0)
        px = ROOM * self.scale / self.mosaic.pixel_scale()
        a = catalog.column("a")[rows] * px
        a = np.where(np.isfinite(a), a, LEAST_RING)
        if "b" not in catalog or "theta" not in catalog:
            return a, a, np.zeros(len(a))
        b, theta = catalog.column("b")[rows] * px, np.radians(catalog.column("theta")[rows])
        b, theta = np.where(np.isfinite(b), b, a), np.where(np.isfinite(theta), theta, 0)
        north, mirrored = self.mosaic.north()
        # A position angle turns from north to east; both lie where the mosaic has them.
        angle = math.pi / 2 + math.radians(north if math.isfinite(north) else 0.0)
        return a, b, angle - theta if mirrored else angle + theta

    def _file(self, file: UserOverlay) -> None:
        content = file.content
        assert content is not None
        if self._crowded(content.index):
            return
        if content.outlines is None:
            self._stamp(content.index, file.glyph)
        else:
            self._regions(content.outlines, content.names)

    def _regions(self, outlines: Outlines, names: object) -> None:
        x0, y0, x1, y1 = self.area
        x, y, reach = outlines.x, outlines.y, outlines.reach
        seen = (x + reach >= x0) & (x - reach <= x1) & (y + reach >= y0) & (y - reach <= y1)
        ring = seen[outlines.ring_of]
        sx, sy = self._to_patch(x[outlines.ring_of[ring]], y[outlines.ring_of[ring]])
        sizes = outlines.rings[ring]
        a, b, angle = sizes[:, 0] * self.scale, sizes[:, 1] * self.scale, sizes[:, 2]
        turned = b > a
        a, b, angle = (
            np.where(turned, b, a),
            np.where(turned, a, b),
            np.where(turned, angle + math.pi / 2, angle),
        )
        drawn = seen.copy()
        if ring_cost(a, LINE * self.ratio) <= RING_WORK:
            a, b = np.maximum(a, 2.0), np.maximum(b, 2.0)
            rings(self.picture, sx, sy, a, b, angle, GREY, LINE * self.ratio)
            drawn[outlines.ring_of[ring]] = False
        line = np.flatnonzero(seen[outlines.line_of])
        if len(line) <= LINES_DRAWN:
            path = QPainterPath()
            for k in line:
                for number, (px, py) in enumerate(zip(*self._to_patch(*outlines.lines[k].T), strict=True)):
                    path.lineTo(px, py) if number else path.moveTo(px, py)
            self._stroke(path)
            drawn[outlines.line_of[line]] = False
        # What has no outline, and outlines that are too many, are marked where they are.
        stamp(self.picture, glyph_of("point", self.ratio), *self._to_patch(x[drawn], y[drawn]))
        self._texts(outlines, np.flatnonzero(seen), names)

    def _texts(self, outlines: Outlines, rows: NDArray[np.int64], names: object) -> None:
        told = [int(row) for row in rows[: 4 * TEXTS_WRITTEN] if names[row]]  # type: ignore[index]
        if not told or len(rows) > TEXTS_WRITTEN:
            return
        self.image.setDevicePixelRatio(self.ratio)
        painter = QPainter(self.image)
        for row in told:
            x, y = self._to_patch(outlines.x[row], outlines.y[row])
            below = min(outlines.reach[row] * self.scale, 60.0) + 10 * self.ratio
            place = QPointF(float(x), float(y + below)) / self.ratio
            write(painter, place, names[row], theme.SKY.text, 11, 500, Qt.AlignmentFlag.AlignHCenter)  # type: ignore[index]
        painter.end()
        self.image.setDevicePixelRatio(1)

    def _points(self, kind: str, glyph: str) -> None:
        points = self.overlays.points(kind)
        if points is not None and not self._crowded(points.index):
            self._stamp(points.index, glyph)

    def _stamp(self, index: SkyIndex, glyph: str) -> None:
        """Mark positions with a glyph, or with dots where glyphs would crowd."""
        at = index.within(self.area)
        name = glyph if self._fits(len(at), GLYPH_PX) else "selected-dot" if glyph == "selected" else "dot"
        stamp(self.picture, glyph_of(name, self.ratio), *self._to_patch(index.x[at], index.y[at]))

    def _labels(self) -> None:
        points, target = self.overlays.points(LABELS), self.session.target
        if points is None or self._crowded(points.index):
            return
        at = points.index.within(self.area)
        ids = self.session.catalog.ids[points.rows[points.index.rows[at]]]
        labels = self.session.labels()
        values = np.array([labels[i].value if i in labels else "" for i in ids.tolist()], str)
        x, y = self._to_patch(points.index.x[at], points.index.y[at])
        shaped = self._fits(len(at), 2 * SMALLEST)
        for value in LABEL_TONES:
            mine = values == value
            name = f"label {target} {value}" if shaped else f"dot {value}"
            stamp(self.picture, glyph_of(name, self.ratio), x[mine], y[mine])

    # -- ink

    def _fits(self, count: int, side: float) -> bool:
        """Whether so many marks of a size [logical px] leave enough of the sky."""
        return count * (side * self.ratio) ** 2 <= CROWDED * self.room

    def _crowded(self, index: SkyIndex) -> bool:
        """Draw a density where marks would hide the sky; whether it was."""
        if self._fits(index.count(self.area), DOT_PX):
            return False
        cell = 2.0 ** round(math.log2(DENSITY_PX * self.ratio / self.scale))
        found, (left, low), side = counts(index, self.area, cell)
        if not found.any():
            return True
        level = min(max(round(math.log2(side / index.side)), 0), len(index.densest) - 1)
        picture = shade(found, index.densest[level] * side**2, self.tone)
        x, y = self._to_patch(np.array(left), np.array(low + found.shape[0] * side))
        target = QRectF(
            float(x), float(y), found.shape[1] * side * self.scale, found.shape[0] * side * self.scale
        )
        painter = QPainter(self.image)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(target, as_image(picture))
        painter.end()
        return True

    def _stroke(self, path: QPainterPath, colour: QColor | str = theme.SKY.text) -> None:
        if path.isEmpty():
            return
        painter = QPainter(self.image)
        stroke(painter, path, colour, LINE * self.ratio)
        painter.end()

    def _to_patch(self, x: NDArray, y: NDArray) -> tuple[NDArray, NDArray]:
        return (x - self.area[0]) * self.scale, (self.area[3] - y) * self.scale
