"""A survey on a cluster beside the plain pipeline on the same mosaics: rows, overhead, memory, a killed worker."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.io import fits
from astropy.wcs import WCS

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import EmbeddingStore
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.settings import CutoutSettings, DetectionSettings, EncoderSettings
from astrotl_gui.ml.preprocess import band_units
from astrotl_gui.pipeline.embed import embed
from astrotl_gui.pipeline.survey.cluster import connected
from astrotl_gui.pipeline.survey.engine import run as run_survey
from astrotl_gui.pipeline.survey.fields import find_fields
from astrotl_gui.pipeline.survey.folder import Survey
from benchmarks.report import Row

if TYPE_CHECKING:
    from distributed import Client

SIDE, SHIFT, FIELDS, SCALE = 2000, 1800, 4, 0.2
SOURCES, MANY, MORE = 4_000, 100_000, 1_000_000
MOST_OVERHEAD = 1.15
BANDS = ("g", "r", "i")


def run(full: bool = False) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="astrotl-survey-", dir="bench-output") as scratch:
        home = Path(scratch)
        _make_images(home / "images")
        rows = _compared(home, MANY if full else SOURCES)
        if full:
            rows += _many(home)
        return rows


def _compared(home: Path, count: int) -> list[Row]:
    laid_out = _begin(home, count)
    n = f"{count:,} sources, {FIELDS} mosaics of {SIDE}², {len(BANDS)} bands, 1 view"
    per = max(count // 16, 250)
    here = _copy(laid_out, home / "here")
    start = time.perf_counter()
    made = run_survey(here, per_partition=per)
    alone = time.perf_counter() - start
    assert made.sources == count and not made.failures
    plain = _plain(here, home / "plain")
    wanted = _vectors(here)
    rows = [
        Row("plain pipeline, mosaic by mosaic", count / plain, "/s", n=n),
        Row("survey without a cluster, time", alone, "s", "plain pipeline", plain, n=n),
    ]
    for workers in (1, 2, 4):
        survey = _copy(laid_out, home / f"by-{workers}")
        begin = time.perf_counter()
        with connected(workers=workers) as client:
            client.wait_for_workers(workers)
            started = time.perf_counter() - begin
            start = time.perf_counter()
            run_survey(survey, client, per_partition=per)
            seconds = time.perf_counter() - start
            memory = max(client.run(_peak_memory).values())
        ids, cosine = _compare(wanted, _vectors(survey))
        target = MOST_OVERHEAD * plain if workers == 1 else None
        rows += [
            Row(f"{workers} workers, time", seconds, "s", "plain pipeline", plain, target, n=n),
            Row(f"{workers} workers, rows that differ", float(ids), "rows", target=0.0, n=n),
            Row(f"{workers} workers, smallest cosine", cosine, "", target=0.9999, more=True, n=n),
            Row(f"{workers} workers, most memory of one", memory / 1e9, "GB", n="peak resident"),
            Row(f"{workers} workers, start of the cluster", started, "s"),
        ]
    return rows + _killed(_copy(laid_out, home / "killed"), wanted, per)


def _killed(survey: Survey, wanted: tuple[np.ndarray, np.ndarray], per: int) -> list[Row]:
    """One of two workers is killed when some partitions are done."""
    with connected(workers=2) as client:
        client.wait_for_workers(2)
        watch = threading.Thread(target=_kill_one, args=(survey, client), daemon=True)
        watch.start()
        made = run_survey(survey, client, per_partition=per)
        watch.join()
        again = run_survey(survey, client)
    ids, _ = _compare(wanted, _vectors(survey))
    n = "2 workers, one killed (SIGKILL) after the second partition"
    return [
        Row("a worker killed: rows missing or double", float(ids), "rows", target=0.0, n=n),
        Row("a worker killed: failures listed", float(len(made.failures)), "tasks", target=0.0, n=n),
        Row("run again: sources embedded anew", float(again.embedded), "sources", target=0.0, n=n),
    ]


def _many(home: Path) -> list[Row]:
    survey = _begin(home, MORE)
    with connected(workers=1) as client:
        start = time.perf_counter()
        made = run_survey(survey, client)
        seconds = time.perf_counter() - start
        memory = max(client.run(_peak_memory).values())
    n = f"{MORE:,} sources, 1 worker, partitions of 20,000"
    return [
        Row("a million for real, rate", made.sources / seconds, "/s", n=n),
        Row("a million for real, most memory of the worker", memory / 1e9, "GB", n=n),
    ]


# --- the same by hand --------------------------------------------------------------------------------


def _plain(survey: Survey, folder: Path) -> float:
    """Seconds of `embed` on each mosaic, as `astrotl embed` does it, the network loaded anew for each."""
    start = time.perf_counter()
    assert survey.preprocessing is not None
    for one in survey.fields:
        tables = [
            pq.read_table(survey.positions_file(number)) for number, of in survey.work() if of == one.number
        ]
        mosaic = Mosaic.open(one.spec)
        fixed = replace(survey.preprocessing, unit=band_units(mosaic))
        catalog = Catalog(pa.concat_tables(tables))
        embed(mosaic, catalog, folder / str(one.number), survey.cutouts, survey.encoder, fixed=fixed)
    return time.perf_counter() - start


def _vectors(survey: Survey) -> tuple[np.ndarray, np.ndarray]:
    ids, vectors = [], []
    for number in survey.finished():
        catalog = Catalog.read(survey.part(number) / "catalog.parquet")
        found = EmbeddingStore.all(survey.part(number) / "embeddings")[0].load(catalog)
        assert found is not None
        ids.append(found.ids)
        vectors.append(found.vectors)
    order = np.argsort(np.concatenate(ids), kind="stable")
    return np.concatenate(ids)[order], np.concatenate(vectors)[order]


def _compare(
    wanted: tuple[np.ndarray, np.ndarray], found: tuple[np.ndarray, np.ndarray]
) -> tuple[int, float]:
    """(rows that one has and the other has not, the smallest cosine of those that both have)."""
    differ = len(np.setxor1d(wanted[0], found[0])) + len(found[0]) - len(np.unique(found[0]))
    if differ:
        return differ, float("nan")
    a, b = wanted[1].astype(np.float32), found[1].astype(np.float32)
    return 0, float(((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)).min())


def _peak_memory() -> float:
    import resource

    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def _kill_one(survey: Survey, client: Client) -> None:
    victim = next(iter(client.run(os.getpid).values()))
    while len(survey.finished()) < 2:
        time.sleep(0.1)
    os.kill(victim, signal.SIGKILL)


# --- the sky -----------------------------------------------------------------------------------------


def _begin(home: Path, count: int) -> Survey:
    """A survey laid out of `count` positions spread over the mosaics."""
    width = SHIFT * (FIELDS - 1) + SIDE
    random = np.random.default_rng(1)
    x, y = random.uniform(60, width - 60, count), random.uniform(60, SIDE - 60, count)
    ra, dec = _wcs(0).all_pix2world(x, y, 0)
    pq.write_table(pa.table({"ra": ra, "dec": dec}), home / f"{count}.parquet")
    settings = DetectionSettings(), CutoutSettings(18.0, 54.0), EncoderSettings(views=1)
    fields = find_fields([home / "images"])
    return Survey.create(home / f"{count}.survey", fields, *settings, home / f"{count}.parquet")


def _copy(survey: Survey, place: Path) -> Survey:
    return Survey.open(Path(shutil.copytree(survey.path, place / survey.path.name)))


def _make_images(folder: Path) -> None:
    folder.mkdir()
    random = np.random.default_rng(0)
    row, column = np.mgrid[-8:9, -8:9]
    for number in range(FIELDS):
        places = random.integers(20, SIDE - 20, (4000, 2))
        flux = random.uniform(10, 400, 4000)
        width = random.uniform(1.2, 4.0, 4000)
        for band in BANDS:
            image = random.normal(0, 1, (SIDE, SIDE)).astype(np.float32)
            for (y, x), light, sigma in zip(places, flux, width, strict=True):
                image[y - 8 : y + 9, x - 8 : x + 9] += light * np.exp(-(row**2 + column**2) / (2 * sigma**2))
            header = _wcs(number * SHIFT).to_header()
            header["FILTER"], header["OBJECT"] = band, f"field {number}"
            fits.PrimaryHDU(image, header).writeto(folder / f"sky{number}_{band}.fits")


def _wcs(offset: int) -> WCS:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [150.0, 2.0]
    wcs.wcs.crpix = [1 - offset, 1]
    wcs.wcs.cdelt = [-SCALE / 3600, SCALE / 3600]
    return wcs
