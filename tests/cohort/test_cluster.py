"""The same grades on a Dask cluster: separate processes over TCP, one of them killed while it grades."""

import csv
import shutil
import signal
import threading

import msgspec
import pytest

from benchmarks.local_cluster import LocalCluster
from grader.cohort.cluster import Cluster, grade_bytes
from grader.cohort.journal import Outcome
from grader.cohort.run import ClassRun, Watcher, grade_class
from grader.cohort.work import ClassSettings, GradeDone
from grader.course.policy import read_policy
from grader.errors import Refusal
from grader.paths import ROOT
from tests.cohort import classes
from tests.courses import HERE

pytest.importorskip("distributed")


@pytest.fixture
def cluster(tmp_path):
    with LocalCluster(tmp_path) as running:
        yield running


class KillOne(Watcher):
    """Kills a worker as soon as the first submission is done."""

    def __init__(self, victim):
        self.victim = victim
        self.states = []

    def finished(self, outcome, names):
        self.states.append(outcome.state)
        if len(self.states) == 1:
            self.victim.send_signal(signal.SIGKILL)


def test_a_cluster_gives_the_same_table_even_if_a_worker_is_killed(tmp_path, cluster):
    workers = [cluster.add(name) for name in ("one", "two")]
    (tmp_path / "policy.toml").write_text("[grading]\nstages = ['02_relu']\n")
    policy = read_policy(None, tmp_path)
    generator = classes.Generator(3)
    for number in range(5):
        folder = tmp_path / "class" / f"s{number}"
        folder.mkdir(parents=True)
        for file, content in (generator.mistaken() if number % 2 else generator.right()).items():
            (folder / file).write_bytes(content + f"# {number}\n".encode())
    common = {"course": HERE, "submissions": tmp_path / "class", "policy": policy, "html": False}
    grade_class(ClassRun(out=tmp_path / "here", jobs=2, **common))
    watcher = KillOne(workers[0])
    grade_class(ClassRun(out=tmp_path / "there", scheduler=cluster.address, watcher=watcher, **common))
    assert watcher.states == ["graded"] * 5
    assert workers[0].wait() == -signal.SIGKILL
    here, there = ((tmp_path / out / "grades.csv").read_text() for out in ("here", "there"))
    assert here == there
    assert len(list(csv.DictReader(there.splitlines()))) == 5


def test_an_order_for_another_course_is_not_graded(order_of):
    order = ClassSettings(), order_of({"layers.py": b"x = 1\n"}, course="another")
    done = msgspec.msgpack.decode(grade_bytes(msgspec.msgpack.encode(order)), type=GradeDone)
    assert done.other_course
    assert done.outcome.state == "fault"


class Outdated:
    """A grading process that was started before the checkout was brought up to date."""

    made = 0

    def __init__(self, course, settings, engine):
        self.settings, self.old = settings, Outdated.made == 0
        Outdated.made += 1

    def grade(self, order):
        outcome = Outcome("fault", "another version") if self.old else Outcome("graded")
        return GradeDone(order.key, order.digest, outcome, other_course="old" if self.old else "")

    def stop(self):
        pass


def test_a_process_older_than_the_checkout_is_started_anew(order_of, monkeypatch):
    monkeypatch.setattr("grader.cohort.cluster.Grader", Outdated)
    monkeypatch.setattr("grader.cohort.cluster._local", threading.local())
    order = msgspec.msgpack.encode((ClassSettings(), order_of({"layers.py": b"x = 1\n"})))
    assert msgspec.msgpack.decode(grade_bytes(order), type=GradeDone).outcome.state == "graded"


def test_a_worker_with_another_course_is_refused_by_name(tmp_path, cluster):
    other = tmp_path / "other"
    for folder in ("grader", "tasks", "reference", "data"):
        shutil.copytree(ROOT / folder, other / folder, ignore=shutil.ignore_patterns("__pycache__", "*.npz"))
    with open(other / "tasks" / "02_relu" / "checks.py", "a") as file:
        file.write("# changed\n")
    cluster.add("far", other)
    with pytest.raises(Refusal, match="has another version of the course"):
        Cluster(cluster.address, HERE, ClassSettings())


def test_nobody_at_the_address_is_refused():
    with pytest.raises(Refusal, match="no Dask scheduler answers"):
        Cluster("tcp://127.0.0.1:9", HERE, ClassSettings(), timeout=1)
