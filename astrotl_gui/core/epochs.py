"""Epochs: visits of one field in one band, each an image with its date; a series is all of them, by date."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import tomli_w
from numpy.typing import NDArray

from astrotl_gui.core.bands import BandSpec, MosaicSpec
from astrotl_gui.core.epoch_dates import check_dates, exposure, header_dates, header_of, table_dates
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.file_names import bare_name, distinct
from astrotl_gui.core.files import atomic_write
from astrotl_gui.core.filters import header_filter
from astrotl_gui.core.fits import open_plane
from astrotl_gui.core.identify import identify
from astrotl_gui.core.image_paths import absolute_paths, moved, relative, resolved
from astrotl_gui.core.progress import SILENT, Progress

FEWEST = 3
"""With fewer epochs no nearest other epoch means anything."""
BITS = 16
MOST = (1 << BITS) - 1
"""Numbers of epochs end here; the last stands for the stack."""
FILE = "series.toml"
_REPEAT = re.compile(r"-\d+$")


@dataclass(frozen=True)
class Epoch:
    """One visit. `image` with what goes with it (its name is the epoch's), `mjd` in UTC, of the middle of the exposure
    where that is known; `exposure` [s] and `gain` [e⁻ per unit] NaN where not. A `number` is given once in a project.
    """

    number: int
    image: BandSpec
    mjd: float
    dated_by: str = ""
    exposure: float = math.nan
    gain: float = math.nan

    @property
    def name(self) -> str:
        return self.image.name


@dataclass(frozen=True)
class Series:
    """The epochs of one band in the order of time; `stack`: an image of them all, None: one is made.

    `notes` are sentences on what was found odd; `next_number` is what
    the next epoch is given.
    """

    band: str
    epochs: tuple[Epoch, ...]
    stack: BandSpec | None = None
    notes: tuple[str, ...] = ()
    next_number: int = 0

    def __len__(self) -> int:
        return len(self.epochs)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(epoch.name for epoch in self.epochs)

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(epoch.number for epoch in self.epochs)

    @property
    def mjd(self) -> NDArray[np.float64]:
        return np.array([epoch.mjd for epoch in self.epochs], np.float64)

    @property
    def judged(self) -> bool:
        """Whether there are enough epochs to flag any."""
        return len(self) >= FEWEST


def visit_id(sources: NDArray[np.int64], number: int) -> NDArray[np.int64]:
    """One int64 for each source in an epoch: how embeddings are kept."""
    return np.asarray((sources << BITS) | number, np.int64)


def label_target(epoch: str) -> str:
    """The target under which labels of sources in this epoch are kept: positive = problematic, negative = good.

    Labels stay keyed by source, so that undo, vetters and adoption after a new detection hold for them as for others.
    """
    return f"epoch:{epoch}"


def read_series(
    images: Sequence[Path],
    *,
    dates: Path | Mapping[Path, float] | None = None,
    band: str = "",
    stack: Path | None = None,
    known: Series | None = None,
    progress: Progress = SILENT,
) -> Series:
    """The epochs among some FITS files; noise, weight and mask files find their image by name and header.

    `dates`: a table, or MJD by file, that override the headers' dates. `band`: which, where the images have several.
    Epochs of `known` with the same file keep their number and name. Raises AstroTLError for files that cannot be read,
    no image of the band, images without a date or with the same one.
    """
    files = [Path(path) for path in images if stack is None or Path(path).resolve() != Path(stack).resolve()]
    proposal = identify(files, progress=progress)
    found = by_band(proposal.bands, band)
    if not band and len(found) > 1:
        raise AstroTLError("Which band?", f"The images are in {', '.join(found)}. Name one with --band.")
    band = band or next(iter(found))
    specs = found.get(band) or _any_band(found, band)
    paths = [spec.image.path for spec in specs]
    headers = [header_of(spec.image.path, open_plane(spec.image).header) for spec in specs]
    mjd, ways = header_dates(headers)
    if dates is not None:
        if isinstance(dates, Path):
            given, said = table_dates(dates, paths), dates.name
        else:
            given, said = [dates.get(path, math.nan) for path in paths], "you"
        ways = [said if math.isfinite(date) else way for date, way in zip(given, ways, strict=True)]
        mjd = [date if math.isfinite(date) else own for date, own in zip(given, mjd, strict=True)]
    check_dates(mjd, paths)
    epochs = [
        Epoch(k, spec, date, way, exposure(header), _gain(header))
        for k, (spec, date, way, header) in enumerate(zip(specs, mjd, ways, headers, strict=True))
    ]
    ordered = sorted(epochs, key=lambda epoch: epoch.mjd)
    numbered, following = _numbered(ordered, known)
    notes = _notes(proposal.warnings, ways, len(ordered))
    return Series(band, numbered, _stack(stack, progress), notes, following)


def by_band(bands: Sequence[BandSpec], band: str = "") -> dict[str, list[BandSpec]]:
    """Images by their band: names of repeated bands end in a number. Where nothing tells a filter, images are called
    by their files, and all are of one band, called `band`."""
    untold = all(
        one.wavelength is None and header_filter(open_plane(one.image).header) is None for one in bands
    )
    if untold:
        return {band or "image": list(bands)}
    found: dict[str, list[BandSpec]] = {}
    for one in bands:
        found.setdefault(_REPEAT.sub("", one.name), []).append(one)
    return found


def _any_band(by_band: dict[str, list[BandSpec]], band: str) -> list[BandSpec]:
    """A single band may be called as the user likes: headers name filters in many ways."""
    if len(by_band) == 1:
        return next(iter(by_band.values()))
    raise AstroTLError("No such band", f"No image is in {band}; they are in {', '.join(by_band)}.")


def _stack(path: Path | None, progress: Progress) -> BandSpec | None:
    return None if path is None else replace(identify([path], progress=progress).bands[0], name="stack")


def _notes(warnings: Sequence[str], ways: Sequence[str], count: int) -> tuple[str, ...]:
    told = f"Dates from {', '.join(sorted(set(filter(None, ways))))} (UTC)."
    few = [f"{count} epochs: flags need {FEWEST}, so that none are given."] if count < FEWEST else []
    return (*warnings, told, *few)


def _numbered(epochs: Sequence[Epoch], known: Series | None) -> tuple[tuple[Epoch, ...], int]:
    """The epochs with the number and name they had, new ones with numbers and names not given before (the files' names
    without endings); and the next number."""
    before = {epoch.image.image.path.resolve(): epoch for epoch in known.epochs} if known else {}
    following = known.next_number if known else 0
    files = [epoch.image.image.path for epoch in epochs]
    fresh = [bare_name(path.name) for path in files if path.resolve() not in before]
    names = iter(distinct(fresh, known.names if known else ()))
    numbered = []
    for epoch, path in zip(epochs, files, strict=True):
        old = before.get(path.resolve())
        if old is None:
            numbered.append(replace(epoch, number=following, image=replace(epoch.image, name=next(names))))
            following += 1
        else:
            numbered.append(replace(epoch, number=old.number, image=replace(epoch.image, name=old.name)))
    if following > MOST:
        raise AstroTLError("Too many epochs", f"A project takes {MOST:,}.")
    return tuple(numbered), following


def _gain(header: dict[str, object]) -> float:
    """e⁻ per image unit; NaN where unknown or a mean of amplifiers cannot be told."""
    for keys in (("GAIN",), ("EGAIN",), ("GAINA", "GAINB")):
        try:
            values = [float(header[key]) for key in keys]  # type: ignore[arg-type]
        except (KeyError, TypeError, ValueError):
            continue
        if all(0 < value < 1e9 for value in values):
            return float(np.mean(values))
    return math.nan


def write_series(folder: Path, series: Series) -> None:
    """Keep a series in `folder`, whole or not at all; image paths relative to it and absolute."""
    bands = tuple(epoch.image for epoch in series.epochs)
    spec = MosaicSpec(series.band, bands, pixel_scale=0.0)
    values = {
        "band": series.band,
        "next_number": series.next_number,
        "notes": list(series.notes),
        "absolute": absolute_paths(spec, folder) | _stack_paths(series, folder),
        "epochs": [
            {"number": e.number, "mjd": e.mjd, "dated_by": e.dated_by, "exposure": e.exposure, "gain": e.gain}
            | {"image": image.to_dict()}
            for e, image in zip(series.epochs, moved(spec, lambda p: relative(p, folder)).bands, strict=True)
        ],
    }
    if series.stack is not None:
        values["stack"] = (
            moved(MosaicSpec("", (series.stack,)), lambda p: relative(p, folder)).bands[0].to_dict()
        )
    with atomic_write(folder / FILE) as temporary:
        temporary.write_text(tomli_w.dumps(values), encoding="utf-8")


def _stack_paths(series: Series, folder: Path) -> dict[str, str]:
    return {} if series.stack is None else absolute_paths(MosaicSpec("", (series.stack,)), folder)


def stored_series(folder: Path) -> Series | None:
    """The series that `folder` keeps; None without one. Raises AstroTLError when it cannot be read."""
    file = folder / FILE
    if not file.is_file():
        return None
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
        absolute = values.get("absolute", {})

        def band(stored: dict[str, object]) -> BandSpec:
            return resolved(MosaicSpec("", (BandSpec.from_dict(stored),)), folder, absolute).bands[0]

        epochs = tuple(
            Epoch(int(row["number"]), band(row["image"]), float(row["mjd"]), str(row["dated_by"]),
                  float(row["exposure"]), float(row["gain"]))
            for row in values["epochs"]
        )  # fmt: skip
        stack = band(values["stack"]) if "stack" in values else None
        return Series(
            str(values["band"]), epochs, stack, tuple(values.get("notes", ())), int(values["next_number"])
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as problem:
        raise AstroTLError(
            "The epochs cannot be read", f"{file}: {problem}. Give the images again."
        ) from problem
