"""How often the bound of an audit holds."""

from __future__ import annotations

import pytest

from benchmarks.completeness import AUDITS, SETTINGS, Setting, bound_holds, exact_coverage


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_the_bound_holds_in_95_of_100_audits_and_the_plain_estimate_does_not(setting: Setting) -> None:
    ours, plain = bound_holds(setting, AUDITS)
    assert ours >= 0.95
    assert plain < 0.6
    assert exact_coverage(setting) >= 0.95


def test_no_share_missed_escapes_the_bound() -> None:
    """Exactly, at every recall: also where the bound is tightest."""
    least = min(
        exact_coverage(Setting(1_000, 0.05, found / 50, labels))
        for found in range(1, 50)
        for labels in (40, 150, 400, 900)
    )
    assert 0.95 <= least < 0.98
