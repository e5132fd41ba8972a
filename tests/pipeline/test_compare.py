"""Two descriptions side by side: alike skies agree, unlike ones are told apart, and only over what both show."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.settings import DetectionSettings
from astrotl_gui.pipeline.compare import Comparison, Pair, PairedDistribution, compare
from astrotl_gui.pipeline.describe import describe
from astrotl_gui.pipeline.description.numbers import Description
from astrotl_gui.pipeline.description.output import table, write
from astrotl_gui.pipeline.description.report import markdown, text
from tests.pipeline.injected import Injected, draw, mosaic, tan, write_band
from tests.pipeline.test_describe import crowd, sky

SIDE = 700


def field(folder: Path, seed: int, size: float = 1.0, sigma: float = 1.0, share: float = 0.6) -> Mosaic:
    """Two bands of a random field; galaxies `size` times as large, g fainter than r by the factor `share`."""
    folder.mkdir(exist_ok=True)
    sources, bands = crowd(seed, SIDE, 540, size), []
    for name, flux in (("g", share), ("r", 1.0)):
        image = sky(SIDE, 10, sigma, seed=10 * seed + len(bands))
        draw(image, sources, flux)
        bands.append(write_band(folder, name, image, tan(image.shape)))
    return mosaic(*bands, reference="r")


def described(one: Mosaic) -> Description:
    return describe(one, None, DetectionSettings())


@pytest.fixture(scope="module")
def skies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Description]:
    """The same kind of sky twice, with galaxies twice as large, with other colours, and shallower."""
    folder = tmp_path_factory.mktemp("skies")
    return {
        "one": described(field(folder / "one", 1)),
        "other": described(field(folder / "other", 2)),
        "large": described(field(folder / "large", 3, size=1.7)),
        "red": described(field(folder / "red", 4, share=0.4)),
        "shallow": described(field(folder / "shallow", 5, sigma=6.0)),
    }


def number(both: Comparison, part: str, name: str) -> Pair:
    return next(pair for pair in both.numbers if (pair.part, pair.name) == (part, name))


def spread(both: Comparison, name: str) -> PairedDistribution:
    return next(d for d in both.distributions if d.name == name)


def test_a_sky_is_like_itself(skies: dict[str, Description]) -> None:
    both = compare(skies["one"], skies["one"])
    assert all(d.ks == 0 and d.p == 1 for d in both.distributions)
    assert both.total is not None and both.total.ratio == 1
    for pair in both.numbers:
        same = 1 if pair.compared == "ratio" else 0
        assert all(change in (None, same) for change in pair.changes)


def test_alike_skies_agree(skies: dict[str, Description]) -> None:
    both = compare(skies["one"], skies["other"])
    for d in both.distributions:
        assert d.ks is not None and d.p is not None
        assert d.ks < 0.15 and d.p > 0.01, d.name
        assert min(d.counts) > 100
    assert both.total is not None and both.total.ratio is not None and both.total.error is not None
    assert abs(both.total.ratio - 1) < 3 * both.total.error
    (change,) = number(both, "r", "sky σ per pixel").changes
    assert change == pytest.approx(1, rel=0.02)


def test_larger_galaxies_and_other_colours_are_noticed(skies: dict[str, Description]) -> None:
    large = spread(compare(skies["one"], skies["large"]), "half-light radius")
    assert large.p is not None and large.p < 1e-6
    assert large.second[2] / large.first[2] > 1.3  # type: ignore[operator]
    red = compare(skies["one"], skies["red"])
    colour = spread(red, "g − r")
    assert colour.p is not None and colour.p < 1e-6
    shift = colour.second[2] - colour.first[2]  # type: ignore[operator]
    assert shift == pytest.approx(2.5 * np.log10(0.6 / 0.4), abs=0.03)
    radius = spread(red, "half-light radius").p
    assert radius is not None and radius > 0.01


def test_only_magnitudes_that_both_show_are_compared(skies: dict[str, Description]) -> None:
    deep, shallow = skies["one"], skies["shallow"]
    both = compare(deep, shallow)
    assert both.magnitudes is not None
    bright, faint = both.magnitudes
    assert faint == shallow.sources.turnover
    assert bright == max(deep.sample.mag.min(), shallow.sample.mag.min())
    assert deep.sources.count > 1.3 * shallow.sources.count
    assert both.total is not None and both.total.ratio is not None and both.total.error is not None
    assert abs(both.total.ratio - 1) < 3 * both.total.error, "not for the sources that only one can show"
    (depth,) = number(both, "r", "sky σ, surface brightness").changes
    assert depth == pytest.approx(-2.5 * np.log10(6), abs=0.05)


def test_bands_of_one_side_have_no_change(skies: dict[str, Description], tmp_path: Path) -> None:
    image = sky(300, 10, 1)
    draw(image, Injected.grid(300, 60, 9000, 2, 2))
    alone = described(mosaic(write_band(tmp_path, "K", image, None, zeropoint=None), pixel_scale=1.0))
    both = compare(skies["one"], alone)
    assert {pair.part for pair in both.numbers} == {"g", "r", "K", "sources"}
    sigma = number(both, "K", "sky σ per pixel")
    assert sigma.first == (None,) and sigma.second[0] is not None and sigma.changes == (None,)
    assert both.magnitudes is None and both.total is None and both.counts == ()
    assert {d.name for d in both.distributions} >= {"half-light radius", "ellipticity"}
    assert "sources, all" in text(both)


def test_units_that_differ_are_not_set_against_each_other(tmp_path: Path) -> None:
    image = sky(300, 10, 1)
    spec = write_band(tmp_path, "r", image, tan(image.shape), zeropoint=25.0)
    other = write_band(tmp_path, "r", 10 * image, tan(image.shape), zeropoint=27.5)
    both = compare(described(mosaic(spec)), described(mosaic(other)))
    assert number(both, "r", "sky σ per pixel").changes == (None,)
    assert number(both, "r", "sky σ per pixel").unit == "AB 25.00 units | AB 27.50 units"


def test_text_and_files(skies: dict[str, Description], tmp_path: Path) -> None:
    both = compare(skies["one"], skies["large"])
    for found in (skies["one"], both):
        shown = text(found)
        assert "sky σ, surface brightness [mag/″²]" in shown
        assert "noise correlation along x, 1 2 3 px" in shown
        assert " -" not in shown and "nan" not in shown, "a minus is −, and what is not known –"
        assert not any(line != line.rstrip() for line in shown.splitlines())
        assert markdown(found).count("\n## ") >= 3
        json.dumps(found.to_dict(), allow_nan=False)
        for suffix in ("ecsv", "csv", "fits", "vot", "parquet", "md", "json"):
            write(tmp_path / f"found.{suffix}", found, found.to_dict())
        again = Table.read(tmp_path / "found.ecsv")
        assert len(again) == len(table(found))
        assert json.loads((tmp_path / "found.json").read_text()) == json.loads(json.dumps(found.to_dict()))
    row = again[(again["part"] == "sources") & (again["quantity"] == "half-light radius, 50 %")][0]
    assert row["second"] > 1.3 * row["first"] and row["p"] < 1e-6
    with pytest.raises(AstroTLError, match=r"\.ecsv"):
        write(tmp_path / "found.docx", both, {})
