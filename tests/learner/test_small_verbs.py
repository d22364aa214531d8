"""stage, hint, progress, record-times; hints, history, imports, limits."""

import json
import os
import subprocess
import sys

import msgspec
import pytest
from click.testing import CliRunner

from grader.course.course import Course
from grader.course.stage import Check, Stage
from grader.learner import hints
from grader.learner.handout import readable
from grader.learner.import_graph import Imports
from grader.paths import ROOT
from grader.records import CheckResult, Report, StageResult
from grader.report import stored
from grader.running.limits import TRAINING_FLOOR, UNIT_FLOOR, Limits, calibrate
from grader.submission import Submission
from grader.verbs.hint import command as hint
from grader.verbs.progress import command as progress
from grader.verbs.progress import sparkline
from grader.verbs.record_times import with_times
from grader.verbs.stage import command as stage
from tests.courses import HERE
from tests.golden.submissions import with_bodies, write
from tests.running import toys

COURSE = HERE


def run(command, *arguments):
    done = CliRunner().invoke(command, [str(a) for a in arguments], standalone_mode=False)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


# --- threads ----------------------------------------------------------------------------------------------------------


def test_the_matrix_library_has_one_thread_in_every_verb():
    code = "import sys, os, grader.cli as c; assert 'numpy' not in sys.modules; sys.argv = ['x', '--help']\n"
    code += "try: c.main()\nexcept SystemExit: print(os.environ['OPENBLAS_NUM_THREADS'], os.environ['OMP_NUM_THREADS'])"
    bare = {name: value for name, value in os.environ.items() if not name.endswith("_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, env=bare | {"OMP_NUM_THREADS": "3"}
    )
    assert done.stdout.splitlines()[-1:] == ["1 3"], done.stderr  # what the user chose stays


# --- hints ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def ladder(tmp_path, monkeypatch):
    """Steps -> the ladder of a course that has these."""

    def of(steps):
        monkeypatch.setattr(hints, "read_claims", lambda tasks: None)
        monkeypatch.setattr(hints, "steps", lambda course, claims: steps)
        return hints.Ladder(Course(tmp_path))

    return of


def test_hints_come_rung_by_rung_and_are_remembered(ladder):
    check = CheckResult("check_a", "A.", "fail", 0, 1, functions=["a.f"], hints=["one", "two", "three"])
    told = [ladder({}).next("01_first", check) for _ in range(4)]
    assert told == [(1, "one"), (2, "two"), (3, "three"), (3, "three")]
    assert ladder({}).next("02_second", check) == (1, "one")
    ladder({}).path.write_text("damaged")
    assert ladder({}).next("01_first", check) == (1, "one")


def test_the_steps_of_a_function_come_once_and_first(ladder):
    ladder = ladder({"01_first/a.f": "1. Do.", "01_first/a.g": "1. Do more."})
    first = CheckResult("check_a", "A.", "fail", 0, 1, functions=["a.f", "a.g"], hints=["one", "two"])
    second = CheckResult("check_b", "B.", "fail", 0, 1, functions=["a.f"], hints=["three"])
    waits = CheckResult("check_a", "A.", "todo", 0, 1, "a.g is still a TODO.", functions=["a.f", "a.g"])
    assert [ladder.next("01_first", c) for c in (first, first, second)] == [(0, "1. Do."), (1, "one"), (1, "three")]
    assert ladder.next("01_first", waits) == (0, "1. Do more.")
    assert ladder.next("01_first", waits) is None
    assert ladder.next("02_second", second) == (1, "three")
    ladder.forget()
    assert ladder.next("01_first", second) == (0, "1. Do.")


def test_the_verb_hints_at_what_a_grade_names_as_next(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAIN_RULE_MEMORY", str(tmp_path / "memory"))
    write(with_bodies(COURSE.stages[:1]), tmp_path / "student")
    folder = ["--student", tmp_path / "student", "--out", tmp_path / "out"]
    steps, first, second, third, again = (run(hint, "2", *folder) for _ in range(5))
    check = COURSE.stages[1].checks[0]
    assert "layers.ReLU.forward" in steps
    assert "hint 0 of 3, the steps" in steps
    assert "1. Remember which entries are above zero" in steps
    assert "hint 1 of 3, a question" in first
    assert " ".join(check.hints[0].split()) in " ".join(first.split())
    assert " ".join(check.hints[1].split()) in " ".join(second.split())
    assert "the same command again" in second
    assert third == again
    told = 'that was the last hint; make stage STAGE=02_relu shows the handout, section "The idea"'
    assert told in " ".join(third.split())
    assert "is done: there is nothing to hint at" in run(hint, "1", *folder)
    chosen = COURSE.stages[1].checks[-1]
    assert " ".join(chosen.hints[0].split()) in " ".join(run(hint, "2", "--check", chosen.id, *folder).split())
    with pytest.raises(Exception, match="has no check 'check_nothing'"):
        run(hint, "2", "--check", "check_nothing", *folder)


def test_on_a_fresh_skeleton_the_hint_is_about_the_first_function(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAIN_RULE_MEMORY", str(tmp_path / "memory"))
    write(with_bodies([]), tmp_path / "student")
    folder = ["--student", tmp_path / "student", "--out", tmp_path / "out"]
    assert "layers.Linear.__init__\n" in run(hint, *folder)
    assert "check_linear_starts_from_zeros: hint 1 of 3" in run(hint, *folder)


def test_what_became_done_since_the_last_grade_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAIN_RULE_MEMORY", str(tmp_path / "memory"))
    write(with_bodies(COURSE.stages[:2]), tmp_path / "student")
    told = run(hint, "--student", tmp_path / "student", "--out", tmp_path / "out")
    assert "03_softmax, check_softmax_gives_the_exponential_shares: hint 0" in told
    right = with_bodies(COURSE.stages[:2])
    broken = right.replaced({"layers": right.modules["layers"].replace("x @ self.W + self.b", "x @ self.W")})
    write(broken, tmp_path / "student")  # what was done before is next again
    told = run(hint, "--student", tmp_path / "student", "--out", tmp_path / "out")
    assert "01_linear, check_linear_forward_adds_the_bias: hint 0" in told


def test_the_handout_is_shown_and_leads_on(tmp_path):
    text = run(stage, "--out", tmp_path)
    first = COURSE.stages[0]
    heading = first.handout.read_text().splitlines()[0].lstrip("# ")
    assert heading in text
    assert max(map(len, text.splitlines())) <= 80
    assert f"make watch STAGE={first.id}" in text
    assert "03_softmax" in run(stage, "softmax", "--out", tmp_path)


def test_a_handout_longer_than_the_terminal_comes_page_by_page_with_its_colours(tmp_path, monkeypatch):
    paged = []
    monkeypatch.setattr("click.echo_via_pager", paged.append)
    monkeypatch.setattr("rich.console.Console.is_terminal", True)
    monkeypatch.setattr("rich.console.Console.height", 24)
    assert run(stage, "2", "--out", tmp_path) == ""
    assert "\x1b[1m" in paged[0]
    assert "make watch STAGE=02_relu" in paged[0]
    monkeypatch.setattr("rich.console.Console.height", 1000)
    assert "make watch STAGE=02_relu" in run(stage, "2", "--out", tmp_path)
    assert len(paged) == 1


def test_formulas_are_text_in_the_terminal_and_what_is_folded_opens_on_request(tmp_path):
    folded, opened = (run(stage, "4", "--out", tmp_path, *unfold) for unfold in ([], ["--unfold"]))
    for text in (folded, opened):
        assert " log softmax(z)  = z  - log ▐╸ exp(zⱼ)" in text
        assert not {"\\", "$"} & set(text)
        assert "details>" not in text
    assert "The derivation, in four lines" in folded
    assert "ARGS=--unfold" in folded
    assert "= softmax(z)  - [c = y]" in folded
    assert "depends on z[c]" in " ".join(opened.split())
    assert "depends on z[c]" not in " ".join(folded.split())
    assert max(map(len, opened.splitlines())) <= 80


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\frac{a + 1}{2 b}", "  a + 1\n ╶─────╴\n   2b"),
        ("\\begin{aligned}\na &= b \\\\\n&\\leftarrow \\lceil N / B \\rceil\n\\end{aligned}", " a = b\n\n   ← ⌈N/B⌉"),
        (r"\frac{a", r"\frac{a"),
    ],
)
def test_a_formula_between_lines_is_drawn_and_left_as_it_is_if_it_cannot_be(latex, text):
    assert readable(f"```math\n{latex}\n```\n") == f"```text\n{text}\n```\n"


@pytest.mark.parametrize(
    ("latex", "text"),
    [(r"\partial L / \partial x_{n,i}", "∂L / ∂x[n,i]"), (r"\sqrt{2 / D}", "√(2 / D)"), (r"\lceil N / B \rceil", "ceil(N / B)")],
)
def test_a_formula_in_a_line_is_text(latex, text):
    assert readable(f"so $`{latex}`$.") == f"so `{text}`."


def test_a_figure_is_told_in_a_terminal():
    assert readable("![A line\nthat rises](figures/line.svg)") == "(Figure, shown by `make site`: A line that rises)"


# --- the learning record ----------------------------------------------------------------------------------------------


def graded(score, submission, state="fail"):
    stages = [StageResult("01_first", "First", state, score, 10, [])]
    return Report(score, 10, stages, fingerprints={"submission": submission}, finished="2026-01-02T03:04:05+00:00")


def test_runs_are_kept_once_each_and_capped(tmp_path, monkeypatch):
    monkeypatch.setattr(stored, "KEPT", 5)
    for number in range(9):
        stored.append(tmp_path, graded(number, f"text {number}"))
    stored.append(tmp_path, graded(8, "text 8"))
    runs = stored.history(tmp_path)
    assert [run.score for run in runs] == [4, 5, 6, 7, 8]
    (tmp_path / stored.HISTORY).write_bytes(b"damaged\n" + (tmp_path / stored.HISTORY).read_bytes())
    assert len(stored.history(tmp_path)) == 5


def test_a_save_that_changes_no_result_is_no_version(tmp_path):
    """`watch` adds what it knows whenever it has looked at all stages."""
    for text, score in (("a", 3), ("b", 3), ("c", 4), ("d", 4), ("a", 3)):
        stored.append(tmp_path, graded(score, text))
    assert [(run.submission, run.score) for run in stored.history(tmp_path)] == [("a", 3), ("c", 4), ("a", 3)]


def test_progress_draws_them(tmp_path):
    assert "No grade is on record yet" in run(progress, "--out", tmp_path)
    stored.append(tmp_path, graded(0, "a"))
    stored.append(tmp_path, graded(5, "b"))
    stored.append(tmp_path, graded(10, "c", "pass"))
    text = run(progress, "--out", tmp_path)
    assert "10 of 10 points, after 3 graded versions" in text
    assert "▁▅█" in text or "_+#" in text or "▁▄█" in text
    assert "2026-01-02 03:04    10   +5  01_first" in text


def test_progress_says_what_was_earned_without_substitutes(tmp_path):
    check = CheckResult("c", "p", "pass", 6, 6, points_alone=0, substituted=["layers.Linear"])
    stage = StageResult("02_second", "Second", "pass", 6, 6, [check])
    before = graded(4, "a")
    stored.append(tmp_path, msgspec.structs.replace(before, score=10, stages=[*before.stages, stage]))
    text = run(progress, "--out", tmp_path)
    assert "10 of 10 points (4 on its own), after 1 graded version" in text
    assert "03:04    10       (4 on its own)" in text
    assert stored.history(tmp_path)[0].states["02_second"] == "helped"


def test_a_sparkline_spans_its_blocks():
    assert sparkline([0, 0.5, 1], "abc") == "abc"
    assert sparkline([-1, 2], "abc") == "ac"


# --- what watch need not run again ------------------------------------------------------------------------------------

TEXTS = {
    "layers": "import numpy as np\n",
    "losses": "from .helpers import tool\n",
    "helpers": "import math\n",
    "network": "from layers import Linear\n",
    "train": "import student.losses as l\n",
    "odd": "x = __import__('layers')\n",
    "broken": "def f(:\n",
}


@pytest.mark.parametrize(
    ("module", "reached"),
    [
        ("layers", {"layers"}),
        ("losses", {"losses", "helpers"}),
        ("network", {"network", "layers"}),
        ("train", {"train", "losses", "helpers"}),
        ("odd", set(TEXTS)),
        ("broken", {"broken"}),
    ],
)
def test_imports_are_followed(module, reached):
    assert Imports(Submission("mine", TEXTS)).closure([module]) == reached


def test_a_change_shows_in_all_that_import_it():
    before, after = Imports(Submission("mine", TEXTS)), Imports(Submission("mine", {**TEXTS, "helpers": "# new\n"}))
    for module, same in (("layers", True), ("losses", False), ("train", False), ("odd", False)):
        assert (before.fingerprint([module]) == after.fingerprint([module])) is same


# --- limits -----------------------------------------------------------------------------------------------------------


def check_of(seconds, training=False):
    check = {"id": "check_a", "points": 1, "functions": ("a.b",), "hints": ("a", "b", "c"), "promise": "A."}
    return Check(**check, stage="01_a", training=training, reference_seconds=seconds)


def stage_of(*checks, **limits):
    from pathlib import Path

    return Stage(id="01_a", title="A", summary="A", folder=Path(), checks=checks, limits=limits)


def test_limits_are_multiples_of_the_references_time_with_floors():
    slow, quick, training = check_of(2.0), check_of(0.001), check_of(20.0, training=True)
    stage = stage_of(slow, quick, training)
    assert Limits().of(slow, stage) == (Limits().of(slow, stage).__class__)(call=40.0, check=40.0)
    assert (Limits().of(quick, stage).call, Limits().of(quick, stage).check) == UNIT_FLOOR
    assert Limits().of(training, stage).call == 200.0
    assert Limits(2.5).of(training, stage).call == 500.0
    assert Limits().of_stage(stage) >= 200.0


def test_a_stage_may_set_its_own_limits():
    check = check_of(2.0)
    stage = stage_of(check, call=1.0, check=3.0, stage=9.0)
    assert (Limits(2.0).of(check, stage).call, Limits(2.0).of(check, stage).check) == (2.0, 6.0)
    assert Limits(rehearsal=True).of(check, stage).call == 1.0  # it trains nothing: with few images it takes as long
    training = check_of(2.0, training=True)
    stage = stage_of(training, call=450.0, check=850.0, stage=1000.0)
    whole, rehearsed = Limits().of(training, stage), Limits(rehearsal=True).of(training, stage)
    assert ((whole.call, whole.check), (rehearsed.call, rehearsed.check)) == ((450.0, 850.0), TRAINING_FLOOR)


def test_calibration_only_lengthens():
    ticks = iter([0.0, 0.002])
    assert calibrate(lambda: next(ticks)) == 1.0
    ticks = iter([0.0, 0.04])
    assert calibrate(lambda: next(ticks)) == 4.0


def test_times_are_recorded_and_everything_else_kept():
    text = toys.FIRST
    once = with_times(text, {"check_add_adds": 0.25, "check_double_doubles": 0.5})
    twice = with_times(once, {"check_add_adds": 0.75})
    assert twice.count("reference_seconds") == 2
    assert 'core = true\nreference_seconds = 0.75\nhints = ["what?"' in twice
    kept = [line for line in twice.splitlines() if not line.startswith("reference_seconds")]
    assert kept == text.splitlines()
    assert json.dumps(twice)
