"""Starting and ending workers: nothing outlives its block, one submission does not disturb another."""

import importlib
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from grader.paths import REFERENCE, ROOT, TASKS
from grader.worker.bounds import TimeLimits
from grader.worker.inside import kernel
from grader.worker.outside import connection, errors, process
from grader.worker.outside import pool as pool_module
from grader.worker.outside.pool import WorkerPool
from tests.courses import HERE
from tests.worker.conftest import make

pytestmark = pytest.mark.skipif(not kernel.LINUX, reason="looks into /proc")

PID = make(layers="import os\ndef f(): return os.getpid()\ncalls = []\ndef g():\n    calls.append(1)\n    return len(calls)")


def gone(pid, seconds=5.0):
    """Whether a process ends within some time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with open(f"/proc/{pid}/stat") as file:
                if file.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except (FileNotFoundError, ProcessLookupError):  # it may end while its file is read
            return True
        time.sleep(0.01)
    return False


def test_students_side_by_side_have_a_worker_each():
    with WorkerPool(HERE.withheld) as pool:
        with pool.student(PID) as one, pool.student(PID) as two:
            first, second = one.layers.f(), two.layers.f()
            assert len({first, second, os.getpid()}) == 3
            one.layers.g()
            assert two.layers.g() == 1
        assert gone(first)
        with pool.student(PID) as third:
            assert third.layers.f() == second
    assert gone(second)


def test_each_student_has_modules_that_nobody_has_touched():
    with WorkerPool(HERE.withheld) as pool:
        pids = set()
        for _ in range(3):
            with pool.student(PID) as student:
                assert student.layers.g() == 1
                pids.add(student.layers.f())
        assert len(pids) == 1
        with pool.student(make(**PID.modules)) as student:  # of somebody else, perhaps
            assert student.layers.f() not in pids
    with WorkerPool(HERE.withheld, again=False) as pool:
        for _ in range(3):
            with pool.student(PID) as student:
                assert student.layers.f() not in pids
                pids.add(student.layers.f())


def test_what_honest_code_leaves_behind_is_put_back():
    leaves = """
import numpy as np, os, random, sys, warnings, gc, logging
logging.getLogger(__name__).addHandler(logging.StreamHandler(sys.stdout))
def hello(): logging.getLogger(__name__).warning("hello")
def leave(x):
    np.seterr(all="raise"); np.set_printoptions(precision=1); np.random.seed(5); random.seed(5)
    warnings.simplefilter("error"); sys.setrecursionlimit(77); sys.stdout = None; os.chdir("/"); gc.disable()
    os.environ["SEED"] = "1"; sys.path.append("/"); logging.disable(logging.CRITICAL); logging.basicConfig()
    x *= 0; x.shape = (3, 2)
def find(x):
    return (np.geterr(), np.get_printoptions()["precision"], np.random.random(), random.random(), len(warnings.filters),
            sys.getrecursionlimit(), sys.stdout is not None, os.getcwd(), gc.isenabled(), x, x.shape,
            dict(os.environ), list(sys.path), logging.root.handlers[:])
def pid(): return os.getpid()
"""
    with WorkerPool(HERE.withheld) as pool:
        shared = np.arange(6.0).reshape(2, 3)
        pool.share("x", shared)
        made = make(layers=leaves)
        found, pids, prints = [], [], []
        for _ in range(2):
            with pool.student(made) as student:
                found.append(student.layers.find(shared))
                pids.append(student.layers.pid())
                student.layers.hello()
                prints.append(student.transcript[-1].printed)
                student.layers.leave(shared)
        assert pids[0] == pids[1]
        np.testing.assert_equal(found[1], found[0])
        assert prints == ["hello\n"] * 2


def test_a_spare_worker_is_started_once_and_taken_by_whoever_comes_first(monkeypatch):
    ones, total = np.ones(3), make(layers="import os\ndef f(): return os.getpid()\ndef total(x): return float(x.sum())")
    started, start = [], WorkerPool.start
    with WorkerPool(HERE.withheld) as pool:
        monkeypatch.setattr(pool, "start", lambda *a: started.append(start(pool, *a)) or started[-1])
        pool.ready()
        pool.ready()
        with pool.student(PID) as student:
            assert student.layers.f() == started[0].pid
            assert student.layers.g() == 1
        with pool.student(PID) as student:  # and used again like any other
            assert student.layers.f() == started[0].pid
        pool.ready()
        assert len(started) == 2
        os.kill(started[1].pid, signal.SIGKILL)
        for _ in range(2):  # killed while it waited: that is not the submission's doing, whose own worker is used again
            with pool.student(total) as student:
                assert student.layers.f() == started[2].pid
        pool.ready()
        pool.share("ones", ones)
        with pool.student(total) as student:  # one that has not what the others share is none
            assert student.layers.total(ones) == 3
        assert len(started) == 5
        pool.ready()
        pool.rest()
        assert gone(started[-1].pid)


def test_a_worker_in_which_something_still_runs_is_not_used_again():
    made = make(
        layers="""
