"""The label log: what holds after any sequence, undo and redo, what a kill leaves."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.labels import Label, LabelLog, informed


@pytest.fixture
def log(tmp_path):
    log = LabelLog(tmp_path / "labels.sqlite")
    yield log
    log.close()


def lens(source, value="positive", vetter="ann", **more):
    return Label(source, "lens", value, vetter=vetter, **more)


def values(log, target="lens", vetter=None):
    return {i: label.value for i, label in log.current(target, vetter).items()}


def test_the_latest_event_wins_and_clear_removes(log):
    log.add([lens(1), lens(2, "negative")])
    log.add([lens(1, "unsure")])
    log.add([lens(2, "clear")])
    assert values(log) == {1: "unsure"}


def test_everything_reads_back_after_reopening(log, tmp_path):
    label = lens(
        7, "positive", grade="A", comment="Blue arc, 2″ – “sûr”", ra=359.9999, dec=-89.5, x=1.25, y=0.0,
        mosaic="abc", model="gp 3", seconds=1.5, blind=True,
    )  # fmt: skip
    log.add([label])
    log.close()
    again = LabelLog(tmp_path / "labels.sqlite")
    (stored,) = again.events()
    again.close()
    assert stored.time.endswith("+00:00")
    assert stored == Label(**(label.__dict__ | {"time": stored.time}))


def test_positions_may_be_unknown(log):
    log.add([lens(1)])
    (stored,) = log.events()
    assert math.isnan(stored.ra) and math.isnan(stored.x)


def test_undo_and_redo_step_by_step(log):
    log.add([lens(1), lens(2)])
    log.add([lens(1, "negative")])
    assert log.undo("ann") == [1] and values(log) == {1: "positive", 2: "positive"}
    assert log.undo("ann") == [1, 2] and values(log) == {}
    assert log.undo("ann") == [] and not log.can_undo("ann")
    assert log.redo("ann") == [1, 2] and log.redo("ann") == [1]
    assert values(log) == {1: "negative", 2: "positive"} and not log.can_redo("ann")


def test_a_new_label_ends_redo(log):
    log.add([lens(1)])
    log.undo("ann")
    log.add([lens(2)])
    assert not log.can_redo("ann") and log.redo("ann") == []
    assert log.undo("ann") == [2] and values(log) == {}


def test_undo_is_the_vetters_own(log):
    log.add([lens(1, vetter="ann")])
    log.add([lens(1, "negative", vetter="bob")])
    assert log.undo("ann") == [1]
    assert values(log) == {1: "negative"}


def test_a_vetter_sees_the_own_label_before_others(log):
    log.add([lens(1, "positive", vetter="ann"), lens(2, "negative", vetter="bob")])
    log.add([lens(1, "negative", vetter="bob")])
    assert values(log, vetter="ann") == {1: "positive", 2: "negative"}
    assert values(log) == {1: "negative", 2: "negative"}


def test_an_artifact_is_neither_lens_nor_agn(log):
    log.add([Label(5, "artifact", "positive"), Label(6, "artifact", "negative"), lens(7), lens(8, "unsure")])
    assert log.training("lens") == {5: -1, 7: 1}
    assert log.training("agn") == {5: -1}
    assert log.training("artifact") == {5: 1, 6: -1}
    assert log.training("outlier") == {}


def test_an_artifact_is_a_no_in_the_lists_of_ones_own(log):
    log.add(
        [Label(5, "artifact", "positive"), Label(6, "artifact", "positive"), Label(6, "ring", "positive")]
    )
    assert log.training("ring") == {5: -1, 6: 1}


def test_a_contaminant_that_names_a_list_teaches_it(log):
    log.add([
        Label(1, "lens", "negative", contaminant="artifact"),
        Label(2, "agn", "negative", contaminant="edge-on"),
        Label(3, "ring", "negative", contaminant="artifact"),
        Label(4, "lens", "unsure", contaminant="artifact"),
    ])  # fmt: skip
    assert log.training("artifact") == {1: 1, 3: 1}
    assert log.training("lens") == {1: -1, 3: -1}
    assert log.training("agn") == {1: -1, 2: -1, 3: -1}
    assert log.training("ring") == {1: -1, 3: -1}
    assert log.training("edge_on") == {1: -1, 2: 1, 3: -1}
    assert log.training("outlier") == {}
    log.add([Label(1, "artifact", "negative"), Label(3, "artifact", "unsure")])  # said of the list itself
    assert log.training("artifact") == {1: -1, 3: 1}
    assert log.training("agn") == {2: -1}
    log.add([Label(2, "agn", "clear")])
    assert 2 not in log.training("edge_on")


def test_which_lists_a_label_teaches():
    lists = ("lens", "agn", "artifact", "outlier", "ring", "jelly")
    assert informed("ring", [""], lists) == {"ring"}
    assert informed("lens", ["ring"], lists) == {"lens", "ring"}
    assert informed("jelly", ["artifact"], lists) == {"lens", "agn", "artifact", "ring", "jelly"}
    assert informed("artifact", [], lists) == {"lens", "agn", "artifact", "ring", "jelly"}
    assert informed("outlier", ["star"], lists) == {"outlier"}


def test_notes_do_not_touch_labels(log):
    log.add([lens(1)])
    log.add([Label(1, "lens", "note", comment="counter-image?", vetter="ann")])
    assert log.note(1) == "counter-image?" and log.current("lens")[1].comment == "counter-image?"
    assert values(log) == {1: "positive"}


def test_unknown_values_are_refused(log):
    with pytest.raises(ValueError, match="maybe"):
        log.add([lens(1, "maybe")])
    assert log.events() == []


steps = st.lists(
    st.one_of(
        st.tuples(st.just("label"), st.integers(1, 4), st.sampled_from(["positive", "negative", "clear"])),
        st.just(("undo",)),
        st.just(("redo",)),
    ),
    max_size=25,
)


@given(steps)
@settings(max_examples=60, deadline=None)
def test_the_log_behaves_like_an_editor(tmp_path_factory, steps):
    """Any sequence of labels, undos and redos equals a plain undo stack, also after reopening."""
    path = tmp_path_factory.mktemp("log") / "labels.sqlite"
    log, done, undone = LabelLog(path), [], []
    for kind, *what in steps:
        if kind == "label":
            log.add([lens(*what)])
            done, undone = [*done, what], []
        elif kind == "undo":
            log.undo("ann")
            if done:
                undone.append(done.pop())
        else:
            log.redo("ann")
            if undone:
                done.append(undone.pop())
    expected = {i: value for i, value in dict(done).items() if value != "clear"}
    assert values(log) == expected
    log.close()
    again = LabelLog(path)
    assert values(again) == expected
    again.close()


def test_a_killed_process_keeps_every_label(tmp_path):
    """SIGKILL right after `add` returns: all labels so far are in the file."""
    script = (
        "import sys, pathlib\n"
        "from astrotl_gui.core.labels import Label, LabelLog, informed\n"
        "log = LabelLog(pathlib.Path(sys.argv[1]))\n"
        "for i in range(10**6):\n"
        "    log.add([Label(i, 'lens', 'positive', vetter='ann')])\n"
        "    print(i, flush=True)\n"
    )
    path = tmp_path / "labels.sqlite"
    with subprocess.Popen([sys.executable, "-c", script, path], stdout=subprocess.PIPE, text=True) as process:
        seen = [int(process.stdout.readline()) for _ in range(40)]
        os.kill(process.pid, signal.SIGKILL)
        seen += [int(line) for line in process.stdout]
    log = LabelLog(path)
    assert set(seen) <= set(values(log))
    log.close()


def test_a_file_that_is_no_log(tmp_path):
    path = tmp_path / "labels.sqlite"
    path.write_text("not a database, but long enough to be looked at" * 40)
    with pytest.raises(AstroTLError, match="labels cannot be opened"):
        LabelLog(path)
