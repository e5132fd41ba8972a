"""Protocols: the starts are NumPy's own, and a set too small is refused."""

from __future__ import annotations

import numpy as np
import pytest

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.pipeline.evaluation.protocols import FIVE, ONE, PROTOCOLS, UNSUPERVISED, check, start
from tests.pipeline.evaluation.planted import planted

TRUTH = np.random.default_rng(3).random(120) < 0.2


@pytest.mark.parametrize("seed", range(4))
def test_starts_are_drawn_as_published(seed: int) -> None:
    positives, negatives = np.flatnonzero(TRUTH), np.flatnonzero(~TRUTH)
    r = np.random.default_rng(seed)
    yes = r.choice(positives, 5, replace=False)
    no = r.choice(negatives, 45, replace=False)
    assert start(TRUTH, FIVE, seed).tolist() == [*yes.tolist(), *no.tolist()]
    r = np.random.default_rng(seed)
    assert start(TRUTH, ONE, seed).tolist() == r.choice(positives, 1).tolist()
    assert len(start(TRUTH, UNSUPERVISED, seed)) == 0


def test_the_protocols_are_those_of_the_field() -> None:
    assert (FIVE.starting, FIVE.batch, FIVE.marks, FIVE.seeds) == (50, 20, (70, 90, 110), 5)
    assert (ONE.starting, ONE.batch, ONE.marks, ONE.seeds) == (1, 5, (26, 51, 101, 201), 10)
    assert list(PROTOCOLS) == ["5+45", "one", "none"]


def test_play_ends_at_the_last_mark_within_reach() -> None:
    assert [ONE.end(count) for count in (20, 26, 190, 201, 5000)] == [20, 26, 101, 201, 201]


@pytest.mark.parametrize(
    ("rare", "protocol", "what"), [(4, FIVE, "wanted"), (110, FIVE, "other"), (0, ONE, "wanted")]
)
def test_too_few_objects(rare: int, protocol, what: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(AstroTLError, match=f"Too few {what} objects.*planted has"):
        check(planted(150, rare), protocol)
    check(planted(150, 5), FIVE)
