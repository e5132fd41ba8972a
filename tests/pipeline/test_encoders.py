"""An encoder comes whole or not at all, by name or from a file, whatever the hub does; no real network here."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.progress import Cancelled
from astrotl_gui.ml.encoders import card, cards, encoders_folder, remove
from astrotl_gui.ml.network import load_network
from astrotl_gui.pipeline import encoder_source
from astrotl_gui.pipeline import hub as hub_module
from astrotl_gui.pipeline.encoders import add_encoder
from astrotl_gui.pipeline.hub import RemoteFile, announced_sha256, fetch
from tests.pipeline.fake_hub import COMMIT, FakeHub, as_the_hub, small_weights
from tests.pipeline.local_server import Watched, serving

TIMM = "test_efficientnet.r160_in1k"
ZOO = "hf_hub:someone/zoo"
CONFIG = {
    "architecture": "test_efficientnet",
    "num_features": 256,
    "model_args": {"global_pool": "max", "in_chans": 3},
    "pretrained_cfg": {
        "input_size": [3, 128, 128],
        "mean": [0.1, 0.2, 0.3],
        "std": [1, 1, 1],
        "interpolation": "bilinear",
        "num_classes": 1000,
        "classifier": "classifier",
    },
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return small_weights(tmp_path_factory.mktemp("weights")).read_bytes()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, weights: bytes) -> Iterator[FakeHub]:
    monkeypatch.setattr(hub_module, "PAUSE_SECONDS", 0.0)
    made = FakeHub(f"timm/{TIMM}", {"model.safetensors": weights, "README.md": b"# Small"})
    with as_the_hub(made, monkeypatch):
        yield made


@pytest.fixture
def zoo(hub: FakeHub) -> FakeHub:
    """A model of someone's, with a configuration."""
    hub.name = "someone/zoo"
    hub.files |= {"config.json": json.dumps(CONFIG).encode()}
    return hub


def refused(name: str, *args: object, **kwargs: object) -> str:
    with pytest.raises(AstroTLError) as caught:
        add_encoder(name, *args, **kwargs)  # type: ignore[arg-type]
    assert len(caught.value.title.split()) <= 6
    assert len(cards()) == 1 and not list(encoders_folder().glob("*")), "nothing is left"
    return str(caught.value)


def test_by_timms_name(hub: FakeHub, weights: bytes) -> None:
    watched = Watched()
    made = add_encoder(TIMM, progress=watched)
    assert card(TIMM) == made and made.weights.read_bytes() == weights
    assert (made.architecture, made.input, made.dimensions, made.stages) == ("test_efficientnet", 160, 256, 5)
    assert made.mean == (0.485, 0.456, 0.406) and made.interpolation == "bicubic"
    assert (made.licence, made.source) == ("apache-2.0", f"hf_hub:timm/{TIMM}@{COMMIT[:12]}")
    assert made.size == len(weights) and made.parameters == 99_196 and made.added
    assert sorted(p.name for p in made.weights.parent.iterdir()) == ["card.toml", "model.safetensors"]
    told = [step for step in watched.told if step[2].startswith("Downloading")]
    done = [step[0] for step in told]
    assert done == sorted(done) and told[-1] == (len(weights), len(weights), f"Downloading {TIMM}")
    assert len(told) > 10
    assert hub.asked[-1] == f"/timm/{TIMM}/resolve/{COMMIT}/model.safetensors"


def test_from_the_hub_as_its_configuration_says(zoo: FakeHub) -> None:
    made = add_encoder(ZOO)
    assert (made.name, made.input, made.interpolation) == ("zoo", 128, "bilinear")
    assert made.mean == (0.1, 0.2, 0.3) and made.arguments == {"global_pool": "max"}
    assert made.source == f"hf_hub:someone/zoo@{COMMIT[:12]}" and made.licence == "apache-2.0"
    assert f"/someone/zoo/resolve/{COMMIT}/config.json" in zoo.asked
    assert add_encoder("someone/zoo", called="again").sha256 == made.sha256


def test_it_gives_the_numbers_timm_gives_from_the_hub(zoo: FakeHub, tmp_path: Path) -> None:
    import timm
    import torch

    for name, content in zoo.files.items():
        (tmp_path / name).write_bytes(content)
    want = timm.create_model(f"local-dir:{tmp_path}", pretrained=True, num_classes=0).eval()
    images = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 3, 128, 128)).astype(np.float32))
    with torch.inference_mode():
        np.testing.assert_allclose(load_network(add_encoder(ZOO))(images), want(images), rtol=1e-6, atol=1e-6)


