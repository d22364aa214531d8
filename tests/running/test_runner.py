"""States of checks, what blocks what, groups, limits: on a small course, in this process."""

import ast
import importlib.util
import inspect
import os
import signal
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from grader.course.skeleton import stub_statement
from grader.paths import TASKS
from grader.running import failures, scores
from grader.running.context import Context
from grader.running.groups import Memo
from grader.running.limits import Limits
from grader.running.runner import execute
from grader.running.session import Observer
from grader.running.state import RunState
from grader.submission import Submission, read_submission
from grader.worker.outside.errors import WorkerFault
from grader.worker.outside.local import LocalPool
from grader.worker.outside.pool import WorkerPool
from tests.courses import HERE
from tests.running import toys
from tests.running.toys import RIGHT, read_course, run, states, submission

TODO_ADD = f"def add(a, b):\n    {stub_statement('01_first', 'layers.add')}\n\n\ndef double(a):\n    return a + a\n"


@pytest.fixture
def course(tmp_path):
    return toys.course(tmp_path)


def test_right_answers_pass(course):
    session = run(course, submission())
    assert set(states(session).values()) == {"pass"}
    report = scores.report(course.stages, session.results)
    assert (report.score, report.max_score, report.next) == (13, 13, None)


def test_a_stub_is_todo_and_what_needs_it_waits(course):
    session = run(course, submission(layers=TODO_ADD))
    assert states(session) == {
        "check_add_adds": "todo",
        "check_add_keeps_float32": "todo",
        "check_double_doubles": "pass",
        "check_square_squares": "blocked",
        "check_square_is_remembered": "blocked",
        "check_train_learns": "blocked",
    }
    results = session.results
    assert results["01_first", "check_add_adds"].message == "layers.add is still a TODO (toy/layers.py, line 1)."
    # What blocks is named down to its root, also two stages away.
    for key in (("02_second", "check_square_is_remembered"), ("03_third", "check_train_learns")):
        assert results[key].blocked_by == "01_first: check_add_adds"
    assert "needs 01_first, where layers.add is still a TODO" in results["03_third", "check_train_learns"].message


def test_a_stub_of_another_stage_is_no_todo(course):
    other = TODO_ADD.replace("01_first", "02_second")
    result = run(course, submission(layers=other), "01").results["01_first", "check_add_adds"]
    assert result.state == "fail"
    assert "NotImplementedError" in result.message


def test_a_stub_met_on_the_way_is_the_next_thing_to_write(course):
    """`double` is written and calls `add`, which is not: that is no failure of `double`."""
    stub = stub_statement("01_first", "layers.add")
    layers = f"def add(a, b):\n    {stub}\n\n\ndef double(a):\n    return add(a, a)\n"
    result = run(course, submission(layers=layers)).results["01_first", "check_double_doubles"]
    assert (result.state, result.points) == ("todo", 0)
    assert result.message == "layers.add is still a TODO (toy/layers.py, line 1)."
    # The same words from a function that was written are an exception like any other.
    said = stub_statement("01_first", "layers.add")
    layers = f"def add(a, b):\n    return a + b\n\n\ndef double(a):\n    a + a\n    {said}\n"
    assert run(course, submission(layers=layers)).results["01_first", "check_double_doubles"].state == "fail"


def test_the_card_of_an_exception_says_what_should_hold(course):
    result = run(course, submission(layers="def add(a, b):\n    return nothing\n")).results["01_first", "check_add_adds"]
    assert result.card.should == "add(a, b) is a + b."
    assert result.card.gave.startswith("NameError")


def test_an_attribute_spelled_as_another_is_told_beside_the_numbers():
    layers = """
class Layer:
    def __init__(self):
        self.dW = self.kept = 0

    def backward(self, dout):
        self.{name} = dout
        self.kept = dout
        return self.kept
"""
    for name in ("dw", "d_W"):
        said = f"backward sets self.{name}, which nothing reads. Did you mean self.dW?"
        text = layers.replace("{name}", name)
        assert failures.stray_attribute({"layers": text}, ["layers.Layer.backward"]) == said
        assert failures.stray_attribute({"layers": text}, ["layers.Layer.__init__", "layers.f", "x.y"]) == ""
        read = text.replace("return self.kept", f"return self.{name}")
        assert failures.stray_attribute({"layers": read}, ["layers.Layer.backward"]) == ""
    assert failures.stray_attribute({"layers": layers.replace("{name}", "dW")}, ["layers.Layer.backward"]) == ""
    assert failures.stray_attribute({"layers": "class Layer(:"}, ["layers.Layer.backward"]) == ""


