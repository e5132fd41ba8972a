"""The galaxies and stars: counts, redshifts, colours, sizes and star formation as surveys find them."""

from __future__ import annotations

import numpy as np
import pytest

from astrotl_gui.pipeline.simulation.camera import rng_for
from astrotl_gui.pipeline.simulation.groups import draw_group
from astrotl_gui.pipeline.simulation.population import (
    LAYERS,
    Galaxies,
    Population,
    add_magnitudes,
    kpc_per_arcsec,
    main_sequence,
)
from astrotl_gui.pipeline.simulation.spectra import FILES, Filter, Photometry, calzetti
from astrotl_gui.pipeline.simulation.stars import draw_stars, star_colours

AREA = 600.0  # arcmin²


@pytest.fixture(scope="module")
def population() -> Population:
    return Population(Photometry(("g", "r", "i")))


@pytest.fixture(scope="module")
def field(population: Population) -> Galaxies:
    return Galaxies.join(
        [population.draw(rng_for(1, "test", layer), AREA, layer) for layer in range(len(LAYERS))]
    )


@pytest.mark.parametrize(
    ("mag", "log_count"), [(20, 2.90), (21, 3.28), (22, 3.63), (23, 3.96), (24, 4.25), (25, 4.52)]
)
def test_number_counts_are_those_of_deep_surveys(field: Galaxies, mag: float, log_count: float) -> None:
    """log10 of galaxies per deg² and 0.5 mag in i (Capak et al. 2007), to 0.15 dex."""
    number = int((np.abs(field.i_mag - mag) < 0.25).sum())
    assert np.log10(number / AREA * 3600) == pytest.approx(log_count, abs=0.15)


@pytest.mark.parametrize(("mag", "z"), [(20, 0.33), (22, 0.58), (24, 0.88)])
def test_median_redshift_grows_with_magnitude(field: Galaxies, mag: float, z: float) -> None:
    """Medians of COSMOS (Ilbert et al. 2009), to 20 %."""
    assert np.median(field.z[np.abs(field.i_mag - mag) < 0.5]) == pytest.approx(z, rel=0.2)


def test_colours_are_bimodal_and_blue_when_faint(field: Galaxies) -> None:
    g_r = field.mags[:, 0] - field.mags[:, 1]
    red = (field.kind == "elliptical") | (field.kind == "lenticular")
    near = (field.z > 0.2) & (field.z < 0.5) & (field.i_mag < 22)
    assert np.median(g_r[near & red]) > np.median(g_r[near & ~red]) + 0.5
    bright, faint = (np.median(g_r[np.abs(field.i_mag - mag) < 0.5]) for mag in (20.5, 24.5))
    assert 0.7 < bright < 1.2 and 0.2 < faint < 0.6


def test_sizes_shrink_with_magnitude(field: Galaxies) -> None:
    """Median circular half-light radius: 0.85″ at i = 20, 0.3″ at i = 24 (as Hubble measures them), to 30 %."""
    size = field.r50 * np.sqrt(field.q)
    for mag, expected in ((20, 0.85), (22, 0.5), (24, 0.3)):
        assert np.median(size[np.abs(field.i_mag - mag) < 0.5]) == pytest.approx(expected, rel=0.3)


def test_star_formation_follows_the_main_sequence_with_scatter(field: Galaxies) -> None:
    forming = ~np.isin(field.kind, ["elliptical", "lenticular"])
    offset = field.log_sfr[forming] - main_sequence(field.log_mass[forming], field.z[forming])
    assert np.median(offset) == pytest.approx(0, abs=0.02) and offset.std() == pytest.approx(0.28, abs=0.02)
    assert (field.log_sfr - field.log_mass)[~forming].max() < -9.5
    assert main_sequence(np.array([10.5]), np.array([1.0]))[0] == pytest.approx(1.4, abs=0.2)  # 25 M☉/yr


