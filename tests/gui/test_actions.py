"""The table of actions: complete, without clashes, and what the keys page makes of it."""

from __future__ import annotations

from collections import Counter

import pytest
from PySide6.QtGui import QKeySequence

from astrotl_gui.gui.actions import ACTIONS, MENUS, PAGES, VIEWS
from astrotl_gui.gui.keys_page import cap, rows
from astrotl_gui.gui.palette import fit

KEYS = {  # ui.md, section 5, as far as Explore goes
    "label.certain": "A P", "label.probable": "B O", "label.unsure": "C I", "label.no": "X L",
    "label.no.ring": "1", "label.no.spiral": "2", "label.no.merger": "3", "label.no.edge-on": "4",
    "label.no.artifact": "5", "label.no.star": "6", "label.clear": "U Backspace", "label.note": "N",
    "move.next": "F Right", "move.previous": "D Left", "look.band": "W K", "look.band-back": "Q Shift+K",
    "move.up": "Up", "move.down": "Down", "move.first": "Home", "move.last": "End", "move.page": "Space",
    "move.page-up": "PgUp", "move.page-down": "PgDown", "move.back": "Esc", "move.rank": "J",
    "find.similar": "S", "find.why": "H", "find.place": "/", "look.marks": "M", "look.grid": "G",
    "look.ruler": "Y", "look.invert": "V", "look.blink": "E", "look.wide": "R", "look.fit": "Z",
    "look.in": "+ =", "look.out": "-", "look.stretch": "T", "look.softer": "[", "look.harder": "]",
    "look.panel": "Shift+T", "look.colormap": "Shift+V", "look.smooth": "Shift+G", "look.mask": "Shift+M",
    "look.black-down": ",", "look.black-up": ".", "label.undo": "Ctrl+Z", "label.redo": "Ctrl+Shift+Z Ctrl+Y",
    "find.anything": "Ctrl+K", "view.explore": "Ctrl+1", "look.pan-left": "Ctrl+Left", "look.whole": "Ctrl+0",
    "look.larger": "Ctrl+= Ctrl++", "look.smaller": "Ctrl+-", "look.only-sky": "Ctrl+B", "find.copy": "Ctrl+C",
    "find.copy-degrees": "Ctrl+Shift+C", "move.select-all": "Ctrl+A", "project.export": "Ctrl+E",
    "project.save-view": "Ctrl+Shift+E", "project.header": "Ctrl+I", "project.import-labels": "Ctrl+Shift+I",
    "sources.encoders": "Ctrl+L",
    "sources.jobs": "Ctrl+J", "sources.rank": "Ctrl+R", "project.new": "Ctrl+N", "project.open": "Ctrl+O",
    "project.close": "Ctrl+W", "project.save": "Ctrl+S", "window.settings": "Ctrl+,", "window.quit": "Ctrl+Q",
    "list.lens": "Alt+1", "list.agn": "Alt+2", "list.artifact": "Alt+3", "list.outlier": "Alt+4",
    "list.similar": "Alt+5", "move.search-back": "Alt+Left", "move.extend-right": "Shift+Right",
    "view.cull": "Ctrl+2", "view.vet": "Ctrl+3", "move.vet": "Return Enter", "view.train": "Ctrl+4",
    "view.epochs": "Ctrl+5", "epochs.next": "Alt+Down", "epochs.previous": "Alt+Up",
    "models.fine-tune": "Ctrl+T", "sources.parameters": "Ctrl+Shift+M", "sources.audit": "Ctrl+Shift+A",
    "window.next-pane": "F6", "window.full": "F11", "window.keys": "?",
}  # fmt: skip


def test_every_key_of_the_design_has_its_action() -> None:
    table = {row.id: " ".join(row.shortcuts) for row in ACTIONS}
    assert {name: table.get(name) for name in KEYS} == KEYS