def test_a_gradient_under_another_name_is_seen_in_the_real_course():
    layers = (HERE.reference / "layers.py").read_text().replace("self.dW = self.x.T", "self.dw = self.x.T")
    session = run(HERE, read_submission(HERE.reference).replaced({"layers": layers}), "01")
    looks = [result.card.looks_like for result in session.results.values() if result.state == "fail"]
    assert any("backward sets self.dw, which nothing reads. Did you mean self.dW?" in text for text in looks)


def test_todo_comes_before_blocked(course):
    square = f"def square(a):\n    {stub_statement('02_second', 'losses.square')}\n"
    session = run(course, submission(layers=TODO_ADD, losses=square))
    assert states(session)["check_square_squares"] == "todo"


def test_a_side_condition_counts_only_with_its_core(course):
    wrong = RIGHT["layers"].replace("a + b", "a - b")
    session = run(course, submission(layers=wrong))
    result = session.results["01_first", "check_add_keeps_float32"]
    assert (result.state, result.points, result.blocked_by) == ("blocked", 0, "01_first: check_add_adds")
    assert states(session)["check_double_doubles"] == "pass"


def test_a_failed_side_condition_blocks_nothing(course):
    careless = RIGHT["layers"].replace("a + b", "(a + b) * 1.0").replace("(a + b)", "(a.astype(float) + b)")
    session = run(course, submission(layers=careless))
    assert [check for check, state in states(session).items() if state != "pass"] == ["check_add_keeps_float32"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return None", "None"),
        ("return a", "add(a, b)"),
        ("raise ValueError('no ducks')", "ValueError: no ducks"),
        ("import sys; sys.exit(0)", "end the program"),
        ("return 'text'", "a text, not an array"),
        ("return object()", "an object"),
        ("return (a + b).reshape(3, 1)", "(3, 1)"),
        ("return (a + b) * float('nan')", "nan"),
        ("return (a + b) + 0j", "complex"),
        ("return (a + b).astype(object)", "something other than plain numbers"),
        ("return add(a, b)", "RecursionError"),
    ],
)
def test_whatever_a_submission_does_is_a_fail_with_words(course, body, words):
    layers = RIGHT["layers"].replace("return a + b", body)
    result = run(course, submission(layers=layers), "01").results["01_first", "check_add_adds"]
    assert result.state == "fail"
    assert words.lower() in (result.message + result.card.gave + result.card.should).lower()
    assert "student.layers" not in result.message


def test_a_syntax_error_stays_in_its_module(course):
    session = run(course, submission(losses="def square(a)\n    return a\n"))
    assert states(session)["check_add_adds"] == "pass"
    result = session.results["02_second", "check_square_squares"]
    assert result.state == "fail"
    assert "losses.py" in result.message
    assert "line 1" in result.message


def test_a_missing_module_and_an_empty_one(course):
    session = run(course, Submission("toy", {"layers": RIGHT["layers"]}))
    assert (
        "There is no losses.py in this submission. Remedy: put it back"
        in session.results["02_second", "check_square_squares"].message
    )
    session = run(course, submission(losses=""))
    assert session.results["02_second", "check_square_squares"].message == "losses.py has no square."


def test_only_the_learners_own_frames_are_shown(course):
    layers = "import json\n\n\ndef add(a, b):\n    return json.loads('{')\n\n\ndef double(a):\n    return a + a\n"
    card = run(course, submission(layers=layers), "01").results["01_first", "check_add_adds"].card
    assert [lines.file for lines in card.source] == ["layers.py"]
    assert card.source[0].marked == [5]


def test_an_endless_loop_ends_at_its_limit(course):
    layers = RIGHT["layers"].replace("return a + b", "while True: pass")
    limits = Limits(0.02)
    session = run(course, submission(layers=layers), "01", limits=limits)
    result = session.results["01_first", "check_add_adds"]
    assert result.state == "fail"
    assert ("01_first", "check_add_adds") in session.context.state.unrepeatable
    assert states(session)["check_double_doubles"] == "pass"


def test_a_stage_that_used_up_its_time_is_not_run_on(course):
    path = course.stage("01_first").folder / "task.toml"
    path.write_text(path.read_text() + "\n[limits]\nstage = 1e-9\n")
    results = run(read_course(course.tasks), submission(), "01").results
    assert results["01_first", "check_add_adds"].state == "pass"
    assert "earlier checks used" in results["01_first", "check_double_doubles"].message


def test_our_own_fault_is_an_error(course):
    class Broken(LocalPool):
        def student(self, *arguments, **options):
            raise WorkerFault("no process could be started")

    from grader.running.session import run_stages

    session = run_stages(course.select(["01"]), Broken(), submission(), course=course)
    result = session.results["01_first", "check_add_adds"]
    assert (result.state, result.points) == ("error", 0)
    assert "no process could be started" in result.message


