"""A folder of pictures: what the network sees of them, and that it sees them once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.progress import Cancelled, Progress
from astrotl_gui.ml import encoder as encoder_module
from astrotl_gui.ml.encoder import Encoder
from astrotl_gui.ml.encoders import card
from astrotl_gui.pipeline.evaluation import folder as module
from astrotl_gui.pipeline.evaluation.folder import read_folder
from astrotl_gui.pipeline.evaluation.pictures import network_pixels, read_picture, small_planes, turned
from tests.pipeline.evaluation.planted import folder

LABELS = ["normal", "anomaly", "normal", "anomaly", "normal", "normal"]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(encoder_module.PRECISIONS, "cpu", ())
    monkeypatch.setitem(encoder_module.BATCH, "cpu", 3)


def test_pictures_become_a_labelled_set(tmp_path: Path) -> None:
    made = read_folder(folder(tmp_path / "sky", LABELS), views=1, device="cpu")
    assert made.name == "sky" and made.target == "" and len(made) == 6
    assert made.positive.tolist() == [label == "anomaly" for label in LABELS]
    assert made.catalog.ids.tolist() == made.embeddings.ids.tolist() == list(range(6))
    assert made.settings["encoder"] == card().name and made.settings["views"] == 1
    pixels = np.stack(
        [network_pixels(read_picture(p), 224) for p in sorted((tmp_path / "sky/images").iterdir())]
    )
    assert pixels.shape == (6, 3, 224, 224) and pixels.dtype == np.uint8
    network = Encoder.of_pictures(card(), "auto", device="cpu")
    want = network.embed(pixels)
    assert [part.stop - part.start for part in made.embeddings.blocks.values()] == list(network.blocks)
    assert list(made.embeddings.blocks)[-1] == "last" and made.settings["layers"].endswith(",last")
    assert np.allclose(made.embeddings.vectors, want, rtol=2e-3, atol=2e-3)
    table = dict(zip(made.embeddings.statistic_names, made.embeddings.statistics.T, strict=True))
    red = table["mean_2"] - table["mean_0"]
    assert red[made.positive].min() > red[~made.positive].max() + 0.02, "bands run from blue to red"


def test_eight_views_are_the_mean_of_the_dihedral_group(tmp_path: Path) -> None:
    square = np.arange(16).reshape(1, 1, 4, 4).astype(np.uint8)
    views = [turned(square, view) for view in range(8)]
    expected = [np.rot90(flip, k, axes=(2, 3)) for flip in (square, square[..., ::-1]) for k in range(4)]
    assert {v.tobytes() for v in views} == {np.ascontiguousarray(v).tobytes() for v in expected}
    made = read_folder(folder(tmp_path / "sky", LABELS[:2]), layers="last", views=8, device="cpu")
    pixels = np.stack(
        [network_pixels(read_picture(p), 224) for p in sorted((tmp_path / "sky/images").iterdir())]
    )
    network = Encoder.of_pictures(card(), device="cpu")
    want = np.mean([network.embed(turned(pixels, view)) for view in range(8)], axis=0)
    assert np.allclose(made.embeddings.vectors, want, rtol=2e-3, atol=2e-3)


def test_a_second_run_embeds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sky = folder(tmp_path / "sky", LABELS)
    first = read_folder(sky, views=1, device="cpu")
    monkeypatch.setattr(module, "Encoder", None)
    again = read_folder(sky, views=1, device="cpu")
    assert np.array_equal(first.embeddings.vectors, again.embeddings.vectors)
    assert np.array_equal(first.embeddings.statistics, again.embeddings.statistics)
    moved = sky.rename(tmp_path / "elsewhere")
    assert len(read_folder(moved, views=1, device="cpu")) == 6, "known by its pixels, not by its place"
    with pytest.raises(AttributeError):
        read_folder(moved, views=8, device="cpu")


def test_what_was_embedded_before_a_stop_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PART", 3)
    sky = folder(tmp_path / "sky", LABELS)

    class Stop(Progress):
        def __call__(self, done: float, total: float, text: str = "") -> None:
            if text == "Embedding" and done > 3:
                raise Cancelled

    with pytest.raises(Cancelled):
        read_folder(sky, views=8, device="cpu", progress=Stop())
    done: list[float] = []

    class Watch(Progress):
        def __call__(self, part: float, total: float, text: str = "") -> None:
            done.extend([part] if text == "Embedding" else [])

    read_folder(sky, views=8, device="cpu", progress=Watch())
    assert done[0] == 3 and done[-1] == 6


def test_small_planes_average_light(tmp_path: Path) -> None:
    pixels = np.zeros((112, 112, 3), np.uint8)
    pixels[:2, :2, 0] = [[40, 80], [120, 160]]
    planes = small_planes(Image.fromarray(pixels))
    assert planes.shape == (3, 56, 56)
    assert planes[2, 0, 0] == pytest.approx(100 / 255) and planes[:2].max() == 0


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda path: path.write_bytes(b"no picture"), "03.png: neither a JPEG nor a PNG picture"),
        (lambda path: path.write_bytes(path.read_bytes()[:80]), "A picture cannot be read.*03.png"),
        (lambda path: Image.fromarray(np.zeros((9, 9), np.uint16)).save(path), "03.png: more than 8 bits"),
    ],
)
def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path, spoil, says: str) -> None:  # type: ignore[no-untyped-def]
    sky = folder(tmp_path / "sky", LABELS)
    spoil(sky / "images" / "03.png")
    with pytest.raises(AstroTLError, match=says):
        read_folder(sky, views=1, device="cpu")


def test_unknown_encoder(tmp_path: Path) -> None:
    with pytest.raises(AstroTLError, match="not on this computer"):
        read_folder(folder(tmp_path / "sky", LABELS), encoder="nobody")
