"""The look by key: step through bands and stretches, softer and harder, black, invert, blink."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from ..core.stretch import COLOUR, STRETCHES

if TYPE_CHECKING:
    from .session import Session

SOFTER = 1.25
BLINK_MS = 400  # at most three a second


def modes(session: Session) -> list[str]:
    """What can be shown: colour, where there is more than one band, then each band from red to blue."""
    bands = [band.name for band in reversed(session.mosaic.bands)] if session.mosaic else []
    return [COLOUR, *bands] if len(bands) > 1 else bands


def step_band(session: Session, step: int) -> None:
    """Show the next (+1) or previous (−1) of colour and the bands."""
    known = modes(session)
    if not known:
        return
    here = known.index(session.look.mode) if session.look.mode in known else 0
    session.set_look(session.look.with_(mode=known[(here + step) % len(known)]))


def step_stretch(session: Session) -> None:
    """Show with the next kind of stretch."""
    after = (STRETCHES.index(session.look.stretch) + 1) % len(STRETCHES)
    session.set_look(session.look.with_(stretch=STRETCHES[after]))


def soften(session: Session, steps: int) -> None:
    """Lift the faint parts by so many steps (negative: press them down)."""
    session.set_look(session.look.with_(softness=session.look.softness / SOFTER**steps))


def shift_black(session: Session, sigma: float) -> None:
    """Raise the black level by so many σ of the sky's noise."""
    session.set_look(session.look.with_(black=session.look.black + sigma))


def invert(session: Session) -> None:
    """Dark sources on a bright sky, or back."""
    session.set_look(session.look.with_(invert=not session.look.invert))


class Blinker(QObject):
    """Shows the bands in turn until it is stopped, then what was shown before."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._before = ""
        self._timer = QTimer(self)
        self._timer.setInterval(BLINK_MS)
        self._timer.timeout.connect(self._step)
        session.project_changed.connect(self._timer.stop)

    @property
    def running(self) -> bool:
        """Whether it blinks now."""
        return self._timer.isActive()

    def toggle(self) -> None:
        """Start, or stop and go back to what was shown before."""
        look = self._session.look
        if self.running:
            self._timer.stop()
            self._session.set_look(look.with_(mode=self._before))
        elif len(modes(self._session)) > 1:
            self._before = look.mode
            self._timer.start()
            self._step()

    def _step(self) -> None:
        bands = [mode for mode in modes(self._session) if mode != COLOUR]
        here = bands.index(self._session.look.mode) if self._session.look.mode in bands else -1
        self._session.set_look(self._session.look.with_(mode=bands[(here + 1) % len(bands)]))