def test_layers_do_not_overlap(population: Population) -> None:
    bright, faint = (population.draw(rng_for(2, "test"), 100, layer) for layer in (0, 1))
    assert np.median(bright.i_mag) < LAYERS[0] < np.median(faint.i_mag)
    assert np.percentile(bright.i_mag, 90) < LAYERS[0] + 1


def test_light_is_shared_between_bulge_and_disc(field: Galaxies) -> None:
    assert np.allclose(field.mags, add_magnitudes(field.disc, field.bulge))
    assert (field.bulge[field.kind == "irregular"] == 99).all()
    assert (field.disc[field.kind == "elliptical"] == 99).all()
    assert ((field.q > 0) & (field.q <= 1) & (field.r50 > 0)).all()


def test_magnitudes_of_known_spectra() -> None:
    """A flat f_ν source has colour 0 in AB; doubling the mass brightens by 0.75 mag; dust reddens and dims."""
    grid = np.linspace(300, 1800, 3000)
    flat = [Filter.named(name).magnitude(grid, grid**-2) for name in FILES]
    assert np.ptp(flat) < 0.01
    photometry = Photometry(("g", "i"))

    def mags(mass: float = 10.0, kind: float = 2.0, dust: float = 0.0, z: float = 0.4) -> np.ndarray:
        return photometry.galaxy(np.array([mass]), np.array([kind]), np.array([dust]), np.array([z]))[0]

    assert mags() - mags(10.30103) == pytest.approx([0.7526, 0.7526], abs=1e-3)
    assert mags(kind=0)[0] - mags(kind=0)[1] > mags(kind=3)[0] - mags(kind=3)[1] + 1
    assert mags(dust=0.8)[0] - mags(dust=0.8)[1] > mags()[0] - mags()[1] + 0.2
    assert calzetti(np.array([550.0]))[0] == pytest.approx(1.0, abs=0.03)


def test_quasars_are_blue_until_the_forest_takes_their_g_band() -> None:
    photometry = Photometry(("g", "r", "i"))
    near, far = photometry.quasar(20.0, 1.5)[0], photometry.quasar(20.0, 4.2)[0]
    assert near[2] == pytest.approx(20.0) and near[0] - near[1] < 0.3 < 1.0 < far[0] - far[1]


def test_lengths_at_a_distance() -> None:
    """6.1 kpc an arcsec at z = 0.5 (H0 = 70, Ωm = 0.3)."""
    assert kpc_per_arcsec(np.array([0.5]))[0] == pytest.approx(6.10, abs=0.03)


def test_stars_follow_the_locus() -> None:
    stars = draw_stars(rng_for(1, "stars"), 1200.0, ("g", "r", "i"))
    assert len(stars) == pytest.approx(1200, rel=0.1)
    g_r, r_i = stars.mags[:, 0] - stars.mags[:, 1], stars.mags[:, 1] - stars.mags[:, 2]
    assert np.corrcoef(g_r[g_r < 1.2], r_i[g_r < 1.2])[0, 1] > 0.97
    assert 1.2 < np.median(g_r[r_i > 0.8]) < 1.6  # M dwarfs pile up at one g − r
    sun = star_colours(np.array([0.57]), ("g", "r", "i"))[0]
    assert sun == pytest.approx([0.57, 0.13, 0.0], abs=0.05)


def test_groups_have_a_red_sequence_about_a_brightest_galaxy(population: Population) -> None:
    group = draw_group(rng_for(5, "group"), population, 60, 0.4)
    assert 35 < len(group) < 90 and np.abs(group.z - 0.4).max() < 0.02
    assert group.i_mag[0] == group.i_mag.min() and (group.x[0], group.y[0]) == (0.0, 0.0)
    r = np.hypot(group.x, group.y)
    assert 15 < np.median(r) < 90  # arcsec
    red = np.isin(group.kind, ["elliptical", "lenticular"]) & (group.i_mag < 22)
    assert red.sum() > 10 and (group.mags[red, 0] - group.mags[red, 1]).std() < 0.12
