"""Simulated skies beside real ones, for docs/simulation.md: `make compare-skies`.

Writes to docs/skies: full-field.jpg (real left, simulated right), contact-sheet.jpg (real above, simulated below),
both at one stretch, and NAME.md, the comparison that `astrotl describe` makes. Real fields that are not on this
computer are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.mosaic import Box, Mosaic
from astrotl_gui.core.settings import DetectionSettings
from astrotl_gui.core.stretch import COLOUR, Levels, Look, render_bands
from astrotl_gui.core.tiles import TileSource
from astrotl_gui.pipeline.compare import compare
from astrotl_gui.pipeline.describe import describe
from astrotl_gui.pipeline.description.report import markdown
from astrotl_gui.pipeline.detect import detect
from benchmarks.skies import SKIES

OUT = Path(__file__).resolve().parent / "skies"
DATA = Path("bench-output/data/skies")
SIZES = {"cfhtls_w3": 1600, "xdf": 1400, "abell370": 2400}  # px of the simulated fields
PARTS = {"cfhtls_w3": 440, "xdf": 500, "abell370": 900}  # px of the panels
COMPARED = ("cfhtls_w3", "xdf")  # with zero points
SEEDS = {"cfhtls_w3": 3, "xdf": 4, "abell370": 19}  # the last has a rich cluster
PANEL, GAP, GREY = 620, 8, 26
CUTOUTS, SIDE = 12, 100
LEAST_SNR = 15.0

Picture = NDArray[np.uint8]  # (h, w, 3)


@dataclass(frozen=True)
class Side:
    """A mosaic with its sources and how its pixels become a picture."""

    mosaic: Mosaic
    catalog: Catalog
    show: Callable[[Box, int], Picture]

    def sample(self, size: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """(rows, S/N) of sources whose cutout of `size` px lies inside."""
        ny, nx = self.mosaic.shape
        x, y, snr = self.catalog.x, self.catalog.y, self.catalog.column("snr")
        half = size / 2
        inside = (x > half) & (y > half) & (x < nx - half) & (y < ny - half) & (snr > LEAST_SNR)
        rows = np.flatnonzero(inside)
        return rows, snr[rows]


def main() -> None:
    OUT.mkdir(exist_ok=True)
    fields, sheets = [], []
    for name, size in SIZES.items():
        sky = SKIES[name]
        real = sky.real()
        if real is None:
            print(f"{name}: {sky.folder / sky.files} is not here")
            continue
        sides = _sides(real, sky.simulated(SEEDS[name], size, DATA / f"{name}-{SEEDS[name]}"))
        fields.append(_beside([_field(side, PARTS[name]) for side in sides]))
        sheets += _contact(sides, sky.cutout / real.pixel_scale(), np.random.default_rng(1))
        if name in COMPARED:
            found = [describe(side.mosaic, side.catalog, DetectionSettings()) for side in sides]
            (OUT / f"{name}.md").write_text(markdown(compare(*found)), encoding="utf-8")
    for picture, path in ((_above(fields), "full-field.jpg"), (_above(sheets), "contact-sheet.jpg")):
        Image.fromarray(picture).save(OUT / path, quality=88)
        print(OUT / path)


def _sides(real: Mosaic, simulated: Mosaic) -> list[Side]:
    """Both at the levels of the real one: simulated pixels are brought to its units and sky."""
    levels = {band.name: TileSource(real).display_levels(band.name) for band in real.bands}
    own = {band.name: TileSource(simulated).display_levels(band.name) for band in simulated.bands}
    pairs = list(zip(real.bands, simulated.bands, strict=True))
    scales = {}
    for mine, theirs in pairs:
        known = real.zeropoint(mine.name)
        ratio = levels[mine.name].noise / own[theirs.name].noise  # the noise tells where no zero point does
        scales[mine.name] = (
            ratio if known is None else 10 ** (0.4 * (known - simulated.zeropoint(theirs.name)))
        )

    def show_real(box: Box, side: int) -> Picture:
        return _rendered(real, {band.name: real.read(band.name, box) for band in real.bands}, levels, side)

    def show_simulated(box: Box, side: int) -> Picture:
        planes = {
            mine.name: (simulated.read(theirs.name, box) - own[theirs.name].black) * scales[mine.name]
            + levels[mine.name].black
            for mine, theirs in pairs
        }
        return _rendered(real, {n: plane.astype(np.float32) for n, plane in planes.items()}, levels, side)

    return [
        Side(mosaic, detect(mosaic, DetectionSettings()), show)
        for mosaic, show in ((real, show_real), (simulated, show_simulated))
    ]


def _rendered(mosaic: Mosaic, planes: dict[str, NDArray], levels: dict[str, Levels], side: int) -> Picture:
    look = Look(mode=COLOUR if len(planes) > 1 else next(iter(planes)))
    pixels = render_bands(planes, levels, mosaic.spec, look)[::-1]
    bgra = np.ascontiguousarray(pixels).view(np.uint8).reshape(*pixels.shape[:2], 4)
    image = Image.fromarray(np.ascontiguousarray(bgra[:, :, 2::-1]))
    return np.asarray(image.resize((side, side), Image.Resampling.LANCZOS))


def _field(side: Side, part: int) -> Picture:
    """A square of `part` px where most is to be seen; all of a field that is no larger."""
    ny, nx = side.mosaic.shape
    x, y = nx / 2, ny / 2
    rows, snr = side.sample(part)
    if len(rows):
        places = np.column_stack([side.catalog.x[rows], side.catalog.y[rows]])
        near = np.hypot(*(places[:, None] - places).transpose(2, 0, 1)) < part / 4
        x, y = places[int((near * np.log(snr)).sum(axis=1).argmax())]
    x0, y0 = round(x - part / 2), round(y - part / 2)
    return side.show((x0, y0, x0 + part, y0 + part), PANEL)


def _contact(sides: list[Side], size: float, rng: np.random.Generator) -> list[Picture]:
    """A row of real sources drawn at random, and below it simulated ones of nearly the same S/N."""
    (real_rows, real_snr), (rows, snr) = (side.sample(size) for side in sides)
    drawn = np.sort(rng.choice(len(real_rows), min(CUTOUTS, len(real_rows)), replace=False))
    chosen: list[int] = []
    for k in drawn:
        order = np.argsort(np.abs(np.log(snr / real_snr[k])))
        chosen.append(next(int(i) for i in order if i not in chosen))
    strips = []
    for side, picked in zip(sides, (real_rows[drawn], rows[chosen]), strict=True):
        cells = []
        for row in picked:
            x0, y0 = (round(v[row] - size / 2) for v in (side.catalog.x, side.catalog.y))
            cells.append(side.show((x0, y0, x0 + round(size), y0 + round(size)), SIDE))
        strips.append(_beside(cells))
    return strips


def _beside(pictures: list[Picture]) -> Picture:
    bar = np.full((pictures[0].shape[0], GAP, 3), GREY, np.uint8)
    return np.hstack([part for picture in pictures for part in (picture, bar)][:-1])


def _above(pictures: list[Picture]) -> Picture:
    bar = np.full((GAP, pictures[0].shape[1], 3), GREY, np.uint8)
    return np.vstack([part for picture in pictures for part in (picture, bar)][:-1])


if __name__ == "__main__":
    main()
