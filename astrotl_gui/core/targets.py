"""The lists of a project: the four that every project has, and the astronomer's own.

A list has a name, which may change, and a key, which never does: the key stands in the label log, in the columns of
an export and on the command line. A list that was removed is only hidden, so that its labels come back with it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.labels import TARGET_NAMES

LONGEST_NAME, LONGEST_KEY = 32, 40
"""Characters: a name fits a tab, and a key with its prefix the name of a FITS column."""
RESERVED = ("similar", "all")
"""What the window calls something else."""
_KEY = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")


@dataclass(frozen=True)
class OwnTarget:
    """A list of the astronomer's own."""

    key: str = ""
    name: str = ""
    hidden: bool = False


Own = tuple[OwnTarget, ...]


def target_key(name: str) -> str:
    """A name as lower-case ASCII: "Ring galaxy" is ring_galaxy, "Étoile" etoile; other scripts by code point.

    Empty when the name has neither letter nor digit.
    """
    plain = [c for c in unicodedata.normalize("NFKD", name).casefold() if not unicodedata.combining(c)]
    text = "".join(c if c.isascii() or not c.isalnum() else f"u{ord(c):x}" for c in plain)
    return "_".join(re.findall(r"[a-z0-9]+", text))


def shown_names(own: Own) -> dict[str, str]:
    """Key → name of every list in view: the four, then the own ones in the order they were made."""
    return TARGET_NAMES | {target.key: target.name for target in own if not target.hidden}


def noun(names: Mapping[str, str], key: str) -> str:
    """A list's name within a sentence: lens, AGN; the astronomer's own as they spelled it."""
    return names[key].lower() if key in TARGET_NAMES and key != "agn" else names[key]


_PLURALS = {"lens": "lenses", "agn": "AGN", "artifact": "artifacts", "outlier": "outliers"}


def nouns(names: Mapping[str, str], key: str, count: int = 2) -> str:
    """What `count` things of a list are called: 1 lens, 2 lenses; of one's own list 2 of “Ring galaxy”."""
    if key not in TARGET_NAMES:
        return f"of “{names[key]}”"
    return noun(names, key) if count == 1 else _PLURALS[key]


def find_target(names: Mapping[str, str], text: str) -> str | None:
    """The key of the list that `text` means: a key or a name, in upper or lower case."""
    wanted = " ".join(text.split()).casefold()
    if wanted.replace("-", "_") in names:
        return wanted.replace("-", "_")
    return next((key for key, name in names.items() if name.casefold() == wanted), None)


def with_target(own: Own, name: str) -> tuple[Own, str]:
    """The lists with one more of this name, and its key; a hidden one of the name or key comes back.

    Raises AstroTLError for a name that is empty, too long, or taken.
    """
    name = _checked(own, name)
    hidden = {target.key: target.name for target in own if target.hidden}
    key = find_target(hidden, name) or target_key(name)
    if any(target.key == key and not target.hidden for target in own) or key in TARGET_NAMES:
        raise _taken(name, shown_names(own)[key])
    kept = tuple(target for target in own if target.key != key)
    return (*kept, OwnTarget(key, name)), key


def with_name(own: Own, key: str, name: str) -> Own:
    """The lists with another name for one of the own; its key and labels stay. Raises AstroTLError as above."""
    name = _checked(tuple(target for target in own if target.key != key), name)
    return tuple(replace(target, name=name) if target.key == key else target for target in own)


def without_target(own: Own, key: str) -> Own:
    """The lists with one of the own hidden."""
    return tuple(replace(target, hidden=True) if target.key == key else target for target in own)


def no_such_target(names: Mapping[str, str], text: str, add: str = "") -> AstroTLError:
    """What to say of a list that is not there; `add` says how it would be made."""
    return AstroTLError("No such list", f"“{text}” is none of {', '.join(names)}.{f' {add}' if add else ''}")


def read_own(stored: object) -> Own:
    """The own lists as `project.toml` holds them. Raises ValueError for what cannot be a list's key or name."""
    own = []
    for row in stored if isinstance(stored, list) else []:
        target = OwnTarget(str(row["key"]), str(row.get("name", "")), bool(row.get("hidden", False)))
        if not _KEY.fullmatch(target.key) or target.key in (*TARGET_NAMES, *RESERVED) or not target.name:
            raise ValueError(f"“{target.key}” is not the key of a list")
        own.append(target)
    return tuple({target.key: target for target in own}.values())


def _checked(own: Own, name: str) -> str:
    """The name without needless spaces, if it can be one beside these lists."""
    name = " ".join(name.split())
    key = target_key(name)
    if not key:
        raise AstroTLError("A list needs a name", "Use letters or digits, as in “Ring galaxy”.")
    if len(name) > LONGEST_NAME or len(key) > LONGEST_KEY:
        raise AstroTLError("This name is too long", f"At most {LONGEST_NAME} letters fit.")
    if key in RESERVED:
        raise AstroTLError("This name is taken", f"“{name}” means something else here. Choose another.")
    for other in shown_names(own).values():
        if other.casefold() == name.casefold():
            raise _taken(name, other)
    return name


def _taken(name: str, other: str) -> AstroTLError:
    says = (
        "is a list already" if name.casefold() == other.casefold() else f"is too near to the list “{other}”"
    )
    return AstroTLError("This name is taken", f"“{name}” {says}. Choose another.")