def test_no_key_is_given_twice() -> None:
    sequences = [QKeySequence(keys).toString() for row in ACTIONS for keys in row.shortcuts]
    assert all(sequences)
    assert [keys for keys, count in Counter(sequences).items() if count > 1] == []


def test_rows_are_complete() -> None:
    assert max(Counter(row.id for row in ACTIONS).values()) == 1
    for row in ACTIONS:
        assert row.menu in MENUS, row.id
        assert row.page in ("", *PAGES), row.id
        assert row.text[0].isupper(), row.id
        assert not row.tip.endswith((".", "!")), row.id
        assert not any(word in f"{row.text} {row.tip}".lower() for word in ("please", "error", "successful"))


@pytest.mark.parametrize(
    ("keys", "shown"),
    [("Ctrl+Shift+Z", "Ctrl Shift Z"), ("Right", "→"), ("Backspace", "⌫"), ("+", "+"), ("-", "−"), ("Ctrl+-", "Ctrl −"),
     ("Ctrl++", "Ctrl +"), ("Alt+Left", "Alt ←"), ("/", "/")],
)  # fmt: skip
def test_caps_look_like_keys(keys: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert cap(keys) == shown


def test_the_keys_page_has_the_rows_of_the_mockup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    page = {name: [(" | ".join(row.caps), row.text) for row in rows(name)] for name in PAGES}
    assert page["Label"] == [
        ("A | P", "Yes, certain"), ("B | O", "Probable"), ("C | I", "Unsure, possible"), ("X | L", "No"),
        ("1 | 2 | 3", "No: ring, spiral, merger"), ("4 | 5 | 6", "No: edge-on, artifact, star"),
        ("U | ⌫", "Clear the label"), ("N", "Note"), ("Ctrl Z", "Undo"), ("Ctrl Shift Z", "Redo"),
    ]  # fmt: skip
    assert page["Move"] == [
        ("F | →", "Next"), ("D | ←", "Previous"), ("↑ | ↓", "Row up, row down"), ("Space", "Next page, or skip"),
        ("J", "Go to rank…"), ("Enter", "Vet"), ("Esc", "Back"),
        ("Alt ↑ ↓", "Source with flagged epochs"), ("Alt ←", "Back in the search"),
        ("Alt 1 … 5", "Choose a list"), (f"Ctrl 1 … {len(VIEWS)}", ", ".join(text for _, text in VIEWS)),
    ]  # fmt: skip
    assert page["Look"] == [
        ("W | K", "Next band"), ("Q", "Previous band"), ("T", "Next stretch"), ("Shift T", "Stretch, limits, colours…"),
        ("[ | ]", "Stretch softer, harder"), (", | .", "Black level down, up"), ("V", "Invert"), ("E", "Blink"),
        ("R", "Wide view"), ("Z", "Fit, or pixels 1:1"), ("+ | −", "Zoom"), ("Ctrl ← → ↑ ↓", "Pan"),
    ]  # fmt: skip
    assert page["Find and do"] == [
        ("S", "Find similar"), ("H", "Why is it here?"), ("/", "Go to a place or name"),
        ("M", "Marks on the sky"), ("G", "Coordinate grid"), ("Y", "Ruler"), ("Ctrl K", "Do anything…"),
        ("Ctrl B", "Only the sky"), ("Ctrl E", "Export"), ("Ctrl L", "Encoders"),
        ("Ctrl Shift M", "Estimate parameters"), ("Ctrl R", "Rank again"), ("?", "These keys"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "first"),
    [("expo", "Export…"), ("fsi", "Find similar"), ("find sim", "Find similar"), ("gri", "Coordinate grid"),
     ("dark", None), ("detect", "Detect sources"), ("undo", "Undo"), ("zz", None), ("cc", "Copy coordinates")],
)  # fmt: skip
def test_the_palette_finds_what_is_meant(typed: str, first: str | None) -> None:
    scored = [(score, row.text) for row in ACTIONS if (score := fit(typed, row.text)) is not None]
    assert (min(scored)[1] if scored else None) == first
