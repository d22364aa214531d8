"""Reports and grades made by hand, with one of everything that exports have to carry."""

import msgspec

from grader.cohort.counting import Grade
from grader.records import Card, CheckResult, Mistake, NextStep, Report, StageResult


def check(name, state, points, most, **fields):
    return CheckResult(
        id=f"check_{name}", promise=f"{name.replace('_', ' ').capitalize()}.", state=state, points=points,
        max_points=most, **fields,
    )  # fmt: skip


def report(**fields):
    """Two stages: something passes, fails with a name, is blocked, is a TODO, and failed through the grader."""
    card = Card(
        ran="layer.forward(x)",
        should="x @ W + b",
        gave="[[nan \u2603 <b>&]]]>",
        looks_like="not a number",
        printed="\x1b[31mhello",
    )
    mistake = Mistake("sums_over_the_batch", "The mean over the batch is missing.", title="Sum instead of the mean")
    stages = [
        StageResult("01_linear", "The linear layer", "fail", 4, 10, [
            check("adds_the_bias", "pass", 4, 4, seconds=0.0125, printed="1 < 2 & so on \x00"),
            check("sums_dW", "fail", 0, 6, message="dW is 64 times too big.", card=card, mistake=mistake, seconds=0.25),
        ]),
        StageResult("03_softmax", "Softmax", "error", 0, 10, [
            check("rows_sum_to_one", "todo", 0, 5, message="losses.softmax is still a TODO (student/losses.py, line 12)."),
            check("stays_finite", "blocked", 0, 3, message="Not checked yet.", blocked_by="03_softmax: check_rows_sum_to_one"),
            check("keeps_float32", "error", 0, 2, message="The grader failed here."),
        ]),
    ]  # fmt: skip
    values = {
        "score": 4, "max_score": 20, "stages": stages, "student": "ann", "seconds": 1.23456,
        "finished": "2026-11-23T01:15:46+00:00", "sandbox": {"summary": "11 of 11 forbidden actions blocked"},
        "fingerprints": {"submission": "ab" * 32, "course": "cd" * 32},
        "next": NextStep("01_linear", "check_sums_dW", "01_linear: dW fails.", "student/layers.py", 31),
        "curves": {"history": {"val_acc": [0.5, 99.0]}, "measured": 0.91234567},
    }  # fmt: skip
    return Report(**(values | fields))


def with_a_substitute():
    """The same report, but that what passes does so with a correct ReLU."""
    whole = report()
    first, *rest = whole.stages
    checks = [msgspec.structs.replace(first.checks[0], points_alone=0, substituted=["layers.ReLU"]), *first.checks[1:]]
    return msgspec.structs.replace(whole, stages=[msgspec.structs.replace(first, checks=checks), *rest])


def grade(student, score=50.0, state="graded", **fields):
    return Grade(student, fields.pop("name", ""), state, score, fields.pop("max_score", 100.0), raw=score, **fields)
