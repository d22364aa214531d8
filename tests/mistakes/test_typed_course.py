"""What somebody types, and what the screen says: the parts of the command of that name."""

import pytest

from grader.worker.outside.pool import WorkerPool
from tests.courses import HERE
from tests.mistakes.typed_course import LINES, Screens, Slip, marked, said_next, slips, steps


@pytest.mark.parametrize("stage", HERE.stages, ids=lambda stage: stage.id)
def test_every_stage_is_typed_and_has_ten_mistakes_that_are_python(stage):
    done = dict(steps(stage))
    assert len(done) == len(stage.claims) + 10
    for what, texts in done.items():
        for name, text in texts.items():
            if "bracket is missing" not in what:
                compile(text, name, "exec")


def test_an_edit_has_one_place():
    text = "def f(x):\n    if x:\n        y = 1\n    return x\n"
    assert Slip("s", "m.f", "t", ((["    y = 1", "return x"], ["return 2"]),)).applied(text) == text[:20] + "    return 2\n"
    with pytest.raises(AssertionError, match="has 0 places"):
        Slip("s", "m.f", "t", ((["return y"], ["return 2"]),)).applied(text)
    assert len({(slip.stage, slip.title) for slip in slips()}) == 10 * len(HERE.stages)


def test_both_screens_of_a_mistake_are_whole(tmp_path):
    """The verdict of a grade is its last thing, that of watch its first, and all of it fits."""
    stage = HERE.stage("02_relu")
    texts = next(texts for what, texts in steps(stage) if what.endswith("derivative at 0 is 1"))
    with WorkerPool(HERE.withheld) as pool:
        screens = Screens(tmp_path, pool, stage)
        screens.save(texts)
        graded, watched = screens.grade(), screens.watch()
    assert said_next(graded) == said_next(watched) == "Derivative at 0 taken as 1"
    assert watched.count("\n") < LINES
    assert "more lines" not in watched
    assert "What does your mask say there?" in watched.split("what it looks like")[1]
    assert "run 1, " in watched.split("\n")[0]
    assert marked(graded).split("\n")[-1].startswith("| report: ")
    assert marked(graded).split("\n")[0].startswith(": ")
