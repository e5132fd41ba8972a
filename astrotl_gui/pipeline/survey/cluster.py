"""The cluster a survey runs on: this machine's own, a scheduler's address, or the user's own class."""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.ml.device import cores

if TYPE_CHECKING:
    from distributed import Client

CONNECT_SECONDS = 20
ANY_PORT = {"dashboard_address": ":0"}
"""The scheduler's own pages (health, metrics): Dask's usual port may be taken by another cluster."""
MEMORY_SHARE = 0.8
"""Of the machine's memory, what all workers together may take."""


@contextmanager
def connected(scheduler: str = "", cluster: str = "", workers: int = 0) -> Iterator[Client]:
    """A client of a Dask cluster, closed again with what was started for it.

    `scheduler` is an address (tcp://host:8786) or a scheduler file; `cluster` "module:callable" makes the user's own
    (dask-jobqueue, dask-kubernetes), scaled to `workers`; without either, `workers` processes on this machine (as many
    as there are GPUs, else one for every two cores). Raises AstroTLError without the extra and where nothing answers.
    """
    try:
        from distributed import Client
    except ImportError as problem:
        raise AstroTLError(
            "A survey needs Dask", "It is an extra: pip install 'astrotl[survey]'."
        ) from problem
    if scheduler:
        try:
            where = {"scheduler_file": scheduler} if os.path.isfile(scheduler) else {"address": scheduler}
            client = Client(**where, timeout=CONNECT_SECONDS)
        except (OSError, ValueError, TimeoutError) as problem:
            raise AstroTLError(
                "No scheduler answers",
                f"{scheduler}: {problem}. Start one: dask scheduler, dask worker ADDRESS.",
            ) from problem
        with client:
            yield client
        return
    own = _own_cluster(cluster, workers) if cluster else _local_cluster(workers)
    with own, Client(own, timeout=CONNECT_SECONDS) as client:
        yield client


def _own_cluster(text: str, workers: int) -> Any:
    module, _, name = text.partition(":")
    try:
        made = getattr(importlib.import_module(module), name)()
    except (ImportError, AttributeError, TypeError, ValueError) as problem:
        raise AstroTLError(
            "This cluster cannot be made",
            f"{text}: {problem}. Give MODULE:CALLABLE that returns a Dask cluster.",
        ) from problem
    if workers:
        made.scale(workers)
    return made


def _local_cluster(workers: int) -> Any:
    """One process a worker, one task at a time in each; a GPU each where there are any."""
    import torch
    from distributed import LocalCluster, Nanny, Scheduler, SpecCluster
    from distributed.system import MEMORY_LIMIT

    gpus = torch.cuda.device_count()
    count = workers or gpus or max(cores() // 2, 1)
    limit = int(MEMORY_SHARE * MEMORY_LIMIT / count)
    threads = max(cores() // count, 1)
    if not gpus:
        return LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            memory_limit=limit,
            dashboard_address=None,
            scheduler_kwargs=ANY_PORT,
            silence_logs=logging.ERROR,
            env={"OMP_NUM_THREADS": str(threads)},
        )
    each = {
        k: {
            "cls": Nanny,
            "options": {
                "nthreads": 1,
                "memory_limit": limit,
                "env": {"CUDA_VISIBLE_DEVICES": str(k % gpus), "OMP_NUM_THREADS": str(threads)},
            },
        }
        for k in range(count)
    }
    scheduler = {"cls": Scheduler, "options": {"dashboard": False, **ANY_PORT}}
    return SpecCluster(workers=each, scheduler=scheduler, silence_logs=logging.ERROR)
