"""Finding, and what is drawn over the sky."""

from __future__ import annotations

from .. import overlay_verbs, place_verbs, project_verbs
from .action import Action, in_project, on_explore, with_selection, with_sky, with_sources

FIND = (
    Action("find.similar", "Find", "Find similar", "The sources most like the selected one", ("S",),
           lambda w: w.session.find_similar(), with_selection, "Find and do"),
    Action("find.use-prototype", "Find", "Use as prototype",
           "A known example: before any label, the list starts with what is like it", ("Shift+S",),
           lambda w: w.session.use_as_prototypes(), with_selection),
    Action("find.prototype-catalog", "Find", "Prototypes from a catalog…",
           "Let a catalog’s sources be the known examples of this list", (),
           lambda w: project_verbs.take_prototypes(w), with_sources),
    Action("find.prototypes", "Find", "Show prototypes", "What is most like each known example, and the union", (),
           lambda w: w.session.show_prototypes(),
           lambda w: in_project(w) and bool(w.session.prototypes.get(w.session.target))),
    Action("find.why", "Find", "Why is it here?", "What put the selected source at this rank", ("H",),
           lambda w: w.explain(), with_selection, "Find and do",
           checked=lambda w: on_explore(w) and w.explore.why_shown),
    Action("find.place", "Find", "Go to a place or name", "RA Dec, id 123, a rank", ("/",),
           lambda w: w.finder.open_with(""), in_project, "Find and do"),
    Action("look.marks", "Look", "Marks on the sky", "Candidates and the other overlays, drawn or not", ("M",),
           lambda w: w.view.toggle("marks"), on_explore, "Find and do",
           checked=lambda w: w.view.shows("marks")),
    Action("look.overlays", "Look", "Overlays…", "Detections, labels, catalogs and regions over the sky",
           ("Shift+M",), lambda w: w.explore.show_overlays(), on_explore),
    Action("look.add-overlay", "Look", "Add catalog or regions…", "Lay your own catalog or DS9 regions over the sky",
           (), lambda w: overlay_verbs.choose_overlays(w), on_explore),
    Action("look.save-regions", "Look", "Save regions…", "Write what is over the sky as DS9 regions", (),
           lambda w: overlay_verbs.save_regions(w), on_explore),
    Action("look.grid", "Look", "Coordinate grid", "Lines of equal RA and Dec", ("G",),
           lambda w: w.view.toggle("grid"), on_explore, "Find and do",
           checked=lambda w: w.view.shows("grid")),
    Action("look.ruler", "Look", "Ruler", "Measure an angle on the sky", ("Y",),
           lambda w: w.view.toggle("ruler"), on_explore, "Find and do",
           checked=lambda w: w.view.shows("ruler")),
    Action("find.anything", "Find", "Do anything…", "Find an action or a place by typing", ("Ctrl+K",),
           lambda w: w.finder.open_with(""), in_project, "Find and do"),
    Action("look.only-sky", "Look", "Only the sky", "Hide everything but the mosaic", ("Ctrl+B",),
           lambda w: w.toggle_only_sky(), on_explore, "Find and do",
           checked=lambda w: w.only_sky),
    Action("find.copy", "Find", "Copy coordinates", "RA and Dec, sexagesimal", ("Ctrl+C",),
           lambda w: place_verbs.copy_coordinates(w, False), with_sky),
    Action("find.copy-degrees", "Find", "Copy coordinates in degrees", "RA and Dec in degrees",
           ("Ctrl+Shift+C",), lambda w: place_verbs.copy_coordinates(w, True), with_sky),
)  # fmt: skip
