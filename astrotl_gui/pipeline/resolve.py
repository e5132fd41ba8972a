"""Where on the sky a name is, asked of the name service of the CDS."""

from __future__ import annotations

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.progress import SILENT, Progress

PATIENCE = 15
"""The service is given up after so many seconds."""


def resolve(name: str, *, progress: Progress = SILENT) -> tuple[float, float]:
    """RA, Dec [deg, ICRS] of an object by its name, from Sesame (SIMBAD, NED, VizieR).

    Raises AstroTLError when the name is not known there, or when the service cannot be reached.
    """
    from astropy.coordinates import SkyCoord, name_resolve
    from astropy.utils.data import conf

    progress(0, 1, f"Asking for {name}")
    try:
        with conf.set_temp("remote_timeout", PATIENCE):
            place = SkyCoord.from_name(name).icrs
    except name_resolve.NameResolveError as problem:
        if "Unable to find coordinates" in str(problem):
            detail = f"SIMBAD, NED and VizieR have no {name}. Type its coordinates instead."
            raise AstroTLError("No such name", detail) from problem
        detail = f"{name} was not looked up. Type its coordinates instead, or try again with a network."
        raise AstroTLError("The name service is out of reach", detail) from problem
    progress(1, 1)
    return float(place.ra.deg), float(place.dec.deg)
