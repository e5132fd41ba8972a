"""Images at URLs on the command line: a project of them keeps the URLs, and draws what the files hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from astrotl_gui.core import remote
from astrotl_gui.core.project import Project
from tests.core.serving import serving
from tests.e2e.test_cli import image, run

pytest.importorskip("fsspec")
pytest.importorskip("aiohttp")


def test_a_project_of_urls_keeps_them_and_draws_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    image(tmp_path / "r.fits", (60, 80), FILTER="r")
    far, near = tmp_path / "far.astrotl", tmp_path / "near.astrotl"
    with serving(tmp_path) as served:
        url = f"{served.url}/r.fits[0]"
        assert run(capsys, "new", far, f"--band=r={url}", "--json")[0] == 0
        assert run(capsys, "new", near, f"--band=r={tmp_path / 'r.fits'}", "--json")[0] == 0
        stored = (far / "project.toml").read_text()
        assert f'"{url}"' in stored and str(tmp_path / "r.fits") not in stored
        assert str(Project.open(far).spec.bands[0].image) == url
        pictures = []
        for path in (far, near, f"{served.url}/r.fits"):
            out = tmp_path / f"{len(pictures)}.png"
            assert run(capsys, "render", path, "--out", out)[0] == 0
            pictures.append(np.asarray(Image.open(out)))
        assert all(np.array_equal(picture, pictures[0]) for picture in pictures)
        code, _, said = run(
            capsys, "new", tmp_path / "x.astrotl", f"--band=r={served.url}/gone.fits", "--json"
        )
        assert code == 2 and "File not found" in said
    monkeypatch.setattr(remote, "PAUSE_SECONDS", 0.01)
    code, _, said = run(capsys, "render", far, "--out", tmp_path / "y.png")
    assert code == 2 and "The connection was lost" in said
