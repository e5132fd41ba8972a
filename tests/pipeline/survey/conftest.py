from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import Embeddings, EmbeddingStore
from astrotl_gui.core.settings import CutoutSettings, DetectionSettings, EncoderSettings
from astrotl_gui.pipeline.survey.engine import run
from astrotl_gui.pipeline.survey.fields import find_fields
from astrotl_gui.pipeline.survey.folder import Survey
from tests.pipeline.survey.sky import make_mosaics

CUTOUTS = CutoutSettings(4.0, 12.0)
ENCODER = EncoderSettings(layers="last", views=1)


def begin(folder: Path, images: list[Path], catalog: Path | None) -> Survey:
    """A survey laid out, of which nothing is done."""
    return Survey.create(folder, find_fields(images), DetectionSettings(), CUTOUTS, ENCODER, catalog)


def copy(folder: Path, place: Path) -> Path:
    return Path(shutil.copytree(folder, place / folder.name))


def parts(survey: Survey) -> list[tuple[Catalog, Embeddings]]:
    """Sources and embeddings of every finished partition."""
    found = []
    for number in survey.finished():
        catalog = Catalog.read(survey.part(number) / "catalog.parquet")
        (store,) = EmbeddingStore.all(survey.part(number) / "embeddings")
        embeddings = store.load(catalog)
        assert embeddings is not None
        found.append((catalog, embeddings))
    return found


@pytest.fixture(scope="session")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A survey of three overlapping mosaics and 60 positions, of which nothing is done."""
    pytest.importorskip("cdshealpix")
    place = tmp_path_factory.mktemp("survey")
    positions = make_mosaics(place / "images")
    return begin(place / "sky.survey", [place / "images"], positions).path


@pytest.fixture(scope="session")
def plain(laid_out: Path, tmp_path_factory: pytest.TempPathFactory) -> Survey:
    """The same, done here without a cluster."""
    folder = copy(laid_out, tmp_path_factory.mktemp("plain"))
    made = run(Survey.open(folder), per_partition=15)
    assert made.failures == () and made.sources == made.embedded == 60
    return Survey.open(folder)
