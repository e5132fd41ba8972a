"""Audits on disk, their answers, and what they keep from the ranker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from astrotl_gui.core.audit_state import audit_state, certify, ended
from astrotl_gui.core.audit_table import (
    CERTIFIED,
    RELEASED,
    STOPPED,
    Audit,
    Certificate,
    answers,
    held_out,
    read_audits,
    without_answers,
    write_audit,
)
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.labels import Label, Labels

SAMPLE = [17, 4, 11]


@pytest.fixture
def audit() -> Audit:
    ids = np.arange(1, 21)
    places = np.array([[53.1, -27.8, float(i), 2.5 * i] for i in SAMPLE])
    return Audit(
        3, "lens", "i < 22.5", 0.8, 99, "ann", "gp k 2+ 3-", "2026-02-01T10:00", ids, np.isin(ids, [1, 2, 3]),
        np.array(SAMPLE), places,
    )  # fmt: skip


def blind(source: int, value: str = "negative", time: str = "2026-02-01T11:00", **more) -> Label:
    return Label(source, "lens", value, **{"vetter": "ann", "time": time, "blind": True, **more})


def same(one: Audit, other: Audit) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(vars(one).values(), vars(other).values(), strict=True))


def test_an_audit_reads_back_whole(audit, tmp_path) -> None:
    proof = Certificate("2026-02-02", "gp k", 3, 17, 3, 0, 1, 9, 0.25)
    done = replace(audit, number=12, state=CERTIFIED, ended="2026-02-02", certificate=proof)
    for one in (done, audit):
        write_audit(tmp_path, one)
    first, second = read_audits(tmp_path)
    assert same(first, audit) and same(second, done)
    assert read_audits(tmp_path / "none") == ()


def test_a_damaged_file_is_named(audit, tmp_path) -> None:
    write_audit(tmp_path, audit)
    (tmp_path / "3.parquet").write_bytes(b"PAR1")
    with pytest.raises(AstroTLError, match=r"3\.parquet.*Move this file away"):
        read_audits(tmp_path)


def test_killed_at_any_moment_the_audit_is_as_before_or_as_after(audit, tmp_path) -> None:
    write_audit(tmp_path, audit)
    work = f"""
from dataclasses import replace
from pathlib import Path
from astrotl_gui.core.audit_table import read_audits, write_audit
folder = Path({str(tmp_path)!r})
audit, = read_audits(folder)
for k in range(10 ** 6):
    write_audit(folder, replace(audit, seed=k))
    if k % 20 == 19:
        print(k, flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", work], stdout=subprocess.PIPE)
    assert process.stdout is not None
    for _ in range(3):
        assert process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    (left,) = read_audits(tmp_path)
    assert same(replace(left, seed=99), audit)


def test_only_blind_labels_of_the_sample_while_it_stands_are_answers(audit) -> None:
    events = [
        blind(4, "positive", "2026-01-31"), blind(4, "unsure"), blind(11, "positive"), blind(11, "clear"),
        blind(17, "positive", blind=False), blind(5, "positive"), blind(17),
        blind(4, "negative", "2026-02-05"),
    ]  # fmt: skip
    events[6] = replace(events[6], target="agn")
    assert {i: e.value for i, e in answers(audit, events).items()} == {4: "negative"}
    over = replace(audit, ended="2026-02-02")
    assert {i: e.value for i, e in answers(over, events).items()} == {4: "unsure"}
    assert without_answers([over], events) == [events[k] for k in (0, 4, 5, 6, 7)]


def test_the_certificate_counts_unsure_as_hits_and_needs_every_answer(audit) -> None:
    part = audit_state(audit, Labels([blind(4), blind(17, "unsure")]))
    assert (part.next, part.done, part.total, part.certificate, part.recall_now) == ([11], 2, 3, None, None)
    with pytest.raises(AstroTLError, match="1 of 3 labels are missing"):
        certify(part)
    found = [Label(i, "lens", "positive", time="2026-01-01") for i in (1, 2, 3)]
    done = audit_state(audit, Labels([*found, blind(4), blind(17, "unsure"), blind(11, "positive")]))
    proof = done.certificate
    assert proof is not None
    assert (proof.found, proof.count, proof.labelled, proof.hits, proof.unsure) == (3, 17, 3, 1, 1)
    assert proof.unfound == 16 and proof.recall == 3 / 19
    assert (done.found_now, done.since, done.recall_now) == (4, 1, 4 / 19)
    assert done.base_rate == pytest.approx((3 + 17 / 3) / 20)


def test_what_is_held_out_teaches_no_ranker_until_it_is_released(audit) -> None:
    events = [Label(4, "lens", "negative"), blind(17, "positive"), Label(9, "lens", "positive")]
    labels = Labels(events, held_out([audit]))
    assert labels.training("lens") == {9: 1}
    assert labels.training("agn") == {}
    assert Labels(events, held_out([replace(audit, state=CERTIFIED)])).training("lens") == {9: 1}
    for state in (RELEASED, STOPPED):
        assert Labels(events, held_out([replace(audit, state=state)])).training("lens") == {
            4: -1,
            17: 1,
            9: 1,
        }
    artifact = Labels([Label(4, "artifact", "positive"), *events], held_out([audit]))
    assert artifact.training("lens") == {9: 1} and artifact.training("artifact") == {4: 1}


def test_an_audit_ends_once(audit) -> None:
    done = audit_state(audit, Labels([blind(i) for i in SAMPLE]))
    certified = replace(audit, **ended(done, CERTIFIED))
    assert certified.certificate is not None and certified.holds_out
    later = audit_state(certified, Labels([]))  # undone afterwards: what was certified stays
    assert later.certificate is certified.certificate
    with pytest.raises(AstroTLError, match="certified"):
        ended(later, STOPPED)
    released = replace(certified, **ended(later, RELEASED))
    assert released.certificate is certified.certificate and not released.holds_out
    assert released.held_at("2026-02-01T12:00") and not released.held_at("2026-01-01")
    assert not released.held_at("9999")
    with pytest.raises(AstroTLError, match="has ended"):
        ended(audit_state(released, Labels([])), RELEASED)