import os, threading
def f(): return os.getpid()
def g(): threading.Thread(target=threading.Event().wait, daemon=True).start()
"""
    )
    with WorkerPool(HERE.withheld) as pool:
        with pool.student(made) as student:
            first = student.layers.f()
            student.layers.g()
        with pool.student(made) as student:
            assert student.layers.f() != first
        with pool.student(PID) as student:
            second = student.layers.f()
            os.kill(second, signal.SIGKILL)
        with pool.student(PID) as student:  # nor one that was killed
            assert student.layers.f() != second


def test_a_worker_is_renewed_before_its_processor_time_is_used_up(monkeypatch):
    monkeypatch.setattr("grader.worker.outside.pool._RENEWED_AFTER", 0.0)
    with WorkerPool(HERE.withheld) as pool:
        pids = set()
        for _ in range(2):
            with pool.student(PID) as student:
                pids.add(student.layers.f())
        assert len(pids) == 2


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one processor")
def test_while_they_answer_each_other_both_are_on_one_processor(wire_pool):
    everywhere = os.sched_getaffinity(0)
    where = make(layers="import os, time\ndef f(): return os.sched_getaffinity(0)\ndef g():\n    time.sleep(0.5)\n    return f()")
    with wire_pool.student(where) as student:
        with student.on_one_cpu():
            assert len(os.sched_getaffinity(0)) == 1
            assert student.layers.g() == os.sched_getaffinity(0) == everywhere  # who takes long is let go
        assert os.sched_getaffinity(0) == everywhere
        with student.on_one_cpu():
            assert len(os.sched_getaffinity(0)) == 1
        assert student.layers.f() == os.sched_getaffinity(0) == everywhere


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one processor")
def test_a_worker_that_may_not_be_moved_stays_where_it_is(monkeypatch, wire_pool):
    def refuse(pid, processors):
        raise PermissionError

    with wire_pool.student(PID) as student:
        monkeypatch.setattr(os, "sched_setaffinity", refuse)
        with student.on_one_cpu():
            assert len(os.sched_getaffinity(0)) > 1
            assert student.layers.g() == 1


def test_shared_arrays_are_there_and_changes_stay_in_their_worker():
    images = np.arange(6.0).reshape(2, 3)
    with WorkerPool(HERE.withheld) as pool:
        pool.share("x_train", images)
        made = make(layers="def double(x):\n    x *= 2\n    return x")
        for _ in range(2):
            with pool.student(made) as student:
                assert np.array_equal(student.layers.double(images), 2 * images)
                assert np.array_equal(student.layers.double(images), 4 * images)  # the same array, changed before
                assert np.array_equal(student.layers.double(images.copy()), 2 * images)  # another
        labels = np.arange(4)
        pool.share("y_train", labels)
        with pool.student(made) as student:
            assert np.array_equal(student.layers.double(labels), [0, 2, 4, 6])


def test_a_shared_array_that_is_replaced_is_replaced_in_workers_that_are_ready():
    made = make(layers="def total(x): return float(x.sum())")
    for again in (True, False):  # the worker of the check before, and a fresh one
        with WorkerPool(HERE.withheld, again=again) as pool:
            for size in (3, 5):
                ones = np.ones(size)
                pool.share("x", ones)
                with pool.student(made) as student:
                    assert student.layers.total(ones) == size


def test_a_course_worker_loads_one_submission_after_another(wire_pool):
    with wire_pool.course_worker() as worker:
        pids = set()
        for number in range(3):
            text = "import os\nfrom losses import n\ndef f(): return os.getpid(), n"
            with worker.student(make(layers=text, losses=f"n = {number}")) as student:
                pid, n = student.layers.f()
                assert n == number
                pids.add(pid)
        assert len(pids) == 1
        endless = make(layers="def f():\n    while True: pass")
        with worker.student(endless, TimeLimits(0.3, 1.0)) as student, pytest.raises(errors.CallTimeout):
            student.layers.f()
        with worker.student(PID) as student:
            assert student.layers.f() not in pids
    assert gone(pids.pop())


def test_objects_of_a_former_submission_are_let_go_late_without_harm(wire_pool):
    made = make(layers="class Thing:\n    def name(self): return 'mine'")
    with wire_pool.course_worker() as worker:
        with worker.student(made) as student:
            former = [student.layers.Thing() for _ in range(5)]
        with worker.student(made) as student:
            things = [student.layers.Thing() for _ in range(5)]
            former.clear()
            assert [thing.name() for thing in things] == ["mine"] * 5


def test_objects_are_let_go_in_the_worker(wire_pool):
    made = make(
        layers="""
        live = 0
        class Thing:
            def __init__(self):
                global live
                live += 1
            def __del__(self):
                global live
                live -= 1
        def count(): return live
        """
    )
    with wire_pool.student(made) as student:
        for _ in range(10):
            thing = student.layers.Thing()
        assert student.layers.count() <= 2
        del thing
        student.layers.count()
        assert student.layers.count() == 0


def test_a_killed_zygote_is_replaced(reference):
    with WorkerPool(HERE.withheld) as pool:
        with pool.student(PID) as student:
            worker = student.layers.f()
            before = pool.zygote().program.pid
            os.kill(before, signal.SIGKILL)
            assert gone(worker)  # it dies with its parent
            with pytest.raises(errors.WorkerDied):
                student.layers.f()
        with pool.student(PID) as student:
            assert student.layers.f() > 0
        assert pool.zygote().program.pid != before


def test_a_stopped_zygote_is_replaced_and_nothing_hangs():
    with WorkerPool(HERE.withheld) as pool:
        assert pool.report()["mode"] == "fork"  # for which the first worker was taken
        zygote = pool.zygote()
        zygote.control.settimeout(0.2)
        os.kill(zygote.program.pid, signal.SIGSTOP)
        with pool.student(PID) as student:  # a new zygote has taken its place
            assert student.layers.f() > 0
            assert pool.zygote() is not zygote


def test_processes_left_behind_are_ended_without_seccomp():
    body = """
    import os, time
    def f():
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(1000)
            os._exit(0)
        os.wait()
        return 1
    """
    with WorkerPool(HERE.withheld, without=["seccomp"], again=False) as pool:
        zygote = pool.zygote().program.pid
        with pool.student(make(layers=body)) as student:
            assert student.layers.f() == 1
        end = time.monotonic() + 5
        while (left := children(zygote)) and time.monotonic() < end:
            time.sleep(0.01)
        assert left == []


def first_worker(pool):
    assert select.select([pool.zygote().control], [], [], 20)[0]  # it says that it has forked one
    return int(children(pool.zygote().program.pid)[0])


def test_the_first_worker_is_there_before_somebody_asks_for_it():
    with WorkerPool(HERE.withheld) as pool:
        pid = first_worker(pool)
        with pool.student(PID) as student:
            assert student.layers.f() == pid


def test_a_first_worker_that_was_killed_is_replaced():
    with WorkerPool(HERE.withheld) as pool:
        os.kill(pid := first_worker(pool), signal.SIGKILL)
        with pool.student(PID) as student:
            assert student.layers.f() not in (0, pid)


def test_a_first_worker_without_an_array_is_not_used():
    with WorkerPool(HERE.withheld) as pool:
        pid = first_worker(pool)
        pool.share("x", x := np.ones(3))
        with pool.student(make(layers="import os\ndef f(x): return os.getpid(), x.sum()")) as student:
            other, total = student.layers.f(x)
            assert (other != pid, total) == (True, 3.0)
            assert gone(pid)


def test_a_zygote_that_ends_before_the_first_worker_is_asked_for_is_replaced(monkeypatch):
    start = process.ZygoteClient.__init__

    def started(zygote):
        start(zygote)
        zygote.program.kill()
        zygote.program.wait()
        monkeypatch.setattr(process.ZygoteClient, "__init__", start)

    monkeypatch.setattr(process.ZygoteClient, "__init__", started)
    with WorkerPool(HERE.withheld) as pool, pool.student(PID) as student:
        assert student.layers.f() > 0


def test_a_pool_that_nobody_used_leaves_nothing():
    before = os.listdir("/proc/self/fd")
    pool = WorkerPool(HERE.withheld)
    program, pid = pool.zygote().program, first_worker(pool)
    pool.close()
    assert gone(pid)
    assert (program.returncode, len(os.listdir("/proc/self/fd"))) == (0, len(before))


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return file.read().split()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_nothing_outlives_the_grader(number):
    program = """
