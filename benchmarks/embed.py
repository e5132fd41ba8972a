"""Embedding: the whole road beside the bare network, the published loop beside ours, backends beside each other."""

from __future__ import annotations

import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from astropy.io import fits
from PIL import Image

from astrotl_gui.core.bands import BandSpec, MosaicSpec
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import EmbeddingStore, Shard
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import Progress
from astrotl_gui.core.regions import in_tiles, read_regions
from astrotl_gui.core.settings import CutoutSettings, DetectionSettings, EncoderSettings
from astrotl_gui.ml.encoder import PRECISIONS, Encoder, cosines, make_backend
from astrotl_gui.ml.encoders import card
from astrotl_gui.ml.network import load_network
from astrotl_gui.ml.precision import folded
from astrotl_gui.ml.preprocess import Preprocessing
from astrotl_gui.ml.recipes import IMAGENET, AsinhRecipe, Recipe, UlisseRecipe
from astrotl_gui.ml.space import Space
from astrotl_gui.pipeline.batches import batches
from astrotl_gui.pipeline.detect import detect
from astrotl_gui.pipeline.embed import embed, fill
from benchmarks.report import Row
from benchmarks.skies import SKIES

SIDE, SCALE, CELL = 16_000, 0.2, 1000
SIZE = 18.0
SAMPLE, MANY, MORE = 4_096, 100_000, 1_000_000
REAL, NEAREST = 256, 10
RIVAL_BATCH = 16


def run(full: bool = False) -> list[Row]:
    mosaic = _mosaic()
    catalog = _catalog(MORE if full else MANY)
    some = catalog.take(in_tiles(catalog.x, catalog.y)[:SAMPLE])  # neighbours, as they come in a run
    stretch = Preprocessing.fit(mosaic, catalog.ids, catalog.x, catalog.y, SIZE)
    recipe = AsinhRecipe(stretch, card(), SIZE)
    encoder = Encoder(card(), recipe.front())
    rows = _road(mosaic, some, recipe, encoder)
    rows += _rival(mosaic, some.take(np.arange(REAL)), stretch)
    rows += _backends()
    with ProcessPoolExecutor(1, get_context("spawn")) as alone:  # its memory is its own
        return rows + alone.submit(_many, len(catalog)).result()


def _road(mosaic: Mosaic, catalog: Catalog, recipe: AsinhRecipe, encoder: Encoder) -> list[Row]:
    """End to end beside the bare forward pass of the same network, batch and threads; and where the time goes."""
    order = in_tiles(catalog.x, catalog.y)
    prepared = list(batches(mosaic, catalog, order, recipe, (1.0,), 1, encoder.batch))
    inputs = [batch.inputs[0][0] for batch in prepared]
    pictures = np.random.default_rng(0).integers(0, 255, (encoder.batch, 3, 224, 224), np.uint8)
    bare = Encoder.of_pictures(card(), device=encoder.device.type)
    for warm in (lambda: encoder.embed(*inputs[0]), lambda: bare.embed(pictures)):
        warm()
    passes = len(catalog) // encoder.batch
    rates, floors = [], []
    for _ in range(3):  # in turns, so that both see the same machine
        floors.append(len(catalog) / _seconds(lambda: [bare.embed(pictures) for _ in range(passes)])[0])
        rates.append(len(catalog) / _seconds(lambda: _whole_road(mosaic, catalog, recipe, encoder))[0])
    rate, floor = float(np.median(rates)), float(np.median(floors))
    n = f"{len(catalog):,} sources, 3 bands, 224 px, 1 view, batch {encoder.batch}, {encoder.backend}"
    target = 0.6 if encoder.device.type == "cuda" else 0.8
    stages = {
        "read and cut": lambda: list(
            read_regions(mosaic, catalog.x, catalog.y, SIZE, recipe.preprocessing.bands, encoder.batch)
        ),
        "read, cut, background, statistics": lambda: list(
            batches(mosaic, catalog, order, recipe, (1.0,), 1, encoder.batch)
        ),
        "resample, stretch, network": lambda: [encoder.embed(*values) for values in inputs],
        "network alone": lambda: [bare.embed(pictures) for _ in range(passes)],
        "shards on disk": lambda: _write(catalog),
    }
    costs = [
        Row(f"CPU: {name}", 1000 * _seconds(stage)[1] / len(catalog), "ms", n="processor time a source")
        for name, stage in stages.items()
    ]
    return [
        Row("end to end", rate, "/s", "bare forward pass", floor, more=True, n=n),
        Row("end to end, share of the bare pass", rate / floor, "", target=target, more=True, n=n),
        *costs,
    ]


