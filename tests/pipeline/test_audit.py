"""An audit of a project from the plan to the release, and the sources found anew meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from astrotl_gui.core.audit_table import CERTIFIED, RELEASED, STOPPED
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.labels import Label
from astrotl_gui.core.project import Project
from astrotl_gui.core.settings import CutoutSettings, DetectionSettings
from astrotl_gui.pipeline.audit import (
    finish_audit,
    plan_audit,
    release_audit,
    standing,
    start_audit,
    states,
    stop_audit,
)
from tests.pipeline.small_sky import make_sky

COUNT, FOUND = 400, 30


@pytest.fixture
def catalog() -> Catalog:
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0, 290, (2, COUNT))
    nowhere = np.full(COUNT, np.nan)
    columns = {"id": np.arange(1, COUNT + 1)[::-1], "ra": nowhere, "dec": nowhere, "x": x, "y": y}
    return Catalog.from_columns({**columns, "snr": np.arange(COUNT, dtype=float)})


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    mosaic, _ = make_sky(tmp_path, "g", count=3)
    made = Project.create(tmp_path / "p", mosaic.spec, DetectionSettings(), CutoutSettings())
    made.labels.add([Label(i, "lens", "positive", vetter="ann") for i in range(1, FOUND + 1)])
    made.labels.add([Label(i, "lens", "negative", vetter="ann") for i in range(FOUND + 1, 61)])
    yield made
    made.close()


def answer(project: Project, ids: list[int], hits: tuple[int, ...] = ()) -> None:
    project.labels.add(
        [
            Label(i, "lens", "positive" if i in hits else "negative", vetter="ann", blind=True, x=1.0, y=2.0)
            for i in ids
        ]
    )


def test_from_plan_to_release(project: Project, catalog: Catalog) -> None:
    plan = plan_audit(project, catalog, "lens", 0.8, "snr >= 100")
    assert (plan.size, plan.found, plan.words) == (300, 30, "snr >= 100")
    assert plan.labels == 120
    audit = start_audit(project, catalog, "lens", 0.8, "snr >= 100", seed=5, model="gp k 30+ 30-")
    again = np.random.default_rng(5).permutation(np.arange(31, 301))[:120]
    assert audit.sample.tolist() == again.tolist()
    assert not set(audit.sample.tolist()) & set(range(1, 31))
    rows = catalog.rows_of(audit.sample)
    assert np.array_equal(audit.places[:, 2:], np.stack([catalog.x[rows], catalog.y[rows]], axis=1))
    with pytest.raises(AstroTLError, match="goes on"):
        start_audit(project, catalog, "lens")
    order = audit.sample.tolist()
    labelled_before = [i for i in order if i <= 60]
    assert labelled_before  # what was called no is looked at again
    assert not set(labelled_before) & set(project.labels.training("lens"))
    answer(project, order[:100])
    (state,) = states(project, "lens")
    assert state.next == order[100:]
    with pytest.raises(AstroTLError, match="20 of 120 labels are missing"):
        finish_audit(project, audit.number)
    answer(project, order[100:], hits=(order[110],))
    done = finish_audit(project, audit.number)
    assert done.state == CERTIFIED and done.certificate is not None
    assert (done.certificate.hits, done.certificate.labelled, done.certificate.count) == (1, 120, 270)
    assert done.certificate.model == "gp k 30+ 30-"
    assert order[110] not in project.labels.training("lens")
    release_audit(project, audit.number)
    assert project.labels.training("lens")[order[110]] == 1
    project.labels.undo("ann")
    reopened = Project.open(project.path)
    (kept,) = reopened.audits
    assert kept.state == RELEASED and kept.certificate == done.certificate
    reopened.close()
    assert start_audit(project, catalog, "lens", seed=1).number == 2


def test_an_audit_given_up_certifies_nothing(project: Project, catalog: Catalog) -> None:
    audit = start_audit(project, catalog, "lens", 0.5, hits=1, seed=2)
    answer(project, audit.sample.tolist())
    assert stop_audit(project, audit.number).state == STOPPED
    assert states(project, "lens")[0].certificate is None
    assert standing(project, "lens") is None
    assert set(audit.sample.tolist()) <= set(project.labels.training("lens"))


def test_ids_of_the_sample_stay_on_their_objects(project: Project, catalog: Catalog) -> None:
    audit = start_audit(project, catalog, "lens", 0.5, seed=2)
    held = {place.source_id: (place.x, place.y) for place in project.held_places()}
    assert set(audit.sample.tolist()) <= set(held)


@pytest.mark.parametrize(
    ("target", "options", "says"),
    [
        ("lens", {"recall": 1.0}, "between 0 and 1"),
        ("lens", {"filter": "snr > 1000"}, "The set snr > 1000 is empty"),
        ("lens", {"filter": "z < 3"}, "No such column"),
        ("lens", {"hits": -1}, "0 or more"),
        ("agn", {}, "No AGN in the catalog is called yes"),
    ],
)
def test_what_cannot_be_audited_is_said(project, catalog, target, options, says) -> None:
    with pytest.raises(AstroTLError, match=says):
        plan_audit(project, catalog, target, **options)
    with pytest.raises(AstroTLError, match="No such audit"):
        stop_audit(project, 1)