import sys, signal
from grader.worker.outside.pool import WorkerPool
from grader.submission import Submission
from tests.courses import HERE
made = Submission("made", {"layers": "import os\\ndef f(): return os.getpid()\\ndef g():\\n    while True: pass"})
with WorkerPool(HERE.withheld) as pool, pool.student(made) as student:
    print(student.layers.f(), pool.zygote().program.pid, flush=True)
    student.layers.g()
"""
    grader = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT, text=True
    )
    pids = [int(pid) for pid in grader.stdout.readline().split()]
    assert len(pids) == 2
    grader.send_signal(number)
    grader.wait(20)
    grader.stdout.close()
    assert all(gone(pid) for pid in pids)


def test_closing_twice_is_fine_and_nothing_is_left():
    pool = WorkerPool(HERE.withheld)
    with pool.student(PID) as student:
        pid = student.layers.f()
        zygote = pool.zygote().program
        pool.close()
        assert gone(pid)
    pool.close()
    assert zygote.poll() is not None


def test_descriptors_do_not_leak(wire_pool):
    def opened():
        wire_pool.rest()
        return len(os.listdir("/proc/self/fd"))

    with wire_pool.student(make(layers="def f(): return 1")) as student:
        student.layers.f()
    before = opened()
    for _ in range(5):
        with wire_pool.student(make(layers="def f(): return 1")) as student:
            student.layers.f()
        with wire_pool.student(make(layers="import os\ndef f(): os._exit(1)")) as student, pytest.raises(errors.WorkerDied):
            student.layers.f()
    with wire_pool.student(make(layers="def f(): return 1")) as student:
        student.layers.f()
    assert opened() == before


def test_an_answer_that_nobody_read_is_not_taken_for_the_next():
    with WorkerPool(HERE.withheld) as pool, pool.student(PID) as student:
        zygote = pool.zygote()
        zygote.tell("reap", pid=student.layers.f())
        assert zygote.ask("reap", pid=0)["status"] is None


def test_a_zygote_whose_last_answer_nobody_read_ends_in_good_order():
    with WorkerPool(HERE.withheld) as pool:
        zygote = pool.zygote()
        zygote.tell("reap", pid=0)
        assert select.select([zygote.control], [], [], 20)[0]
    assert zygote.program.returncode == 0


def test_who_asks_again_hears_why_the_worker_ended():
    loop = make(layers="def f():\n    while True: pass\ndef g(): return 1")
    with WorkerPool(HERE.withheld) as pool, pool.student(loop, TimeLimits(call=0.5)) as student:
        with pytest.raises(errors.CallTimeout):
            student.layers.f()
        with pytest.raises(errors.CallTimeout, match=r"stopped after 0\.5 s"):
            student.layers.g()


@pytest.mark.parametrize("name", [process.ZYGOTE, process.COLD])
def test_what_a_process_begins_with_is_there(name):
    assert callable(importlib.import_module(name).main)


def test_bytecode_of_our_own_is_kept_but_what_a_full_disk_cut_off_and_a_worker_writes_none(tmp_path):
    shutil.copytree(ROOT / "grader", tmp_path / "grader", ignore=shutil.ignore_patterns("__pycache__"))
    program = """
