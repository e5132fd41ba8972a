"""A survey whose worker is another host: a network namespace with its own address, reached by TCP alone."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from astrotl_gui.core.settings import CutoutSettings, DetectionSettings, EncoderSettings
from astrotl_gui.pipeline.survey.cluster import connected
from astrotl_gui.pipeline.survey.engine import run
from astrotl_gui.pipeline.survey.fields import find_fields
from astrotl_gui.pipeline.survey.folder import Survey
from tests.pipeline.survey.processes import cluster_processes
from tests.pipeline.survey.sky import make_mosaics

pytest.importorskip("distributed")
pytest.importorskip("cdshealpix")
HERE, THERE = "10.213.7.1", "10.213.7.2"


@pytest.fixture
def namespace() -> Iterator[str]:
    """The name of a network namespace that has the address THERE; this one has HERE."""
    name, ends = f"astrotl{os.getpid()}", (f"at{os.getpid() % 10**6}a", f"at{os.getpid() % 10**6}b")
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("network namespaces need root and iproute2")
    try:
        _ip("netns", "add", name)
    except subprocess.CalledProcessError:
        pytest.skip("this machine makes no network namespaces")
    try:
        try:
            _ip("link", "add", ends[0], "type", "veth", "peer", "name", ends[1], "netns", name)
            _ip("addr", "add", f"{HERE}/30", "dev", ends[0])
            _ip("link", "set", ends[0], "up")
            for words in (("addr", "add", f"{THERE}/30", "dev", ends[1]), ("link", "set", ends[1], "up")):
                _ip("-n", name, *words)
        except subprocess.CalledProcessError:
            pytest.skip("this machine links no network namespaces")
        yield name
    finally:
        _ip("netns", "delete", name)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.mark.slow
def test_a_worker_on_another_host_does_the_survey(namespace: str, tmp_path: Path):
    positions = make_mosaics(tmp_path / "images", count=1, sources=20)
    settings = DetectionSettings(), CutoutSettings(4.0, 12.0), EncoderSettings(layers="last", views=1)
    survey = Survey.create(tmp_path / "far.survey", find_fields([tmp_path / "images"]), *settings, positions)
    elsewhere = ("ip", "netns", "exec", namespace)
    with (
        cluster_processes(1, HERE, elsewhere, THERE) as (address, _),
        connected(scheduler=address) as client,
    ):
        client.wait_for_workers(1, timeout=60)
        (worker,) = client.nthreads()
        made = run(survey, client)
    assert address.startswith(f"tcp://{HERE}:") and worker.startswith(f"tcp://{THERE}:")
    assert made.failures == () and 0 < made.sources == made.embedded
