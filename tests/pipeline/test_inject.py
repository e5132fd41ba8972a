"""Injected examples through the encoder: the same host at strength zero, stored, made again when they must."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import Embeddings, EmbeddingStore
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.injected import Injected
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.settings import CutoutSettings, EncoderSettings, InjectionSettings
from astrotl_gui.ml import encoder as encoder_module
from astrotl_gui.ml.coldstart import STAND_IN
from astrotl_gui.pipeline.embed import embed
from astrotl_gui.pipeline.inject import inject
from astrotl_gui.pipeline.injection import lens, shipped_arcs
from astrotl_gui.pipeline.injection.checked import how_many
from astrotl_gui.pipeline.injection.stored import Examples, stored_pairs
from astrotl_gui.pipeline.lists import load_inputs
from tests.pipeline.injection.small_field import SIZE, field

CUTOUTS, ONE = CutoutSettings(SIZE, 3 * SIZE), EncoderSettings(views=1, layers="last")
FEW = InjectionSettings(pairs=24, source_magnitude=(20.0, 21.0))
Made = tuple[Mosaic, Catalog, Path]


@pytest.fixture(autouse=True)
def plain_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(encoder_module.PRECISIONS, "cpu", ())
    monkeypatch.setitem(encoder_module.BATCH, "cpu", 16)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A field of sixteen galaxies, embedded."""
    folder = tmp_path_factory.mktemp("field")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(encoder_module.PRECISIONS, "cpu", ())
        patch.setitem(encoder_module.BATCH, "cpu", 16)
        mosaic, catalog = field(folder)
        embed(mosaic, catalog, folder / "embeddings", CUTOUTS, ONE, device="cpu")
    return mosaic, catalog, folder / "embeddings"


@pytest.fixture(scope="module")
def examples(made: Made) -> Examples:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(encoder_module.PRECISIONS, "cpu", ())
        patch.setitem(encoder_module.BATCH, "cpu", 16)
        return run(made)


def run(
    made: Made, settings: InjectionSettings = FEW, encoder: EncoderSettings = ONE, **options: object
) -> Examples:
    mosaic, catalog, folder = made
    return inject(mosaic, catalog, folder, CUTOUTS, encoder, settings, device="cpu", **options)  # type: ignore[arg-type]


def embeddings(made: Made, key: str) -> Embeddings:
    found = EmbeddingStore(made[2], key).load(made[1])
    assert found is not None
    return found


def auroc(positive: np.ndarray, negative: np.ndarray, groups: np.ndarray) -> float:
    """Of a logistic regression, cross-validated by hosts."""
    x = np.concatenate([positive, negative]).astype(float)
    y = np.repeat([1, 0], [len(positive), len(negative)])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=500))
    both = np.concatenate([groups, groups])
    return float(
        roc_auc_score(
            y, cross_val_predict(model, x, y, groups=both, cv=GroupKFold(5), method="decision_function")
        )
    )


@pytest.mark.parametrize("target", ["lens", "agn", "artifact"])
def test_hosts_at_strength_zero_cannot_be_told_from_untouched_cutouts(
    made: Made, examples: Examples, target: str
) -> None:
    pairs, known = examples.pairs[target], embeddings(made, examples.key)
    rows = made[1].rows_of(pairs.hosts)
    assert auroc(pairs.host_vectors, known.vectors[rows], pairs.hosts) <= 0.55
    assert auroc(pairs.host_statistics[:, :40], known.statistics[rows][:, :40], pairs.hosts) <= 0.55
    least = 0.7 if target == "artifact" else 0.9  # of seven kinds three examples each
    assert auroc(pairs.vectors, pairs.host_vectors, pairs.hosts) > least  # what is injected can be


def test_pairs_are_as_many_as_asked_with_what_was_drawn(made: Made, examples: Examples) -> None:
    lenses, nuclei = examples.pairs["lens"], examples.pairs["agn"]
    assert len(lenses) == len(nuclei) == 24
    assert lenses.vectors.shape == (24, 1280) and lenses.statistics.shape == lenses.host_statistics.shape
    assert set(lenses.hosts) <= set(made[1].ids)
    assert ((lenses.facts["magnitude"] >= 20) & (lenses.facts["magnitude"] <= 21)).all()
    assert {"einstein_radius", "colour", "magnification", "snr"} <= set(lenses.facts)
    assert len(np.unique(nuclei.facts["ratio"])) == 24  # a host used twice gets another nucleus


