"""The time frame of tables with dates, as FITS keywords and as VOTable's TIMESYS."""

from __future__ import annotations

from typing import Any

from astropy.table import Table

FRAME = {"TIMESYS": "UTC", "TREFPOS": "TOPOCENT", "MJDREF": 0.0, "TIMEUNIT": "d"}
"""MJD in UTC at the telescope, by the keywords of FITS (Rots et al. 2015)."""
COLUMN = "mjd"


def with_time_frame(table: Table) -> Table:
    """The table with the frame in its meta, from which FITS and ECSV files get it."""
    table.meta.update(FRAME)
    return table


def add_time_system(tree: Any, table: Table) -> None:
    """Give a VOTable the TIMESYS of a table that has one, and refer its column `mjd` to it."""
    if "TIMESYS" not in table.meta:
        return
    from astropy.io.votable.tree import TimeSys

    resource = tree.resources[0]
    resource.time_systems.append(
        TimeSys(
            ID="time_frame",
            timeorigin="MJD-origin",
            timescale="UTC",
            refposition="TOPOCENTER",
            config={"version_1_4_or_later": True},
        )
    )
    for field in resource.tables[0].fields:
        if field.name == COLUMN:
            field.ref = "time_frame"
