"""How the sky is shown."""

from __future__ import annotations

from .. import looks, page_verbs
from ..zoom import zoom_to_selection
from .action import Action, in_project, on_explore, on_sky, with_companions, with_noise, with_selection


def _pan(key: str, dx: int, dy: int) -> Action:
    where = key.lower()
    return Action(
        f"look.pan-{where}",
        "Look",
        f"Pan {where}",
        f"Move the view {where}",
        (f"Ctrl+{key}",),
        lambda w: w.view.pan(dx, dy),
        on_explore,
        "Look",
        "Pan",
        repeats=True,
    )


LOOK = (
    Action("look.band", "Look", "Next band", "Show the next band", ("W", "K"),
           lambda w: looks.step_band(w.looked_at, 1), in_project, "Look", repeats=True),
    Action("look.band-back", "Look", "Previous band", "Show the band before", ("Q", "Shift+K"),
           lambda w: looks.step_band(w.looked_at, -1), in_project, "Look", repeats=True),
    Action("look.stretch", "Look", "Next stretch", "Asinh, log, square root, linear, square, histogram", ("T",),
           lambda w: looks.step_stretch(w.looked_at), in_project, "Look"),
    Action("look.panel", "Look", "Stretch, limits, colours…", "All of the look in one card", ("Shift+T",),
           lambda w: w.explore.toggle_look(), on_explore, "Look",
           checked=lambda w: on_explore(w) and w.explore.look_shown),
    Action("look.softer", "Look", "Stretch softer", "Lift the faint parts", ("[",),
           lambda w: looks.soften(w.looked_at, 1), in_project, "Look", "Stretch softer, harder", repeats=True),
    Action("look.harder", "Look", "Stretch harder", "Press the faint parts down", ("]",),
           lambda w: looks.soften(w.looked_at, -1), in_project, "Look", "Stretch softer, harder", repeats=True),
    Action("look.black-down", "Look", "Black level down", "Show more of the sky’s noise", (",",),
           lambda w: looks.shift_black(w.looked_at, -0.5), in_project, "Look", "Black level down, up",
           repeats=True),
    Action("look.black-up", "Look", "Black level up", "Hide more of the sky’s noise", (".",),
           lambda w: looks.shift_black(w.looked_at, 0.5), in_project, "Look", "Black level down, up",
           repeats=True),
    Action("look.invert", "Look", "Invert", "Dark sources on a bright sky", ("V",),
           lambda w: looks.invert(w.looked_at), in_project, "Look",
           checked=lambda w: in_project(w) and w.looked_at.look.invert),
    Action("look.colormap", "Look", "Next colour map", "Show single bands in the next colours", ("Shift+V",),
           lambda w: looks.step_colormap(w.looked_at), in_project),
    Action("look.smooth", "Look", "Smoothing", "Smooth what is shown", ("Shift+G",),
           lambda w: looks.toggle_smooth(w.looked_at), in_project,
           checked=lambda w: in_project(w) and w.looked_at.look.smooth > 0),
    Action("look.mask", "Look", "Mask", "Hatch what is masked or has no value", ("Shift+M",),
           lambda w: w.view.toggle("mask"), on_explore,
           checked=lambda w: on_explore(w) and w.view.shows("mask")),
    Action("look.depth", "Look", "Depth", "The noise map in place of the sky", (),
           lambda w: w.view.toggle("depth"), with_noise,
           checked=lambda w: with_noise(w) and w.view.shows("depth")),
    Action("look.blink", "Look", "Blink", "Bands or epochs in turn, while the key is held or until it is tapped again",
           ("E",), lambda w: page_verbs.toggle_blink(w), in_project, "Look", held=True),
    Action("look.blink-mosaics", "Look", "Blink the mosaics", "The mosaics in turn in one place, lined up on the sky",
           ("Shift+E",), lambda w: w.explore.mosaics.toggle_blink(), with_companions,
           checked=lambda w: w.explore.mosaics.blinking),
    Action("look.lock", "Look", "Lock mosaics by coordinates", "All show the same sky, or each its own", ("Shift+Y",),
           lambda w: w.session.companions.lock(not w.session.companions.locked), with_companions,
           checked=lambda w: w.session.companions.locked),
    Action("look.wide", "Look", "Wide view", "A wider cutout, while the key is held or until tapped again",
           ("R",), lambda w: w.toggle_wide(), with_selection, "Look", held=True),
    Action("look.fit", "Look", "Fit, or pixels 1:1", "The whole mosaic, or one pixel a pixel", ("Z",),
           lambda w: w.views[w.page].toggle_fit(), on_sky, "Look"),
    Action("look.in", "Look", "Zoom in", "Nearer", ("+", "="),
           lambda w: w.views[w.page].zoom(1), on_sky, "Look", "Zoom", repeats=True),
    Action("look.out", "Look", "Zoom out", "Farther", ("-",),
           lambda w: w.views[w.page].zoom(-1), on_sky, "Look", "Zoom", repeats=True),
    _pan("Left", -1, 0), _pan("Right", 1, 0), _pan("Up", 0, 1), _pan("Down", 0, -1),
    Action("look.whole", "Look", "Whole mosaic", "All of the mosaic", ("Ctrl+0",),
           lambda w: w.view.fit(), on_explore),
    Action("look.zoom-selection", "Look", "Zoom to the selection", "The selected sources fill the view", ("Shift+Z",),
           lambda w: zoom_to_selection(w.view), lambda w: on_explore(w) and bool(w.session.selection)),
    Action("look.zoom", "Look", "Zoom…", "Type a zoom: 2:1, 1:4, 50 %", (),
           lambda w: w.finder.open_with("zoom "), on_explore),
    Action("look.larger", "Look", "Larger cutouts", "Fewer, larger cutouts in the list", ("Ctrl+=", "Ctrl++"),
           lambda w: w.resize_cutouts(1), in_project),
    Action("look.smaller", "Look", "Smaller cutouts", "More, smaller cutouts in the list", ("Ctrl+-",),
           lambda w: w.resize_cutouts(-1), in_project),
)  # fmt: skip