def test_a_connection_that_breaks_is_taken_up_again(hub: FakeHub, weights: bytes) -> None:
    hub.cut_after, hub.cuts = 500_000, 2
    assert add_encoder(TIMM).weights.read_bytes() == weights
    assert hub.asked.count(f"/timm/{TIMM}/resolve/{COMMIT}/model.safetensors") == 3


def test_one_that_stays_broken(hub: FakeHub) -> None:
    hub.cut_after = 0
    text = refused(TIMM)
    assert text.startswith("The download broke off: model.safetensors") and "--weights FILE" in text


def test_a_file_that_is_not_the_one_announced(zoo: FakeHub, weights: bytes) -> None:
    for name in ("model.safetensors", "config.json"):
        content = zoo.files[name]
        zoo.swapped = {name: content[:-1] + bytes([content[-1] ^ 1])}
        assert refused(ZOO).startswith(f"Not the file expected: {name} of someone/zoo")
        zoo.swapped = {name: content + b" "}
        assert refused(ZOO).startswith("Not the file expected")
        zoo.swapped = {name: content[:-1]}
        assert refused(ZOO).startswith("Not the file expected")


@pytest.mark.parametrize("after", [-1, 0, 300_000])
def test_cancelled_midway(hub: FakeHub, after: float) -> None:
    with pytest.raises(Cancelled):
        add_encoder(TIMM, progress=Watched(after))
    assert not list(encoders_folder().glob("*"))
    assert add_encoder(TIMM).name == TIMM


def test_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(FakeHub().answer) as address:
        pass  # and gone again: nobody listens there
    monkeypatch.setenv("HF_ENDPOINT", address)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    start = time.monotonic()
    text = refused(TIMM)
    assert text.startswith(f"No network: model.safetensors of timm/{TIMM}")
    assert "--weights FILE" in text and "Nothing was changed" in text
    assert time.monotonic() - start < 5


