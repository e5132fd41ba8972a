"""What is said of where a list stands."""

from __future__ import annotations

import numpy as np
import pytest

from astrotl_gui.core.advice import advise
from astrotl_gui.core.audit_state import audit_state
from astrotl_gui.core.audit_table import CERTIFIED, STOPPED, Audit, Certificate
from astrotl_gui.core.labels import TARGET_NAMES, Label, Labels
from astrotl_gui.core.yields import Yields, yields

NAMES = {**TARGET_NAMES, "rings": "Rings"}


def where(
    hits: list[int], labels: int, sources: int = 2014, target: str = "lens", rate: float | None = None
) -> Yields:
    """A list of which these labels (from 0) were a yes."""
    events = [
        Label(
            i + 1,
            target,
            "positive" if i in hits else "negative",
            time=f"2026-01-01T{i // 60:02d}:{i % 60:02d}",
        )
        for i in range(labels)
    ]
    return yields(target, events, sources, base_rate=rate)


def test_the_sentence_says_what_was_found_and_what_chance_would_give() -> None:
    says = advise(where([*range(35), *range(162, 168)], 212), NAMES)
    assert says.state == "slowing"
    assert says.sentence == "41 lenses found in 212 labels. By chance you would have at least 4."
    assert (
        says.detail
        == "The last 50 labels gave 6. That alone does not mean the list is finished: check with an audit."
    )
    audited = advise(where(list(range(41)), 212, rate=0.0212), NAMES)
    assert audited.sentence == "41 lenses found in 212 labels. By chance you would have 4."


@pytest.mark.parametrize(
    ("hits", "labels", "target", "state", "sentence", "detail"),
    [
        ([], 0, "lens", "nothing", "No labels yet.", "Five are enough to start"),
        ([0], 1, "lens", "starting", "1 lens found in 1 label. By chance you would have at least 0.0005.", "49 more"),
        ([], 80, "agn", "starting", "0 AGN found in 80 labels.", "Find a first one"),
        (list(range(0, 100, 4)), 100, "agn", "finding", "25 AGN found in 100 labels. By chance", "goes on to find AGN"),
        (list(range(9)), 90, "rings", "dry", "9 of “Rings” found in 90 labels.", "gave none. That alone does not mean"),
    ],
)  # fmt: skip
def test_words_go_with_the_state(hits, labels, target, state, sentence, detail) -> None:
    says = advise(where(hits, labels, target=target), NAMES)
    assert says.state == state
    assert says.sentence.startswith(sentence)
    assert detail in says.detail


def test_a_dry_list_is_told_what_an_audit_costs_and_never_that_it_is_done() -> None:
    says = advise(where(list(range(41)), 212), NAMES)
    assert says.state == "dry"
    assert says.detail == (
        "The last 50 labels gave none. That alone does not mean the list is finished: an audit of 590 labels, "
        "about 10 h at your pace, would show whether 80 % are found."
    )


def test_with_a_certificate_it_says_what_is_proved_and_what_more_would_cost() -> None:
    ids = np.arange(1, 20_001)
    sample, places = ids[1000:1480], np.zeros((480, 4))
    proof = Certificate("2026-02-03T10:00", "gp k", 500, 19_500, 480, 0, 0, 121, 500 / 621)
    audit = Audit(
        1, "lens", "i < 22.5", 0.8, 1, "", "gp k", "2026-02-01", ids, ids <= 500, sample, places, CERTIFIED,
        "2026-02-03", certificate=proof,
    )  # fmt: skip
    labels = Labels([Label(int(i), "lens", "positive") for i in ids[:500]])
    state = audit_state(audit, labels)
    says = advise(where(list(range(50)), 600), NAMES, [state])
    assert says.state == "audited"
    assert says.detail == (
        "At least 80 % of all lenses in i < 22.5 are found: by the audit of 2026-02-03, 480 labels, with 95 % "
        "confidence. To show 90 % takes another 1,080 labels without a hit."
    )
    more = Labels([Label(int(i), "lens", "positive") for i in ids[:560]])
    assert audit_state(audit, more).recall_now == pytest.approx(560 / 621)
    fewer = Labels([Label(int(i), "lens", "positive") for i in ids[:400]])
    assert audit_state(audit, fewer).recall_now == pytest.approx(400 / 521)


def test_an_audit_that_goes_on_or_was_stopped_proves_nothing() -> None:
    ids = np.arange(1, 101)
    audit = Audit(
        1, "lens", "all sources", 0.8, 1, "", "", "2026-02-01", ids, ids <= 20, ids[50:60], np.zeros((10, 4))
    )
    answer = Label(51, "lens", "positive", time="2026-02-02", blind=True)
    says = advise(where(list(range(20)), 90), NAMES, [audit_state(audit, Labels([answer]))])
    assert says.state == "auditing"
    assert says.detail.startswith("An audit goes on: 1 of 10 labels, 1 lens so far. It proves something once")
    stopped = Audit(**{**vars(audit), "state": STOPPED, "ended": "2026-02-03", "released": "2026-02-03"})
    says = advise(where(list(range(20)), 90), NAMES, [audit_state(stopped, Labels([answer]))])
    assert says.state == "dry" and says.detail.endswith("stopped after 1 of 10 labels proves nothing.")
