"""The same grades on a Dask cluster: separate processes over TCP, one of them killed while it grades."""

import csv
import os
import shutil
import signal
import subprocess
import sys

import pytest

from grader.cli import Refusal
from grader.cohort.cluster import Cluster, grade_bytes
from grader.cohort.policy import read_policy
from grader.cohort.run import ClassRun, Watcher, grade_class
from grader.cohort.work import Settings
from grader.paths import ROOT
from tests.cohort import classes

pytest.importorskip("distributed")

WORKER = """
import sys, asyncio
sys.path.insert(0, {root!r})
from distributed import Worker
async def main():
    async with Worker(sys.argv[1], nthreads=1, name=sys.argv[2], local_directory=sys.argv[3], dashboard=False) as worker:
        print("ready", flush=True)
        await worker.finished()
asyncio.run(main())
"""
SCHEDULER = """
import asyncio
from distributed import Scheduler
async def main():
    async with Scheduler(host="127.0.0.1", port=0, dashboard=False) as scheduler:
        print(scheduler.address, flush=True)
        await scheduler.finished()
asyncio.run(main())
"""


@pytest.fixture
def start():
    """`start(code, ...)`: a process that prints one line when it is ready; gives it and the line."""
    started = []

    def go(code, *arguments):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", code, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, env=environment,
        )  # fmt: skip
        started.append(process)
        return process, process.stdout.readline().strip()

    yield go
    for process in reversed(started):
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def scheduler(start):
    return start(SCHEDULER)[1]


class KillOne(Watcher):
    """Kills a worker as soon as the first submission is done."""

    def __init__(self, victim):
        self.victim = victim
        self.states = []

    def finished(self, outcome, names):
        self.states.append(outcome.state)
        if len(self.states) == 1:
            self.victim.send_signal(signal.SIGKILL)


def test_a_cluster_gives_the_same_table_even_if_a_worker_is_killed(tmp_path, scheduler, start):
    workers = []
    for name in ("one", "two"):
        worker, ready = start(WORKER.format(root=str(ROOT)), scheduler, name, str(tmp_path / name))
        assert ready == "ready"
        workers.append(worker)
    (tmp_path / "course.toml").write_text("[grading]\nstages = ['02_relu']\n")
    policy = read_policy(tmp_path / "course.toml")
    generator = classes.Generator(3)
    for number in range(5):
        folder = tmp_path / "class" / f"s{number}"
        folder.mkdir(parents=True)
        for file, content in (generator.mistaken() if number % 2 else generator.right()).items():
            (folder / file).write_bytes(content + f"# {number}\n".encode())
    common = {"submissions": tmp_path / "class", "policy": policy, "html": False}
    grade_class(ClassRun(out=tmp_path / "here", jobs=2, **common))
    watcher = KillOne(workers[0])
    grade_class(ClassRun(out=tmp_path / "there", scheduler=scheduler, watcher=watcher, **common))
    assert watcher.states == ["graded"] * 5
    assert workers[0].wait() == -signal.SIGKILL
    here, there = ((tmp_path / out / "grades.csv").read_text() for out in ("here", "there"))
    assert here == there
    assert len(list(csv.DictReader(there.splitlines()))) == 5


def test_an_order_for_another_course_is_not_graded(order_of):
    import msgspec

    from grader.cohort.policy import Policy
    from grader.cohort.work import Done

    order = order_of({"layers.py": b"x = 1\n"}, Policy(), course="another")
    done = msgspec.msgpack.decode(grade_bytes(msgspec.msgpack.encode(order)), type=Done)
    assert done.other_course
    assert done.outcome.state == "fault"


def test_a_worker_with_another_course_is_refused_by_name(tmp_path, scheduler, start):
    other = tmp_path / "other"
    for folder in ("grader", "tasks", "reference", "data"):
        shutil.copytree(ROOT / folder, other / folder, ignore=shutil.ignore_patterns("__pycache__", "*.npz"))
    with open(other / "tasks" / "02_relu" / "checks.py", "a") as file:
        file.write("# changed\n")
    assert start(WORKER.format(root=str(other)), scheduler, "far", str(tmp_path / "far"))[1] == "ready"
    with pytest.raises(Refusal, match="has another version of the course"):
        Cluster(scheduler, Settings())


def test_nobody_at_the_address_is_refused():
    with pytest.raises(Refusal, match="no Dask scheduler answers"):
        Cluster("tcp://127.0.0.1:9", Settings(), timeout=1)
