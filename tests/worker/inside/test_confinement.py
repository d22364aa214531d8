"""What a worker can do is measured: with every layer, with each one taken away, from a cold start, and without any."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest

from grader.paths import REFERENCE, ROOT
from grader.submission import read_submission
from grader.worker.bounds import TimeLimits
from grader.worker.inside import kernel, landlock
from grader.worker.inside.probes import PROBES
from grader.worker.outside import errors
from grader.worker.outside.pool import WorkerPool, summary
from tests.courses import HERE
from tests.worker.conftest import make

linux = pytest.mark.skipif(not kernel.LINUX, reason="layers of the Linux kernel")
with_landlock = pytest.mark.skipif(landlock.version() == 0, reason="a kernel with Landlock")

FILES = {"read the course's files", "read other files"}
CALLS = {
    "open a socket",
    "start a process",
    "look into the grader's memory",
    "change permissions",
    "make shared memory",
    "signal the grader",
    "have the kernel signal for it",
}


def open_ways(pool):
    return {name for name, held in pool.report()["probes"].items() if not held}


@linux
@with_landlock
def test_everything_is_withheld_with_all_layers():
    with WorkerPool(HERE.withheld, "strict") as pool:
        report = pool.report()
    assert report["level"] == "full"
    assert report["summary"] == f"{len(PROBES)} of {len(PROBES)} forbidden actions blocked"
    assert list(report["probes"]) == [probe.name for probe in PROBES]


def test_each_attempt_has_a_name_of_its_own_and_a_remedy():
    assert len({probe.name for probe in PROBES}) == len(PROBES)
    assert all(probe.remedy for probe in PROBES)


def test_the_page_on_security_says_how_many_things_are_tried():
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    said = re.search(r"\*\*tries\*\* (\d+) things .* \"(\d+) of (\d+) forbidden .* unless all (\d+) are", text, re.DOTALL)
    assert said is not None
    assert {int(number) for number in said.groups()} == {len(PROBES)}


def test_what_was_not_tried_counts_as_open():
    tried = {probe.name: True for probe in PROBES[1:]}
    record = summary({"probes": tried, "layers": {}}, "auto", "fork")
    assert not record["complete"]
    assert record["remedies"] == {PROBES[0].name: PROBES[0].remedy}


@linux
@with_landlock
def test_nothing_of_the_course_is_open_to_the_reference_as_a_submission():
    with WorkerPool(HERE.withheld, "strict") as pool, pool.student(read_submission(REFERENCE), TimeLimits()):
        assert pool.report()["level"] == "full"


@linux
@with_landlock
@pytest.mark.parametrize("cold", [False, True], ids=["forked", "cold"])
@pytest.mark.parametrize(
    ("layer", "at_least", "at_most"),
    [
        ("landlock", FILES, FILES),
        # Landlock keeps its own part of what seccomp did: files from being written, on newer kernels signals.
        ("seccomp", {"open a socket", "start a process", "have the kernel signal for it", "change permissions"}, CALLS),
        ("limits", {"take memory without limit"}, {"take memory without limit"}),
        ("dumpable", set(), set()),
        ("privileges", set(), set()),
    ],
)
def test_each_layer_has_its_share(layer, at_least, at_most, cold):
    with WorkerPool(HERE.withheld, without=[layer], cold=cold) as pool:
        ways, report = open_ways(pool), pool.report()
    assert at_least <= ways <= at_most
    assert report["missing"][layer] == "switched off"
    assert report["complete"] is not ways
    if ways:
        assert report["level"] == "partial"
        assert all(name in report["summary"] for name in ways)
        assert all(report["remedies"][name] for name in ways)


@linux
@with_landlock
@pytest.mark.parametrize("cold", [False, True], ids=["forked", "cold"])
@pytest.mark.parametrize("abi", range(1, landlock.version() + 1))
def test_everything_is_withheld_with_any_landlock(abi, cold, monkeypatch):
    monkeypatch.setenv(landlock.NEWEST_VARIABLE, str(abi))
    with WorkerPool(HERE.withheld, "strict", cold=cold) as pool:
        assert f"Landlock (ABI {abi})" in pool.report()["layers"]


@linux
@with_landlock
def test_a_kernel_without_landlock_leaves_files_to_be_read_and_no_more(monkeypatch):
    monkeypatch.setenv(landlock.NEWEST_VARIABLE, "0")
    with WorkerPool(HERE.withheld) as pool:
        assert open_ways(pool) == FILES
        assert pool.report()["missing"]["landlock"] == "not in this kernel"


@linux
def test_off_is_the_same_process_without_the_kernels_layers(reference):
    with WorkerPool(HERE.withheld, "off") as pool:
        assert open_ways(pool) >= FILES
        with pool.student(reference) as student:
            assert student.layers.Linear(3, 2, student.rng(0)).W.shape == (3, 2)
        made = make(layers="import os\ndef f(): return os.getpid()")
        with pool.student(made) as student:
            assert student.layers.f() != os.getpid()


@linux
def test_strict_refuses_to_work_with_a_layer_missing():
    with pytest.raises(errors.SandboxRefused, match="NOT blocked here"):
        WorkerPool(HERE.withheld, "strict", without=["seccomp"])


def test_an_environment_variable_takes_layers_away(monkeypatch):
    monkeypatch.setenv("CHAIN_RULE_WITHOUT", "landlock,seccomp")
    monkeypatch.setenv("CHAIN_RULE_COLD", "1")
    with WorkerPool(HERE.withheld) as pool:
        assert pool.report()["mode"] == "cold start"
        assert not {"landlock", "seccomp"} & set(pool.layers)
        with pytest.raises(errors.SandboxRefused):
            WorkerPool(HERE.withheld, "strict")


def test_a_cold_worker_does_the_same_work(reference):
    images = np.arange(12, dtype=np.float32).reshape(3, 4)
    with WorkerPool(HERE.withheld, cold=True) as pool:
        pool.share("x_train", images)
        with pool.student(reference) as student:
            layer = student.layers.Linear(4, 2, student.rng(0))
            out = layer.forward(images)
            assert np.allclose(out, images @ layer.W)
            with pytest.raises(errors.StudentError, match="ValueError"):
                layer.forward(np.ones((2, 2)))
        made = make(layers="def f():\n    print('here')\n    while True: pass\ndef g():\n    import os; os._exit(3)")
        with pool.student(made, TimeLimits(0.5, 2.0)) as student, pytest.raises(errors.CallTimeout) as stopped:
            student.layers.f()
        assert stopped.value.printed == "here\n"
        with pool.student(made) as student, pytest.raises(errors.WorkerDied, match="exit status 3"):
            student.layers.g()


@linux
def test_the_environment_holds_nothing(ask, monkeypatch):
    monkeypatch.setenv("SECRET", "xyz")
    found = ask("import os; return dict(os.environ)")
    assert "SECRET" not in found
    assert found["OPENBLAS_NUM_THREADS"] == "1"
    assert found["PYTHONHASHSEED"] == "0"
    assert not {"HOME", "USER", "PYTHONPATH"} & set(found)


def test_global_randomness_and_hashes_are_the_same_in_every_worker(ask):
    body = "import random, numpy as np; return random.random(), np.random.rand(), hash('text'), list({'a', 'b', 'c', 'd'})"
    assert ask(body) == ask(body)


@linux
def test_only_three_descriptors_are_open(ask):
    body = """
    import os
    found = []
    for fd in range(200):
        try: os.fstat(fd); found.append(fd)
        except OSError: pass
    return found
    """
    assert ask(body) == [0, 1, 2, 3]


@linux
@with_landlock
def test_no_file_can_be_read_not_even_one_beside_the_modules(tmp_path, wire_pool):
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "layers.py").write_text(
        "import os\ndef f(path): return open(path).read()\ndef where(): return os.getcwd(), __file__"
    )
    (folder / "notes.txt").write_text("mine")
    (tmp_path / "other.txt").write_text("not mine")
    (folder / "link.txt").symlink_to(tmp_path / "other.txt")
    with wire_pool.student(read_submission(folder)) as student:
        assert student.layers.where() == ("/", "<student>/layers.py")
        for path in ("notes.txt", str(folder / "notes.txt"), "<student>/layers.py", str(folder / "link.txt")):
            with pytest.raises(errors.StudentError) as failed:
                student.layers.f(path)
            assert path in str(failed.value)
            assert "graded by its modules alone" in str(failed.value)
        for path in (str(tmp_path / "other.txt"), "../other.txt", "link.txt", "/proc/1/environ", "/etc/hostname"):
            with pytest.raises(errors.StudentError, match=r"PermissionError|FileNotFoundError"):
                student.layers.f(path)


@linux
def test_threads_of_ones_own_are_allowed(ask):
    body = """
    import threading, concurrent.futures as futures
    with futures.ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda n: n * n, range(5)))
    """
    assert ask(body) == [0, 1, 4, 9, 16]


@linux
def test_common_parts_of_the_standard_library_work(ask):
    body = """
    import dataclasses, json, math, datetime, collections, itertools, functools, time, logging, re, typing, abc, enum
    import hashlib, secrets, statistics, fractions, decimal, copy, pickle, io, os, pathlib, contextlib, zoneinfo, inspect
    import numpy.linalg, numpy.fft, numpy.testing, numpy.polynomial, numpy.random, numpy.ma
    @dataclasses.dataclass
    class Point: x: int = 0
    with contextlib.redirect_stdout(open(os.devnull, "w")): print("nowhere")
    numpy.testing.assert_allclose(numpy.linalg.inv(numpy.eye(2)), numpy.eye(2))
    return json.dumps(dataclasses.asdict(Point(3))), hashlib.sha256(b"").hexdigest()[:4], str(datetime.date(2020, 1, 2))
    """
    assert ask(body) == ('{"x": 3}', "e3b0", "2020-01-02")


THREADS = """
import os, resource, sys, threading
sys.path.insert(0, {root!r})
from grader.worker.inside import confine
os.setgroups([]); os.setgid(65534); os.setuid(65534)
said = confine.limit_resources(2 << 30, own_user=False)
most = resource.getrlimit(resource.RLIMIT_NPROC)[0]
threading.stack_size(1 << 15)
over, started = threading.Event(), 0
try:
    while started < 3000:
        threading.Thread(target=over.wait).start()
        started += 1
except RuntimeError:
    pass
over.set()
print("NPROC" in said, most, started)
"""


@linux
@pytest.mark.skipif(os.getuid() != 0, reason="only a super-user can become another one")
def test_an_ordinary_users_worker_has_threads_but_not_without_end():
    program = THREADS.format(root=str(ROOT))
    limited, most, started = subprocess.check_output([sys.executable, "-c", program], text=True).split()
    assert limited == "True"
    assert int(most) > 256
    assert 100 < int(started) < int(most)
