"""Fine-tuning a project: folds, versions that are never mixed, and a switch that survives a power cut."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.models import read_model, read_models, weights_file
from astrotl_gui.core.progress import Cancelled, Progress
from astrotl_gui.core.ranking import order_of
from astrotl_gui.ml.encoders import file_hash, network_card
from astrotl_gui.ml.network import load_network
from astrotl_gui.pipeline.finetune import embedded
from astrotl_gui.pipeline.lists import load_inputs
from astrotl_gui.pipeline.making import find_embeddings
from astrotl_gui.pipeline.rank import rank
from astrotl_gui.pipeline.tuning import judged
from tests.pipeline.tuning_lab import CUTOUTS, Lab, lab, lab_folder

__all__ = ["lab", "lab_folder"]


def test_too_few_labels_are_counted(lab: Lab) -> None:
    few = {int(i): 1 for i in lab.catalog.ids[:4]} | {int(i): -1 for i in lab.catalog.ids[4:20]}
    with pytest.raises(AstroTLError, match="10 yes and 10 no at least; there are 4 yes and 16 no"):
        lab.tune(training={"lens": few})


def test_sources_that_are_not_embedded_are_refused(lab: Lab) -> None:
    lab.project.encoder = replace(lab.project.encoder, views=8)
    with pytest.raises(AstroTLError, match="views 1 instead of 8"):
        lab.tune()


def test_a_version_is_tuned_judged_and_kept(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    taught: list[tuple[set[int], set[int]]] = []
    true = judged.tune

    def spy(cut: Any, maps: Any, lesson: Any, *rest: Any) -> Any:
        held = {*lesson.check_yes.tolist(), *lesson.check_no.tolist()}
        taught.append((set(lesson.taught.tolist()), held))
        return true(cut, maps, lesson, *rest)

    monkeypatch.setattr(judged, "tune", spy)
    card = lab.tune(force=True)
    assert all(held and not taught & held for taught, held in taught)
    held_out = [source for _, held in taught for source in held]
    assert len(held_out) == len(set(held_out)) == len(lab.labels)  # each label is held out once
    assert card == read_model(lab.project.models_folder, 1)
    assert card.kept and card.labels == {"lens": [11, 21]} and card.parent == "as shipped"
    assert card.weights == file_hash(weights_file(lab.project.models_folder, 1))
    shipped, tuned = (load_network(network_card(lab.of(version))).state_dict() for version in (0, 1))
    changed = {name.split(".")[0] for name in shipped if not torch.equal(shipped[name], tuned[name])}
    assert changed and changed <= {"blocks", "conv_head", "bn2"}
    assert all(torch.equal(shipped[name], tuned[name]) for name in shipped if "running" in name)


def test_one_that_ranks_no_better_leaves_a_card_alone(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judged.Judged, "accepted", property(lambda self: False))
    card = lab.tune()
    assert not card.kept and not weights_file(lab.project.models_folder, card.version).exists()
    with pytest.raises(AstroTLError, match="was not kept"):
        lab.embed(1)


def test_versions_are_never_mixed_and_the_first_stays(lab: Lab) -> None:
    frozen = lab.key()
    lab.tune(force=True)
    assert lab.key() == frozen  # a new version alone changes nothing
    lab.embed(1)
    assert lab.key() == frozen
    lab.project.use_model(1)
    tuned = lab.key()
    assert tuned not in (None, frozen)
    lab.project.use_model(0)
    assert lab.key() == frozen
    folder = lab.project.embeddings_folder
    both = [find_embeddings(folder, lab.catalog, lab.mosaic, CUTOUTS, lab.of(version)) for version in (0, 1)]
    assert not np.allclose(both[0].vectors, both[1].vectors)  # type: ignore[union-attr]


def test_a_changed_file_of_weights_is_refused(lab: Lab) -> None:
    lab.tune(force=True)
    file = weights_file(lab.project.models_folder, 1)
    file.write_bytes(file.read_bytes()[:-1] + b"\0")
    with pytest.raises(AstroTLError, match="have changed"):
        lab.embed(1)
    lab.project.encoder = replace(lab.of(1), encoder="efficientnet-lite0")
    with pytest.raises(AstroTLError, match="belongs to another network"):
        network_card(lab.project.encoder)


def test_embedding_a_version_goes_on_where_it_stopped(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.tune(force=True)
    monkeypatch.setattr("astrotl_gui.pipeline.embed.SHARD", 16)

    class Stop(Progress):
        def __call__(self, done: float, total: float, text: str = "") -> None:
            if done >= 20:
                raise Cancelled

    p = lab.project
    done = (p.embeddings_folder, lab.catalog, lab.mosaic, CUTOUTS, lab.of(1))
    with pytest.raises(Cancelled):
        lab.embed(1, progress=Stop())
    assert not embedded(*done)
    lab.embed(1)
    assert embedded(*done)


@pytest.mark.parametrize("moment", ["draft", "rename", "meta", "shards", "switch", "replaced"])
def test_a_power_cut_leaves_one_version_that_ranks(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """At each moment of the way from a tuned network to a project that uses it."""
    frozen = lab.key()

    class PowerCut(BaseException):
        pass

    def cut(*_: object, **__: object) -> None:
        raise PowerCut

    true_replace = os.replace

    def after(source: Any, target: Any) -> None:
        true_replace(source, target)
        if str(target).endswith("project.toml"):
            raise PowerCut

    def go(patch: pytest.MonkeyPatch) -> None:
        if moment == "draft":
            patch.setattr("safetensors.torch.save_file", cut)
        if moment == "rename":
            patch.setattr("astrotl_gui.core.models.os.rename", cut)
        lab.tune(force=True)
        if moment == "meta":
            patch.setattr("astrotl_gui.core.embeddings.EmbeddingStore.write_meta", cut)
        if moment == "shards":
            patch.setattr("astrotl_gui.core.embeddings.EmbeddingStore.append", cut)
        lab.embed(1)
        patch.setattr("astrotl_gui.core.files.os.replace", cut if moment == "switch" else after)
        lab.project.use_model(1)

    with monkeypatch.context() as patch, pytest.raises(PowerCut):
        go(patch)
    key = lab.key()
    assert (key == frozen) == (moment != "replaced") and key is not None
    kept = [] if moment in ("draft", "rename") else [1]
    assert [card.version for card in read_models(lab.project.models_folder)] == kept


def test_it_can_be_cancelled_while_it_looks_and_in_each_fold(lab: Lab) -> None:
    for text in ("Looking", "Fold 1 of 2", "Fold 2 of 2", "Tuning on all"):

        class Stop(Progress):
            def __call__(self, done: float, total: float, said: str = "", text: str = text) -> None:
                assert done <= total
                if said.startswith(text):
                    raise Cancelled

        with pytest.raises(Cancelled):
            lab.tune(Stop(), force=True)
    assert read_models(lab.project.models_folder) == []


def test_labelled_sources_come_first(lab: Lab) -> None:
    inputs = load_inputs(lab.project.embeddings_folder, lab.catalog, lab.mosaic, CUTOUTS, lab.project.encoder)
    assert inputs is not None
    order = order_of({"lens": {5: 1, 3: -1}}, {"lens": rank(inputs, "lens", {})})
    assert order[:2] == [3, 5] and len(order) == len(set(order)) > 2
