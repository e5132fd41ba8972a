"""A field comes whole or not at all, whatever the registry does; no real network here."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import ABANDONED_SECONDS
from astrotl_gui.core.progress import Cancelled
from astrotl_gui.pipeline import registry as registry_module
from astrotl_gui.pipeline.field_files import field_files
from astrotl_gui.pipeline.real_fields import FIELDS, RealField
from tests.pipeline.fake_registry import FakeRegistry, field_of, simple_index, source_package, wheel
from tests.pipeline.local_server import Watched

NOISE = np.random.default_rng(0).bytes
SKY, MASK = NOISE(400_000), NOISE(150_000)
MEMBERS = {"small-1.0/data/mask.fits": MASK, "small-1.0/data/sky.fits": SKY}
FILES = {"small-1.0/setup.py": b"", **MEMBERS, "small-1.0/large.bin": NOISE(3_000_000)}
SOURCE = source_package(FILES)


@pytest.fixture
def small() -> RealField:
    return field_of(SOURCE, MEMBERS)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, small: RealField) -> Iterator[FakeRegistry]:
    made = FakeRegistry({small.archive.file: SOURCE})
    with simple_index(made) as address:
        monkeypatch.setenv("PIP_INDEX_URL", address)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield made


def nothing_left(field: RealField) -> bool:
    """Neither images nor drafts of them."""
    return not field.folder.parent.exists() or not list(field.folder.parent.iterdir())


def refused(field: RealField) -> str:
    with pytest.raises(AstroTLError) as caught:
        field_files(field)
    assert len(caught.value.title.split()) <= 6
    assert nothing_left(field)
    return str(caught.value)


def test_the_named_members_and_no_more(registry: FakeRegistry, small: RealField) -> None:
    watched = Watched()
    assert not small.here
    files = field_files(small, progress=watched)
    assert [file.read_bytes() for file in files] == [MASK, SKY]
    assert sorted(path.name for path in small.folder.iterdir()) == ["mask.fits", "sky.fits"]
    assert small.here
    assert list(small.folder.parent.iterdir()) == [small.folder]
    done = [step[0] for step in watched.told]
    assert done == sorted(done) and watched.told[-1][:2] == (len(SOURCE), len(SOURCE))
    assert {text for _, _, text in watched.told} == {"Downloading Small field"}


def test_reading_stops_when_the_members_are_there(registry: FakeRegistry, small: RealField) -> None:
    watched = Watched()
    field_files(small, progress=watched)
    assert watched.told[-2][0] < 700_000 < len(SOURCE)


def test_a_kept_field_asks_nobody(registry: FakeRegistry, small: RealField) -> None:
    field_files(small)
    asked = len(registry.asked)
    watched = Watched()
    assert all(file.is_file() for file in field_files(small, progress=watched))
    assert len(registry.asked) == asked and not watched.told


def test_a_damaged_file_is_fetched_again(registry: FakeRegistry, small: RealField) -> None:
    kept = field_files(small)[1]
    kept.write_bytes(SKY[:-1] + bytes([SKY[-1] ^ 1]))
    assert small.here  # its size is right, and more is not looked at for the welcome page
    assert field_files(small)[1].read_bytes() == SKY
    kept.write_bytes(SKY[:1000])
    assert not small.here
    assert field_files(small)[1].read_bytes() == SKY


def test_a_wheel(registry: FakeRegistry) -> None:
    packed = wheel(FILES)
    field = field_of(packed, MEMBERS, ".whl")
    registry.files = {field.archive.file: packed}
    assert [file.read_bytes() for file in field_files(field)] == [MASK, SKY]
    shutil.rmtree(field.folder)
    registry.listed_sha256 = field.archive.sha256
    registry.files = {field.archive.file: packed[:-1] + b"?"}
    assert "Not the file expected" in refused(field)
    registry.files = {field.archive.file: packed[:500_000]}
    assert "The download broke off" in refused(field)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"small-1.0/data/sky.fits": SKY[::-1]}, "sky.fits, for Small field"),
        ({"small-1.0/data/sky.fits": SKY[:-1]}, "sky.fits, for Small field"),
        ({"small-1.0/data/sky.fits": None}, "sky.fits, for Small field"),
        ({"small-1.0/data/mask.fits": b""}, "mask.fits, for Small field"),
    ],
    ids=["another", "shorter", "missing", "empty"],
)
def test_a_member_that_differs_is_thrown_away(
    registry: FakeRegistry, small: RealField, changed: dict[str, bytes | None], says: str
) -> None:
    files = {name: content for name, content in (FILES | changed).items() if content is not None}
    registry.files, registry.listed_sha256 = {small.archive.file: source_package(files)}, small.archive.sha256
    text = refused(small)
    assert text.startswith("Not the file expected") and says in text and "nothing was changed" in text


def test_a_file_listed_with_another_hash_is_not_even_read(registry: FakeRegistry, small: RealField) -> None:
    registry.listed_sha256 = "0" * 64
    assert "Not the file expected" in refused(small)
    assert registry.sent == 0


def test_more_bytes_than_the_archive_has(registry: FakeRegistry, small: RealField) -> None:
    small = replace(small, archive=replace(small.archive, size=200_000))
    assert "Not the file expected" in refused(small)


@pytest.mark.parametrize("cut", [0, 10, 100_000, 500_000])
def test_a_download_that_breaks_off(registry: FakeRegistry, small: RealField, cut: int) -> None:
    registry.cut_after = cut
    text = refused(small)
    assert text.startswith("The download broke off") and "Small field" in text


def test_what_is_no_archive(registry: FakeRegistry, small: RealField) -> None:
    registry.files = {small.archive.file: b"<html>Sign in</html>" * 100}
    registry.listed_sha256 = small.archive.sha256
    assert "The download broke off" in refused(small)


def test_a_project_or_a_file_that_is_gone(registry: FakeRegistry, small: RealField) -> None:
    listed = registry.files
    registry.files = {"small-1.1.tar.gz": SOURCE}
    text = refused(small)
    assert text.startswith("This field is not there: Your package mirror (127.0.0.1) has no small-1.0.tar.gz")
    registry.files = {}
    assert "not there" in refused(small)
    registry.files, registry.status = listed, 404
    assert "not there" in refused(small)
    registry.status = 503
    assert refused(small).startswith("The registry refused")


def test_a_page_that_is_no_list(registry: FakeRegistry, small: RealField) -> None:
    registry.page = "<html><body>Welcome to the hotel</body></html>"
    assert "not there" in refused(small)


def test_no_network(monkeypatch: pytest.MonkeyPatch, small: RealField) -> None:
    with simple_index(FakeRegistry()) as address:
        pass  # and gone again: nobody listens there
    monkeypatch.setenv("PIP_INDEX_URL", address)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    start = time.monotonic()
    text = refused(small)
    assert text.startswith("No network: Small field") and "Nothing was changed" in text and "Connect" in text
    assert time.monotonic() - start < 5


def test_a_registry_that_says_nothing(
    registry: FakeRegistry, small: RealField, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_module, "TIMEOUT", (0.2, 0.2))
    monkeypatch.setattr(FakeRegistry, "answer", lambda self, handler: time.sleep(0.6))
    assert "did not answer in time" in refused(small)


@pytest.mark.parametrize("after", [-1, 0, 200_000])
def test_cancelled_midway(registry: FakeRegistry, small: RealField, after: float) -> None:
    with pytest.raises(Cancelled):
        field_files(small, progress=Watched(after))
    assert nothing_left(small)
    assert [file.read_bytes() for file in field_files(small)] == [MASK, SKY]


def test_a_full_disk(registry: FakeRegistry, small: RealField, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    assert refused(small).startswith("The disk is full")


def test_what_a_killed_download_left_is_cleared(registry: FakeRegistry, small: RealField) -> None:
    old, fresh = (small.folder.parent / f".small.{name}.part" for name in ("old", "fresh"))
    for draft in (old, fresh):
        draft.mkdir(parents=True)
        (draft / "sky.fits").write_bytes(SKY[:100])
    hours_ago = time.time() - 2 * ABANDONED_SECONDS
    os.utime(old, (hours_ago, hours_ago))
    field_files(small)
    assert not old.exists() and fresh.exists()  # the fresh one may be somebody's download


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"PIP_INDEX_URL": "http://a/simple", "UV_DEFAULT_INDEX": "http://b"}, "http://a/simple"),
        ({"UV_DEFAULT_INDEX": "http://b/simple?x=1"}, "http://b/simple?x=1"),
        ({"UV_DEFAULT_INDEX": "ours=http://b/simple"}, "http://b/simple"),
        ({"UV_INDEX_URL": "http://c"}, "http://c"),
        ({}, "http://from-a-file/simple"),
    ],
)
def test_the_mirror_that_pip_and_uv_are_told(
    environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "pip.conf"
    file.write_text("[global]\nindex-url = http://from-a-file/simple\ncert = /ours.pem\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_CERT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    registry_module._pip_settings.cache_clear()
    try:
        assert registry_module._mirror() == expected
        assert registry_module._setting("cert") == "/ours.pem"
    finally:
        registry_module._pip_settings.cache_clear()


def test_the_table_is_complete() -> None:
    assert list(FIELDS) == ["abell370", "abell671", "ztf", "ugc12517"]
    for name, field in FIELDS.items():
        archive: Any = field.archive
        assert field.name == name and 0 < archive.needed <= archive.size
        assert archive.file.startswith(f"{archive.package}-{archive.version}")
        assert f"via {archive.package} {archive.version}" in field.credit
        for pin in (archive.sha256, *(member.sha256 for member in field.members)):
            assert len(pin) == 64 and set(pin) <= set("0123456789abcdef")
        assert len({member.name for member in field.members}) == len(field.members)