def test_a_check_that_stumbles_over_an_answer_blames_the_answer(course):
    path = course.stage("01_first").checks_file
    path.write_text(
        path.read_text().replace("case.expect(student.layers.double(a), ", "case.expect(student.layers.double(a)[0], ")
    )
    layers = RIGHT["layers"].replace("return a + a", "return None")
    result = run(course, submission(layers=layers), "01").results["01_first", "check_double_doubles"]
    assert result.state == "fail"
    assert "could not use what layers.double returned" in result.message


def author_modules():
    """The grader's modules that the stages' checks import, directly or not, and the one they are handed: `case`."""
    machinery = ("grader.worker", "grader.records", "grader.course.misconceptions")
    names, left = set(), ["grader.checks.case", *(name for file in TASKS.glob("*/*.py") for name in imported(file))]
    while left:
        name = left.pop()
        if name not in names and name.startswith("grader.") and not name.startswith(machinery):
            names.add(name)
            left += imported(Path(importlib.util.find_spec(name).origin))
    return sorted(name for name in names if functions_of(name))


def imported(file):
    """Modules of the grader that a file imports at its top."""
    for node in ast.parse(file.read_text("utf-8")).body:
        ours = file.name not in ("misconceptions.py", "conftest.py")
        if isinstance(node, ast.ImportFrom) and node.level == 0 and ours:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                known = node.module == "grader" or (node.module or "").startswith("grader.")
                yield (name if known and importlib.util.find_spec(node.module).submodule_search_locations else node.module)


def functions_of(name):
    module = importlib.import_module(name)
    return [f for f in vars(module).values() if inspect.isroutine(f) and f.__module__ == name]


def test_what_check_authors_use_lies_in_the_room_that_judges_values():
    assert {
        "grader.checks.case",
        "grader.checks.compare",
        "grader.checks.difference",
        "grader.checks.patterns",
        "grader.checks.phrases",
    } <= set(author_modules())
    assert [name for name in author_modules() if not name.startswith(failures.JUDGES)] == []


#: A check's helper that cannot work with None, in a module of its own.
STUMBLES = "def first(value):\n    return value[0]\n"


@pytest.mark.parametrize(
    ("place", "name", "state"),
    [
        ("grader/checks/near.py", "grader.checks.near", "fail"),
        ("grader/near.py", "grader.near", "error"),
        ("grader/checks_beside.py", "grader.checks_beside", "error"),
        ("grader/some/room/checks.py", "grader.some.room.checks", "error"),
        ("tasks/toolbox/shared.py", "shared", "fail"),
    ],
)
def test_a_modules_room_decides_whose_fault_it_is(tmp_path, monkeypatch, place, name, state):
    course = toys.course(tmp_path)
    folder, _, rest = place.partition("/")
    file = (course.tasks if folder == "tasks" else tmp_path / "grader") / rest
    result = stumble(course, monkeypatch, file, name)
    assert result.state == state
    assert ("could not use what" in result.message) is (state == "fail")


