"""What a training came to: the right word for runs of stated kinds, none for healthy ones, and what is not decided by curves."""

import numpy as np
import pytest

from tests.tasks.toolbox import training_diagnosis as td
from tests.tasks.training_runs import HEALTHY, KINDS, fresh, verdict

FIRST = 50_000  #: apart from the seeds that the rules were made on, and from those of the measurement


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_a_run_of_a_kind_gets_its_word(name, seed):
    """A sample; `make measure-diagnosis` makes all of them, and allows for some that get none."""
    _, made = fresh(KINDS[name], FIRST + seed)
    found = td.diagnose(made)
    assert verdict(KINDS[name], found) == "right", found
    assert found.sentence.endswith(".")
    assert found.advice


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_said_of_a_healthy_run(seed):
    _, made = fresh(HEALTHY, FIRST + seed)
    assert td.diagnose(made) is None


def training(**changes) -> td.Training:
    """A network of two classes that learned what it was shown."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 2)), np.arange(50) % 2
    start = [rng.normal(size=(2, 8)), np.zeros(8), 0.5 * rng.normal(size=(8, 2)), np.zeros(2)]
    end = [p + 0.1 * rng.normal(size=p.shape) for p in start]
    fields = {
        "settings": {"epochs": 3, "batch_size": 10, "lr": 0.1},
        "examples": 50,
        "history": {},
        "start": start,
        "end": end,
        "own": (x, y),
        "new": (x, y),
    }
    return td.Training(**fields | changes)


def test_without_any_history_the_parameters_tell():
    given = training()
    assert td.diagnose(training(end=[p * np.nan for p in given.end])).kind == td.DIVERGED
    assert td.diagnose(training(end=given.start)).kind == td.STUCK


def test_what_is_not_asked_for_is_not_said():
    broken = training(end=[p * np.nan for p in training().end])
    assert td.diagnose(broken, (td.STUCK,)) is None
    assert td.diagnose(broken, td.OF_THE_CODE).kind == td.DIVERGED


def test_with_the_graders_settings_no_other_rate_is_advised():
    ends = [p * np.nan for p in training().end]
    assert "lr = 0.01" in td.diagnose(training(end=ends)).advice
    assert "lr" not in td.diagnose(training(end=ends, fixed=True)).advice


def test_a_diverged_training_says_when():
    ends = [p * np.nan for p in training().end]
    found = td.diagnose(training(end=ends, history={"train_loss": [0.7, np.nan, np.nan]}))
    assert found.sentence == "The training diverged in epoch 2 of 3."