def _whole_road(mosaic: Mosaic, catalog: Catalog, recipe: Recipe, encoder: Encoder) -> None:
    """What `embed` does once the network is loaded: pixels from the file to shards on disk."""
    with tempfile.TemporaryDirectory(dir="bench-output") as folder:
        store = EmbeddingStore(Path(folder), "bench")
        store.write_meta({"making": {"zooms": [1.0], "views": 1}})
        fill(store, mosaic, catalog, in_tiles(catalog.x, catalog.y), recipe, encoder, Progress())


def _write(catalog: Catalog) -> None:
    with tempfile.TemporaryDirectory(dir="bench-output") as folder:
        store = EmbeddingStore(Path(folder), "bench")
        for start in range(0, len(catalog), 512):
            n = len(catalog.ids[start : start + 512])
            ids, places = catalog.ids[start : start + 512], np.zeros((n, 2))
            store.append(Shard(ids, places, np.ones((n, 1280), np.float16), np.ones((n, 45), np.float32)))


def _rival(mosaic: Mosaic, catalog: Catalog, stretch: Preprocessing) -> list[Row]:
    """The published loop: eager fp32 torch, one Pillow resize at a time, 16 pictures a pass. The same pictures."""
    recipe = UlisseRecipe(stretch)
    encoder = Encoder(replace(card(), mean=IMAGENET[0], std=IMAGENET[1]), recipe.front())
    everything = np.arange(len(catalog))
    pictures = np.concatenate(
        [
            recipe.pictures(part, stretch.background(stretch.physical(part.resampled(56)))[0])
            for part in read_regions(mosaic, catalog.x, catalog.y, recipe.size, stretch.bands, 32, everything)
        ]
    )
    network = load_network(card())
    mean, std = (torch.tensor(value)[:, None, None] for value in IMAGENET)

    def loop() -> np.ndarray:
        parts, images = [], []
        with torch.no_grad():
            for k, picture in enumerate(pictures):
                large = Image.fromarray(picture).resize((224, 224), Image.Resampling.BILINEAR)
                images.append((torch.from_numpy(np.array(large)).permute(2, 0, 1).float() / 255 - mean) / std)
                if len(images) == RIVAL_BATCH or k == len(pictures) - 1:
                    parts.append(network.forward_features(torch.stack(images)).mean(dim=(2, 3)).numpy())
                    images = []
        return np.concatenate(parts)

    def ours() -> np.ndarray:
        out = np.zeros((len(catalog), 1280), np.float32)
        for batch in batches(mosaic, catalog, everything, recipe, (1.0,), 1, encoder.batch):
            out[batch.rows] = encoder.embed(*batch.inputs[0][0])
        return out

    ours()
    want, got = loop(), ours()
    slow, fast = (float(np.median([_seconds(f)[0] for _ in range(3)])) for f in (loop, ours))
    agreement = float(cosines(want, got).min())
    n = f"{len(catalog)} pictures; ours from the mosaic, theirs from memory; smallest cosine {agreement:.5f}"
    return [
        Row(
            "ULISSE's recipe",
            len(catalog) / fast,
            "/s",
            "the published loop",
            len(catalog) / slow,
            more=True,
            n=n,
        ),
        Row("ULISSE's recipe, times the loop", slow / fast, "", target=5, more=True, n=n),
        Row("ULISSE's recipe, smallest cosine", agreement, "", target=0.999, more=True, n=n),
    ]


def _backends() -> list[Row]:
    """Smallest cosine and shared nearest neighbours, in the ranker's space, of each backend and torch fp32."""
    parts = [_real_inputs(name) for name in ("xdf", "cfhtls_w3")]
    found = [part for part in parts if part is not None]
    if not found:
        print("  skipped backends: no real field is here")
        return []
    network = folded(load_network(card()))
    device = Encoder.of_pictures(card()).device.type
    want = _vectors("torch fp32", network, device, found)
    rows = []
    for kind in PRECISIONS[device]:
        got = _vectors(kind, network, device, found)
        n = f"{len(want)} real cutouts, beside torch fp32"
        rows += [
            Row(f"{kind}: smallest cosine", float(cosines(want, got).min()), "", n=n),
            Row(f"{kind}: shared of 10 nearest", _shared(want, got), "", n=n),
        ]
    chosen = Encoder.of_pictures(card()).backend
    return [
        replace(row, target=0.999 if "cosine" in row.name else 0.9, more=True)
        if row.name.startswith(chosen)
        else row
        for row in rows
    ]


def _real_inputs(name: str) -> tuple[AsinhRecipe, list[Any]] | None:
    mosaic = SKIES[name].real()
    if mosaic is None:
        return None
    catalog = detect(mosaic, DetectionSettings())
    size = SKIES[name].cutout
    stretch = Preprocessing.fit(mosaic, catalog.ids, catalog.x, catalog.y, size)
    recipe = AsinhRecipe(stretch, card(), size)
    count = REAL // 2
    rows = in_tiles(catalog.x, catalog.y)[:count]
    (batch,) = batches(mosaic, catalog, rows, recipe, (1.0,), 1, count)
    return recipe, list(batch.inputs[0][0])


