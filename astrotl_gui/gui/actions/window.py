"""The window itself."""

from __future__ import annotations

from .action import Action, in_project

WINDOW = (
    Action("window.settings", "Window", "Settings", "Theme, text size, vetter", ("Ctrl+,",),
           lambda w: w.show_settings()),
    Action("window.next-pane", "Window", "Next pane", "Take the keys to the next pane", ("F6",),
           lambda w: w.next_pane(), in_project),
    Action("window.full", "Window", "Full screen", "Use the whole screen", ("F11",),
           lambda w: w.toggle_full_screen(), checked=lambda w: w.isFullScreen()),
    Action("window.keys", "Window", "Keys", "Every key on one page", ("?",),
           lambda w: w.show_keys(), page="Find and do", row="These keys"),
)  # fmt: skip
