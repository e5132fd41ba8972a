"""The project: open, export, close."""

from __future__ import annotations

from ...pipeline.real_fields import FIELDS, RealField
from .. import page_verbs, project_verbs
from .action import Action, in_project, on_explore, with_companions, with_sources


def _field(field: RealField) -> Action:
    return Action(
        f"project.field.{field.name}",
        "Project",
        f"Open {field.title}",
        f"Real sky: {field.facts}",
        (),
        lambda w: w.session.open_field(field.name),
    )


PROJECT = (
    Action("project.new", "Project", "New project from images…", "Choose FITS images, one for each band",
           ("Ctrl+N",), lambda w: project_verbs.new_project(w)),
    Action("project.address", "Project", "Open address…", "Images at URLs, read in parts", (),
           lambda w: project_verbs.open_address(w)),
    Action("project.open", "Project", "Open project…", "Choose a project folder, or one of a survey", ("Ctrl+O",),
           lambda w: project_verbs.open_project(w)),
    Action("project.demo", "Project", "Open demo sky", "A simulated field to try things on", (),
           lambda w: w.session.open_demo()),
    *(_field(field) for field in FIELDS.values()),
    Action("project.beside", "Project", "Open another mosaic beside…", "Images of the same sky, locked by coordinates",
           ("Ctrl+Shift+O",), lambda w: project_verbs.open_beside(w), on_explore),
    Action("project.project-beside", "Project", "Open a project beside…", "The mosaic of another project", (),
           lambda w: project_verbs.open_project_beside(w), on_explore),
    Action("project.close-beside", "Project", "Close the mosaics beside", "Only this project’s own mosaic", (),
           lambda w: w.session.companions.close_all(), with_companions),
    Action("project.watch-survey", "Project", "Watch a survey…", "How far a run over many mosaics is", (),
           lambda w: project_verbs.watch_survey(w)),
    Action("project.import-labels", "Project", "Import labels…", "Take labels from a table",
           ("Ctrl+Shift+I",), lambda w: project_verbs.import_labels(w), with_sources),
    Action("project.export", "Project", "Export…", "Candidates and labels as a table or regions", ("Ctrl+E",),
           lambda w: page_verbs.export(w), with_sources, "Find and do", "Export"),
    Action("project.save-view", "Project", "Save the view…", "The view as a picture", ("Ctrl+Shift+E",),
           lambda w: project_verbs.save_view(w), on_explore),
    Action("project.header", "Project", "Header", "What the images say of themselves", ("Ctrl+I",),
           lambda w: project_verbs.show_header(w), in_project),
    Action("project.save", "Project", "Save", "Labels are saved as they are given", ("Ctrl+S",),
           lambda w: project_verbs.say_saved(w), in_project),
    Action("project.rename", "Project", "Rename…", "Give the project another name", (),
           lambda w: project_verbs.rename_project(w), in_project),
    Action("project.close", "Project", "Close project", "Back to the first page", ("Ctrl+W",),
           lambda w: w.session.close_project(), in_project),
    Action("window.quit", "Project", "Quit", "Everything is saved already", ("Ctrl+Q",), lambda w: w.close()),
)  # fmt: skip