def _vectors(kind: str, network: Any, device: str, found: list[tuple[AsinhRecipe, list[Any]]]) -> np.ndarray:
    return np.concatenate(
        [
            make_backend(kind, recipe.front().eval(), network, device, inputs).submit(inputs)()
            for recipe, inputs in found
        ]
    )


def _shared(want: np.ndarray, got: np.ndarray) -> float:
    space = Space.fit(want)
    near = []
    for vectors in (want, got):
        ranked = space.transform(vectors)
        likeness = ranked @ ranked.T
        np.fill_diagonal(likeness, -2)
        near.append(np.argsort(-likeness, axis=1)[:, :NEAREST])
    return float(np.mean([len(set(a) & set(b)) / NEAREST for a, b in zip(*near, strict=True)]))


class _Clock(Progress):
    """When how many of the sources were done."""

    def __init__(self) -> None:
        self.marks: list[tuple[float, float]] = []

    def __call__(self, done: float, total: float, text: str = "") -> None:
        self.marks.append((done, time.perf_counter()))

    def rate(self, begin: float, end: float) -> float:
        done, when = np.array(self.marks).T
        first, last = np.searchsorted(done, [begin * done[-1], end * done[-1]])
        return float((done[last] - done[first]) / (when[last] - when[first]))


def _many(count: int) -> list[Row]:
    """The cost a source at the beginning and at the end of many, and the memory."""
    mosaic, catalog = _mosaic(), _catalog(count)
    folder = Path("bench-output/embeddings")
    shutil.rmtree(folder, ignore_errors=True)
    clock = _Clock()
    settings = EncoderSettings(views=1)
    try:
        store = embed(mosaic, catalog, folder, CutoutSettings(SIZE, 3 * SIZE), settings, progress=clock)
        missing = len(store.missing(catalog))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    n = f"{len(catalog):,} sources, {missing} missing, {SIDE} × {SIDE} px"
    first, last = clock.rate(0.02, 0.12), clock.rate(0.89, 0.99)
    tenths = " ".join(f"{clock.rate(k / 10 + 0.005, k / 10 + 0.095):.0f}" for k in range(10))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        Row("rate, last tenth", last, "/s", "first tenth", first, more=True, n=n),
        Row(
            "cost of the last tenth over the first",
            first / last,
            "",
            target=1.1,
            n=f"a second by tenths: {tenths}",
        ),
        Row("peak memory", peak, "MB", n=n),
    ]


def _seconds(work: Callable[[], object]) -> tuple[float, float]:
    """(wall, processor) seconds."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def _mosaic() -> Mosaic:
    bands = []
    for number, name in enumerate("gri"):
        path = Path("bench-output/data") / f"embed-{SIDE}-{name}.fits"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_band(path, number)
        bands.append(BandSpec(name, Plane(path, 0), zeropoint=25.0, wavelength=480.0 + 150 * number))
    return Mosaic.open(MosaicSpec("bench", tuple(bands), "g", ("i", "r", "g"), pixel_scale=SCALE))


def _write_band(path: Path, number: int) -> None:
    """Discs on noise in a cell, repeated."""
    rng = np.random.default_rng(number)
    cell = rng.normal(0, 1, (CELL, CELL)).astype(np.float32)
    places = np.random.default_rng(9)
    row, column = np.mgrid[-30:31, -30:31]
    for _ in range(700):
        x, y = places.integers(30, CELL - 31, 2)
        flux, size, ratio, red = (
            places.uniform(3, 60),
            places.uniform(1, 6),
            places.uniform(0.3, 1),
            places.uniform(),
        )
        disc = flux * (1 + red * number) * np.exp(-np.hypot(column / size, row / size / ratio))
        cell[y - 30 : y + 31, x - 30 : x + 31] += disc
    header = fits.Header({"SIMPLE": True, "BITPIX": -32, "NAXIS": 2, "NAXIS1": SIDE, "NAXIS2": SIDE})
    stripe = np.tile(cell, (1, SIDE // CELL)).astype(">f4").tobytes()
    with open(path, "wb") as handle:
        handle.write(header.tostring().encode())
        for _ in range(SIDE // CELL):
            handle.write(stripe)
        handle.write(b"\0" * (-handle.tell() % 2880))


def _catalog(count: int) -> Catalog:
    rng = np.random.default_rng(5)
    x, y = rng.uniform(60, SIDE - 61, (2, count))
    nowhere = np.full(count, np.nan)
    return Catalog.from_columns(
        {"id": np.arange(1, count + 1), "ra": nowhere, "dec": nowhere, "x": x, "y": y}
    )
