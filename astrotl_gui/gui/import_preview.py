"""The left half of the import page: the mosaic in colour, what it measures, its bands."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.stretch import Look, render, render_bands

from . import theme
from .controls import Label
from .import_draft import Draft, key_of
from .import_picture import BandPicture, SkyPicture, to_image
from .import_reading import Preview

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def number_word(count: int) -> str:
    """ "three" for 3; digits beyond ten."""
    return NUMBERS[count] if count < len(NUMBERS) else f"{count}"


def angle_text(arcsec: float) -> str:
    """An angle with its unit, three digits: "0.186″", "13.5′", "1.2°"."""
    value, sign = (
        (arcsec, "″") if arcsec < 120 else (arcsec / 60, "′") if arcsec < 7200 else (arcsec / 3600, "°")
    )
    return f"{value:.3g}{sign}" if value < 100 else f"{value:.0f}{sign}"


def facts_text(draft: Draft, preview: Preview) -> str:
    """ "NGC 6976. 682 × 496 pixels, 1.19″ each, 13.5′ × 9.8′. The three images share one grid." """
    mosaic = preview.mosaic
    ny, nx = mosaic.shape
    scale = mosaic.pixel_scale() if mosaic.has_sky else draft.pixel_scale
    size = f"{nx:,} × {ny:,} pixels"
    if scale > 0:
        size += f", {angle_text(scale)} each, {angle_text(nx * scale)} × {angle_text(ny * scale)}"
    parts = [f"{draft.name}." if draft.name else "", f"{size}."]
    if len(mosaic.bands) > 1:
        count = number_word(len(mosaic.bands))
        grids = (
            f"The {count} images share one grid." if mosaic.aligned else "The images lie on different grids."
        )
        parts.append(grids)
    return " ".join(part for part in (*parts, *mosaic.notes) if part)


class ImportPreview(QWidget):
    """Shows a draft as far as it has been read. Pressing a band shows it large, again: colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sky = SkyPicture()
        self.facts = Label("", 12, 400, "text2", wrap=True)
        self.bands: list[BandPicture] = []
        self._large = ""
        self._draft: Draft | None = None
        self._preview: Preview | None = None
        self._row = QHBoxLayout()
        self._row.setSpacing(12)
        self._strip = QWidget()
        self._strip.setLayout(self._row)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._strip.setFixedHeight(theme.scaled(119))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Label("Preview", 13, 600))
        column.addSpacing(12)
        column.addWidget(self.sky, 1)
        column.addSpacing(18)
        column.addWidget(self.facts)
        column.addSpacing(16)
        column.addWidget(self._strip)

    def sizeHint(self) -> QSize:
        return QSize(820, 760)

    def wait(self, text: str) -> None:
        """Nothing to show yet; say why."""
        self._preview = None
        self.sky.show_text(text)
        self.facts.clear()
        self._show_bands({})

    def show_preview(self, draft: Draft, preview: Preview) -> None:
        """Show bands in the colours of the draft. Bands that are not read yet wait."""
        self._draft, self._preview = draft, preview
        if self._large not in preview.overviews:
            self._large = ""
        read = [band for band in draft.bands if key_of(band) in preview.overviews]
        look = Look()
        pictures = {
            key_of(band): to_image(
                render([preview.overviews[key_of(band)]], [preview.levels[key_of(band)]], look)
            )
            for band in read
        }
        self.facts.setText(facts_text(draft, preview))
        self._show_bands({key: (draft.band(key).name, image) for key, image in pictures.items()})
        self._show_sky(pictures)

    def _show_sky(self, pictures: dict[str, QImage]) -> None:
        draft, preview = self._draft, self._preview
        if draft is None or preview is None:
            return
        picture = pictures[self._large] if self._large in pictures else _in_colour(draft, preview)
        self.sky.show_image(picture, preview.mosaic, preview.mosaic.has_sky or draft.pixel_scale > 0)

    def _show_bands(self, pictures: dict[str, tuple[str, QImage]]) -> None:
        for shown in self.bands:
            self._row.removeWidget(shown)
            shown.deleteLater()
        self.bands = []
        self._strip.setVisible(len(pictures) > 1)
        for key, (name, image) in pictures.items() if len(pictures) > 1 else ():
            band = BandPicture()
            band.show_band(name, image)
            band.setChecked(key == self._large)
            band.picked.connect(lambda on, key=key: self._enlarge(key if on else ""))
            self._row.addWidget(band, 1)
            self.bands.append(band)

    def _enlarge(self, key: str) -> None:
        self._large = key
        if self._draft is not None and self._preview is not None:
            self.show_preview(self._draft, self._preview)


def _in_colour(draft: Draft, preview: Preview) -> QImage:
    """The colour picture; the first band alone while names are amiss."""
    try:
        spec = draft.spec()
    except AstroTLError:
        key = draft.keys[0]
        return to_image(render([preview.overviews[key]], [preview.levels[key]], Look()))
    planes = {band.name: preview.overviews[key_of(band)] for band in draft.bands}
    levels = {band.name: preview.levels[key_of(band)] for band in draft.bands}
    return to_image(render_bands(planes, levels, spec, Look()))
