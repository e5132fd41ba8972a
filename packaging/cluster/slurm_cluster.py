"""A Dask scheduler on SLURM that asks for workers, and says where it is.

python slurm_cluster.py --workers 32 --address-file scheduler.txt

Then, from anywhere that reaches it: astrotl survey … --scheduler "$(cat scheduler.txt)". Settings of the jobs are those
of slurm.yaml. Ends, and its jobs with it, when the file is deleted or the job is cancelled.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=16, help="the most that are asked for (16)")
    parser.add_argument("--address-file", type=Path, default=Path("scheduler.txt"))
    options = parser.parse_args()

    from dask_jobqueue import SLURMCluster

    with SLURMCluster() as cluster:
        cluster.adapt(minimum_jobs=1, maximum_jobs=options.workers)
        options.address_file.write_text(cluster.scheduler_address, encoding="utf-8")
        print(f"scheduler at {cluster.scheduler_address}", flush=True)
        while options.address_file.exists():
            time.sleep(5)


if __name__ == "__main__":
    main()
