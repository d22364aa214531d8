"""Stage 13: fresh runs and their words, rules that are nearly right, answers in other forms, and a folder without the file.

python -m tests.tasks.test_experiments [RUNS]    # the reference's diagnose on so many fresh runs
"""

import sys

import msgspec
import numpy as np
import pytest

from grader.course.course import Course
from grader.course.stage import load_stage
from grader.paths import REFERENCE, TASKS
from grader.running.context import Context
from grader.running.runner import load_checks, run_check
from grader.submission import Submission, read_submission
from grader.worker.outside.local import LocalPool
from reference.experiments import diagnose
from tests.courses import HERE, with_stages
from tests.tasks.toolbox import fresh_runs as fr
from tests.tasks.toolbox import images

STAGE = msgspec.structs.replace(load_stage(TASKS / "13_experiments"), needs=())
COURSE: Course = with_stages([STAGE])
RIGHT = read_submission(REFERENCE)


class Few:
    """As many images as a rehearsal has."""

    hidden = None

    def __init__(self, count=500) -> None:
        self.mnist = images.open(HERE.data, count)


def grade(submission: Submission, few=Few()) -> dict:  # noqa: B008
    functions, context = load_checks(STAGE), Context(COURSE, submission, LocalPool(), data=few)
    for check in STAGE.checks:
        context.state.decide(check, run_check(check, functions[check.id], context))
    context.close()
    return {name.removeprefix("check_"): result for (_, name), result in context.state.results.items()}


def states(submission: Submission) -> list[str]:
    return [result.state for result in grade(submission).values()]


def changed(*edits: tuple[str, str], also: str = "") -> Submission:
    text = RIGHT.modules["experiments"]
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return RIGHT.replaced({"experiments": f"{text}\n\n{also}\n"}, "variant")


def fresh_seeds(first: int, count: int):
    """(word by the rules, run) of so many fresh runs."""
    words, made, seed = list(fr.PLANS), 0, first
    while made < count:
        rng = np.random.default_rng(seed)
        pool = fr.pool(rng, images.open(HERE.data))
        runs = [fr.fresh(word, rng, pool, way) for word in words for way in range(2)]
        for run in [*runs, *fr.twins(rng, pool)][: count - made]:
            yield fr.verdict(run), run
            made += 1
        seed += 1


def misjudged(rule, first: int, count: int) -> list:
    return [run for word, run in fresh_seeds(first, count) if rule(run.history, run.examples, run.batch_size) != word]


def test_the_reference_is_right_on_fresh_runs():
    assert misjudged(diagnose, 1000, 24) == []


def test_every_word_is_asked_for_and_two_have_the_same_curves():
    runs = fr.sample(7, Few().mnist, list(fr.PLANS), with_twins=True)
    assert {fr.verdict(run) for run in runs} == set(fr.PLANS)
    nearly, short, long = runs[-3:]
    assert nearly.history == short.history == long.history
    assert [run.updates for run in (short, long)] == [6, 300]
    assert 250 < nearly.updates < 300
    assert [fr.verdict(run) for run in (nearly, short, long)] == [fr.UNDER, fr.UNDER, fr.FAILURE]
    assert all(300 <= run.examples <= 2000 for run in runs)


def test_a_run_that_meets_two_rules_or_none_has_no_word():
    both = {"train_loss": [0.6, 0.5], "train_acc": [0.8, 0.88], "val_loss": [0.6, 0.5], "val_acc": [0.8, 0.86]}
    none = {"train_loss": [0.3, 0.3], "train_acc": [0.9, 0.92], "val_loss": [0.6, 0.6], "val_acc": [0.8, 0.80]}
    edge = {"train_loss": [0.6, 0.5], "train_acc": [0.8, 0.95], "val_loss": [0.6, 0.5], "val_acc": [0.8, 0.82]}
    high = {"train_loss": [9.0, 8.0], "train_acc": [0.1, 0.1], "val_loss": [9.0, 9.0], "val_acc": [0.1, 0.1]}
    assert fr.met(fr.Run(both, 500, 10)) == {fr.UNDER, fr.HEALTHY}
    assert fr.met(fr.Run(high, 500, 10)) == {fr.UNDER, fr.DIVERGED}
    assert fr.met(fr.Run(none, 500, 10)) == set()
    assert [fr.verdict(fr.Run(history, 500, 10)) for history in (both, none, edge, high)] == [""] * 4


@pytest.mark.parametrize(
    "edit",
    [
        ("steps >= 300 and ", ""),
        ("steps >= 300 and ", "steps >= 100 and "),
        ("not all(np.isfinite(curve).all() for curve in history.values()) or ", ""),
        ("train_acc >= 0.95 and gap >= 0.13", "gap > 0.02"),
        ("train_acc >= 0.95 and gap >= 0.13", "val_acc < 0.85 and False"),
        ("gap = np.log(CLASSES), train_acc - val_acc", "gap = np.log(CLASSES), 0.0"),
        ("len(losses) * -(-examples // batch_size)", "len(losses)"),
    ],
    ids=["no updates", "a hundred updates", "no nan", "any gap", "validation alone", "no gap", "epochs"],
)
def test_a_rule_that_is_nearly_right_fails(edit):
    assert "fail" in states(changed(edit))[4:]


@pytest.mark.parametrize("found", ["np.array(_find(*a, **k))", "[(lr, np.array(loss)) for lr, loss in _find(*a, **k)]"])
def test_other_forms_of_right_answers_pass(found):
    also = """
_compare, _find = compare_batch_sizes, find_learning_rate

def compare_batch_sizes(*a, **k):
    for size, updates, history in _compare(*a, **k):
        yield [np.int64(size), float(updates), {name: np.array(curve) for name, curve in history.items()}]

def find_learning_rate(*a, **k):
    return FOUND
"""
    assert states(changed(also=also.replace("FOUND", found))) == ["pass"] * 6


@pytest.mark.parametrize("answer", ["None", "[]", "[(1, 2)]", "7", "{'a': 1}", "'healthy'", "[('a', 'b', {})] * 3"])
def test_answers_of_no_use_fail_with_a_sentence(answer):
    code = "".join(
        f"def {name}(*a, **k):\n    return {answer}\n" for name in ("compare_batch_sizes", "find_learning_rate", "diagnose")
    )
    results = grade(changed(also=code))
    assert {result.state for result in results.values()} <= {"fail", "blocked"}
    assert all(result.message for result in results.values())


def test_a_rehearsal_may_have_fewer_images_than_the_checks_take():
    assert {result.state for result in grade(RIGHT, Few(256)).values()} == {"pass"}


def test_a_submission_without_the_file_has_it_to_do():
    rest = {name: text for name, text in RIGHT.modules.items() if name != "experiments"}
    results = grade(Submission("older", rest))
    assert {result.state for result in results.values()} == {"todo"}
    assert "which is not there yet" in results["diagnose_tells_failures"].message


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    off = misjudged(diagnose, 5000, count)
    print(f"{count - len(off)} of {count} fresh runs right")
    sys.exit(bool(off))
