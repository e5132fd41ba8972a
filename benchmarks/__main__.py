"""`make bench [NAME=window] [FULL=1]`: run one benchmark or all, print the rows, write bench-output/NAME.json."""

from __future__ import annotations

import argparse
import json
from importlib import import_module
from pathlib import Path

from benchmarks.report import machine, print_rows, versions

NAMES = (
    "artifacts",
    "cold",
    "completeness",
    "embed",
    "epochs",
    "finetune",
    "gallery",
    "look",
    "mosaic",
    "overlays",
    "parameters",
    "rank",
    "realism",
    "simulate",
    "sky_catalog",
    "survey",
    "vetting",
    "window",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", choices=NAMES)
    parser.add_argument("--full", action="store_true", help="the large sizes")
    options = parser.parse_args()
    for name in [options.name] if options.name else NAMES:
        rows = import_module(f"benchmarks.{name}").run(full=options.full)
        print_rows(name, rows)
        out = Path("bench-output")
        out.mkdir(exist_ok=True)
        report = {"machine": machine(), "versions": versions(), "rows": [row.to_dict() for row in rows]}
        (out / f"{name}.json").write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