def test_stored_pairs_are_taken_up_and_made_again_when_deleted_damaged_or_unwanted(
    made: Made, examples: Examples
) -> None:
    again = run(made)
    assert not again.made
    assert np.array_equal(again.pairs["lens"].vectors, examples.pairs["lens"].vectors)
    file = made[2] / examples.key / "injected-agn.npz"
    for spoil in (file.unlink, lambda: file.write_bytes(b"nothing")):
        spoil()
        fresh = run(made)
        assert fresh.made
        assert np.array_equal(fresh.pairs["agn"].vectors, examples.pairs["agn"].vectors)
    other = replace(FEW, nucleus_ratio=(1.0, 2.0), pairs=20)
    assert stored_pairs(made[2], examples.key, other, made[1]) == {}
    measured = made[1].with_columns(snr=made[1].column("snr") + 1)
    assert len(stored_pairs(made[2], examples.key, FEW, made[1])) == 3
    assert stored_pairs(made[2], examples.key, FEW, measured) == {}  # as many sources, but others
    ratio = run(made, other, targets=("agn",)).pairs["agn"].facts["ratio"]
    assert len(ratio) == 20 and ratio.min() >= 1 and ratio.max() <= 2
    assert run(made).made  # back to the first settings


def test_the_lists_learn_from_them(made: Made, examples: Examples) -> None:
    mosaic, catalog, folder = made
    run(made)
    with_pairs = load_inputs(folder, catalog, mosaic, CUTOUTS, ONE, injection=FEW)
    without = load_inputs(folder, catalog, mosaic, CUTOUTS, ONE, injection=replace(FEW, seed=9))
    assert with_pairs is not None and without is not None
    for target, differs in (("lens", True), ("agn", True), ("artifact", True), ("outlier", False)):
        assert (not np.array_equal(with_pairs.cold[target], without.cold[target])) == differs
        assert ((with_pairs.cold[target] > 0) & (with_pairs.cold[target] < 1)).all()


def test_likely_artifacts_are_those_of_the_signs_whatever_was_injected(
    made: Made, examples: Examples
) -> None:
    run(made)
    inputs = load_inputs(made[2], made[1], made[0], CUTOUTS, ONE, injection=FEW)
    without = load_inputs(made[2], made[1], made[0], CUTOUTS, ONE, injection=replace(FEW, seed=9))
    assert inputs is not None and without is not None
    assert np.array_equal(inputs.artifact_signs, without.artifact_signs)
    assert "Like the injected examples" in inputs.cold_parts["artifact"]


def test_a_small_field_gets_fewer_pairs_and_what_was_asked_for_is_kept() -> None:
    assert [how_many(InjectionSettings(), sources) for sources in (16, 146, 600, 10**6)] == [20, 29, 100, 100]
    assert how_many(InjectionSettings(pairs=500), 16) == 500


def test_zooms_see_the_same_object(made: Made) -> None:
    zoomed = replace(ONE, zooms=(1.0, 0.5))
    embed(made[0], made[1], made[2], CUTOUTS, zoomed, device="cpu")
    pairs = run(made, replace(FEW, pairs=20), zoomed, targets=("agn",)).pairs["agn"]
    known = embeddings(made, run(made, replace(FEW, pairs=20), zoomed, targets=("agn",)).key)
    assert pairs.vectors.shape == (20, 2560)
    assert pairs.host_vectors == pytest.approx(known.vectors[made[1].rows_of(pairs.hosts)], abs=0.05)


def test_a_field_without_hosts_has_no_pairs_and_says_so(tmp_path: Path) -> None:
    mosaic, catalog = field(tmp_path, hosts=4)
    stars = catalog.with_columns(r50=np.full(4, 0.3))
    embed(mosaic, stars, tmp_path / "e", CUTOUTS, ONE, device="cpu")
    examples = run((mosaic, stars, tmp_path / "e"))
    assert [len(pairs) for pairs in examples.pairs.values()] == [0, 0, 24]
    assert "No source is fit to be a host" in examples.pairs["lens"].notes[-1]
    assert not run((mosaic, stars, tmp_path / "e")).made
    inputs = load_inputs(tmp_path / "e", stars, mosaic, CUTOUTS, ONE, injection=FEW)
    assert inputs is not None and len(inputs.cold["lens"]) == 4


