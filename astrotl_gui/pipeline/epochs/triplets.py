"""Difference images as survey brokers send them: science, template and difference of each alert, taken as epochs."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.table import Table
from numpy.typing import NDArray

from astrotl_gui.core.epoch_table import EpochFacts, EpochTable
from astrotl_gui.core.epochs import FEWEST
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.fits import image_planes, open_plane
from astrotl_gui.core.statistics import local_background
from astrotl_gui.core.user_catalog import read_tables
from astrotl_gui.ml.epoch_signs import NAMES, epoch_signs
from astrotl_gui.pipeline.epochs.photometry import photometry
from astrotl_gui.pipeline.time_frame import with_time_frame

F32 = NDArray[np.float32]
Floats = NDArray[np.float64]

PARTS = ("science", "template", "difference")
TRIPLET_FILES = (".npz", ".npy")
ZTF_EPOCH = 57754.0
"""MJD from which ZTF's candids count days (2017-01-01)."""
RADIUS = 3.0
"""Of the aperture [px]: about a FWHM of ZTF's stamps."""


@dataclass(frozen=True, eq=False)
class Triplets:
    """N alerts: `planes` float32 (N, 3, s, s), science, template and difference, NaN where bad; `objects` whose alerts
    they are, `ra`, `dec` [deg], `mjd` (UTC) of the science image; NaN unknown."""

    planes: F32
    objects: tuple[str, ...]
    ra: Floats
    dec: Floats
    mjd: Floats

    def __len__(self) -> int:
        return len(self.planes)

    def of(self, name: str) -> F32:
        """Cutouts (N, s, s) of the science, template or difference images."""
        return self.planes[:, PARTS.index(name)]


def read_triplets(path: Path, table: Path | None = None) -> Triplets:
    """Triplets of an array file (.npz, .npy: N × 3 × s × s), or of FITS files with three images each.

    FITS: a file, or a folder of them; images named science, template, difference (or in this order). `table`: a row an
    alert in the same order, with objectId, ra, dec, and mjd, jd or ZTF's candid where known. Raises AstroTLError for
    what cannot be read or is no triplet.
    """
    path = Path(path)
    if path.suffix.lower() in TRIPLET_FILES:
        planes, names = _arrays(path), []
    else:
        files = sorted(path.glob("*.fits*")) if path.is_dir() else [path]
        if not files:
            raise AstroTLError("No triplets here", f"{path} holds no FITS file.")
        planes, names = (
            np.stack([_of_fits(file) for file in files]),
            [file.name.split(".")[0] for file in files],
        )
    return _described(planes, names or [str(k + 1) for k in range(len(planes))], table)


def triplet_epochs(triplets: Triplets) -> tuple[EpochTable, Table]:
    """Each alert as a source with two epochs, template before science image, and the evidence of the difference.

    The table has fluxes of both within 3 px and no flags: two epochs are fewer than the rule needs. The evidence:
    fluxes of all three with their errors, S/N of the difference, the part of science − template that it lacks in σ
    (0: none), and the signs of an artifact in it (`ml.epoch_signs`).
    """
    count, side = len(triplets), triplets.planes.shape[-1]
    centre = np.array([[(side - 1) / 2, (side - 1) / 2]])
    flux, error = np.full((count, 3), np.nan), np.full((count, 3), np.nan)
    for k in range(count):
        for part in range(3):
            values = photometry(triplets.planes[k, part], None, centre, RADIUS)
            flux[k, part], error[k, part] = values[0][0], values[1][0]
    mjd = float(np.nanmedian(triplets.mjd)) if np.isfinite(triplets.mjd).any() else 0.0
    facts = (EpochFacts("template", mjd - 1.0), EpochFacts("science", mjd))
    nan = np.full((count, 2), np.nan, np.float32)
    note = f"Two epochs an alert: flags need {FEWEST}. The template's date is not known; it is put first."
    table = EpochTable(
        np.arange(1, count + 1, dtype=np.int64), facts, nan, nan[:, 0], nan, flux[:, [1, 0]], error[:, [1, 0]],
        np.zeros((count, 2), np.uint16), np.zeros((count, 2), np.int8), notes=(note,),
    )  # fmt: skip
    return table, _evidence(triplets, flux, error)


