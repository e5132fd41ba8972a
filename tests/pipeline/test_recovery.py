"""Objects drawn apart, and where they stand in the list."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.settings import ARTIFACT_KINDS, CutoutSettings, EncoderSettings, InjectionSettings
from astrotl_gui.ml import encoder as encoder_module
from astrotl_gui.pipeline import recovery as module
from astrotl_gui.pipeline.completeness_plot import write_recovery
from astrotl_gui.pipeline.embed import embed
from astrotl_gui.pipeline.inject import inject
from astrotl_gui.pipeline.recovery import QUANTITIES, Recovery, recover
from tests.pipeline.injection.small_field import SIZE, field

CUTOUTS, ONE = CutoutSettings(SIZE, 3 * SIZE), EncoderSettings(views=1, layers="last")
FEW = InjectionSettings(pairs=24, source_magnitude=(20.0, 21.0))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory):
    """A field of sixteen galaxies, embedded, with the examples that its lists learn from."""
    folder = tmp_path_factory.mktemp("field")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(encoder_module.PRECISIONS, "cpu", ())
        patch.setitem(encoder_module.BATCH, "cpu", 16)
        mosaic, catalog = field(folder)
        embed(mosaic, catalog, folder / "embeddings", CUTOUTS, ONE, device="cpu")
        inject(mosaic, catalog, folder / "embeddings", CUTOUTS, ONE, FEW, device="cpu", targets=("lens",))
        yield mosaic, catalog, folder / "embeddings"


def run(made, labels: dict[int, int], target: str = "lens") -> Recovery:
    return recover(*made, CUTOUTS, ONE, FEW, target, labels, 24, device="cpu")


def test_bright_lenses_come_before_the_galaxies_they_are_drawn_into(
    made, tmp_path: Path, monkeypatch
) -> None:
    found = run(made, {})
    assert len(found.ranks) == 24 and found.sources == 16
    assert ((found.ranks >= 1) & (found.ranks <= 17)).all()
    assert np.median(found.ranks) <= 4
    before = {path.name: path.stat().st_mtime_ns for path in made[2].glob("*/*.npz")}
    assert any("recovery-lens" in name for name in before)
    monkeypatch.setattr(module, "draw_apart", None)  # kept: only ranked anew
    host = int(made[1].ids[int(np.argmin(found.facts["snr"])) % 16])
    again = run(made, {host: -1})
    assert len(again.ranks) <= 24 and again.model.startswith("gp")
    assert before == {path.name: path.stat().st_mtime_ns for path in made[2].glob("*/*.npz")}
    write_recovery(tmp_path / "plot.png", found, "field", 4)
    assert (tmp_path / "plot.png").stat().st_size > 5_000


def test_artifacts_are_told_by_kind_and_brightness(made, tmp_path: Path) -> None:
    found = run(made, {}, "artifact")
    kinds, strength = (found.by(name, top=4) for name in QUANTITIES["artifact"])
    assert len(found.ranks) == kinds.count.sum() == strength.count.sum() == 24
    assert kinds.found.sum() == strength.found.sum() == found.found(4).sum()
    assert strength.low[0] > 4 and strength.high[-1] < 101
    for k, name in enumerate(kinds.kinds):
        mine = found.facts["kind"] == list(ARTIFACT_KINDS.values()).index(name)
        assert kinds.count[k] == mine.sum() > 0 and kinds.found[k] == (found.ranks[mine] <= 4).sum()
        interval = binomtest(int(kinds.found[k]), int(kinds.count[k])).proportion_ci(0.95, "exact")
        assert (kinds.least[k], kinds.most[k]) == pytest.approx((interval.low, interval.high))
    assert any("they were drawn over" in note for note in found.notes)
    write_recovery(tmp_path / "plot.svg", found, "field", 4)
    drawn = (tmp_path / "plot.svg").read_text()
    assert all(f"<!-- {name} -->" in drawn for name in kinds.kinds)


def test_what_cannot_be_drawn_is_said(made) -> None:
    with pytest.raises(AstroTLError, match="only lens, agn, artifact can be drawn"):
        run(made, {}, "outlier")
    with pytest.raises(AstroTLError, match="not embedded"):
        recover(*made[:2], made[2] / "none", CUTOUTS, ONE, FEW, "lens", {}, 24, device="cpu")


def test_shares_and_their_intervals_are_counted_by_hand() -> None:
    magnitude = np.array([20.0, 25, 21, 24, 22, np.nan, 23, 26])
    made = Recovery("lens", np.array([1, 900, 2, 100, 5, 7, 101, 500]), {"magnitude": magnitude}, 1_000, "gp")
    told = made.by("magnitude", top=100, bins=2)
    assert (told.low.tolist(), told.high.tolist()) == ([20, 24], [23, 26])
    assert (told.count.tolist(), told.found.tolist()) == ([4, 3], [3, 1])
    for k, (hits, n) in enumerate(((3, 4), (1, 3))):
        expected = binomtest(hits, n).proportion_ci(0.95, "exact")
        assert (told.least[k], told.most[k]) == pytest.approx((expected.low, expected.high))
    whole = made.whole(top=1_000)
    assert (whole.count[0], whole.found[0], whole.most[0]) == (8, 8, 1.0)
    assert replace(made, ranks=made.ranks + 1_000).whole().least[0] == 0
