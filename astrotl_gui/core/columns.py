"""What each column of a catalog means: its unit and its description, in one table."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

_FIXED: dict[str, tuple[str, str]] = {
    "id": ("", "Identifier of the source in this project, never reused"),
    "ra": ("deg", "Right ascension, ICRS; empty without a WCS"),
    "dec": ("deg", "Declination, ICRS; empty without a WCS"),
    "x": ("pix", "Column in the reference band, 0-based, integer at the pixel centre"),
    "y": ("pix", "Row in the reference band, 0-based, integer at the pixel centre"),
    "a": ("arcsec", "Rms size along the major axis, from isophotal second moments"),
    "b": ("arcsec", "Rms size along the minor axis, from isophotal second moments"),
    "r50": ("arcsec", "Radius of the circle that holds half of the flux"),
    "theta": ("deg", "Position angle of the major axis, East of North, in [0, 180)"),
    "snr": ("", "Flux over its uncertainty in the detection image"),
    "npix": ("pix", "Number of pixels above the detection threshold"),
    "flags": ("", "Bits that say what may be wrong, see astrotl_gui.core.flags.Flag"),
    "masked_fraction": ("", "Part of the aperture that is masked or missing, mean over the bands"),
    "deepcr": (
        "",
        "Part of the light in the core that deepCR takes for a cosmic ray's, largest of the bands",
    ),
    "var_chi2": ("", "Reduced chi-square of a constant flux over the epochs, without flagged ones"),
    "var_excess": ("", "Normalised excess variance over the epochs, without flagged ones"),
    "var_excess_error": ("", "Uncertainty (1 sigma) of the excess variance"),
    "var_neumann": ("", "Von Neumann ratio of the light curve, 2 for noise"),
    "var_sf": ("", "Structure function at the longest lags, over the mean flux"),
    "var_flagged": ("", "Epochs flagged as problematic"),
    "user_id": ("", "Identifier of the source in the user's own catalog"),
}
_PER_BAND: dict[str, tuple[str, str]] = {
    "flux": ("", "Flux in the Kron ellipse in band {band}, sum of image units over pixels"),
    "fluxerr": ("", "Uncertainty (1 sigma) of the flux in band {band}, in the unit of the flux"),
    "mag": ("mag", "AB magnitude in band {band}; empty without a zero point or with flux <= 0"),
}


def describe(name: str) -> tuple[str, str]:
    """(unit, description) of a column; ("", "") for a column this program does not make."""
    if name in _FIXED:
        return _FIXED[name]
    quantity, _, band = name.partition("_")
    if band and quantity in _PER_BAND:
        unit, text = _PER_BAND[quantity]
        return unit, text.format(band=band)
    return "", ""


def field(name: str, kind: pa.DataType, unit: str = "") -> pa.Field:
    """An Arrow field with `unit` and `description` in its metadata; `unit` overrides the usual one."""
    usual, description = describe(name)
    metadata = {"unit": unit or usual, "description": description}
    return pa.field(name, kind, metadata={key: value for key, value in metadata.items() if value})


def to_numpy(column: pa.ChunkedArray) -> np.ndarray:
    """A read-only numpy array of one column: nulls are NaN in float columns and "" in text columns."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        values = np.array([value or "" for value in column.to_pylist()], dtype=object)
    else:
        values = np.asarray(column.to_numpy())
    values.flags.writeable = False
    return values
