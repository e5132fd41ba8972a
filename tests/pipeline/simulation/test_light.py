"""Light: what is drawn arrives where it belongs and none of it is lost on the way through the PSF."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import galsim
import numpy as np
import pytest

from astrotl_gui.pipeline.simulation import agn, lenses, peculiar
from astrotl_gui.pipeline.simulation.camera import GROUND, SPACE, Camera, rng_for
from astrotl_gui.pipeline.simulation.canvas import Canvas
from astrotl_gui.pipeline.simulation.population import Galaxies, Population, add_magnitudes
from astrotl_gui.pipeline.simulation.profiles import counts, draw_galaxies, sersic
from astrotl_gui.pipeline.simulation.psf import REACH, Psf
from astrotl_gui.pipeline.simulation.spectra import Photometry
from astrotl_gui.pipeline.simulation.stars import draw_star

SIZE = 400
BANDS = ("g", "r", "i")


@pytest.fixture(scope="module")
def population() -> Population:
    return Population(Photometry(BANDS))


def empty(camera: Camera = GROUND, bands: tuple[str, ...] = BANDS) -> Canvas:
    camera = camera.with_bands(bands)
    psfs = [Psf(camera, band, (SIZE, SIZE), 1) for band in camera.bands]
    return Canvas(camera, psfs, (-REACH, -REACH, SIZE + REACH, SIZE + REACH))


def arcsec(canvas: Canvas, px: float) -> float:
    return (px + 0.5) * canvas.camera.pixel_scale


def centroid(image: np.ndarray) -> tuple[float, float]:
    """(x, y) [px] of the light within 5 px of the middle pixel's neighbourhood."""
    rows, columns = np.indices(image.shape) - REACH
    near = np.hypot(columns - 200.3, rows - 199.6) < 7
    return float((columns * image)[near].sum() / image[near].sum()), float(
        (rows * image)[near].sum() / image[near].sum()
    )


def galaxy(population: Population, **values: object) -> Galaxies:
    """One galaxy with some properties set, at (200.3, 199.6) px."""
    made = population.make(rng_for(1, "galaxy"), np.array([0.3]), np.array([10.5]), np.array([False]))
    shown = {name: np.array([value]) for name, value in values.items()}
    return replace(made, x=np.array([200.8 * 0.2]), y=np.array([200.1 * 0.2]), **shown)  # type: ignore[arg-type]


SMOOTH = {"kind": "lenticular", "disc": [20.0, 19.0, 18.5], "bulge": [99.0, 99.0, 99.0], "r50": 1.0, "q": 0.6}
SPHEROID = {"kind": "elliptical", "disc": [99.0, 99.0, 99.0], "bulge": [20.0, 19.0, 18.5], "bulge_r50": 0.8,
            "bulge_n": 4.0, "bulge_q": 0.8, "bulge_share": 1.0}  # fmt: skip
SPIRAL = {"kind": "spiral", "disc": [19.0, 18.5, 18.0], "bulge": [22.0, 21.0, 20.0], "r50": 2.5, "q": 0.7}
IRREGULAR = {**SPIRAL, "kind": "irregular"}
FAINT = {"kind": "irregular", "disc": [26.0, 25.9, 25.8], "bulge": [99.0, 99.0, 99.0], "r50": 0.3, "q": 0.7}


@pytest.mark.parametrize(
    "values",
    [SMOOTH, SPHEROID, SPIRAL, IRREGULAR, FAINT],
    ids=["smooth", "spheroid", "spiral", "irregular", "faint"],
)
def test_galaxies_keep_their_light_through_the_psf(population: Population, values: dict[str, object]) -> None:
    canvas, one = empty(), galaxy(population, **values)
    draw_galaxies(canvas, one)
    expected = counts(canvas, one.mags[0])
    for k in range(3):
        assert canvas.observed(k).sum() == pytest.approx(expected[k], rel=0.01), k


def test_the_largest_galaxies_need_no_enormous_transforms(population: Population) -> None:
    """A giant next door, in both kinds, keeps its light without warnings (which are errors here)."""
    disc, bulge = [12.5, 12.0, 11.5], [13.0, 12.0, 11.5]
    sizes = {"r50": 25.0, "bulge_r50": 20.0, "bulge_n": 5.0, "q": 0.8}
    for kind in ("spiral", "lenticular"):
        canvas = empty()
        draw_galaxies(canvas, galaxy(population, kind=kind, disc=disc, bulge=bulge, **sizes))
        whole = add_magnitudes(np.array(disc), np.array(bulge))
        inside = canvas.observed(1).sum() / counts(canvas, whole)[1]
        assert 0.5 < inside < 1.0


@pytest.mark.parametrize("values", [SMOOTH, SPHEROID], ids=["disc", "spheroid"])
def test_galaxies_lie_where_they_should(population: Population, values: dict[str, object]) -> None:
    canvas = empty()
    draw_galaxies(canvas, galaxy(population, **values))
    x, y = centroid(canvas.observed(1))
    assert abs(x - 200.3) < 0.05 and abs(y - 199.6) < 0.05


