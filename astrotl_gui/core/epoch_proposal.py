"""What some files would give as epochs, before anything is decided: bands, dates, and what is wrong with them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.time import Time

from astrotl_gui.core.bands import PLANE_ROLES, BandSpec
from astrotl_gui.core.epoch_dates import SAME, Header, header_dates, header_of
from astrotl_gui.core.epochs import FEWEST, by_band
from astrotl_gui.core.fits import open_plane
from astrotl_gui.core.identify import identify
from astrotl_gui.core.progress import SILENT, Progress

LAST_MJD = 200_000.0
"""Numbers from here on (2406) are Julian dates."""


@dataclass(frozen=True)
class ProposedEpoch:
    """One image: its date (MJD, UTC, NaN without one), what told it, the planes that go with it, and what is wrong."""

    path: Path
    mjd: float
    told_by: str
    beside: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, eq=False)
class Proposal:
    """Images by band, and their headers by file. `warnings` say what was odd."""

    bands: Mapping[str, tuple[BandSpec, ...]]
    headers: Mapping[Path, Header]
    warnings: tuple[str, ...] = ()

    def epochs(
        self, band: str, dates: Mapping[Path, float], left_out: frozenset[Path] = frozenset()
    ) -> tuple[ProposedEpoch, ...]:
        """The images of a band in the order of time, undated ones last. `dates` [MJD] override the headers'."""
        specs = [spec for spec in self.bands.get(band, ()) if spec.image.path not in left_out]
        paths = [spec.image.path for spec in specs]
        told, ways = header_dates([self.headers[path] for path in paths])
        mjd = [dates.get(path, date) for path, date in zip(paths, told, strict=True)]
        ways = ["you" if path in dates else way for path, way in zip(paths, ways, strict=True)]
        made = [
            ProposedEpoch(path, date, way, _beside(spec), _problem(k, mjd, paths))
            for k, (spec, path, date, way) in enumerate(zip(specs, paths, mjd, ways, strict=True))
        ]
        return tuple(sorted(made, key=lambda epoch: (math.isnan(epoch.mjd), epoch.mjd)))


def propose_epochs(images: Sequence[Path], *, progress: Progress = SILENT) -> Proposal:
    """Look at files and their headers; raises AstroTLError for what cannot be read or holds no image."""
    found = identify(list(images), progress=progress)
    headers = {}
    for number, spec in enumerate(found.bands):
        headers[spec.image.path] = header_of(spec.image.path, open_plane(spec.image).header)
        progress(number + 1, len(found.bands), "headers")
    bands = {name: tuple(specs) for name, specs in by_band(found.bands).items()}
    return Proposal(bands, headers, tuple(found.warnings))


def summary(epochs: Sequence[ProposedEpoch]) -> tuple[str, bool]:
    """What stands in the way of these epochs, or what comes of them; and whether they can be measured."""
    undated = sum(math.isnan(epoch.mjd) for epoch in epochs)
    wrong = sum(bool(epoch.problem) for epoch in epochs)
    if not epochs:
        return "No image is left. Add some.", False
    if undated:
        few = "1 image has no date" if undated == 1 else f"{undated} images have no date"
        return f"{few}. Type dates, or read them from a file.", False
    if wrong:
        return f"{wrong} images share a date with another. Type dates, or read them from a file.", False
    if len(epochs) < FEWEST:
        count = "1 epoch" if len(epochs) == 1 else f"{len(epochs)} epochs"
        return f"{count}: light curves, but no flags. These need {FEWEST}.", True
    span = epochs[-1].mjd - epochs[0].mjd
    return f"{len(epochs)} epochs over {span:,.3g} days.", True


def read_date(text: str) -> float:
    """A date as it is typed (MJD, JD, or ISO in UTC) as MJD; NaN where it is none."""
    try:
        number = float(text.replace(",", ""))
    except ValueError:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return float(Time(text.strip(), scale="utc").mjd)
        except ValueError:
            return math.nan
    return number - 2_400_000.5 if number >= LAST_MJD else number


def date_text(mjd: float) -> str:
    """MJD as a date people read: "2018-08-04 09:23:31", UTC; "" for NaN."""
    if not math.isfinite(mjd):
        return ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return str(Time(mjd, format="mjd", scale="utc").isot)[:19].replace("T", " ")


def _beside(spec: BandSpec) -> tuple[str, ...]:
    return tuple(role for role in PLANE_ROLES if getattr(spec, role, None) is not None)


def _problem(number: int, mjd: Sequence[float], paths: Sequence[Path]) -> str:
    if not math.isfinite(mjd[number]):
        return "No date in its header"
    same = [
        path.name
        for k, path in enumerate(paths)
        if k != number and np.isfinite(mjd[k]) and abs(mjd[k] - mjd[number]) <= SAME
    ]
    if not same:
        return ""
    return f"Same date as {same[0]}" + (f" and {len(same) - 1} more" if len(same) > 1 else "")
