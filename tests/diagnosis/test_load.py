"""No name is lost to load: whatever a replay takes, every candidate is asked to the end."""

from types import SimpleNamespace

import pytest

from grader.diagnosis import bench, runs
from grader.diagnosis.diagnose import BUDGET, diagnose
from grader.diagnosis.facts import facts_of
from tests.diagnosis.test_known_mistakes import ANSWER, graded, mutant

SECONDS = 0.2  #: for one replay; on a machine that has nothing else to do it takes a fiftieth of that, a training a tenth
#: Mistakes with many candidates, with an open number, with twins that a probe parts, and of answers that are drawn.
MADE = [
    ("01_linear", "adds_weight_decay"),
    ("04_cross_entropy", "clips_before_the_log"),
    ("06_network", "scales_the_input"),
    ("08_sgd", "averages_past_gradients"),
    ("09_minibatches", "shuffles_x_alone"),
    ("10_training_loop", "keeps_the_first_gradients"),
]


@pytest.mark.parametrize(("stage", "name"), MADE)
def test_a_slow_machine_gives_the_names_of_a_quick_one(stage, name, monkeypatch):
    context, replayed, replay = graded(stage, mutant(stage, name)), [], runs.replay
    monkeypatch.setattr(runs, "replay", lambda *a, **k: replayed.append(1) or replay(*a, **k))

    def names(seconds):
        """With so many seconds a replay, and how many replays that were."""
        replayed.clear()
        monkeypatch.setattr(bench, "time", SimpleNamespace(perf_counter=lambda: seconds * len(replayed)))
        return diagnose(context, ANSWER, BUDGET), len(replayed)

    quiet, loaded = names(0.0), names(SECONDS)
    assert name in {mistake.id for mistake in quiet[0].values()}
    assert loaded == quiet
    found = names(2 * BUDGET)[0]  # and the clock is the one that counts: what is left is told by facts, without a replay
    assert found.keys() == facts_of(context, context.state.transcripts.keys()).keys()
