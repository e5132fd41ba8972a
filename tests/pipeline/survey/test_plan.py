"""The plan of a survey: arithmetic that can be done by hand, and a measured run that gives numbers."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.settings import CutoutSettings, DetectionSettings, EncoderSettings
from astrotl_gui.ml import encoder as encoder_module
from astrotl_gui.pipeline.survey import plan as plan_module
from astrotl_gui.pipeline.survey.plan import CATALOG_ROW, plan, plan_lines, plan_survey
from astrotl_gui.pipeline.survey.rates import Rates, measure, mosaic_bytes
from tests.pipeline.small_sky import make_sky

RATES = Rates(read=1e8, embed=100.0, start=20.0, row=5750.0, cutout=1e4, memory=2e9)


def test_a_plan_is_what_one_reckons_by_hand():
    """10⁶ sources at 100 a second on 10 workers: 1000 s, and 20 s to start; 10 GB at 100 MB/s: 100 s beside it."""
    made = plan(1_000_000, 50, 4e9, 1e9, RATES, workers=10, per_partition=10_000, price=0.5)
    assert made.partitions == 100 and made.bound == "embedding"
    assert made.hours == pytest.approx(1020 / 3600) and made.worker_hours == pytest.approx(10_200 / 3600)
    assert made.bytes_read == 1e10 and made.bytes_written == 1e6 * (5750 + CATALOG_ROW) == 6e9
    assert made.cost == made.cost_per_million == pytest.approx(0.5 * 10_200 / 3600)
    assert made.memory == 3e9
    assert "Reading, from 100 workers on" in made.first[-1]


def test_reading_is_shared_and_sets_the_pace_where_it_is_slower():
    slow = replace(RATES, read=1e6)
    one, many = (plan(1_000_000, 50, 4e9, 1e9, slow, workers=n, per_partition=10_000) for n in (10, 100))
    assert one.bound == many.bound == "reading"
    assert one.hours == many.hours == pytest.approx(10_020 / 3600)
    assert many.worker_hours == pytest.approx(10 * one.worker_hours)
    assert many.first[0].startswith("Reading: 1 workers read") and math.isnan(many.cost)


def test_no_more_workers_work_than_there_are_partitions():
    few = plan(1000, 2, 4e9, 1e9, RATES, workers=8)
    assert few.partitions == 2 and few.first[0].startswith("6 of 8 workers have nothing to do")
    assert few.hours == pytest.approx((1000 / 100 / 2 + 20) / 3600)


def test_detection_reads_all_pixels_and_finds_what_the_first_mosaic_holds():
    rates = replace(RATES, detect=1e6, density=1e-4)
    made = plan(None, 10, 4e9, 1e9, rates, workers=5)
    assert made.sources == 1_000_000 and made.bytes_read == 4e10
    assert made.hours == pytest.approx((1e6 / 100 / 5 + 1e10 / 1e6 / 5 + 20) / 3600)
    with pytest.raises(AstroTLError, match="--sources"):
        plan(None, 10, 4e9, 1e9, RATES)
    with pytest.raises(AstroTLError, match="Nothing to plan"):
        plan(0, 10, 4e9, 1e9, RATES)


def test_a_hundred_million_names_what_breaks_first():
    made = plan(100_000_000, 5000, 1e10, 1e9, RATES, workers=200, per_partition=500)
    said = " ".join(made.first)
    assert "575 GB of embeddings" in said and "Ranking on one machine" in said
    assert "200,000 tasks" in said
    lines = plan_lines(made, RATES)
    assert "worker-hours for a million" in " ".join(lines)
    assert "price" not in made.to_dict() and made.to_dict()["hours_per_million"] == made.hours_per_million


def test_rates_are_measured_on_the_users_own_mosaic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(encoder_module.PRECISIONS, "cpu", ())
    monkeypatch.setitem(encoder_module.BATCH, "cpu", 8)
    mosaic, catalog = make_sky(tmp_path, "g")
    cutouts = CutoutSettings(size=8.0, context=24.0)
    rates = measure(mosaic, cutouts, EncoderSettings(views=1), DetectionSettings(), device="cpu", sample=24)
    assert rates.read > 0 and rates.embed > 0 and rates.memory > 1e8 and not rates.far
    assert rates.cutout == pytest.approx(4 * (24 / 0.2) ** 2)
    # Float16 vectors, statistics and the position; the shard's own head is shared by few here.
    assert 2 * 1280 < rates.row < 20_000
    assert 0.3 < rates.density * 300 * 300 / len(catalog) < 1.5 and rates.detect > 0
    assert mosaic_bytes(mosaic) == (tmp_path / "sky_g.fits").stat().st_size
    monkeypatch.setattr(plan_module, "measure", lambda *_, **__: rates)
    made, _ = plan_survey([mosaic.spec] * 3, None, cutouts, EncoderSettings(), DetectionSettings(), workers=2)
    assert made.mosaics == 3 and made.bytes_read == 3 * mosaic_bytes(mosaic)
    assert made.sources == round(3 * rates.density * 300 * 300)
    assert {path.name for path in tmp_path.iterdir()} == {"sky_g.fits"}
