"""Bad input, one clear sentence each, and nothing else lost: real workers, real tasks, the verb as it is typed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.course.course import Course
from grader.course.skeleton import read_sources
from grader.paths import DATA, REFERENCE, ROOT, TASKS
from grader.running import scores
from grader.running.context import Data
from grader.running.session import run_stages
from grader.submission import Submission, read_submission
from grader.worker.outside.local import LocalPool
from grader.worker.outside.pool import WorkerPool
from tests.courses import HERE
from tests.golden.submissions import with_bodies, write

COURSE = HERE
REFERENCE_TEXTS = {file.removesuffix(".py"): text for file, text in read_sources(REFERENCE).items()}


@pytest.fixture(scope="module")
def pool():
    with WorkerPool(HERE.withheld) as made:
        yield made


def graded(pool, *stages, without=(), data=None, **modules):
    texts = {name: text for name, text in {**REFERENCE_TEXTS, **modules}.items() if name not in without}
    chosen = COURSE.select(stages)
    return run_stages(chosen, pool, Submission("mine", texts), course=COURSE, data=data).results


def of(results, stage):
    return [result for (where, _), result in results.items() if where.startswith(stage)]


def first_of(results, stage):
    return of(results, stage)[0]


def assert_passed(results, *stages):
    for stage in stages:
        assert {result.state for result in of(results, stage)} == {"pass"}, stage


def replaced(module, old, new):
    text = REFERENCE_TEXTS[module]
    assert text.count(old) >= 1
    return text.replace(old, new)


def test_a_missing_module(pool):
    results = graded(pool, "01", "03", "08", without=["losses"])
    assert "There is no losses.py in this submission. Remedy: put it back" in first_of(results, "03").message
    assert_passed(results, "01", "08")


def test_an_empty_module(pool):
    results = graded(pool, "01", "03", losses="")
    assert first_of(results, "03").message == "losses.py has no softmax."
    assert_passed(results, "01")


def test_a_syntax_error_costs_only_its_own_module(pool):
    results = graded(pool, "01", "02", "03", "08", losses="def softmax(logits:\n    return logits\n")
    result = first_of(results, "03")
    assert "Syntax error in losses.py, line" in result.message
    assert "line 1" in result.message
    assert result.card.source[-1].file == "losses.py"
    assert_passed(results, "01", "02", "08")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def softmax():\n    return 1\n", "takes 0 positional arguments"),
        ("def softmax(logits):\n    pass\n", "returned None"),
        ("def softmax(logits):\n    return logits[0]\n", "shape"),
        ("def softmax(logits):\n    return logits * float('nan')\n", "nan"),
        ("def softmax(logits):\n    return logits + 0j\n", "complex"),
        ("def softmax(logits):\n    return logits.astype(object)\n", "plain numbers"),
        ("def softmax(logits):\n    return (logits > 0).astype(int)\n", "int64"),
        ("def softmax(logits):\n    return 'probabilities'\n", "a text"),
        ("def softmax(logits):\n    return softmax(logits)\n", "RecursionError"),
        ("def softmax(logits):\n    import sys\n    sys.exit(0)\n", "end the program (sys.exit(0))"),
        ("def softmax(logits):\n    raise KeyboardInterrupt\n", "end the program"),
        ("def softmax(logits):\n    import os\n    os._exit(0)\n", "ended"),
        ("def softmax(logits):\n    import os\n    os.kill(os.getpid(), 9)\n", ""),
        ("import no_such_module\n\n\ndef softmax(logits):\n    return logits\n", "no_such_module"),
        ("softmax = 3\n", "'int' object is not callable"),
    ],
)
def test_what_softmax_may_do_instead(pool, text, words):
    results = graded(pool, "03", "08", losses=text)
    states = {result.state for result in of(results, "03")}
    assert states <= {"fail", "blocked"}
    result = first_of(results, "03")
    assert result.state == "fail"
    assert result.message
    assert words.lower() in (result.message + result.card.gave).lower()
    assert sum(r.points for r in of(results, "03")) == 0
    assert_passed(results, "08")


def test_an_exception_shows_only_the_learners_lines(pool):
    losses = "import numpy as np\n\n\ndef helper(z):\n    return np.exp(z) / missing\n\n\ndef softmax(logits):\n    return helper(logits)\n"
    result = first_of(graded(pool, "03", losses=losses), "03")
    assert result.message.startswith("NameError: name 'missing' is not defined")
    assert [(lines.file, lines.function, lines.marked) for lines in result.card.source] == [
        ("losses.py", "softmax", [9]),
        ("losses.py", "helper", [5]),
    ]


def test_an_endless_loop_costs_its_own_stage_and_no_more(pool, monkeypatch):
    from grader.running import limits

    monkeypatch.setattr(limits, "UNIT_FLOOR", (1.0, 1.5))
    optim = replaced("optim", "for p, g in zip(params, grads):", "while True:\n            p, g = params[0], grads[0]")
    results = graded(pool, "08", "02", optim=optim)
    stopped = [result for result in of(results, "08") if "stopped after" in result.message]
    assert stopped
    assert_passed(results, "02")


def test_a_gigabyte_of_prints_is_capped(pool):
    losses = "def softmax(logits):\n    for _ in range(1000):\n        print('x' * 1_000_000)\n    return logits\n"
    result = first_of(graded(pool, "03", losses=losses), "03")
    assert result.state == "fail"
    assert len(result.card.printed) < 100_000


def test_a_damaged_data_file_is_the_courses_affair(tmp_path):
    course = Course(tmp_path, stages_in=TASKS)
    shutil.copytree(DATA, course.data)
    content = bytearray((course.data / "mnist.npz").read_bytes())
    content[5000] ^= 1
    (course.data / "mnist.npz").write_bytes(content)
    results = graded(LocalPool(), "11", "02", data=Data(course))
    result = first_of(results, "11")
    assert result.state == "error"
    assert "data/mnist.npz is damaged" in result.message
    assert "git checkout -- data/mnist.npz" in result.message
    assert_passed(results, "02", "10")


# --- the verb, as it is typed -----------------------------------------------------------------------------------------


def verb(*arguments, cwd=ROOT):
    environment = {**os.environ, "CHAIN_RULE_NO_VENV": "1", "PYTHONPATH": str(ROOT), "COLUMNS": "80"}
    command = [sys.executable, "-m", "grader", "grade", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120)


def test_the_first_grade_greets_and_says_what_to_do(tmp_path):
    write(with_bodies([]), tmp_path / "student")
    done = verb("--student", tmp_path / "student", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    first = COURSE.stages[0]
    assert done.stdout.startswith("Welcome to Chain Rule!")
    assert done.stdout.count("\n") < 24  # all of it is on the first screen
    assert f"0 of {COURSE.points} points" in done.stdout
    assert f"make stage STAGE={first.id}" in done.stdout
    assert f"{first.claims[0]} is still a TODO (student/layers.py, line " in " ".join(done.stdout.split())
    assert max(map(len, done.stdout.splitlines())) <= 80 + len(str(tmp_path))  # the report's path may be longer
    assert "\x1b" not in done.stdout
    plain = json.loads((tmp_path / "out" / "results.json").read_text())
    assert (plain["score"], plain["max_score"], len(plain["stages"])) == (0, COURSE.points, len(COURSE.stages))
    assert (tmp_path / "out" / "report.html").read_text().startswith("<!")
    # Again: nothing has changed, so nothing is graded.
    again = verb("--student", tmp_path / "student", "--out", tmp_path / "out")
    assert "nothing has changed since" in again.stdout
    assert verb("--student", tmp_path / "student", "--out", tmp_path / "out", "--strict").returncode == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--student", "nowhere"], "nowhere does not exist: name a folder that contains"),
        (["--student", "tasks"], "is not a submission"),
        (["99_unknown"], "there is no stage '99_unknown'"),
        (["--sandbox", "none"], "'none' is not one of"),
    ],
)
def test_what_cannot_be_graded_is_refused_in_one_sentence(tmp_path, arguments, words):
    done = verb(*arguments, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "out").exists() or not any((tmp_path / "out").iterdir())


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_keeps_what_was_graded_and_leaves_no_process(tmp_path, number):
    texts = {**REFERENCE_TEXTS, "layers": replaced("layers", "return x @ self.W + self.b", "import time; time.sleep(60)")}
    write(Submission("mine", texts), tmp_path / "mine")
    environment = {**os.environ, "CHAIN_RULE_NO_VENV": "1"}
    command = [sys.executable, "-m", "grader", "grade", "8", "1", "--student", str(tmp_path / "mine")]
    command += ["--out", str(tmp_path / "out")]
    grade = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True)
    lines = tmp_path / "out" / "results.jsonl"
    until(lambda: lines.exists() and b'"event":"start"' in lines.read_bytes())
    below = processes_below(grade.pid)
    os.kill(grade.pid, number)
    shown = grade.communicate(timeout=60)[0]
    assert grade.returncode == 130
    assert "Stopped early: everything graded so far is kept." in shown
    plain = json.loads((tmp_path / "out" / "results.json").read_text())
    assert plain["complete"] is False
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in below))


def until(condition, seconds=60.0):
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def processes_below(pid):
    """All descendants of a process."""
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += [int(child), *processes_below(child)]
    return found


def test_an_out_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "out").write_text("mine")
    done = verb("3", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert (tmp_path / "out").read_text() == "mine"


@pytest.fixture
def copy_of_the_course(tmp_path):
    """A checkout of its own, whose tasks may be broken."""
    copy = tmp_path / "course"
    ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", "build", ".chain-rule", "tests", "benchmarks", "*.npz")
    shutil.copytree(ROOT, copy, ignore=ignored)
    for path in DATA.glob("*.npz"):
        os.link(path, copy / "data" / path.name) if path.stat().st_dev == copy.stat().st_dev else shutil.copy(path, copy / "data")
    return copy


def test_a_broken_task_stops_the_course_with_cause_and_remedy(copy_of_the_course):
    path = copy_of_the_course / "tasks" / COURSE.stages[1].id / "task.toml"
    path.write_text(path.read_text().replace("points = ", "pionts = ", 1))
    environment = {**os.environ, "CHAIN_RULE_NO_VENV": "1"}
    command = [sys.executable, "-m", "grader", "grade"]
    done = subprocess.run(command, cwd=copy_of_the_course, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "is not known. Did you mean points?" in done.stderr
    assert str(Path("tasks") / COURSE.stages[1].id / "task.toml") in done.stderr
    assert "Traceback" not in done.stderr


def test_without_the_reference_only_the_names_are_missing(copy_of_the_course):
    shutil.rmtree(copy_of_the_course / "reference")
    shutil.rmtree(copy_of_the_course / "student")
    write(with_bodies(COURSE.stages[:2]), copy_of_the_course / "student")
    environment = {**os.environ, "CHAIN_RULE_NO_VENV": "1"}
    command = [sys.executable, "-m", "grader", "grade", "1", "2", "3"]
    done = subprocess.run(command, cwd=copy_of_the_course, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    earned, possible = (sum(stage.points for stage in COURSE.stages[:k]) for k in (2, 3))
    assert f"{earned} of {possible} points" in done.stdout
    assert "Graded without the reference" in done.stdout


def test_the_reference_earns_full_marks_with_real_workers(graded):
    """The whole grade, trainings and all, as everybody runs it."""
    golden = graded("all_right")
    assert golden.done.returncode == 0, golden.done.stdout + golden.done.stderr
    assert f"{COURSE.points} of {COURSE.points} points" in golden.done.stdout
    plain = json.loads((golden.out / "results.json").read_text())
    notes = [note for stage in plain["stages"] for check in stage["checks"] for note in check["notes"]]
    assert any("hidden images" in note and "above the required 96.0 %" in note for note in notes)
    assert {len(curve) for curve in plain["curves"]["history"].values()} == {10}
    assert scores.report(COURSE.stages, {}).max_score == 0
    assert read_submission(REFERENCE).fingerprint() == plain["fingerprints"]["submission"]
