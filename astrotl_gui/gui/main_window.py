"""The one window: pages, bars, overlays, and what happens between them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QMainWindow,
    QWidget,
)

from ..core.stretch import COLOUR
from . import actions, project_verbs, theme
from .cull_page import CullPage
from .dropped import dropped_paths
from .epochs_page import EpochsPage
from .explore_page import ExplorePage
from .focus import FocusRing, focus_pane
from .held_keys import HeldKeys
from .import_page import ImportPage
from .keys_page import KeysPage
from .looks import Blinker, Shown, modes
from .menus import build_menus, project_menu
from .messages import Messages
from .mosaic_view import MosaicView
from .palette import Palette
from .refining import Refining
from .settings_page import SettingsPage
from .sheet import Sheet
from .similar_view import SimilarView
from .stamps_sheet import StampsSheet
from .status_bar import StatusBar
from .top_bar import TopBar
from .train_page import TrainPage
from .vet_page import VetPage
from .view import View
from .welcome import WelcomePage
from .window_frame import WindowFrame
from .window_wiring import connect

if TYPE_CHECKING:
    from .session import Session

FIRST_SIZE = (1440, 900)


class MainWindow(QMainWindow):
    """Shows the session. What it can do is in `actions.ACTIONS`; some of those verbs are here."""

    session: Session
    page: str
    only_sky: bool
    top: TopBar
    status: StatusBar
    explore: ExplorePage
    similar: SimilarView
    vet: VetPage
    train: TrainPage
    epochs: EpochsPage
    finder: Palette
    blinker: Blinker
    messages: Messages

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.page = "welcome"
        self._searched_from = "explore"  # where Esc leads from the similarity search
        self.only_sky = False
        self.sheet: Sheet | None = None
        self._keys = HeldKeys(self)
        self.setWindowTitle("AstroTL")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAcceptDrops(True)
        self.actions_by_id = actions.build(self)
        self._build_pages()
        self.blinker = Blinker(session, lambda: self.looked_at, self)
        self.messages = Messages(self)
        self.finder = Palette(self, self.top.go_to)
        self._ring = FocusRing(self)
        self.menu = build_menus(self, self.actions_by_id)
        connect(self)
        self._restore_geometry()
        self.project_changed()

    # -- building --------------------------------------------------------------------------------------

    def _build_pages(self) -> None:
        self.top = TopBar(actions.VIEWS)
        self.refining = Refining(self.session, self)
        self.status = StatusBar(self.session.jobs)
        self.welcome = WelcomePage(self.session)
        self.importing = ImportPage(self.session)
        self.explore = ExplorePage(self.session, self.actions_by_id)
        self.similar = SimilarView(self.session)
        self.cull = CullPage(self.session, self.actions_by_id)
        self.vet = VetPage(self.session, self.actions_by_id)
        self.train = TrainPage(self.session)
        self.epochs = EpochsPage(self.session)
        self.views: dict[str, View] = {
            "explore": self.explore,
            "similar": self.similar,
            "cull": self.cull,
            "vet": self.vet,
            "train": self.train,
            "epochs": self.epochs,
        }
        self._by_name: dict[str, QWidget] = {
            "welcome": self.welcome,
            "import": self.importing,
            **self.views,
        }
        self._frame = WindowFrame(self.top, list(self._by_name.values()), self.status)
        self.setCentralWidget(self._frame)

    def _restore_geometry(self) -> None:
        self.resize(*FIRST_SIZE)
        kept = QSettings().value("window/geometry")
        if kept is not None:
            self.restoreGeometry(kept)

    # -- pages -----------------------------------------------------------------------------------------

    @property
    def view(self) -> MosaicView:
        """The mosaic."""
        return self.explore.view

    @property
    def looked_at(self) -> Shown:
        """Whose look the keys change: what is in front or has the keyboard among the mosaics, else the project's."""
        return self.explore.mosaics.looked_at if self.page == "explore" else self.session

    @property
    def front(self) -> View | None:
        """The view of the open project that is in front, if one is."""
        return self.views.get(self.page)

    def show_page(self, name: str) -> None:
        """Bring a page to the front: welcome, import, or one of `views`."""
        if name == "vet" and self.page in self.views and self.page != name:
            self.vet.came_from = self.page
        if name == "similar" and self.page in self.views and self.page != name:
            self._searched_from = self.page
        self.page = name
        self._frame.pages.setCurrentWidget(self._by_name[name])
        self.show_views()
        self.show_bars()
        self.refresh_actions()
        self.take_keys_back()

    def show_views(self) -> None:
        """Show which view is in front; Epochs stands in the switch where there are some, or it is in front."""
        some = self.session.epochs.series is not None or self.page == "epochs"
        self.top.views.set_options([view for view in actions.VIEWS if some or view[0] != "epochs"])
        if self.page in dict(actions.VIEWS):
            self.top.views.set_value(self.page)

    def take_keys_back(self) -> None:
        """Give the keys to what the page is about: the list, or the page itself."""
        if not focus_pane(self._by_name[self.page]):
            self.setFocus()

    def show_bars(self) -> None:
        """Show the bars that the page in front goes with."""
        working = self.front is not None and self.front.bars
        shown = working and not self.only_sky
        busy = self.page == "welcome" and bool(self.session.jobs.active)
        self._frame.show_bars(top=shown, status=shown or busy)
        self.status.show_project(working)

    def project_changed(self) -> None:
        """Show the project that is open now, or the first page."""
        session = self.session
        if session.project is not None:
            self.top.project.show_name(session.project.name)
            self.setWindowTitle(f"{session.project.name} – AstroTL")
            if session.mosaic is not None:
                noise = {name: session.levels[name].noise for name in modes(session) if name != COLOUR}
                self.status.read_out.set_mosaic(noise, session.mosaic.shape, session.mosaic.has_sky)
        else:
            self.setWindowTitle("AstroTL")
        self.top.vetter.show_name(session.settings.vetter)
        self.show_page("explore" if session.project is not None else "welcome")

    def similar_changed(self) -> None:
        """Show a new similarity search; return from one that is gone."""
        if self.session.similar is not None and self.front is not None:
            self.show_page("similar")
        elif self.page == "similar":
            self.show_page(self._searched_from)

    def settings_changed(self) -> None:
        """Take theme, text size and vetter from the settings."""
        settings, app = self.session.settings, QApplication.instance()
        assert isinstance(app, QApplication)
        theme.apply(app, settings.theme, settings.text_size, settings.reduce_motion)
        self.top.vetter.show_name(settings.vetter)

    def import_ended(self) -> None:
        """Leave the import page."""
        self.show_page("explore" if self.session.project is not None else "welcome")

    # -- verbs: project --------------------------------------------------------------------------------

    def open_paths(self, paths: list[Path]) -> None:
        """Open what was given: a project, or stamps or images to make one of."""
        project_verbs.open_paths(self, paths)

    def import_images(self, paths: list[Path]) -> None:
        """Begin a new project of these images."""
        self.show_page("import")
        self.importing.start(paths)

    def import_stamps(self, paths: list[Path], ids: Path | None = None) -> None:
        """Begin a new project of these stamps; `ids` is a table of them."""
        self.open_sheet(StampsSheet(self, self.session, paths, ids))

    # -- verbs: moving ---------------------------------------------------------------------------------

    def choose_list(self, name: str) -> None:
        """Show a target's list, or "similar": the last search."""
        if name == "similar":
            self.show_page("similar")
            return
        self.session.set_target(name)
        if self.front is None or not self.front.lists:
            self.show_page("explore")

    def vet_selected(self) -> None:
        """Grade the list one by one, the selected source first; in Vet, when all are seen, draw more."""
        if self.page == "vet":
            self.vet.draw_more()
        else:
            self.session.begin_vetting(first=self.session.selected)
            self.show_page("vet")

    def vet_sample(self, ids: list[int], name: str) -> None:
        """Grade the sample of an audit, blind and in its order."""
        self.session.begin_vetting(ids, blind=True, name=name)
        self.show_page("vet")

    def move_in_list(self, where: str, extend: bool = False) -> None:
        """Move the selection: next, previous, up, down, first, last, page-up, page-down."""
        if self.front is not None:
            self.front.move_selection(where, extend)

    def select_all(self) -> None:
        if self.front is not None:
            self.front.select_all()

    def resize_cutouts(self, step: int) -> None:
        if self.front is not None:
            self.front.resize_cutouts(step)

    def go_back(self) -> None:
        """Close what is in front, else return to where one came from."""
        if self.messages.cards:
            self.messages.close_card(self.messages.cards[-1])
        elif self.blinker.running:
            self.blinker.toggle()
        elif self.explore.mosaics.blinking:
            self.explore.mosaics.toggle_blink()
        elif self.only_sky:
            self.toggle_only_sky()
        elif self.front is not None and self.front.back():
            self.refresh_actions()
        elif self.page == "similar":
            self.show_page(self._searched_from)
        elif self.isFullScreen():
            self.toggle_full_screen()

    def next_pane(self) -> None:
        """Take the keys to the next of mosaic, list, inspector."""
        panes = self.front.panes() if self.front is not None else [self._by_name[self.page]]
        focused = self.focusWidget()
        within = [(focused is not None and pane.isAncestorOf(focused)) or pane is focused for pane in panes]
        self._ring.by_key()
        first = within.index(True) + 1 if True in within else 0
        for pane in [*panes[first:], *panes[:first]]:
            if focus_pane(pane):
                return

    # -- verbs: looking --------------------------------------------------------------------------------

    def write_note(self) -> None:
        if self.front is None or not self.front.notes:
            self.show_page("explore")
        self.views[self.page].write_note()

    def explain(self) -> None:
        """Open or close "Why is it here?" beside the mosaic."""
        if self.page == "vet" and self.session.reveal():
            return
        if self.page == "explore":
            self.explore.show_why(not self.explore.why_shown)
        else:
            self.show_page("explore")
            self.explore.show_why(True)
        self.refresh_actions()

    def toggle_wide(self) -> None:
        if self.front is not None:
            self.front.toggle_wide()

    def toggle_only_sky(self) -> None:
        """Hide everything but the mosaic, or bring it back."""
        self.only_sky = not self.only_sky
        self.explore.show_only_sky(self.only_sky)
        self._frame.shrink(self.only_sky)
        self.show_bars()
        self.refresh_actions()

    def toggle_full_screen(self) -> None:
        self.showNormal() if self.isFullScreen() else self.showFullScreen()
        self.refresh_actions()

    # -- overlays --------------------------------------------------------------------------------------

    def show_keys(self) -> None:
        self.open_sheet(KeysPage(self))

    def show_settings(self) -> None:
        page = SettingsPage(self, self.session.settings)
        page.changed.connect(self.session.set_settings)
        self.open_sheet(page)

    def open_sheet(self, sheet: Sheet) -> None:
        if self.sheet is not None:
            self.sheet.end()
        self.sheet = sheet
        sheet.closed.connect(self._sheet_closed)
        sheet.open()

    def _sheet_closed(self) -> None:
        self.sheet = None
        self.take_keys_back()

    def open_menu(self) -> None:
        """Open the menu under its button."""
        self.refresh_actions()
        button = self.top.menu_button
        below = QPoint(0, button.height() + 4) if button.isVisible() else QPoint(8, 8)
        self.menu.popup((button if button.isVisible() else self).mapToGlobal(below))

    def open_project_menu(self) -> None:
        """Open the menu under the project's name."""
        menu = project_menu(self, self.actions_by_id)
        menu.aboutToHide.connect(menu.deleteLater)
        button = self.top.project
        menu.popup(button.mapToGlobal(QPoint(0, button.height() + 4)))

    # -- keys ------------------------------------------------------------------------------------------

    def refresh_actions(self, *changed: object) -> None:
        """Enable and check the actions as things now stand."""
        actions.refresh(self, self.actions_by_id)

    def run_action(self, row: actions.Action) -> None:
        """Do an action of the table, if it can be done now."""
        self._keys.acted()
        if row.enabled(self):
            row.run(self)
            if row.held:
                self._keys.hold(row)
            self.refresh_actions()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._keys.pressed(event)
        super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self._keys.released(event)
        super().keyReleaseEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.open_paths(dropped_paths(event.mimeData()))

    def closeEvent(self, event: QCloseEvent) -> None:
        QSettings().setValue("window/geometry", self.saveGeometry())
        self.hide()
        self.session.close_project()
        self.session.jobs.close()
        super().closeEvent(event)
