"""The tuned loop: ours until labels are enough, then what the gate chose, decided once a start."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.settings import TuningSettings
from astrotl_gui.pipeline.evaluation import tuned as module
from astrotl_gui.pipeline.evaluation.folder import read_folder
from astrotl_gui.pipeline.evaluation.labelled_set import LabelledSet
from astrotl_gui.pipeline.evaluation.methods import chosen
from astrotl_gui.pipeline.tuning import judged


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> LabelledSet:
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("labelled") / "set"
    (folder / "images").mkdir(parents=True)
    rows = ["filename,label"]
    for k in range(24):
        Image.fromarray(rng.integers(0, 80, (32, 32, 3), np.uint8)).save(folder / "images" / f"{k}.png")
        rows.append(f"{k}.png,{'anomaly' if k % 2 else 'normal'}")
    (folder / "truth.csv").write_text("\n".join(rows))
    with pytest.MonkeyPatch.context() as patch:
        cache = folder.parent / "cache"
        patch.setattr("astrotl_gui.pipeline.evaluation.folder.cache_folder", lambda: cache)
        return read_folder(folder, views=1, device="cpu")


def test_it_is_ours_unless_the_gate_accepts(labelled: LabelledSet, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = TuningSettings(folds=2, epochs=1, batch=6, turns=1)
    monkeypatch.setattr(module, "TuningSettings", lambda: quick)
    method, ours = chosen(["tuned"])["tuned"](labelled), chosen(["ours"])["ours"](labelled)
    few = {row: 1 if row % 2 else -1 for row in range(10)}
    many = {row: 1 if row % 2 else -1 for row in range(22)}
    np.testing.assert_array_equal(method.scores(few, 0), ours.scores(few, 0))
    monkeypatch.setattr(judged.Judged, "accepted", property(lambda self: False))
    np.testing.assert_array_equal(method.scores(many, 0), ours.scores(many, 0))
    monkeypatch.setattr(judged.Judged, "accepted", property(lambda self: True))
    np.testing.assert_array_equal(method.scores(many, 0), ours.scores(many, 0))  # decided for this start
    after = method.scores(many, 1)
    assert after.shape == (24,) and not np.allclose(after, ours.scores(many, 1))


def test_it_takes_pictures_and_has_to_be_named(labelled: LabelledSet) -> None:
    assert "tuned" not in chosen(())
    bare = LabelledSet("project", labelled.positive, labelled.catalog, labelled.embeddings)
    with pytest.raises(AstroTLError, match="evaluated on pictures"):
        chosen(["tuned"])["tuned"](bare)
