"""What is right but for its shape, precision or container loses one check, and no stage behind waits for it.

A kit names it by what it is, or not at all.
"""

import pytest

from grader.course.misconceptions import apply, parse
from grader.diagnosis.answer_table import tables_of
from grader.diagnosis.known_mistakes import named_by_tables
from grader.paths import REFERENCE, ROOT
from grader.running.context import Context
from grader.running.runner import load_checks, run_check
from grader.submission import read_submission
from grader.worker.outside.local import LocalPool
from tests.courses import HERE

STAGES = [stage for stage in HERE.stages if not stage.training]
FUNCTIONS = {stage.id: load_checks(stage) for stage in STAGES}
ANSWER = read_submission(REFERENCE)
FORMS = parse((ROOT / "tests/mistakes/nearly_right.py").read_text(encoding="utf-8"), "nearly_right")
CHECKS = [check for stage in STAGES for check in stage.checks]
TABLES = tables_of(HERE, {stage.id for stage in STAGES})
TITLES = {
    "LinearHoldsFloat32": "Parameters in float32",
    "LinearWithARowForABias": "b has the shape (1, out) instead of (out,)",
    "keeps_b_alone_as_a_row": "b has the shape (1, out) instead of (out,)",
    "predicts_a_list": "predict returns a list instead of an array",
    "predicts_a_list_of_integers": "predict returns a list instead of an array",
    "LayersInBlocks": "Layers nested in blocks",
}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_it_loses_its_own_check_and_nothing_behind(form, seed):
    context = Context(HERE, apply(ANSWER, form), LocalPool(), seed=seed)
    for check in CHECKS:
        context.state.decide(check, run_check(check, FUNCTIONS[check.stage][check.id], context))
    named = named_by_tables(context, TABLES)
    context.close()
    results = context.state.results
    told = {name: result.message for (_, name), result in results.items() if result.state != "pass"}
    assert {name: results[stage, name].state for stage, name in results if name in told} == dict.fromkeys(form.fails, "fail"), (
        told
    )
    earned = sum(result.points for result in results.values())
    assert earned == sum(check.points for check in CHECKS) - sum(c.points for c in CHECKS if c.id in form.fails)
    assert len(form.fails) == 1
    assert {mistake.title for mistake in named.values()} <= {TITLES.get(form.name)}
