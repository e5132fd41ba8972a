"""Start the window: the application, its guards, and what was asked to be opened."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from ..core.errors import AstroTLError
from ..core.recent import recent_projects
from ..core.settings import AppSettings
from . import theme
from .collector import Collector
from .main_window import MainWindow
from .message import Message, problem_message
from .real_sky import offer_real_sky
from .session import Session

log = logging.getLogger(__name__)

SWITCH_SECONDS = 0.0005
NO_DISPLAY = (
    "No display: the window needs one. Set DISPLAY or WAYLAND_DISPLAY, or run `astrotl demo --headless`."
)


def display_missing() -> bool:
    """Whether a window could not be shown here: Linux without X, Wayland or a chosen Qt platform."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return sys.platform.startswith("linux") and not any(os.environ.get(name) for name in names)


def application() -> QApplication:
    """The QApplication, made on first use: its name for settings and desktop, and no collection off its thread."""
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    if app.findChild(Collector) is None:
        Collector(app)
    # A thread that computes in Python lets the window's thread go on after this, not after Python's 5 ms.
    sys.setswitchinterval(SWITCH_SECONDS)
    app.setOrganizationName("AstroTL")
    app.setApplicationName("AstroTL")
    app.setApplicationDisplayName("")
    app.setDesktopFileName("astrotl")
    app.setWindowIcon(theme.icon("ph.planet", theme.SKY.text))
    return app


def load_settings() -> tuple[AppSettings, Message | None]:
    """The person's settings; the defaults and a message when they cannot be read."""
    try:
        return AppSettings.load(), None
    except AstroTLError as problem:
        return AppSettings(), problem_message(problem)


def make_window(
    paths: Sequence[Path] = (), session: Session | None = None, demo: bool = False, field: str = ""
) -> MainWindow:
    """Show the window, and begin to open `paths`, the demo sky or a real field, once its first frame is up."""
    app, began = application(), time.perf_counter()
    settings, trouble = (session.settings, None) if session else load_settings()
    theme.apply(app, settings.theme, settings.text_size, settings.reduce_motion)
    window = MainWindow(session or Session(settings))
    app.styleHints().colorSchemeChanged.connect(lambda: _follow_system(app, window))
    window.show()
    if trouble is not None:
        window.messages.show(trouble)

    def first_frame() -> None:
        log.info("window visible after %.2f s", time.perf_counter() - began)
        if demo:
            window.session.open_demo()
            offer_real_sky(window)
        elif field:
            window.session.open_field(field)
        else:
            window.open_paths(list(paths))

    QTimer.singleShot(0, window, first_frame)
    return window


def run(
    paths: Sequence[Path | str] = (), last_project: bool = True, demo: bool = False, field: str = ""
) -> int:
    """The window until it is closed; returns the exit status.

    Without paths the demo sky or a real field is opened if asked for, else the last project, else the welcome
    page is shown.
    """
    if display_missing():
        print(NO_DISPLAY, file=sys.stderr)
        return 2
    app = application()
    chosen = [Path(path) for path in paths]
    if not chosen and last_project and not demo and not field:
        chosen = [Path(row["path"]) for row in recent_projects()[:1]]
    window = make_window(chosen, demo=demo, field=field)
    show_problems(window)
    return app.exec()


def show_problems(window: MainWindow) -> None:
    """Let an unforeseen failure show as a message card; the window lives on."""

    def hook(kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            window.close()
            return
        log.error("unforeseen failure", exc_info=(kind, problem, trace))
        window.messages.show(problem_message(problem))

    sys.excepthook = hook


def _follow_system(app: QApplication, window: MainWindow) -> None:
    settings = window.session.settings
    if settings.theme == "system":
        theme.apply(app, settings.theme, settings.text_size, settings.reduce_motion)
