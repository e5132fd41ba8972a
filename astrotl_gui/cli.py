"""`astrotl`: every verb of the pipeline without a window, and the window.

Each verb returns a dictionary; `--json` prints it as one object, else its `text` lines are printed. Progress and
messages go to stderr. Exit 0 on success, 2 with one line on what the user can mend, 130 on Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from astrotl_gui.commands.parser import make_parser
from astrotl_gui.commands.shared import Result
from astrotl_gui.commands.verbs import VERBS
from astrotl_gui.core.errors import AstroTLError

SCHEMA = 1


def main(argv: Sequence[str] | None = None) -> int:
    arguments = sys.argv[1:] if argv is None else list(argv)
    if not arguments or (not arguments[0].startswith("-") and arguments[0] not in VERBS):
        arguments = ["open", *arguments]
    options = make_parser().parse_args(arguments)
    try:
        result = VERBS[options.verb](options)
        _print(result, options)
    except AstroTLError as problem:
        print(f"astrotl {options.verb}: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. The project is as it was after the last finished step.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return int(result.get("exit", 0))


def _print(result: Result, options: argparse.Namespace) -> None:
    text = result.pop("text", "")
    if options.json:
        shown = {name: value for name, value in result.items() if name != "exit"}
        print(json.dumps({"schema": SCHEMA, "command": options.verb, **_plain(shown)}, allow_nan=False))
    elif text:
        print(text)


def _plain(value: Any) -> Any:
    """Values that JSON has: numpy scalars become Python's, NaN null, paths text."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, Path):
        return str(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value