def _evidence(triplets: Triplets, flux: Floats, error: Floats) -> Table:
    change = triplets.of("difference")[:, None]
    sky, noise = local_background(change)
    noise = np.where(noise > 0, noise, np.float32(1e-30))
    nothing = np.zeros(triplets.of("science").shape, np.float32)
    signs = epoch_signs(change - sky[:, :, None, None], noise, sky, nothing)[:, 0]
    expected = flux[:, 0] - flux[:, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        lacking = (expected - flux[:, 2]) / np.hypot(error[:, 0], error[:, 1])
        snr = flux[:, 2] / error[:, 2]
    out = Table({"id": np.arange(1, len(triplets) + 1), "object": np.array(triplets.objects, np.str_)})
    out["ra"], out["dec"], out["mjd"] = triplets.ra, triplets.dec, triplets.mjd
    for k, part in enumerate(PARTS):
        out[f"flux_{part}"], out[f"flux_{part}_error"] = flux[:, k], error[:, k]
    out["snr"], out["lacking"] = snr, lacking
    for column, name in enumerate(NAMES[:8]):
        out[name] = signs[:, column]
    return with_time_frame(out)


def _arrays(path: Path) -> F32:
    try:
        loaded = np.load(path, allow_pickle=False)
        arrays = list(loaded.values()) if hasattr(loaded, "values") else [loaded]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as problem:
        raise AstroTLError("These triplets cannot be read", f"{path}: {problem}.") from problem
    for array in arrays:
        if array.ndim == 4 and array.shape[1] == 3 and array.shape[2] == array.shape[3]:
            return np.asarray(array, np.float32)
        if array.ndim == 4 and array.shape[3] == 3 and array.shape[1] == array.shape[2]:
            return np.ascontiguousarray(np.moveaxis(array, 3, 1), np.float32)
    shapes = ", ".join(str(array.shape) for array in arrays) or "nothing"
    raise AstroTLError("These are no triplets", f"{path.name} holds {shapes}, not N × 3 × side × side.")


def _of_fits(path: Path) -> F32:
    listed = [(plane, str(header.get("EXTNAME", "")).lower()) for plane, header in image_planes(path)]
    chosen = [next((plane for plane, name in listed if part[:4] in name), None) for part in PARTS]
    if None in chosen:
        chosen = [plane for plane, _ in listed[:3]]
    planes = [
        reader.read(0, 0, reader.shape[1], reader.shape[0])
        for reader in map(open_plane, filter(None, chosen))
    ]
    if len(planes) < 3 or len({plane.shape for plane in planes}) > 1:
        raise AstroTLError(
            "This is no triplet", f"{path.name} needs three images of one size: {', '.join(PARTS)}."
        )
    return np.stack(planes).astype(np.float32)


def _described(planes: F32, names: list[str], table: Path | None) -> Triplets:
    nan = np.full(len(planes), np.nan)
    if table is None:
        return Triplets(planes, tuple(names), nan, nan.copy(), nan.copy())
    rows = next(iter(read_tables(table)))
    if len(rows) != len(planes):
        raise AstroTLError(
            "The table does not fit", f"{table.name} has {len(rows)} rows for {len(planes)} triplets."
        )
    columns = {name.lower(): name for name in rows.colnames}

    def numbers(*keys: str) -> Floats:
        key = next((columns[key] for key in keys if key in columns), None)
        return (
            nan.copy() if key is None else np.asarray(np.ma.filled(np.ma.asarray(rows[key], float), np.nan))
        )

    mjd = numbers("mjd")
    if "jd" in columns:
        mjd = numbers("jd") - 2400000.5
    elif "mjd" not in columns and "candid" in columns:
        mjd = np.array([ZTF_EPOCH + int(str(value)[:10]) / 1e6 for value in rows[columns["candid"]]])
    key = next((columns[key] for key in ("objectid", "object", "id") if key in columns), None)
    objects = names if key is None else [str(value) for value in rows[key]]
    return Triplets(planes, tuple(objects), numbers("ra"), numbers("dec"), mjd)