from grader.submission import Submission
from grader.worker.outside.pool import WorkerPool
asks = Submission("asks", {"layers": "import sys; keeps = lambda: not sys.dont_write_bytecode"})
with WorkerPool([], "off") as pool, pool.student(asks) as student:
    print(student.layers.keeps())
"""
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
        written = {path.name.partition(".")[0]: path for path in tmp_path.glob("grader/worker/inside/__pycache__/*")}
        assert {"zygote", "child", "runtime"} <= written.keys()
        assert done.stdout == "False\n"
        assert written["child"].stat().st_size > 1000
        os.truncate(written["child"], 1000)


def test_the_course_is_out_of_reach_as_a_whole():
    with WorkerPool(HERE.withheld) as pool:
        assert {TASKS, REFERENCE, Path(pool_module.__file__)} <= set(pool.withheld)
        assert pool.report()["probes"]["read the course's files"]


def test_the_course_is_out_of_sight_wherever_in_it_a_worker_begins(tmp_path):
    (tmp_path / "grader").mkdir()
    (tmp_path / "grader" / "__init__.py").touch()  # another checkout, whose rooms have other names
    script = (
        "import sys; sys.path[:0] = sys.argv[1:]; places = sys.argv[1:]; from grader.worker.inside import child; "
        "child.only_the_standard_library(); "
        "assert not set(places) & set(sys.path), sys.path; assert not [m for m in sys.modules if m.startswith('grader')]"
    )
    subprocess.run([sys.executable, "-P", "-c", script, str(ROOT), str(tmp_path)], check=True)


def test_a_worker_that_has_the_grader_work_is_not_short_of_a_processor(monkeypatch):
    """What the grader works for it counts against its limit, as its own processor time does."""
    now, wanted = [0.0], []
    process = SimpleNamespace(starved=lambda seconds: wanted.append(seconds) or seconds > 0)
    monkeypatch.setattr(connection.time, "monotonic", lambda: now[0])
    deadline = connection.Deadline(2.0, process)
    now[0] = 2.5
    assert not deadline.passed()
    deadline.served, now[0] = 2.0, 4.0
    assert deadline.passed()
    assert wanted == [2.0, 0.0]
