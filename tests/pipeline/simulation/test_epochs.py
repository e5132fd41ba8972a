"""Visits: the problems are real, sources vary as the table says, and all else stays as it is."""

from __future__ import annotations

import galsim
import numpy as np
import pytest

from astrotl_gui.pipeline.simulation import epochs
from astrotl_gui.pipeline.simulation.camera import GROUND
from astrotl_gui.pipeline.simulation.epochs import Light, Visit
from astrotl_gui.pipeline.simulation.observation import Observation
from astrotl_gui.pipeline.simulation.psf import Psf

I_BAND = GROUND.with_bands(("i",))
SHAPE = (300, 300)
DEEP = Observation(1, SHAPE, I_BAND)


def test_a_plan_has_every_problem_and_more_good_visits() -> None:
    visits = epochs.plan(3, 16)
    problems = [visit.problem for visit in visits]
    assert set(problems) == {"", *epochs.PROBLEMS} and problems.count("") > 8
    dates = [visit.mjd for visit in visits]
    assert dates == sorted(dates) and len(set(dates)) == 16
    assert epochs.plan(3, 16) == visits and epochs.plan(4, 16) != visits
    assert epochs.plan(3, 0) == [] and [v.problem for v in epochs.plan(3, 2)] == ["", ""]


def visit(problem: str = "") -> Visit:
    return Visit(2, 60010.0, 1.0, 1.0, (3.3, -2.6), problem=problem)  # type: ignore[arg-type]


def psf_image(one: Visit) -> galsim.Image:
    seen = epochs.observe(DEEP, "i", one, 10)
    core = seen.psfs[0].point(150, 150)
    return core.drawImage(nx=61, ny=61, scale=I_BAND.pixel_scale, method="no_pixel")


def test_defocus_widens_and_trailing_stretches_the_psf() -> None:
    good, defocused, trailed = (psf_image(visit(problem)) for problem in ("", "defocused", "trailed"))
    assert defocused.calculateFWHM() > 1.5 * good.calculateFWHM()
    shape = galsim.hsm.FindAdaptiveMom(trailed).observed_shape
    assert shape.g > 0.3 > 0.05 > galsim.hsm.FindAdaptiveMom(good).observed_shape.g


def test_cloud_dims_everything_and_offsets_move_it() -> None:
    """Noise-free light of a visit against that of a visit without cloud."""
    clear = epochs.observe(DEEP, "i", visit(), 10)
    cloudy = Visit(2, 60010.0, 1.0, 0.4, (3.3, -2.6))
    dim = epochs.observe(DEEP, "i", cloudy, 10)
    images = []
    for seen in (clear, dim):
        canvas = seen.canvas((0, 0, 300, 300))
        list(seen._draw(canvas, (0, 0, 300, 300)))
        images.append(canvas.observed(0))
    assert images[1].sum() == pytest.approx(0.4 * images[0].sum(), rel=0.01)
    at = clear.canvas((0, 0, 300, 300)).pixel(30.0, 30.0)
    assert at == pytest.approx((30 / 0.2 - 0.5 + 3.3, 30 / 0.2 - 0.5 - 2.6))


def test_visits_together_are_as_deep_as_the_stack() -> None:
    seen = epochs.observe(DEEP, "i", visit(), 16)
    (one,), (deep,) = seen.camera.bands, I_BAND.bands
    assert one.depth == pytest.approx(deep.depth - 1.25 * np.log10(16))
    assert one.noise(0.2) == pytest.approx(4 * deep.noise(0.2)) and one.gain == pytest.approx(deep.gain / 16)


def test_nuclei_wander_and_most_stars_do_not() -> None:
    days = np.arange(0, 400, 2.0)
    walk = np.array([Light(epochs.FIRST_NIGHT + day)(12345, "agn") for day in days])
    assert 0.03 < walk.std() < 0.8
    assert np.abs(np.diff(walk)).mean() < 0.5 * walk.std()  # it wanders, it does not jump
    constant = [Light(60000.0)(seed, "star") == Light(60003.7)(seed, "star") for seed in range(400)]
    assert 0.93 < np.mean(constant) < 0.995
    assert Light(60000.0)(1, "galaxy") == 0


def test_the_header_of_a_shifted_visit_is_wrong_by_what_the_plan_says() -> None:
    shifted = [v for v in epochs.plan(3, 16) if v.problem == "shifted"]
    assert shifted and all(3.9 < np.hypot(*v.header_error) < 12.1 for v in shifted)
    assert all(v.header_error == (0.0, 0.0) for v in epochs.plan(3, 16) if v.problem != "shifted")


def test_psf_of_a_visit_is_that_of_its_seeing() -> None:
    poor = epochs.observe(DEEP, "i", Visit(0, 60000.0, 1.4, 1.0, (0.0, 0.0)), 5)
    assert poor.camera.bands[0].fwhm == pytest.approx(1.4 * I_BAND.bands[0].fwhm)
    assert isinstance(poor.psfs[0], Psf) and psf_image(visit()).calculateFWHM() < 1.3 * I_BAND.bands[0].fwhm
