"""Make the pictures of the real fields on the first page: `python docs/make_field_pictures.py`.

Each is a part of the field in the app's own stretch, from the real pixels, written to resources/fields/NAME.jpg.
Fields that are not on this computer are downloaded.
"""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage

from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.stretch import Look, render_bands
from astrotl_gui.core.tiles import TileSource
from astrotl_gui.pipeline.field_files import field_files
from astrotl_gui.pipeline.field_project import field_spec
from astrotl_gui.pipeline.real_fields import FIELDS, RealField

OUT = Path(__file__).resolve().parents[1] / "resources" / "fields"
WIDTH, HEIGHT = 496, 264  # twice what the card shows
MOST_BYTES = 12_000
MIDDLES = {
    "abell370": (905, 780, 460),
    "abell671": (1010, 1070, 560),
    "ztf": (790, 2060, 640),
    "ugc12517": (560, 480, 880),
}
"""Middle of the picture (x, y) and its width [0-based px]."""


def main() -> None:
    app = QGuiApplication([])
    OUT.mkdir(exist_ok=True)
    for field in FIELDS.values():
        field_files(field)
        path = OUT / f"{field.name}.jpg"
        save(picture(field), path)
        print(f"{path}: {path.stat().st_size / 1000:.1f} kB")
    del app


def picture(field: RealField) -> QImage:
    """A part of the field as the mosaic view shows it."""
    mosaic = Mosaic.open(field_spec(field))
    name = mosaic.reference.name
    levels = {name: TileSource(mosaic).display_levels(name)}
    x, y, width = MIDDLES[field.name]
    height = width * HEIGHT / WIDTH
    box = (round(x - width / 2), round(y - height / 2), round(x + width / 2), round(y + height / 2))
    pixels = render_bands({name: mosaic.read(name, box)}, levels, mosaic.spec, Look(mode=name))[::-1].copy()
    rows, columns = pixels.shape[:2]
    image = QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_ARGB32)
    smooth = Qt.TransformationMode.SmoothTransformation
    scaled = image.scaled(WIDTH, HEIGHT, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
    return scaled.convertToFormat(QImage.Format.Format_Grayscale8)


def save(image: QImage, path: Path) -> None:
    """The best JPEG that is small enough."""
    for quality in range(90, 10, -5):
        image.save(str(path), "JPG", quality)
        if path.stat().st_size <= MOST_BYTES:
            return


if __name__ == "__main__":
    main()