def test_offline_by_wish(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert "No network" in refused(TIMM)


@pytest.mark.parametrize(("info", "file", "code"), [(200, 403, "GatedRepo"), (200, 401, ""), (403, 200, "")])
def test_a_model_behind_a_login(hub: FakeHub, info: int, file: int, code: str) -> None:
    hub.info_status, hub.status, hub.error_code = info, file, code
    text = refused(TIMM)
    assert text.startswith("This model needs a login: Accept the licence of timm/")
    assert "hf auth login" in text


def test_names_that_mean_nothing(hub: FakeHub) -> None:
    assert "Did you mean efficientnet_b0" in refused("eficientnet_b0")
    assert "timm knows no such network" in refused("test_efficientnet.by_nobody")
    assert "There is no such model" in refused("hf_hub:someone/elses")
    assert "no model name" in refused("hf_hub:so//me")
    assert "cannot be a name" in refused(TIMM, called="a/b")


def test_a_hub_model_that_is_not_timms(zoo: FakeHub) -> None:
    zoo.files["config.json"] = b'{"model_type": "dinov2"}'
    assert "names no timm architecture" in refused(ZOO)
    zoo.files["config.json"] = b'{"architecture": "dinonet"}'
    assert "this timm has no dinonet" in refused(ZOO)
    zoo.files["config.json"] = b"{"
    assert "cannot be read" in refused(ZOO)
    del zoo.files["config.json"]
    assert "no config.json" in refused(ZOO)
    zoo.files = {"config.json": json.dumps(CONFIG).encode()}
    assert "No weights to download" in refused(ZOO)


def test_a_server_in_trouble(hub: FakeHub) -> None:
    hub.status = 503
    assert "The model hub refused" in refused(TIMM)


def test_a_full_disk(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    assert refused(TIMM).startswith("The disk is full")


def test_from_a_file(tmp_path: Path) -> None:
    path = small_weights(tmp_path).rename(tmp_path / "mine.safetensors")
    watched = Watched()
    made = add_encoder(
        "test_efficientnet", path, called="mine", input=96, mean=(0, 0, 0), std=(1, 1, 1), progress=watched
    )
    path.unlink()
    assert card("mine") == made and load_network(made) is not None
    assert (made.input, made.mean, made.std) == (96, (0, 0, 0), (1, 1, 1))
    assert (made.licence, made.source) == ("", "mine.safetensors")
    assert "Copying mine.safetensors" in {text for _, _, text in watched.told}


def test_a_transformer_at_another_size(tmp_path: Path) -> None:
    made = add_encoder("test_vit", small_weights(tmp_path, "test_vit"), input=96)
    assert made.arguments == {"img_size": 96} and made.dimensions == 64


def test_a_hub_model_from_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_source, "hub_model", None)  # nobody is asked
    path = small_weights(tmp_path)
    assert "Put the config.json" in refused(ZOO, path)
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    made = add_encoder(ZOO, path)
    assert (made.name, made.input, made.arguments) == ("zoo", 128, {"global_pool": "max"})


def test_files_that_do_not_fit(tmp_path: Path) -> None:
    path = small_weights(tmp_path)
    assert "do not fit" in refused("test_convnext", path)
    assert "cannot be read" in refused("test_convnext", tmp_path / "nowhere.pth")
    (tmp_path / "cut.safetensors").write_bytes(path.read_bytes()[:100_000])
    assert "cut short" in refused("test_efficientnet", tmp_path / "cut.safetensors")
    assert "16 to 2048" in refused("test_efficientnet", path, input=4)
    assert "std above 0" in refused("test_efficientnet", path, std=(0, 1, 1))
    assert "Give 80" in refused("test_vit", small_weights(tmp_path, "test_vit"), input=86)
    assert "its own architecture and input" in refused(
        "test_maxvit", small_weights(tmp_path, "test_maxvit"), input=100
    )
    assert "does not run" in refused("densenet121", small_weights(tmp_path, "densenet121"), input=16)


def test_a_name_that_is_taken(tmp_path: Path) -> None:
    path = small_weights(tmp_path)
    add_encoder("test_efficientnet", path)
    for called in ("", "efficientnet-lite0"):
        with pytest.raises(AstroTLError, match="here already"):
            add_encoder("test_efficientnet", path, called=called)
    remove("test_efficientnet")
    add_encoder("test_efficientnet", path)


def test_a_plain_address(hub: FakeHub, weights: bytes, tmp_path: Path) -> None:
    """Where timm knows an address but no hub: verified by the digits in its name."""
    import hashlib

    digits = hashlib.sha256(weights).hexdigest()[:8]
    for name, good in ((f"net-{digits}.pth", True), ("net-00000000.pth", False)):
        hub.files[name] = weights
        url = f"{os.environ['HF_ENDPOINT']}/files/{name}"
        file = RemoteFile(name, url, "net", sha256=announced_sha256(url))
        if good:
            assert fetch(file, tmp_path, lambda done, total: None).read_bytes() == weights
        else:
            with pytest.raises(AstroTLError, match="Not the file expected"):
                fetch(file, tmp_path, lambda done, total: None)
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"net-{digits}.pth"]


def test_what_a_killed_download_left_is_cleared(tmp_path: Path) -> None:
    old, fresh = (encoders_folder() / f".small.{name}.part" for name in ("old", "fresh"))
    for draft in (old, fresh):
        draft.mkdir(parents=True)
    days_ago = time.time() - 3 * 24 * 3600
    os.utime(old, (days_ago, days_ago))
    add_encoder("test_efficientnet", small_weights(tmp_path))
    assert not old.exists() and fresh.exists()


def test_a_network_that_comes_back_is_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class TransportError(Exception):
        pass

    class ReadError(TransportError):
        pass

    class ConnectError(TransportError):
        pass

    happens: list[Exception | None] = [ReadError(), ConnectError(), ConnectError(), None]

    def stream(file: RemoteFile, sink: BinaryIO, report: object) -> None:
        what = happens.pop(0)
        if not isinstance(what, ConnectError):
            sink.write(b"half")
        if what is not None:
            raise what

    monkeypatch.setattr(hub_module, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(hub_module, "_stream", stream)
    file = RemoteFile("weights.bin", "", "small", size=8)
    assert fetch(file, tmp_path, lambda done, total: None).read_bytes() == b"halfhalf"
    happens[:] = [ConnectError()]
    with pytest.raises(AstroTLError, match="No network"):
        fetch(file, tmp_path, lambda done, total: None)
    assert not happens, "one that was never there is not waited for"
