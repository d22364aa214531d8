"""Mini-batches are told by the rows that they hold: slips as learners write them, under several seeds."""

import pytest

from grader.checks.case import Case
from grader.course.misconceptions import load
from grader.paths import REFERENCE
from grader.running.checks_package import import_checks
from grader.submission import read_submission
from grader.worker.outside.local import LocalPool
from tests.courses import HERE

STAGE, EXPLAINS = HERE.stage("09_minibatches"), "explain_batches"
ANSWER = read_submission(REFERENCE)
ORDER = "o = rng.permutation(len(x))\n"
CUT = "[(x[o[i:i + batch_size]], y[o[i:i + batch_size]]) for i in range(0, len(x), batch_size)]"
FIXED = "batches = [(x[i:i + batch_size], y[i:i + batch_size]) for i in range(0, len(x), batch_size)]\n"

BLOCK = "yield x[i:i + batch_size], y[i:i + batch_size]"
AFRESH = "for _ in range(0, len(x), batch_size):\n    o = rng.choice(len(x), batch_size, replace=False)\n    yield x[o], y[o]"

SLIPS = [
    ("s = np.arange(0, len(x), batch_size)\nrng.shuffle(s)\nfor i in s:\n    " + BLOCK, "shuffles_fixed_batches"),
    (FIXED + "return [batches[k] for k in rng.permutation(len(batches))]", "shuffles_fixed_batches"),
    (ORDER + "return " + CUT.replace("len(x), batch", "len(x) + 1, batch"), "ends_with_an_empty_batch"),
    (ORDER + "return [(x[p], y[p]) for p in np.split(o, range(0, len(x), batch_size))]", "ends_with_an_empty_batch"),
    (ORDER + "return " + CUT.replace("len(x), batch_size)]", "len(x))]"), "moves_one_row_a_batch"),
    (ORDER + "return " + CUT.replace("range(0, len(x), batch_size)", "range(len(x) // batch_size)"), "moves_one_row_a_batch"),
    (ORDER + "return " + CUT.replace("len(x), batch", "len(x) - batch_size + 1, batch"), "drops_the_short_batch"),
    (ORDER + "return " + CUT.replace("len(x), batch", "len(x) - batch_size, batch"), "skips_the_last_batch"),
    (ORDER + "return " + CUT + "[:-1]", "skips_the_last_batch"),
    (ORDER + "return " + CUT + "[1:]", "skips_the_first_batch"),
    (ORDER + "return " + CUT.replace("len(x), batch", "len(x) - 1, batch"), "loses_the_last_example"),
    ("o = np.arange(1, len(x))\nrng.shuffle(o)\nreturn " + CUT, "loses_the_first_example"),
    ("o = rng.permutation(len(x) - 1)\nreturn " + CUT, "loses_the_last_example"),
    (ORDER + "return " + CUT.replace("i + batch_size", "i + batch_size - 1"), "ends_each_slice_too_early"),
    (ORDER + "return " + CUT.replace("i + batch_size", "i + batch_size + 1"), "ends_each_slice_too_late"),
    (AFRESH, "draws_each_batch_afresh"),
    ("o = rng.choice(len(x), len(x))\nreturn " + CUT, "draws_with_replacement"),
    (ORDER + "return [(x[p], y[p]) for p in np.array_split(o, int(np.ceil(len(x) / batch_size)))]", "makes_batches_of_equal_size"),
    (ORDER + "return [(x[p], y[p]) for p in np.array_split(o, batch_size)]", "takes_the_size_for_the_count"),
    (ORDER + "x = x[o]\nreturn " + CUT.replace("[o[i:i + batch_size]]", "[i:i + batch_size]"), "shuffles_x_alone"),
    ("y = rng.permutation(y)\no = np.arange(len(x))\nreturn " + CUT, "shuffles_y_alone"),
    ("x, y, o = rng.permutation(x), rng.permutation(y), np.arange(len(x))\nreturn " + CUT, "draws_two_orders"),
    ("o = list(range(len(x)))\nreturn " + CUT, "forgets_to_shuffle"),
    ("import random\no = list(range(len(x)))\nrandom.shuffle(o)\nreturn " + CUT, "ignores_the_generator"),
    ("while True:\n    o = rng.permutation(len(x))\n    yield from " + CUT, "never_ends"),
    ("o = np.random.default_rng(3).permutation(len(x))\nreturn " + CUT, "seeds_a_generator_of_its_own"),
]  # fmt: skip

RIGHT = [
    ORDER + "return " + CUT,
    "o = rng.random(len(x)).argsort().tolist()\nyield from " + CUT,
    "o = list(range(len(x)))\nrng.shuffle(o)\nreturn iter(" + CUT + ")",
]


def _told(body, seed):
    lines = ["\n\ndef minibatches(x, y, batch_size, rng):", *(f"    {line}" for line in body.splitlines())]
    submission = ANSWER.replaced({"data": ANSWER.modules["data"] + "\n".join(lines) + "\n"}, "one")
    explain, failed = getattr(import_checks(STAGE), EXPLAINS), {check.id for check in STAGE.checks}
    with LocalPool().student(submission) as student:
        return {fact.name for fact in explain(student, Case(seed, STAGE.id, EXPLAINS), failed).values()}


@pytest.mark.parametrize(("body", "name"), SLIPS)
def test_a_slip_is_told_by_the_rows_that_come(body, name):
    assert [_told(body, seed) for seed in range(10)] == [{name}] * 10


@pytest.mark.parametrize("body", RIGHT)
def test_right_batches_are_told_nothing(body):
    assert [_told(body, seed) for seed in range(50)] == [set()] * 50


@pytest.mark.parametrize(
    "body", ["return None", "return 1 / 0", "yield x", "yield x[:, :2], y", "yield x + 1, y", "yield x, y[:, None]"]
)
def test_what_are_no_batches_of_these_rows_is_told_nothing(body):
    assert _told(body, 0) == set()


def test_every_name_is_that_of_a_known_mistake():
    assert {name for _, name in SLIPS} <= {m.id for m in load(STAGE.folder)}
