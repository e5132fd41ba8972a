"""World coordinates of a simulated field: TAN, or TAN with distortion as SIP or TPV."""

from __future__ import annotations

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

from astrotl_gui.pipeline.simulation.camera import Array

PROJECTIONS = ("tan", "sip", "tpv")
CENTRE = (150.116, 2.206)  # ICRS degrees of the field centre
ROTATION = 4.0  # degrees from +y to north, counter-clockwise
DISTORTION = 2.5e-3  # how much farther from the centre the corners lie than without distortion


def field_header(
    shape: tuple[int, int],
    pixel_scale: float,
    projection: str = "tan",
    offset: tuple[float, float] = (0, 0),
) -> fits.Header:
    """World coordinates of a field of `shape` (ny, nx), east on the left; `offset` [px] shifts it on the pixels."""
    turn, step = np.deg2rad(ROTATION), pixel_scale / 3600
    ny, nx = shape
    header = fits.Header()
    suffix = {"tan": "", "sip": "-SIP", "tpv": ""}[projection]
    kind = "TPV" if projection == "tpv" else "TAN"
    header["CTYPE1"], header["CTYPE2"] = f"RA---{kind}{suffix}", f"DEC--{kind}{suffix}"
    header["CRVAL1"], header["CRVAL2"] = CENTRE
    header["CRPIX1"], header["CRPIX2"] = (nx + 1) / 2 + offset[0], (ny + 1) / 2 + offset[1]
    header["CUNIT1"], header["CUNIT2"] = "deg", "deg"
    header["CD1_1"], header["CD1_2"] = -step * np.cos(turn), -step * np.sin(turn)
    header["CD2_1"], header["CD2_2"] = -step * np.sin(turn), step * np.cos(turn)
    header["RADESYS"] = "ICRS"
    corner = float(np.hypot(nx, ny)) / 2  # px
    if projection == "sip":
        cubic = DISTORTION / corner**2
        header["A_ORDER"], header["B_ORDER"] = 3, 3
        header["A_3_0"] = header["A_1_2"] = header["B_0_3"] = header["B_2_1"] = cubic
    if projection == "tpv":
        cubic = DISTORTION / (corner * step) ** 2
        for axis in (1, 2):
            header[f"PV{axis}_0"], header[f"PV{axis}_1"] = 0.0, 1.0
            header[f"PV{axis}_7"] = header[f"PV{axis}_9"] = cubic
    return header


class FieldSky:
    """Pixels of a simulated field (0-based) → ICRS degrees."""

    def __init__(self, header: fits.Header) -> None:
        self._wcs = WCS(header)

    def sky(self, x: Array, y: Array) -> tuple[Array, Array]:
        ra, dec = self._wcs.all_pix2world(np.asarray(x, float), np.asarray(y, float), 0)
        return np.asarray(ra), np.asarray(dec)


def position_angle(theta: float | Array) -> Array:
    """Pixel angle from +x [rad] → degrees east of north in [0, 180)."""
    return np.asarray((np.degrees(theta) - 90.0 - ROTATION) % 180.0)
