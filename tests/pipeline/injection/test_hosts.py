"""Hosts: extended, unspoiled, inside; for lenses the luminous and red ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from astrotl_gui.core.flags import Flag
from astrotl_gui.pipeline.injection.hosts import FEWEST, galaxies, image_angle, red_galaxies
from tests.pipeline.injection.small_field import field, instrument


def test_stars_faint_flagged_long_and_cut_off_sources_host_nothing(tmp_path: Path) -> None:
    mosaic, catalog = field(tmp_path)
    n = len(catalog)
    radius, snr, flags, x, a = (
        np.full(n, 1.0),
        np.full(n, 90.0),
        np.zeros(n, int),
        catalog.x.copy(),
        np.full(n, 1.2),
    )
    radius[0], snr[1], flags[2], flags[3], x[4], a[5] = 0.4, 8, Flag.SATURATED, Flag.BLENDED, 5.0, 4.0
    spoiled = catalog.with_columns(r50=radius, snr=snr, flags=flags, x=x, a=a)
    assert sorted(galaxies(instrument((mosaic, spoiled)))) == [3, *range(6, n)]


def test_lenses_are_drawn_into_the_redder_of_the_luminous_galaxies(tmp_path: Path) -> None:
    mosaic, catalog = field(tmp_path)
    many = catalog.take(np.resize(np.arange(len(catalog)), 80))
    flux = np.linspace(100, 9000, 80)
    red = np.arange(80) % 2 == 0
    many = many.with_columns(id=np.arange(80), flux_i=flux, flux_g=flux / np.where(red, 4, 1.5))
    chosen = red_galaxies(instrument((mosaic, many)))
    assert sorted(chosen) == [row for row in range(60, 80) if red[row]]


def test_few_galaxies_are_hosts_whatever_their_colour(tmp_path: Path) -> None:
    made = instrument(field(tmp_path, hosts=6))
    assert len(red_galaxies(made)) == 6 <= FEWEST


def test_a_single_band_and_a_catalog_without_measurements_have_hosts(tmp_path: Path) -> None:
    mosaic, catalog = field(tmp_path, bands="g")
    assert len(red_galaxies(instrument((mosaic, catalog)))) == FEWEST
    bare = catalog.take(np.arange(len(catalog)))
    assert (
        len(
            galaxies(
                instrument(
                    (mosaic, type(bare)(bare.table.select(["id", "ra", "dec", "x", "y", "snr", "r50"])))
                )
            )
        )
        == 16
    )


def test_position_angles_turn_with_north(tmp_path: Path) -> None:
    mosaic, catalog = field(tmp_path)
    made = instrument((mosaic, catalog.with_columns(theta=np.full(len(catalog), 30.0))))
    # North is up and east to the left: 30° east of north is 120° from +x.
    angle = image_angle(made, 0)
    assert angle is not None
    assert np.degrees(angle) % 180 == np.float64(120).round(3) or abs(np.degrees(angle) % 180 - 120) < 0.1
    assert image_angle(instrument((mosaic, catalog)), 0) is None
