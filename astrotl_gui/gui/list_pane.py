"""The ranked list beside the mosaic: tabs, header, gallery, and what to do while there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from astrotl_gui.core.estimates import estimated

from . import theme
from .candidate_menu import add_candidate_menu
from .controls import EmptyState, IconButton, Label
from .facts import estimate_text
from .gallery import Gallery
from .list_bar import ListBar
from .list_menus import FilterPopover, SortMenu
from .list_order import EMPTY, FALLING, NONE, RISING, ListFilter, ListOrder
from .list_waiting import DETECT, Waiting, active_job, waiting
from .models import CandidateModel
from .ordering import HEAD, Asked, Ordering
from .outlier_menu import HeldBack, OutlierMenu
from .thumbnails import Thumbnails

if TYPE_CHECKING:
    from .jobs import Job
    from .session import Session


class ListPane(QWidget):
    """The current target's list. The window calls `move_selection`, `select_all`, `resize_cutouts` for their keys.

    `similar_chosen()`: the user wants the similarity search in place of the list.
    """

    similar_chosen = Signal()

    def __init__(
        self, session: Session, actions: Mapping[str, QAction] | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.session = session
        self.filter, self.sort = ListFilter(), "rank"
        self.model = CandidateModel(self)
        self.ordering = Ordering(session.jobs)
        self.thumbnails = Thumbnails(session, self)
        self.gallery = Gallery(self.model, self.thumbnails, session.label_of)
        self.bar = ListBar(session, actions or {})
        self.tabs = self.bar.tabs
        self.count = Label("", 12, 500, "text2")
        self.filter_button = IconButton("ph.funnel-simple", "Filter", checkable=True)
        self.sort_button = IconButton("ph.sort-ascending", "Sort")
        self.size_button = IconButton("ph.squares-four", "Cutout size")
        self.method_button = IconButton("ph.sliders-horizontal", "Outlier methods")
        self.method_menu = OutlierMenu(session.outliers, self)
        self.held_back = HeldBack()
        self.popover = FilterPopover(self)
        self.sort_menu = SortMenu(self)
        self.size_menu = _size_menu(self, actions or {})
        if actions:
            add_candidate_menu(self.gallery, actions)
        self.pages = QStackedWidget()
        self._empty: Waiting | None = None
        self._emptied: EmptyState | None = None
        self._watched: Job | None = None
        self._replaced: set[str] = set()
        self._build()
        self._connect()
        self._restart()

    def _build(self) -> None:
        self.setProperty("surface", "pane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        header = QHBoxLayout()
        header.setContentsMargins(13, 0, 12, 0)
        header.setSpacing(0)
        header.addWidget(self.count, 1)
        for button in (self.method_button, self.filter_button, self.sort_button, self.size_button):
            header.addWidget(button)
        bar = QWidget()
        bar.setFixedHeight(theme.scaled(36))
        bar.setLayout(header)
        self.pages.addWidget(self.gallery)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(bar)
        column.addWidget(self.held_back)
        column.addWidget(self.pages, 1)

    def _connect(self) -> None:
        session = self.session
        session.project_changed.connect(self._restart)
        session.catalog_changed.connect(self._restart)
        session.columns_changed.connect(self._columns_changed)
        session.target_changed.connect(self._reset)
        session.ranking_changed.connect(self._ranked)
        session.labels_changed.connect(self._labelled)
        session.selection_changed.connect(self._selected)
        session.outliers.changed.connect(self._update)
        self.held_back.toggled.connect(session.outliers.hide_artifacts)
        self.method_button.clicked.connect(lambda: _below(self.method_menu, self.method_button))
        session.jobs.changed.connect(self._jobs_changed)
        session.targets_changed.connect(self._after_order)
        session.prototypes_changed.connect(self._start_over)
        self.bar.chosen.connect(self.choose)
        self.gallery.chosen.connect(session.select_many)
        self.gallery.acted.connect(self._act)
        self.gallery.left.connect(self.model.release)
        self.filter_button.clicked.connect(self._open_filter)
        self.popover.changed.connect(self.set_filter)
        self.sort_button.clicked.connect(self._open_sort)
        self.sort_menu.chosen.connect(self.set_sort)
        self.size_button.clicked.connect(lambda: _below(self.size_menu, self.size_button))

    # -- what the window calls ---

    def choose(self, name: str) -> None:
        """Show the list of a target, or ask for the similarity search ("similar")."""
        if name == "similar":
            self.similar_chosen.emit()
        else:
            self.session.set_target(name)

    def move_selection(self, where: str, extend: bool = False) -> None:
        """Select by key: see Gallery.move_selection."""
        self.gallery.move_selection(where, extend)

    def select_all(self) -> None:
        self.gallery.select_all()

    def resize_cutouts(self, by: int) -> None:
        """Larger (+1) or smaller (−1) cutouts."""
        self.gallery.resize_cutouts(by)

    def neighbour(self, source: int, by: int) -> int | None:
        """The source so many rows below (above) another as the list now stands; the first if it is hidden."""
        row = self.model.row_of(source)
        target = 0 if row < 0 else row + by
        return self.model.id_at(target) if 0 <= target < len(self.model) else None

    def set_filter(self, chosen: ListFilter) -> None:
        self.filter = chosen
        self._reset()

    def set_sort(self, sort: str) -> None:
        """Sort by what `list_order.arrange` takes."""
        self.sort = sort
        self.sort_menu.set_value(sort)
        self._reset()
        by_estimate = sort.startswith((FALLING, RISING))
        self.gallery.values = (
            self._varies if sort == "variability" else self._estimated if by_estimate else None
        )

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.session.navigator = self.neighbour

    # -- following the session ---

    def _restart(self) -> None:
        """Another project or catalogue: filters of the last one mean nothing here."""
        self.filter = ListFilter()
        self.set_sort("rank")

    def _columns_changed(self) -> None:
        """What the list is sorted or filtered by may be another."""
        if self.sort not in ("rank", "brightness", "snr") or self.filter.measured:
            self._update()

    def _estimated(self, row: int) -> str:
        """The parameter that is sorted by, of the source in a row, as its caption says it."""
        catalog, name = self.session.catalog, self.sort.partition(":")[2]
        at = int(catalog.rows_of([self.model.id_at(row)])[0])
        if at < 0 or name not in catalog:
            return ""
        value, error = float(catalog.column(name)[at]), float(catalog.column(f"{name}_err")[at])
        return estimate_text(value, error, bool(catalog.column(f"{name}_outside")[at]))

    def _varies(self, row: int) -> str:
        """How much the source in a row varies, as its caption says it."""
        catalog = self.session.catalog
        at = int(catalog.rows_of([self.model.id_at(row)])[0])
        if at < 0 or self.filter.variability not in catalog:
            return ""
        value = float(catalog.column(self.filter.variability)[at])
        return f"χ² {value:,.3g}" if np.isfinite(value) else ""

    def _reset(self) -> None:
        """Another list: the top of it at once, all of it as soon as it is in order."""
        self.gallery.set_selection(self.session.selection)
        asked = self._asked()
        if asked is None:
            self.ordering.forget()
            self._show_new(EMPTY)
        elif not self.ordering.run(asked, self._show_rest if asked.sort == "rank" else self._show_new):
            self._show_new(asked.order(HEAD))

    def _show_new(self, order: ListOrder) -> None:
        self.model.reset(order)
        self._after_order()
        self.gallery.show_row(self.gallery.current_row)

    def _show_rest(self, order: ListOrder) -> None:
        """What stands already stays: the rows below join it."""
        if self.ordering.waits:
            found = self.gallery.current_row >= 0
            self.model.update(order, self.gallery.still_row)
            self._after_order()
            if not found:
                self.gallery.show_row(self.gallery.current_row)
        else:
            self._show_new(order)

    def _start_over(self, targets: list[str]) -> None:
        """Other prototypes make other lists: the next ranking of each holds nothing."""
        self._replaced.update(targets)
        self._say_count()

    def _ranked(self, target: str) -> None:
        shown, replaced = self.session.target, target in self._replaced
        self._replaced.discard(target)
        if target == shown and replaced:
            self._reset()
        elif target == shown or (shown == "outlier" and target == "artifact"):
            self._update()

    def _update(self) -> None:
        asked = self._asked()
        if asked is None or not len(self.model) or not self.isVisible():
            self._reset()
        else:
            self.ordering.run(asked, self._follow)

    def _follow(self, order: ListOrder) -> None:
        """A new order of the same list: nothing moves under the cursor."""
        if not len(self.model) or not len(order):
            self._show_new(order)
        else:
            self.model.update(order, self.gallery.still_row)
            self._after_order()

    def _labelled(self, sources: list[int]) -> None:
        if self.filter.hide_labelled or self.filter.hide_artifacts:
            self._update()
        self._say_count()
        self.gallery.viewport().update()
        if len(sources) == 1:
            self.gallery.announce(self.model.row_of(sources[0]))

    def _selected(self) -> None:
        self.gallery.set_selection(self.session.selection)

    def _asked(self) -> Asked | None:
        """What the list is to show now, None without a ranking."""
        session, chosen = self.session, self.filter
        ranking = session.ranking()
        if ranking is None or not len(session.catalog):
            return None
        artifacts = session.labels("artifact").items() if chosen.hide_artifacts else ()
        return Asked(
            ranking,
            session.catalog,
            chosen,
            self.sort,
            session.mosaic.reference.name if session.mosaic is not None else "",
            tuple(session.labels()) if chosen.hide_labelled else (),
            tuple(source for source, label in artifacts if label.value == "positive"),
            self._likely_artifacts(),
        )

    def _likely_artifacts(self) -> NDArray[np.int64]:
        """What the outlier list holds back; the line under its header says how many."""
        outliers, hide = self.session.outliers, self.session.outliers.settings.hide_artifacts
        found = outliers.hidden() if self.session.target == "outlier" else NONE
        self.held_back.show_count(len(found), hide)
        return found if hide else NONE

    def _after_order(self) -> None:
        target = self.session.target
        self.tabs.set_value(target)
        self.gallery.noun = self.session.noun()
        self.gallery.setAccessibleName(f"{self.session.targets[target]} candidates")
        self.method_button.setVisible(target == "outlier")
        self._say_count()
        self._show_page()

    def _say_count(self) -> None:
        model, labels = self.model, len(self.session.labels())
        sources = _number(model.total or len(self.session.catalog), "source")
        if model.hidden and not self.ordering.waits:
            sources = f"{model.total - model.hidden:,} of {sources}"
        ranking = self.session.ranking()
        if ranking is not None and ranking.rest:
            sources = f"first {len(ranking):,} of {len(ranking) + ranking.rest:,}"
        given = len(self.session.prototypes.get(self.session.target, ()))
        parts = [sources, _number(labels, "label"), *([_number(given, "prototype")] if given else [])]
        self.count.setText(", ".join(parts) if len(self.session.catalog) else "")
        self.filter_button.setChecked(self.filter.active)
        for button in (self.method_button, self.filter_button, self.sort_button, self.size_button):
            button.setEnabled(bool(model.total))

    # -- without a list ---

    def _show_page(self) -> None:
        state = self._empty_state()
        if state == self._empty:
            return
        self._empty = state
        if self._emptied is not None:
            self.pages.removeWidget(self._emptied)
            self._emptied.deleteLater()
            self._emptied = None
        if state:
            runs = {
                DETECT: self.session.detect,
                "Clear filter": lambda: self.set_filter(ListFilter()),
                "Show them": lambda: self.session.outliers.hide_artifacts(False),
            }
            icon, title, detail, button = state
            self._emptied = EmptyState(icon, title, detail, button, runs.get(button))
            self._emptied.setContentsMargins(24, 0, 24, 72)
            self.pages.addWidget(self._emptied)
        self.pages.setCurrentIndex(1 if state else 0)

    def _empty_state(self) -> Waiting | None:
        """(icon, title, detail, button) of what the pane shows instead of a list, None with a list."""
        session, model = self.session, self.model
        if session.project is None or len(model) or self.ordering.waits:
            return None
        if not len(session.catalog) or not model.total:
            return waiting(session)
        if not self.filter.active:
            return ("ph.funnel-simple", "Only likely artifacts", f"{model.hidden:,} are hidden.", "Show them")
        hidden = f"{model.hidden:,} are hidden by “{self.filter.text()}”."
        return ("ph.funnel-simple", "No source fits this filter", hidden, "Clear filter")

    def _jobs_changed(self) -> None:
        job = active_job(self.session, "Embedding")
        if job is not None and job is not self._watched:
            job.progressed.connect(self._show_page)
        self._watched = job
        self._show_page()

    # -- header ---

    def _open_filter(self) -> None:
        self.filter_button.setChecked(self.filter.active)
        catalog = self.session.catalog
        bands = [b for b in catalog.bands if np.isfinite(catalog.column(f"mag_{b}")).any()]
        reference = self.session.mosaic.reference.name if self.session.mosaic is not None else ""
        band = self.filter.band or (reference if reference in bands else "")
        shown = replace(self.filter, band=band)
        self.popover.show_filter(shown, bands, "var_chi2" in catalog, estimated(catalog.names))
        self.popover.open_below(self.filter_button)

    def _open_sort(self) -> None:
        self.sort_menu.offer("variability", "var_chi2" in self.session.catalog)
        self.sort_menu.offer_estimates(estimated(self.session.catalog.names))
        _below(self.sort_menu, self.sort_button)

    def _act(self, name: str, source: int) -> None:
        run = {
            "more": self.session.more_like,
            "similar": self.session.find_similar,
            "less": self.session.less_like,
        }[name]
        run(source)


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}" if count else f"no {noun}s"


def _below(menu: QMenu, button: QWidget) -> None:
    size = menu.sizeHint()
    menu.popup(button.mapToGlobal(QPoint(button.width() - size.width(), button.height() + 2)))


def _size_menu(pane: ListPane, actions: Mapping[str, QAction]) -> QMenu:
    menu = QMenu(pane)
    for name, text, by in (("look.larger", "Larger cutouts", 1), ("look.smaller", "Smaller cutouts", -1)):
        if name in actions:
            menu.addAction(actions[name])
        else:
            menu.addAction(text).triggered.connect(lambda checked, by=by: pane.resize_cutouts(by))
    return menu
