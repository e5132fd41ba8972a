"""The astronomer's own lists: made, renamed, taken out of view; their labels stay in the log."""

from __future__ import annotations

from collections.abc import Sequence

from astrotl_gui.core.labels import TARGETS
from astrotl_gui.gui.message import Message
from astrotl_gui.gui.session_why import SessionWhy


class SessionTargets(SessionWhy):
    """Lists beside the four."""

    def add_target(self, name: str, yes: Sequence[int] = ()) -> None:
        """Make a list, with `yes` (ids) as its first labels, and show it. A removed one comes back with its labels.

        Raises AstroTLError for a name that cannot be, and when the project cannot be written.
        """
        if self.project is None:
            return
        key = self.project.add_target(name)
        self.targets_changed.emit()
        if yes:
            self.label_as(yes, "positive", key)
        else:
            self.rank_again([key])
        self.set_target(key)

    def rename_target(self, key: str, name: str) -> None:
        """Give one of the own lists another name."""
        if self.project is not None and self._attempt(self.project.rename_target, key, name):
            self.targets_changed.emit()

    def remove_target(self, key: str) -> None:
        """Take one of the own lists out of view."""
        if self.project is None or key not in self.targets:
            return
        name, count = self.targets[key], len(self.labels(key))
        if self.target == key:
            self.set_target(TARGETS[0])
        if not self._attempt(self.project.remove_target, key):
            return
        self._rankings.pop(key, None)
        self.targets_changed.emit()
        kept = f"Its {count:,} label{'s are' if count != 1 else ' is'} kept. " if count else ""
        self.messaged.emit(
            Message(
                f"“{name}” is removed",
                f"{kept}A new list of this name brings it back.",
                actions=(("Bring back", lambda: self._attempt(self.add_target, name)),),
            )
        )
