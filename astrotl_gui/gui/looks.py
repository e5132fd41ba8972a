"""The look by key and by hand: bands, stretches, colour maps in turn, softer, harder, black, mid, white, blink."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, QTimer

from ..core.stretch import AUTO, COLORMAPS, COLOUR, SOFT_STRETCHES, STRETCHES, Curve, Look, curve_shown

if TYPE_CHECKING:
    from ..core.mosaic import Mosaic
    from ..core.stretch import Levels
    from .session import Session

SOFTER = 1.25
GAMMA_SHARE = 0.5
"""A step of gamma is this power of one of softness, to be as large to the eye."""
SMOOTH = 1.5
"""σ [mosaic px] of the smoothing that its key switches on."""
BLINK_MS = 400  # at most three a second


class Shown(Protocol):
    """Whose look it is: the session, or a mosaic beside its own."""

    @property
    def mosaic(self) -> Mosaic | None: ...

    @property
    def levels(self) -> dict[str, Levels]: ...

    @property
    def look(self) -> Look: ...

    def set_look(self, look: Look) -> None: ...


def modes(shown: Shown) -> list[str]:
    """What can be shown: colour, where there is more than one band, then each band from red to blue."""
    bands = [band.name for band in reversed(shown.mosaic.bands)] if shown.mosaic else []
    return [COLOUR, *bands] if len(bands) > 1 else bands


def step_band(shown: Shown, step: int) -> None:
    """Show the next (+1) or previous (−1) of colour and the bands."""
    known = modes(shown)
    if not known:
        return
    here = known.index(shown.look.mode) if shown.look.mode in known else 0
    shown.set_look(shown.look.with_(mode=known[(here + step) % len(known)]))


def step_stretch(shown: Shown) -> None:
    """Show with the next kind of stretch."""
    shown.set_look(shown.look.with_(stretch=_after(STRETCHES, shown.look.stretch)))


def step_colormap(shown: Shown) -> None:
    """Show single bands with the next colour map."""
    shown.set_look(shown.look.with_(colormap=_after(COLORMAPS, shown.look.colormap)))


def toggle_smooth(shown: Shown) -> None:
    """Smooth what is shown, or no longer."""
    shown.set_look(shown.look.with_(smooth=0.0 if shown.look.smooth else SMOOTH))


def soften(shown: Shown, steps: int) -> None:
    """Lift the faint parts by so many steps (negative: press them down)."""
    shown.set_look(hardened(shown.look, SOFTER**-steps))


def hardened(look: Look, factor: float) -> Look:
    """A look whose faint parts are pressed down by a factor (below 1: lifted): its softness, or else its gamma."""
    if look.stretch in SOFT_STRETCHES:
        return look.with_(softness=look.softness * factor)
    return look.with_(gamma=look.gamma * factor**GAMMA_SHARE)


def curve(shown: Shown) -> Curve | None:
    """How brightness rises with intensity as the mosaic is shown now; None without one."""
    mosaic = shown.mosaic
    if mosaic is None or any(band.name not in shown.levels for band in mosaic.bands):
        return None
    return curve_shown(shown.levels, mosaic.spec, shown.look)


def by_hand(shown: Shown) -> Look:
    """The look, with black and white as they are now where the image chose them: what hands change."""
    look, now = shown.look, curve(shown)
    return look if look.limits == AUTO or now is None else look.with_(black=now.black, white=now.white)


def move_level(shown: Shown, which: str, sigma: float) -> None:
    """Put "black", "mid" or "white" at an intensity [σ above the sky]; mid is what shows half bright."""
    now = curve(shown)
    if which != "mid":
        shown.set_look(by_hand(shown).with_(**{which: sigma}))
    elif now is not None:
        after = now.with_mid(sigma)
        changes = {"softness": after.softness} if now.stretch in SOFT_STRETCHES else {"gamma": after.gamma}
        shown.set_look(shown.look.with_(**changes))


def usual_levels(shown: Shown) -> None:
    """Black, mid and white as they are for a new project."""
    usual = Look()
    changes = {name: getattr(usual, name) for name in ("limits", "black", "white", "softness", "gamma")}
    shown.set_look(shown.look.with_(**changes))


def shift_black(shown: Shown, sigma: float) -> None:
    """Raise the black level by so many σ of the sky's noise."""
    look = by_hand(shown)
    shown.set_look(look.with_(black=look.black + sigma))


def _after(known: tuple[str, ...], here: str) -> str:
    return known[(known.index(here) + 1) % len(known)]


def invert(shown: Shown) -> None:
    """Dark sources on a bright sky, or back."""
    shown.set_look(shown.look.with_(invert=not shown.look.invert))


class Blinker(QObject):
    """Shows the bands of what is looked at in turn until it is stopped, then what was shown before."""

    def __init__(
        self, session: Session, looked_at: Callable[[], Shown], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._looked_at = session, looked_at
        self._shown: Shown = session
        self._before = ""
        self._timer = QTimer(self)
        self._timer.setInterval(BLINK_MS)
        self._timer.timeout.connect(self._step)
        session.project_changed.connect(self._timer.stop)
        session.companions.changed.connect(self._companions_changed)

    @property
    def running(self) -> bool:
        """Whether it blinks now."""
        return self._timer.isActive()

    def toggle(self) -> None:
        """Start, or stop and go back to what was shown before."""
        if self.running:
            self._timer.stop()
            self._shown.set_look(self._shown.look.with_(mode=self._before))
            return
        self._shown = self._looked_at()
        if len(modes(self._shown)) > 1:
            self._before = self._shown.look.mode
            self._timer.start()
            self._step()

    def _companions_changed(self) -> None:
        if self._shown not in (self._session, *self._session.companions.open):
            self._timer.stop()
            self._shown = self._session

    def _step(self) -> None:
        shown = self._shown
        bands = [mode for mode in modes(shown) if mode != COLOUR]
        here = bands.index(shown.look.mode) if shown.look.mode in bands else -1
        shown.set_look(shown.look.with_(mode=bands[(here + 1) % len(bands)]))