def stumble(course, monkeypatch, file, name):
    """The result of a check that hands an answer of None to `first` of a module of that name, in that place."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(STUMBLES)
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, name, module)
    path = course.stage("01_first").checks_file
    call = f"case.expect(__import__('sys').modules[{name!r}].first(student.layers.double(a)), "
    path.write_text(path.read_text().replace("case.expect(student.layers.double(a), ", call))
    layers = RIGHT["layers"].replace("return a + a", "return None")
    return run(course, submission(layers=layers), "01").results["01_first", "check_double_doubles"]


def test_a_group_shares_its_worker_and_memo(course):
    assert states(run(course, submission(), "02"))["check_square_is_remembered"] == "pass"


def test_a_groups_failure_is_raised_again(course):
    losses = RIGHT["losses"].replace("    COUNT.append(a)\n", "    COUNT.append(a)\n    raise ValueError(len(COUNT))\n")
    results = run(course, submission(losses=losses), "02").results
    assert results["02_second", "check_square_squares"].message == "ValueError: 1"


def test_checks_without_a_group_share_values_and_no_worker(course):
    path = course.stage("02_second").folder / "task.toml"
    path.write_text(path.read_text().replace('group = "together"\n', ""))
    result = run(toys.read_course(course.tasks), submission(), "02").results["02_second", "check_square_is_remembered"]
    assert result.message == "calls() returned 0; it should be 1."


def test_memo_forgets_values_but_not_failures():
    memo, calls = Memo(), []

    def fail():
        calls.append("fail")
        raise ValueError("once")

    assert memo("a", lambda: calls.append("a") or 1) == 1
    for _ in range(2):
        with pytest.raises(ValueError, match="once"):
            memo("b", fail)
    memo.forget_values()
    memo("a", lambda: calls.append("a") or 1)
    with pytest.raises(ValueError, match="once"):
        memo("b", fail)
    assert calls == ["a", "fail", "a"]


def test_needed_stages_are_run_but_not_reported(course):
    session = run(course, submission(), "03")
    assert set(states(session)) == {"check_add_adds", "check_double_doubles", "check_square_squares", "check_train_learns"}
    report = scores.report(session.stages, session.results)
    assert [(stage.id, stage.points) for stage in report.stages] == [("03_third", 3)]


def test_what_trains_comes_last_and_core_comes_first(course, tmp_path):
    text = (course.tasks / "01_first" / "task.toml").read_text()
    (course.tasks / "01_first" / "task.toml").write_text(
        text.replace('functions = ["layers.double"]', 'functions = ["layers.double"]\ntraining = true')
    )
    from grader.running.session import order

    checks = order(read_course(course.tasks), read_course(course.tasks).stages)
    assert [check.stage for check in checks][:3] == ["01_first"] * 3  # all others need it, so it stays first
    assert [check.core for check in checks[:3]] == [True, True, False]


def test_prints_of_a_passing_check_are_kept_and_cut(course):
    layers = RIGHT["layers"].replace("    return a + b", "    for i in range(30):\n        print('line', i)\n    return a + b")
    result = run(course, submission(layers=layers), "01").results["01_first", "check_add_adds"]
    assert result.state == "pass"
    assert result.printed.splitlines()[0] == "line 0"
    assert result.printed.splitlines()[-1] == "... and 10 more lines"


def test_prints_of_the_failing_call_are_on_its_card(course):
    layers = RIGHT["layers"].replace("    return a + b", "    print('here')\n    raise ValueError")
    assert run(course, submission(layers=layers), "01").results["01_first", "check_add_adds"].card.printed == "here"


def test_equal_seeds_give_equal_results_and_others_do_not(course):
    wrong = submission(layers=RIGHT["layers"].replace("a + b", "a - b"))

    def card(seed):
        return run(course, wrong, "01", seed=seed).results["01_first", "check_add_adds"].card

    assert card(3) == card(3)
    assert card(3) != card(4)


def test_observers_hear_of_everything_in_order(course):
    heard = []

    class Listener(Observer):
        def planned(self, checks):
            heard.append(len(checks))

        def started(self, check, limit):
            heard.append(("start", check.id, limit > 0))

        def finished(self, check, result):
            heard.append(("end", check.id, result.state))

    run(course, submission(), "01", observers=[Listener()])
    assert heard[0] == 3
    assert heard[1:3] == [("start", "check_add_adds", True), ("end", "check_add_adds", "pass")]
    assert len(heard) == 7


def test_evidence_is_kept_as_far_as_there_is_room(course, tmp_path):
    import numpy as np

    result = run(course, submission(), evidence=tmp_path / "e").results["03_third", "check_train_learns"]
    assert result.card.evidence == {"history:train_loss": "history:train_loss"}
    with np.load(tmp_path / "e" / "03_third.check_train_learns.npz") as arrays:
        assert arrays["history:train_loss"].tolist() == [2.0, 1.0]
    full = run(course, submission(), evidence=tmp_path / "f", state=RunState(evidence_bytes=10))
    assert full.results["03_third", "check_train_learns"].card is None
    assert not (tmp_path / "f").exists()


def test_evidence_that_cannot_be_written_costs_the_picture_alone(course, tmp_path):
    (tmp_path / "e").write_text("somebody's")
    result = run(course, submission(), evidence=tmp_path / "e").results["03_third", "check_train_learns"]
    assert (result.state, result.card) == ("pass", None)


@pytest.mark.parametrize(("kills", "state"), [(1, "pass"), (2, "fail")])
def test_a_worker_that_is_killed_from_outside_costs_nothing_once(course, kills, state):
    pids = []

    def check(student, case):
        pids.append(student.layers.pid())
        if len(pids) <= kills:
            os.kill(pids[-1], signal.SIGKILL)
        student.layers.pid()

    context = Context(course, Submission("killed", {"layers": "import os\npid = os.getpid\n"}), WorkerPool(HERE.withheld))
    with context.pool:
        result = execute(course.stages[0].checks[0], check, context)
    assert result.state == state
    assert len(set(pids)) == 2
    assert bool(context.state.unrepeatable) == (state == "fail")


@pytest.mark.parametrize(("stage", "given"), [("12_mnist", ["x_train", "x_val"]), ("13_experiments", [])])
def test_workers_of_trainings_alone_are_given_whole_arrays(stage, given):
    shared, images = [], SimpleNamespace(x_train=[], x_val=[])
    pool = SimpleNamespace(share=lambda name, array: shared.append(name))
    check = next(check for check in HERE.stage(stage).checks if "mnist" in check.fixtures)
    context = Context(HERE, submission(), pool, data=SimpleNamespace(mnist=images, hidden=None))
    assert context.fixtures(check)["mnist"] is images
    assert shared == given
