"""What a page about the open project is to the window: the verbs of keys that act on what is in front."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget


class View(QWidget):
    """A page of the window. It answers those keys that mean something on it; the others do nothing there.

    `bars`: whether the top bar and the status bar stand around it. `notes`: whether a note can be written on it;
    elsewhere the window brings Explore to the front for one. `lists`: whether it shows the list of the current target.
    `candidates`: whether the selected source is in sight, so that keys may label it.
    """

    bars = True
    notes = False
    lists = False
    candidates = True

    def panes(self) -> list[QWidget]:
        """Its panes in the order of F6."""
        return [self]

    def move_selection(self, where: str, extend: bool = False) -> None:
        """Select by key: see Gallery.move_selection."""

    def step(self, by: int) -> bool:
        """Go to what comes next (+1) or before (−1) on it; False where that is the next of the list."""
        return False

    def label(self, value: str) -> bool:
        """Give what is in front a label of its own; False where keys label the source for the list."""
        return False

    def toggle_blink(self) -> bool:
        """Blink what it shows side by side; False where bands blink."""
        return False

    def select_all(self) -> None:
        """Select every source in its list."""

    def resize_cutouts(self, by: int) -> None:
        """Larger (+1) or smaller (−1) cutouts."""

    def write_note(self) -> None:
        """Give the keys to the note of the selected source."""

    def toggle_wide(self) -> None:
        """Show the selected source with more of the sky around it, or no longer."""

    def toggle_fit(self) -> None:
        """Everything, or one pixel of the image a pixel of the screen."""

    def zoom(self, steps: int) -> None:
        """Nearer (+1) or farther (−1)."""

    def back(self) -> bool:
        """Close what is in front within the page; whether there was anything."""
        return False
