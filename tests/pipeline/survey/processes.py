"""A Dask scheduler and its workers as processes of their own, talking over TCP."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

STARTED = "Scheduler at:"


@contextmanager
def cluster_processes(
    workers: int, host: str = "127.0.0.1", elsewhere: Sequence[str] = (), worker_host: str = "127.0.0.1"
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """(address of the scheduler, its process). `elsewhere` is put before the workers' command: on another host."""
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    worker = [*elsewhere, sys.executable, "-m", "distributed.cli.dask_worker"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    scheduler = subprocess.Popen(
        [*dask, "--host", host, "--port", "0", "--no-dashboard"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"DASK_LOGGING__DISTRIBUTED": "info"},
    )
    running = []
    try:
        assert scheduler.stderr is not None
        said = next(line for line in scheduler.stderr if STARTED in line)
        address = said.split(STARTED)[1].split()[0]
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", worker_host]
        running = [subprocess.Popen([*worker, address, *options], **quiet) for _ in range(workers)]
        yield address, scheduler
    finally:
        for process in (*running, scheduler):
            process.kill()
            process.wait()
        assert scheduler.stderr is not None
        scheduler.stderr.close()
