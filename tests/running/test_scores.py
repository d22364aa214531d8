"""Results -> states of stages and the next step: pure functions."""

import msgspec
import pytest

from grader.records import Card, CheckResult, Mistake, SourceLines
from grader.running import scores
from tests.courses import HERE
from tests.running import toys


@pytest.mark.parametrize(
    ("states", "stage"),
    [
        (["pass", "pass"], "pass"),
        (["pass", "fail"], "fail"),
        (["pass", "todo"], "fail"),
        (["pass", "blocked"], "fail"),
        (["fail", "todo", "blocked"], "fail"),
        (["todo", "blocked"], "todo"),
        (["todo", "todo"], "todo"),
        (["blocked", "blocked"], "blocked"),
        (["pass", "pass", "error"], "error"),
        (["todo", "error"], "error"),
    ],
)
def test_the_state_of_a_stage(states, stage):
    assert scores.stage_state(states) == stage


def result(course, stage, check, state, **fields):
    known = next(c for c in course.stage(stage).checks if c.id == check)
    return {(stage, check): scores.result(known, state, **fields)}


@pytest.fixture
def course(tmp_path):
    return toys.course(tmp_path)


def test_points_only_for_what_passes(course):
    results = {
        **result(course, "01_first", "check_add_adds", "pass"),
        **result(course, "01_first", "check_add_keeps_float32", "fail"),
        **result(course, "01_first", "check_double_doubles", "error"),
    }
    report = scores.report([course.stage("01_first")], results)
    assert [check.points for check in report.stages[0].checks] == [2, 0, 0]
    assert (report.score, report.max_score, report.stages[0].state) == (2, 4, "error")


def test_the_next_step_goes_by_the_order_of_writing(course):
    """add is claimed before double, so its card comes first, whatever the order of the checks."""
    todo = "layers.double is still a TODO (mine/layers.py, line 5)."
    results = {
        **result(course, "01_first", "check_add_adds", "pass"),
        **result(course, "01_first", "check_add_keeps_float32", "fail", message="No."),
        **result(course, "01_first", "check_double_doubles", "todo", message=todo),
    }
    stage = course.stage("01_first")
    places = {"layers.add": ("mine/layers.py", 1), "layers.double": ("mine/layers.py", 5)}
    step = scores.report([stage], results, places.get).next
    assert (step.check, step.file, step.line) == ("check_add_keeps_float32", "mine/layers.py", 1)
    assert step.text == "01_first: “float32 in, float32 out” fails."
    results |= result(course, "01_first", "check_add_keeps_float32", "pass")
    step = scores.report([stage], results, places.get).next
    assert (step.check, step.line) == ("check_double_doubles", 5)
    assert step.text == f"{todo} It is the next thing to write."


def test_a_card_with_a_name_comes_before_one_without_unless_others_build_on_it():
    stage = HERE.stage("09_minibatches")
    named = Mistake("shuffles_fixed_batches", "The same samples always end up in the same batch.")

    def next_of(*failed, mistake):
        states = {check.id: "fail" if check.id in failed else "pass" for check in stage.checks}
        results = {(stage.id, check.id): scores.result(check, states[check.id]) for check in stage.checks}
        where = stage.id, failed[-1]
        results[where] = msgspec.structs.replace(results[where], mistake=mistake)
        return scores.report([stage], results).next.check

    core, short, mix = (
        f"check_batches_{name}" for name in ("hold_each_example_once", "keep_the_short_last_batch", "mix_anew_each_epoch")
    )
    assert next_of(short, mix, mistake=named) == mix
    assert next_of(short, mix, mistake=None) == short
    assert next_of(core, mix, mistake=named) == core


def test_a_file_that_cannot_be_imported_comes_before_what_it_should_do(course):
    lines = [SourceLines("tools.py", 7, ["def f(:"], [7]), SourceLines("layers.py", 1, ["import tools"], [1])]
    broken = {"message": "Syntax error in tools.py, line 7: invalid syntax.", "broken": "tools.py"}
    results = result(course, "01_first", "check_add_adds", "fail", card=Card(source=lines), **broken)
    step = scores.report([course.stage("01_first")], results, lambda name: ("mine/layers.py", 1)).next
    assert (step.text, step.file, step.line) == (broken["message"], "mine/tools.py", 7)


@pytest.mark.parametrize(
    ("ran", "function"),
    [
        ("model = network.MLP((4, 3), rng)\nmodel.forward(x)\nmodel.predict(x)", "network.MLP.predict"),
        ("model.predict(x)\nmodel.forward(x)", "network.MLP.forward"),
        ("model = network.MLP((4, 3), rng)\nmodel.layers", "network.MLP.__init__"),
        ("", "network.MLP.__init__"),
    ],
)
def test_the_function_to_look_at_is_the_last_that_the_check_called(ran, function):
    names = ["network.MLP.__init__", "network.MLP.forward", "network.MLP.predict"]
    failed = CheckResult("check_it", "It holds.", "fail", 0, 1, "It does not.", card=Card(ran=ran), functions=names)
    assert scores.function_of(failed) == function


def test_nothing_to_do_where_all_waits_or_holds(course):
    blocked = {
        **result(course, "02_second", "check_square_squares", "blocked"),
        **result(course, "02_second", "check_square_is_remembered", "blocked"),
    }
    assert scores.report([course.stage("02_second")], blocked).next is None


def test_what_was_never_run_counts_as_not_passed(course):
    check = course.stage("02_second").checks[0]
    found = scores.blocked_result(check, course, {})
    assert isinstance(found, CheckResult)
    assert found.blocked_by == "01_first: check_add_adds"
    assert "was not checked" in found.message


def test_a_stage_without_results_is_not_in_the_report(course):
    assert scores.report(course.stages, {}).stages == []
