"""Truth against catalog: the nearest source is the object, a trail is all its pieces, the masked do not count."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.pipeline.known import known_sources
from astrotl_gui.pipeline.simulation.truth import TruthWriter

RA, DEC = 150.0, 40.0
EAST = 1 / 3600 / np.cos(np.radians(DEC))  # one arcsec in degrees of right ascension


def catalog(*offsets: tuple[float, float]) -> Catalog:
    """Sources at (east, north) arcsec of RA, DEC, ids from 1."""
    east, north = np.array(offsets, float).T
    ra, dec = RA + east * EAST, DEC + north / 3600
    return Catalog.from_columns(
        {"id": np.arange(1, len(ra) + 1), "ra": ra, "dec": dec, "x": east, "y": north}
    )


def truth(folder: Path, *rows: dict[str, object]) -> Path:
    with TruthWriter(folder, "truth", ["g"]) as writer:
        writer.write([{"ra": RA, "dec": DEC, **row} for row in rows])
    return writer.parquet


def test_the_nearest_source_is_the_object(tmp_path: Path) -> None:
    found = known_sources(truth(tmp_path, {"class": "lens"}), catalog((1.4, 0), (0.3, 0.2), (9, 9)))
    assert (found["lens"].count, found["lens"].detected, found["lens"].ids) == (1, 1, {2})
    assert found["agn"].count == 0 and not found["agn"].ids


def test_what_lies_too_far_is_not_detected(tmp_path: Path) -> None:
    found = known_sources(
        truth(tmp_path, {"class": "agn"}, {"class": "agn", "dec": DEC + 1}), catalog((0, 1.0))
    )
    assert (found["agn"].count, found["agn"].detected, found["agn"].ids) == (2, 1, {1})


@pytest.mark.parametrize("theta", [0.0, 35.0, 90.0, 160.0])
def test_a_trail_is_all_its_pieces(tmp_path: Path, theta: float) -> None:
    """At position angle theta, east of north; what lies beside it or beyond its ends is something else."""
    along = np.array([np.sin(np.radians(theta)), np.cos(np.radians(theta))])
    across = np.array([along[1], -along[0]])
    places = [-28 * along, 3 * along + 0.8 * across, 29 * along, 40 * along, 10 * along + 4 * across]
    path = truth(tmp_path, {"class": "artifact", "kind": "satellite trail", "length": 60.0, "theta": theta})
    found = known_sources(path, catalog(*map(tuple, places)))
    assert (found["artifact"].detected, found["artifact"].ids) == (1, {1, 2, 3})


def test_what_the_mask_knows_does_not_count(tmp_path: Path) -> None:
    path = truth(tmp_path, {"class": "artifact", "masked": True}, {"class": "artifact", "ra": RA + 5 * EAST})
    assert known_sources(path, catalog((0, 0), (5, 0)))["artifact"].ids == {2}
