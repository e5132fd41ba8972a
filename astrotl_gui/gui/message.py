"""What the window says when something happened: a title, one line, at most two verbs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from astrotl_gui.core.errors import AstroTLError

log = logging.getLogger(__name__)

Verb = tuple[str, Callable[[], object]]


@dataclass(frozen=True)
class Message:
    """`kind` is note, warn or alert; `actions` are (text, callable) pairs."""

    title: str
    detail: str = ""
    kind: str = "note"
    actions: tuple[Verb, ...] = ()


def problem_message(problem: BaseException, actions: tuple[Verb, ...] = ()) -> Message:
    """The card for a failure: its own words if it is one of ours, else what a user can do about it."""
    if isinstance(problem, AstroTLError):
        return Message(problem.title, problem.detail, "alert", actions)
    if isinstance(problem, MemoryError):
        return Message(
            "Not enough memory", "Close other programs, or choose smaller cutouts.", "alert", actions
        )
    log.error("unexpected failure", exc_info=problem)
    return Message(
        "This did not work",
        f"{type(problem).__name__}: {problem}. Labels are safe. Try again, and report it if it stays.",
        "alert",
        actions,
    )
