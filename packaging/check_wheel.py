"""Build the wheel and check that what the program needs travels in it. `make wheel`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REQUIRED = (
    "astrotl_gui/cli.py",
    "astrotl_gui/resources/style.qss",
    "astrotl_gui/resources/fonts/LICENSE.txt",
    *(f"astrotl_gui/resources/demo-sky/simulated_{band}.fits" for band in "gri"),
    "astrotl_gui/resources/demo-sky/simulated_truth.parquet",
    "astrotl_gui/resources/fields/abell370.jpg",
)
FORBIDDEN = ("tests/", "benchmarks/", "__pycache__")
LARGEST = 24 * 2**20


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "build", "--wheel", "--outdir", folder, str(ROOT)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (wheel,) = Path(folder).glob("*.whl")
        names = zipfile.ZipFile(wheel).namelist()
        problems = [f"missing: {name}" for name in REQUIRED if name not in names]
        problems += [
            f"must not be in it: {name}" for name in names if any(part in name for part in FORBIDDEN)
        ]
        if not any(name.endswith((".ttf", ".otf")) for name in names):
            problems.append("missing: a font")
        if wheel.stat().st_size > LARGEST:
            problems.append(f"{wheel.stat().st_size / 2**20:.0f} MB is too large")
        print(
            "\n".join(problems)
            or f"{wheel.name}: {len(names)} files, {wheel.stat().st_size / 2**20:.1f} MB, complete"
        )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
