"""A list of a survey is that of one project which holds all its sources."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from astropy.table import Table

from astrotl_gui.cli import main
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import Embeddings
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.pipeline.rank import RankInputs, prepare, rank
from astrotl_gui.pipeline.survey.folder import Survey
from astrotl_gui.pipeline.survey.labelled import survey_labels
from astrotl_gui.pipeline.survey.listing import SurveyList, best, merged
from astrotl_gui.pipeline.survey.ranking import rank_survey, similar_in_survey
from tests.pipeline.survey.conftest import copy, parts

LABELS = {3: 1, 17: 1, 40: -1, 22: -1, 58: 1}


@pytest.fixture(scope="module")
def together(plain: Survey) -> RankInputs:
    """All parts as one project would have them."""
    catalogs, found = zip(*parts(plain), strict=True)
    joined = Embeddings(
        np.concatenate([one.ids for one in found]),
        np.concatenate([one.vectors for one in found]),
        np.concatenate([one.statistics for one in found]),
        found[0].statistic_names,
        found[0].key,
        found[0].meta,
    )
    return prepare(Catalog(pa.concat_tables([one.table for one in catalogs])), joined)


def test_the_best_are_those_of_one_project_with_their_scores(plain: Survey, together: RankInputs):
    wanted = rank(together, "my own", LABELS)
    scores = dict(zip(wanted.ids.tolist(), wanted.scores.tolist(), strict=True))
    found = rank_survey(plain, "my own", LABELS, 25)
    assert len(found.ids) == 25 and (np.diff(found.scores) <= 0).all()
    for source, score in zip(found.ids.tolist(), found.scores.tolist(), strict=True):
        assert score == pytest.approx(scores[source], abs=1e-5)
    edge = sorted(scores.values())[-25]
    assert {source for source, score in scores.items() if score > edge + 1e-5} <= set(found.ids.tolist())


def test_the_order_of_labels_does_not_matter(plain: Survey):
    turned = dict(reversed(LABELS.items()))
    first, second = (rank_survey(plain, "a", labels, 60) for labels in (LABELS, turned))
    assert (first.ids == second.ids).all() and (first.scores == second.scores).all()


def test_the_most_similar_are_those_of_one_project(plain: Survey, together: RankInputs):
    row = int(np.flatnonzero(together.ids == 17)[0])
    apart = np.linalg.norm(together.alike - together.alike[row], axis=1)
    wanted = together.ids[np.argsort(apart)][1:11]
    found = similar_in_survey(plain, 17, 10)
    assert found.ids.tolist() == wanted.tolist()
    assert found.scores == pytest.approx(np.sort(apart)[1:11], abs=1e-3)


def test_merging_keeps_the_best_whatever_comes_first():
    random = np.random.default_rng(0)
    ids = np.arange(1000)
    scores = random.integers(0, 50, 1000).astype(np.float32)  # many ties
    parts = [(k, (ids[k::7], scores[k::7])) for k in range(7)]
    wanted, _ = best(ids, scores, 30)
    for order in (parts, parts[::-1]):
        (found, _), homes = merged([(k, best(*one, 30)) for k, one in order], 30)
        assert found.tolist() == wanted.tolist() == ids[np.lexsort((ids, -scores))][:30].tolist()
        assert (homes == found % 7).all()


def test_labels_come_from_a_table_and_the_command_line_ranks(
    plain: Survey, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "labels.csv"
    Table({"id": list(LABELS), "label": [int(value > 0) for value in LABELS.values()]}).write(file)
    assert survey_labels(plain, file)[1] == LABELS
    assert (
        main(["survey", "--out", str(plain.path), "--plain", "--rank", str(file), "--top", "5", "--json"])
        == 0
    )
    said = json.loads(capsys.readouterr().out)
    assert [row["rank"] for row in said["rows"]] == [1, 2, 3, 4, 5]
    assert [row["id"] for row in said["rows"]] == rank_survey(plain, "a", LABELS, 5).ids.tolist()
    assert Path(said["table"]).is_file()


def test_a_kept_list_knows_of_how_many_parts_it_was_made(plain: Survey, tmp_path: Path):
    survey = Survey.open(copy(plain.path, tmp_path))
    kept = survey.finished()
    away = survey.part(kept[-1]).rename(tmp_path / "late")
    made = rank_survey(survey, "lens", LABELS, 5)
    made.write(survey)
    away.rename(survey.part(kept[-1]))  # the last part arrives when the list is made
    found = SurveyList.read(survey, "lens")
    assert (found.parts, found.of) == (made.parts, made.of) == (len(kept) - 1, len(kept))
    assert (found.ids == made.ids).all() and (found.scores == made.scores).all()


def test_a_list_of_any_name_is_kept_in_the_survey(plain: Survey):
    file = rank_survey(plain, "rings/../spirals", LABELS, 5).write(plain)
    assert file.parent == plain.path / "lists" and file.is_file()


def test_what_cannot_be_ranked_is_said(plain: Survey, tmp_path: Path):
    with pytest.raises(AstroTLError, match="No such source"):
        similar_in_survey(plain, 10**6, 5)
    with pytest.raises(AstroTLError, match="No labelled source"):
        rank_survey(plain, "a", {10**6: 1}, 5)
