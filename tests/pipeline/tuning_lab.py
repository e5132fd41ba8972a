"""A project to fine-tune: forty sources, embedded once by a tiny network, with labels enough of one list."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import Progress
from astrotl_gui.core.project import Project
from astrotl_gui.core.settings import CutoutSettings, DetectionSettings, EncoderSettings, TuningSettings
from astrotl_gui.ml.encoders import Card, encoders_folder, file_hash
from astrotl_gui.pipeline.embed import embed
from astrotl_gui.pipeline.finetune import embed_version, fine_tune
from astrotl_gui.pipeline.lists import load_inputs
from astrotl_gui.pipeline.rank import rank
from tests.pipeline.small_sky import make_sky

NAME = "small"
QUICK = TuningSettings(folds=2, epochs=1, batch=6, unlabelled=6, turns=1)
CUTOUTS = CutoutSettings(size=8.0, context=24.0)


@dataclass
class Lab:
    project: Project
    mosaic: Mosaic
    catalog: Catalog

    @property
    def labels(self) -> dict[int, int]:
        return {int(i): 1 if k % 3 == 0 else -1 for k, i in enumerate(self.catalog.ids[:32])}

    def tune(self, progress: Progress | None = None, **changed: Any) -> Any:
        p = self.project
        training: Mapping[str, Mapping[int, int]] = changed.pop("training", {"lens": self.labels})
        return fine_tune(
            self.mosaic, self.catalog, p.embeddings_folder, p.models_folder, p.cutouts, p.encoder, "lens",
            training, QUICK, device="cpu", progress=progress or Progress(), **changed,
        )  # fmt: skip

    def of(self, version: int) -> EncoderSettings:
        return replace(self.project.encoder, model=version, models=str(self.project.models_folder))

    def embed(self, version: int, **options: Any) -> None:
        p = self.project
        embed_version(
            self.mosaic, self.catalog, p.embeddings_folder, p.cutouts, self.of(version), device="cpu", **options
        )  # fmt: skip

    def key(self) -> str | None:
        """Of the embeddings that rank after reopening; None where there are none."""
        project = Project.open(self.project.path)
        try:
            inputs = load_inputs(
                project.embeddings_folder, self.catalog, self.mosaic, project.cutouts, project.encoder
            )
            assert inputs is None or len(rank(inputs, "lens", self.labels)) == len(self.catalog)
            return inputs.key if inputs else None
        finally:
            project.close()


@pytest.fixture(scope="session")
def lab_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The images, the network, and the project as every test finds it."""
    folder = tmp_path_factory.mktemp("lab")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("astrotl_gui.ml.encoders.data_folder", lambda: folder / "data")
        write_network()
        mosaic, catalog = make_sky(folder)
        project = Project.create(folder / "small.astrotl", mosaic.spec, DetectionSettings(), CUTOUTS)
        project.write_catalog(catalog)
        project.encoder = replace(project.encoder, encoder=NAME, layers="last", views=1)
        project.save()
        embed(mosaic, catalog, project.embeddings_folder, CUTOUTS, project.encoder, device="cpu")
        project.close()
    return folder


def write_network() -> None:
    torch.manual_seed(0)
    network = timm.create_model("test_efficientnet", pretrained=False, num_classes=0)
    weights = encoders_folder() / NAME / "weights.safetensors"
    weights.parent.mkdir(parents=True)
    save_file(network.state_dict(), weights)
    half = (0.5, 0.5, 0.5)
    Card(
        NAME, "test_efficientnet", weights, file_hash(weights), 64, half, half, "bicubic", "", "", 1,
        network.num_features, 5, 1,
    ).write()  # fmt: skip


@pytest.fixture
def lab(lab_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """The project in a copy of its own."""
    monkeypatch.setattr("astrotl_gui.ml.encoders.data_folder", lambda: lab_folder / "data")
    shutil.copytree(lab_folder / "small.astrotl", tmp_path / "small.astrotl")
    project = Project.open(tmp_path / "small.astrotl")
    yield Lab(project, Mosaic.open(project.spec), project.read_catalog())
    project.close()
