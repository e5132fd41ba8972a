"""The container and the cluster examples are what their programs take, and name no host of packages."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGING = ROOT / "packaging"
CLUSTER = PACKAGING / "cluster"


def test_the_container_installs_extras_that_are_and_runs_as_nobody():
    text = (PACKAGING / "Containerfile").read_text()
    extras = re.search(r'"/src\[([\w,-]+)\]"', text)
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert extras and set(extras[1].split(",")) <= set(known)
    words = [line.split() for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    allowed = {"ARG", "FROM", "RUN", "COPY", "ENV", "USER", "WORKDIR", "ENTRYPOINT", "CMD"}
    joined = [line for line in words if line[0].isupper() and line[0] in allowed]
    assert {line[0] for line in joined} == allowed
    assert [line[1] for line in joined if line[0] == "USER"] == ["10001"]
    # Whatever starts at run time comes after the user was changed.
    order = [line[0] for line in joined]
    assert order.index("USER") < order.index("ENTRYPOINT") and "RUN" not in order[order.index("USER") :]
    for source in re.findall(r"^COPY (?:--\S+ )*(\S+) ", text, re.MULTILINE):
        assert (ROOT / source).exists()


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize("name", ["survey.sbatch", "entry.sh"])
def test_scripts_parse(name):
    subprocess.run(["bash", "-n", CLUSTER / name], check=True)


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
def test_the_entry_starts_programs_by_name_and_verbs_of_astrotl(tmp_path):
    for name in ("astrotl", "dask"):
        (tmp_path / name).write_text(f'#!/bin/sh\necho {name} "$@"\n')
        (tmp_path / name).chmod(0o755)
    for words, said in ((["survey", "--help"], "astrotl survey --help"), (["dask", "worker"], "dask worker")):
        ran = subprocess.run(
            ["sh", CLUSTER / "entry.sh", *words],
            env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
        )
        assert ran.stdout.strip() == said


def test_the_kubernetes_example_is_a_dask_cluster_and_a_job_that_meet():
    yaml = pytest.importorskip("yaml")
    cluster, job = yaml.safe_load_all((CLUSTER / "kubernetes.yaml").read_text())
    assert (cluster["kind"], job["kind"]) == ("DaskCluster", "Job")
    name = cluster["metadata"]["name"]
    service = cluster["spec"]["scheduler"]["service"]
    assert service["selector"]["dask.org/cluster-name"] == name
    args = job["spec"]["template"]["spec"]["containers"][0]["args"]
    port = next(port["port"] for port in service["ports"] if port["name"] == "tcp-comm")
    assert args[0] == "survey" and args[args.index("--scheduler") + 1] == f"tcp://{name}-scheduler:{port}"
    pods = [
        cluster["spec"]["worker"]["spec"],
        cluster["spec"]["scheduler"]["spec"],
        job["spec"]["template"]["spec"],
    ]
    assert all(pod["securityContext"]["runAsNonRoot"] for pod in pods)
    assert len({pod["containers"][0]["image"] for pod in pods}) == 1
    for pod in pods:
        mounts = {mount["name"] for mount in pod["containers"][0].get("volumeMounts", ())}
        assert mounts == {volume["name"] for volume in pod.get("volumes", ())}


def test_the_slurm_example_makes_a_job_script_of_dask_jobqueue():
    yaml = pytest.importorskip("yaml")
    jobqueue = pytest.importorskip("dask_jobqueue.slurm")
    chosen = yaml.safe_load((CLUSTER / "slurm.yaml").read_text())["jobqueue"]["slurm"]
    words = {key.replace("-", "_"): value for key, value in chosen.items()}
    job = jobqueue.SLURMJob(scheduler="tcp://host:8786", **{k: v for k, v in words.items() if v is not None})
    script = job.job_script()
    for line in (
        "#SBATCH --cpus-per-task=8",
        "#SBATCH --mem=30G",
        "#SBATCH -t 04:00:00",
        "--nthreads 1",
        "--lifetime",
    ):
        assert line in script
    ran = subprocess.run(
        [sys.executable, CLUSTER / "slurm_cluster.py", "--help"], capture_output=True, text=True, check=True
    )
    assert "--address-file" in ran.stdout


def test_no_host_of_packages_or_images_is_named():
    for file in [PACKAGING / "Containerfile", *CLUSTER.iterdir()]:
        assert not re.search(r"https?://|index-url|(?:image:|BASE=|FROM) ?\S*\.\S*/", file.read_text())