def test_a_single_band_without_zero_point_gain_or_psf_gets_examples(tmp_path: Path) -> None:
    mosaic, catalog = field(tmp_path, bands="g", zeropoint=None, gain=None, fwhm=None)
    embed(mosaic, catalog, tmp_path / "e", CUTOUTS, ONE, device="cpu")
    pairs = run((mosaic, catalog, tmp_path / "e"), InjectionSettings(pairs=20)).pairs["lens"]
    assert len(pairs) == 20 and len(pairs.notes) == 3
    assert (pairs.facts["snr"] > 0).all()


def test_without_embeddings_it_says_what_to_do_first(made: Made, tmp_path: Path) -> None:
    with pytest.raises(AstroTLError, match="astrotl embed first"):
        run((made[0], made[1], tmp_path / "nothing"))


def test_without_the_ray_tracer_shipped_arcs_move_the_hosts_embeddings(
    made: Made, examples: Examples, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lens, "can_trace", lambda: False)
    pairs = run(made).pairs["lens"]
    assert len(pairs) == 24 and np.isnan(pairs.statistics).all()
    assert "arcs that come with AstroTL" in pairs.notes[0] and "extra: inject" in pairs.notes[0]
    known = embeddings(made, examples.key)
    assert np.array_equal(pairs.host_vectors, known.vectors[made[1].rows_of(pairs.hosts)])
    inputs = load_inputs(made[2], made[1], made[0], CUTOUTS, ONE, injection=FEW)
    assert inputs is not None and not pairs.drawn and examples.pairs["lens"].drawn
    said = inputs.cold_parts["lens"]["Like the injected examples"].max()
    assert said == pytest.approx(STAND_IN * np.log(2 * len(inputs.ids)), rel=0.05)
    monkeypatch.setattr(shipped_arcs, "shipped", lambda made: None)
    (made[2] / examples.key / "injected-lens.npz").unlink()
    none = run(made).pairs["lens"]
    assert len(none) == 0 and "formula alone" in none.notes[0]
    monkeypatch.undo()
    assert run(made).made  # the library is back


def test_shipped_arcs_serve_only_the_encoder_they_were_made_with(
    made: Made, examples: Examples, tmp_path: Path
) -> None:
    making = EmbeddingStore(made[2], examples.key).meta()["making"]
    file = tmp_path / "p.npz"
    shipped_arcs.write_shipped(file, run(made).pairs["lens"], embeddings(made, examples.key), 8)
    shifts = shipped_arcs.shipped(making, file)
    assert shifts is not None and shifts.shape == (8, 1280)
    assert shipped_arcs.shipped({**making, "recipe": "ulisse"}, file) is None
    assert shipped_arcs.shipped({**making, "layers": "2,3"}, file) is None
    assert shipped_arcs.shipped({**making, "layers": "2,last"}, file) is not None
    assert shipped_arcs.shipped(making, tmp_path / "none.npz") is None
    assert shipped_arcs.shipped(making) is not None  # those that come with AstroTL


def test_pairs_survive_the_disk(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    one = Injected(
        "lens", np.arange(3), *(rng.normal(size=(3, 4)).astype(np.float16) for _ in range(2)),
        *(rng.normal(size=(3, 2)).astype(np.float32) for _ in range(2)), {"snr": np.array([1.0, 2.0, 3.0])},
        {"pairs": 3}, ("a note",),
    )  # fmt: skip
    one.write(tmp_path)
    read = Injected.read(tmp_path, "lens")
    assert read is not None and read.making == {"pairs": 3} and read.notes == ("a note",)
    assert np.array_equal(read.facts["snr"], one.facts["snr"])
    for name in ("hosts", "vectors", "host_vectors", "statistics", "host_statistics"):
        assert np.array_equal(getattr(read, name), getattr(one, name))
    assert Injected.read(tmp_path, "agn") is None
