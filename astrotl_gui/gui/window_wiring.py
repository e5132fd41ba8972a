"""What of one part of the window is heard by another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import overlay_verbs, page_verbs, project_verbs

if TYPE_CHECKING:
    from .main_window import MainWindow


def connect(window: MainWindow) -> None:
    """Connect bars, pages and session; once, when all are built."""
    _connect_bars(window)
    _connect_pages(window)
    _connect_session(window)


def _connect_bars(window: MainWindow) -> None:
    window.top.menu_button.clicked.connect(window.open_menu)
    window.top.project.clicked.connect(window.open_project_menu)
    window.top.view_chosen.connect(window.show_page)
    window.top.help_button.clicked.connect(window.show_keys)
    window.top.vetter.clicked.connect(lambda: project_verbs.ask_vetter(window))
    window.status.chip.ways["Embedding"] = ("Continue", window.session.embed)
    window.status.chip.ways["Measuring epochs"] = ("Continue", window.session.epochs.measure)
    window.status.chip.ways["Detecting"] = ("Try again", window.session.detect)


def _connect_pages(window: MainWindow) -> None:
    window.view.read_out.connect(window.status.read_out.show_values)
    window.view.zoom_typed.connect(lambda: window.finder.open_with("zoom "))
    window.explore.bar.only_sky_wanted.connect(window.toggle_only_sky)
    window.explore.overlays.add_wanted.connect(lambda: overlay_verbs.choose_overlays(window))
    window.explore.overlays.save_wanted.connect(lambda: overlay_verbs.save_regions(window))
    for wanted in (
        window.explore.why.closed,
        window.explore.inspector.why.clicked,
        window.explore.folded.why.clicked,
    ):
        wanted.connect(lambda *_: window.explain())
    window.explore.list_pane.similar_chosen.connect(lambda: window.choose_list("similar"))
    window.cull.similar_wanted.connect(lambda: window.choose_list("similar"))
    window.cull.stands.connect(window.status.read_out.say)
    window.view.vet_requested.connect(lambda _: window.vet_selected())
    window.explore.list_pane.gallery.opened.connect(window.vet_selected)
    window.similar.gallery.opened.connect(window.vet_selected)
    window.vet.left.connect(window.show_page)
    window.train.vet_wanted.connect(window.vet_sample)
    window.vet.top.vetter.clicked.connect(lambda: project_verbs.ask_vetter(window))
    window.train.similar_wanted.connect(lambda: window.choose_list("similar"))
    window.epochs.load_wanted.connect(lambda: page_verbs.load_epochs(window))
    window.epochs.export_wanted.connect(lambda: page_verbs.export(window))
    window.welcome.paths_chosen.connect(window.open_paths)
    window.welcome.keys_wanted.connect(window.show_keys)
    window.welcome.settings_wanted.connect(window.show_settings)
    window.importing.done.connect(window.import_ended)
    window.importing.cancelled.connect(window.import_ended)


def _connect_session(window: MainWindow) -> None:
    session = window.session
    session.project_changed.connect(window.project_changed)
    session.similar_changed.connect(window.similar_changed)
    session.settings_changed.connect(window.settings_changed)
    session.messaged.connect(window.messages.show)
    session.jobs.changed.connect(window.show_bars)
    session.epochs.changed.connect(window.show_views)
    for signal in (
        session.epochs.changed,
        session.catalog_changed,
        session.selection_changed,
        session.target_changed,
        session.targets_changed,
        session.prototypes_changed,
        session.look_changed,
        session.labels_changed,
        session.ranking_changed,
        session.companions.changed,
        window.explore.mosaics.blinking_changed,
    ):
        signal.connect(window.refresh_actions)