@pytest.mark.parametrize("mag", [22.0, 17.5, 15.0])
def test_stars_keep_their_light_and_place(mag: float) -> None:
    """Faint ones and bright ones, which are drawn in different ways, through the same PSF."""
    canvas = empty(replace(GROUND, spikes=0.0))
    draw_star(canvas, 200.8 * 0.2, 200.1 * 0.2, np.full(3, mag))
    image = canvas.observed(1)
    x, y = centroid(image)
    assert abs(x - 200.3) < 0.05 and abs(y - 199.6) < 0.05
    assert image.sum() == pytest.approx(float(canvas.camera.bands[1].counts(mag)), rel=0.01)
    psf = canvas.psfs[1].image(20)
    peak = float(psf.max()) * float(canvas.camera.bands[1].counts(mag))
    assert image.max() == pytest.approx(peak, rel=0.1)  # the peak depends on the place within the pixel


@pytest.mark.parametrize(("q", "theta"), [(0.4, 0.0), (0.6, 1.0), (0.9, 2.5)])
@pytest.mark.parametrize("n", [1.0, 2.5, 4.0])
def test_sersic_profiles_have_half_their_light_inside(n: float, q: float, theta: float) -> None:
    """r50 is the semi-major axis of the ellipse that holds half of the light; the axis turns by theta from +x."""
    image = sersic(n, 2.0, q, theta).drawImage(nx=401, ny=401, scale=0.1).array
    dy, dx = (np.indices(image.shape) - 200) * 0.1
    u, v = dx * np.cos(theta) + dy * np.sin(theta), (dy * np.cos(theta) - dx * np.sin(theta)) / q
    assert image[np.hypot(u, v) < 2.0].sum() / image.sum() == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("camera", [GROUND, SPACE], ids=["ground", "space"])
def test_psf_has_the_width_it_says(camera: Camera) -> None:
    band = camera.bands[1]
    psf = Psf(camera, band, (1000, 1000), 3)
    image = psf.image(20)
    assert image.sum() == pytest.approx(1)
    width = galsim.Image(image.copy(), scale=camera.pixel_scale).calculateFWHM()
    pixel = camera.pixel_scale
    assert band.fwhm < width < np.hypot(band.fwhm, 1.2 * pixel) + 0.3 * pixel


def test_psf_leans_a_little_and_smoothly() -> None:
    psf = Psf(GROUND, GROUND.bands[2], (1000, 1000), 3)
    shapes = {}
    for x, y in ((0, 0), (10, 0), (999, 999)):
        image = psf.point(x, y).drawImage(nx=41, ny=41, scale=0.2, method="no_pixel")
        shapes[x, y] = galsim.hsm.FindAdaptiveMom(image).observed_shape
        assert abs(shapes[x, y].g) < 0.04
    assert abs(shapes[0, 0].g1 - shapes[10, 0].g1) < 0.001 < abs(shapes[0, 0].g1 - shapes[999, 999].g1)


def test_tiles_meet_without_a_seam(population: Population) -> None:
    """The same light, drawn on one canvas and on two halves of it."""
    whole, galaxies = empty(), population.draw(rng_for(2, "seam"), 3.0, 0)
    rng = rng_for(2, "places")
    galaxies.x, galaxies.y = rng.uniform(0, SIZE * 0.2, (2, len(galaxies)))
    draw_galaxies(whole, galaxies)
    left = Canvas(whole.camera, whole.psfs, (-REACH, -REACH, 200 + REACH, SIZE + REACH))
    right = Canvas(whole.camera, whole.psfs, (200 - REACH, -REACH, SIZE + REACH, SIZE + REACH))
    for half in (left, right):
        draw_galaxies(half, galaxies)
    for k, noise in enumerate(whole.noise):
        inner = slice(REACH, -REACH)
        joined = np.hstack([half.observed(k)[inner, inner] for half in (left, right)])
        assert np.abs(joined - whole.observed(k)[inner, inner]).max() < 0.05 * noise


def made_lens(population: Population) -> object:
    return lenses.draw_lens(rng_for(8, "light"), population, 0)


def made_quasar(population: Population) -> object:
    return agn.draw_quasar(rng_for(8, "light"), population)


def made_merger(population: Population) -> object:
    return peculiar.draw_peculiar(rng_for(8, "light"), population, 0)


@pytest.mark.parametrize("make", [made_lens, made_quasar, made_merger])
def test_rare_objects_shine_as_their_truth_says(
    population: Population, make: Callable[[Population], object]
) -> None:
    canvas, rare = empty(), make(population)
    values = replace(rare, x=40.0, y=40.0).draw(canvas)  # type: ignore[type-var, attr-defined]
    expected = counts(canvas, values["mags"])
    for k in range(3):
        assert canvas.observed(k).sum() == pytest.approx(expected[k], rel=0.02), k
