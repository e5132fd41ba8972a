"""What the menus do with files and names: new, open, import, export, rename, whose labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from astrotl_gui.core.remote import local_path

from . import overlay_verbs, page_verbs
from .ask import Ask
from .dropped import images_of, overlays_of, project_of, stamps_of, survey_of
from .encoder_sheet import EncoderSheet
from .file_dialogs import (
    CATALOGS,
    FITS,
    STAMPS,
    choose_file,
    choose_files,
    choose_folder,
)
from .header_page import HeaderPage
from .injection_sheet import InjectionSheet
from .message import Message
from .survey_best import BestSheet
from .survey_sheet import SurveySheet
from .view_sheet import ViewSheet

if TYPE_CHECKING:
    from .main_window import MainWindow


def new_project(window: MainWindow) -> None:
    choose_files(window, "Open images", f"{FITS};;{STAMPS}", window.open_paths)


def open_project(window: MainWindow) -> None:
    choose_folder(window, "Open project", lambda folder: window.open_paths([folder]))


def open_beside(window: MainWindow) -> None:
    choose_files(window, "Open another mosaic beside", FITS, window.session.companions.add)


def open_project_beside(window: MainWindow) -> None:
    choose_folder(window, "Open a project beside", lambda folder: window.session.companions.add([folder]))


def take_catalog(window: MainWindow) -> None:
    choose_file(window, "Take a catalog", CATALOGS, window.session.take_catalog)


def import_labels(window: MainWindow) -> None:
    choose_file(window, "Import labels", CATALOGS, window.session.import_labels)


def take_prototypes(window: MainWindow) -> None:
    choose_file(window, "Prototypes from a catalog", CATALOGS, window.session.take_prototypes)


def show_encoders(window: MainWindow) -> None:
    window.open_sheet(EncoderSheet(window.session, window))


def show_evaluation(window: MainWindow) -> None:
    from .evaluation_sheet import EvaluationSheet  # the chart's library is no part of start-up

    window.open_sheet(EvaluationSheet(window.session, window))


def show_parameters(window: MainWindow) -> None:
    from .parameter_sheet import ParameterSheet

    window.open_sheet(ParameterSheet(window.session, window))


def show_injected(window: MainWindow) -> None:
    window.open_sheet(InjectionSheet(window.session, window))


def save_view(window: MainWindow) -> None:
    window.open_sheet(ViewSheet(window.explore.mosaics, window))


def show_header(window: MainWindow) -> None:
    if window.session.mosaic is not None:
        window.open_sheet(HeaderPage(window, window.session))


def open_paths(window: MainWindow, paths: list[Path]) -> None:
    """Open what was given, or dropped on a page: a project, a survey, overlays, epochs, stamps, images."""
    project = project_of(paths)
    if project is not None:
        window.session.open_project(project)
    elif (survey := survey_of(paths)) is not None:
        show_survey(window, survey)
    elif window.page == "explore" and (laid := overlays_of(paths)):
        overlay_verbs.add(window, laid)
    elif window.page == "epochs" and images_of(paths):
        page_verbs.load_epochs(window, images_of(paths))
    elif stamps := stamps_of(paths):
        window.import_stamps(*stamps)
    elif images := images_of(paths):
        window.import_images(images)
    elif paths:
        window.session.open_project(paths[0])  # which says what it lacks


def watch_survey(window: MainWindow) -> None:
    choose_folder(
        window,
        "Watch a survey",
        lambda folder: show_survey(window, folder),
    )


def show_survey(window: MainWindow, folder: Path) -> None:
    """How far a survey is, and from there the way to its best."""
    sheet = SurveySheet(window.session, window, folder)
    sheet.best_wanted.connect(lambda of: window.open_sheet(BestSheet(window.session, window, of)))
    window.open_sheet(sheet)


def open_address(window: MainWindow) -> None:
    """Ask for URLs of images, one for each band, and begin a project of them."""
    window.open_sheet(
        Ask(
            window,
            "Open address",
            "URLs of FITS images, one for each band, with spaces between",
            "",
            "Open",
            lambda text: window.import_images([local_path(one) for one in text.split()]),
        )
    )


def say_saved(window: MainWindow) -> None:
    window.messages.show(Message("Everything is saved", "A label is on disk as soon as it is given."))


def rename_project(window: MainWindow) -> None:
    """Ask for another name; the folder keeps its own."""
    project = window.session.project
    if project is None:
        return

    def rename(name: str) -> None:
        project.spec = replace(project.spec, name=name)
        window.session.store()
        window.top.project.show_name(name)
        window.setWindowTitle(f"{name} – AstroTL")

    window.open_sheet(Ask(window, "Rename", "Name of the project", project.name, "Rename", rename))


def ask_vetter(window: MainWindow) -> None:
    """Ask whose labels the next ones are."""
    session = window.session

    def change(name: str) -> None:
        session.set_settings(replace(session.settings, vetter=name))

    vetter = session.settings.vetter
    window.open_sheet(Ask(window, "Vetter", "Whose labels are these?", vetter, "Change", change))
