"""The state of a survey, from what lies in its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.pipeline.survey.watch import survey_state
from tests.pipeline.survey.folders import NOW, finish, survey_folder


def test_done_failed_waiting_rate_and_time_left(tmp_path: Path):
    folder = survey_folder(tmp_path)
    state = survey_state(folder, NOW)
    assert (state.name, state.partitions, state.done, state.failed, state.waiting) == (
        "Deep field",
        100,
        40,
        2,
        58,
    )
    assert state.rate == pytest.approx(1 / 30) and state.idle == 30
    assert state.left_seconds == pytest.approx(58 * 30)
    assert state.failures[0].where == "tile_7.fits" and state.failures[0].tries == 3


def test_what_failed_and_was_done_later_is_done_and_halves_are_passed_over(tmp_path: Path):
    folder = survey_folder(tmp_path)
    finish(folder, 41, NOW)
    (folder / "parts" / ".000050.77.part").mkdir()
    (folder / "failures" / "000060.json").write_text('{"where": "ti')
    state = survey_state(folder, NOW)
    assert (state.done, state.failed, state.waiting) == (41, 1, 58)


def test_what_is_no_survey_is_said_and_one_that_begins_has_nothing(tmp_path: Path):
    with pytest.raises(AstroTLError, match="not a survey"):
        survey_state(tmp_path, NOW)
    (tmp_path / "survey.toml").write_text("")
    state = survey_state(tmp_path, NOW)
    assert (state.partitions, state.done, state.rate, state.left_seconds) == (0, 0, 0.0, None)
    (tmp_path / "work.parquet").write_text("no")
    with pytest.raises(AstroTLError, match="cannot be read"):
        survey_state(tmp_path, NOW)
