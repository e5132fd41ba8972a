"""When epochs were taken: from their headers, or from a table of the astronomer's own. Always MJD in UTC."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.time import Time

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.file_names import bare_name
from astrotl_gui.core.user_catalog import read_tables

SAME = 1e-6
"""Dates nearer than this [d] are one date."""
EXPOSURES = ("EXPTIME", "XPOSURE", "EXPOSURE", "TEXPTIME")
_FILES = ("filename", "file", "image", "path", "name")
_MJD = ("mjd", "mjd_obs", "mjd-obs", "mjd_utc", "mjd-avg", "mjd_avg", "mjd_mid")
_JD = ("jd", "jd_utc", "hjd", "jd_mid")
_DATES = ("date", "date_obs", "date-obs", "dateobs", "time", "isot", "date-avg", "date_avg")
DAY = 86400.0

Header = Mapping[str, object]


def exposure(header: Header) -> float:
    """The exposure time [s]; NaN where the header does not tell it."""
    return next((t for key in EXPOSURES if (t := _number(header, key)) > 0), math.nan)


def header_of(path: Path, own: fits.Header) -> dict[str, object]:
    """What the primary header says, and over it what the image's own does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        primary = fits.getheader(path, 0)
    return {key: value for source in (primary, own) for key, value in source.items() if key}


def header_dates(headers: Sequence[Header]) -> tuple[list[float], list[str]]:
    """(MJD [UTC], keyword) of each epoch, of the middle of its exposure where that can be known; NaN and "" without.

    The first of the ways below by which all dates differ is taken for all: stacks copy keywords from one another.
    Where none is, each epoch has its own first.
    """
    mjd, names, distinct = [math.nan] * len(headers), [""] * len(headers), False
    for name, way, begins in reversed(WAYS):
        told = [way(header) for header in headers]
        dates = [
            _middle(date, header) if begins else date for date, header in zip(told, headers, strict=True)
        ]
        # What is told must differ, not what becomes of it: exposure times may differ where a begin was copied.
        differ = bool(len(told) > 1 and np.isfinite(told).all() and np.diff(np.sort(told)).min() > SAME)
        for k, date in enumerate(dates):
            if differ or (math.isfinite(date) and not distinct):
                mjd[k], names[k] = date, name
        distinct = distinct or differ
    return mjd, names


def table_dates(path: Path, files: Sequence[Path]) -> list[float]:
    """MJD [UTC] of each file from a table with a file name and mjd, jd or an ISO date a row; NaN for files not in it.

    A name counts with or without its folder and ending. Raises AstroTLError for a table that cannot be read, lacks
    such columns, or names none of the files.
    """
    for table in read_tables(path):
        names = {name.lower(): name for name in table.colnames}
        file = next((names[key] for key in _FILES if key in names), None)
        when = next((key for key in (*_MJD, *_JD, *_DATES) if key in names), None)
        if file is None or when is None:
            continue
        given = {_key(str(row[file])): row[names[when]] for row in table}
        dates = [_read(given.get(_key(name.name), math.nan), when in _JD, path) for name in files]
        if not np.isfinite(dates).any():
            raise AstroTLError("No date fits an image", f"{path.name} names none of the images given.")
        return dates
    raise AstroTLError(
        "These are no dates",
        f"{path.name} needs a column filename and a column mjd or date (ISO, UTC), a row an image.",
    )


def check_dates(mjd: Sequence[float], files: Sequence[Path]) -> None:
    """Raises AstroTLError for images without a date and for two with the same one, naming them."""
    mend = "Give dates with --dates FILE: a row an image, filename and mjd or date."
    without = [file.name for file, date in zip(files, mjd, strict=True) if not math.isfinite(date)]
    if without:
        raise AstroTLError("Images without a date", f"{_listed(without)} have none in the header. {mend}")
    order = np.argsort(mjd, kind="stable")
    for a, b in pairwise(order.tolist()):
        if mjd[b] - mjd[a] <= SAME:
            same = [file.name for file, date in zip(files, mjd, strict=True) if abs(date - mjd[a]) <= SAME]
            raise AstroTLError(
                "Epochs share a date", f"{_listed(same)} all say MJD {mjd[a]:.6f} (UTC). {mend}"
            )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:4])
    return shown if len(names) <= 4 else f"{shown} and {len(names) - 4} more"


def _key(name: str) -> str:
    return bare_name(Path(name.strip()).name.lower())


def _read(value: object, julian: bool, path: Path) -> float:
    """A cell as MJD: a number, or an ISO date."""
    try:
        number = float(str(value))
    except ValueError:
        try:
            return float(Time(str(value).strip(), scale="utc").mjd)
        except ValueError:
            raise AstroTLError(
                "This is no date", f"“{value}” in {path.name}. Write mjd, or 2018-08-04T09:23:31."
            ) from None
    return number - 2400000.5 if julian else number


def _number(header: Header, key: str) -> float:
    try:
        value = float(header[key])  # type: ignore[arg-type]
    except (KeyError, TypeError, ValueError):
        return math.nan
    return value if math.isfinite(value) else math.nan


def _utc(header: Header, value: float | str) -> float:
    """MJD or ISO date in the header's time scale → MJD in UTC; NaN for what is no date."""
    scale = str(header.get("TIMESYS", "UTC")).strip().lower()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            time = Time(value, format="mjd" if isinstance(value, float) else None,
                        scale=scale if scale in ("utc", "tai", "tt", "tdb", "tcg", "tcb") else "utc")  # fmt: skip
            return float(time.utc.mjd)
    except ValueError:
        return math.nan


def _mjd(*keys: str) -> Callable[[Header], float]:
    def read(header: Header) -> float:
        values = (_number(header, key) for key in keys)
        value = next((v for v in values if v > 0), math.nan)
        return _utc(header, value) if math.isfinite(value) else math.nan

    return read


def _iso(*keys: str) -> Callable[[Header], float]:
    def read(header: Header) -> float:
        key = next((key for key in keys if str(header.get(key, "")).strip()), "")
        if not key:
            return math.nan
        text, time = str(header[key]).strip(), str(header.get(key.replace("DATE", "TIME"), "")).strip()
        return _utc(header, text if "T" in text or ":" not in time else f"{text}T{time}")

    return read


def _middle(begin: float, header: Header) -> float:
    """The middle of the exposure, from its begin; the begin where its length is not known."""
    lasts = exposure(header)
    return begin + (lasts / 2 / DAY if math.isfinite(lasts) else 0.0)


WAYS: tuple[tuple[str, Callable[[Header], float], bool], ...] = (
    ("MJD-AVG", _mjd("MJD-AVG", "EXPMID", "MJD-MID"), False),
    ("DATE-AVG", _iso("DATE-AVG", "DATE-MID"), False),
    ("MJD-BEG", _mjd("MJD-BEG", "EXPSTART"), True),
    ("DATE-BEG", _iso("DATE-BEG"), True),
    ("MJD-OBS", _mjd("MJD-OBS"), True),
    ("DATE-OBS", _iso("DATE-OBS"), True),
)
"""How a header may tell the date, the surest first, and whether it is the begin of the exposure."""
