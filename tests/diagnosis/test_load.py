"""No name is lost to load: whatever a replay takes, every candidate is asked to the end; where time runs out, that is said."""

import io
import re
from itertools import count
from types import SimpleNamespace

import pytest
from rich.console import Console

from grader.diagnosis import runs
from grader.diagnosis.diagnose import diagnose
from grader.diagnosis.facts import facts_of
from grader.diagnosis.runs import BUDGET
from grader.learner.watched import Watched
from grader.paths import REFERENCE
from grader.report import learner, terminal, words
from grader.worker.outside.local import LocalPool
from tests.courses import HERE
from tests.diagnosis.test_known_mistakes import ANSWER, graded, mutant
from tests.golden.submissions import write

STOPPED = re.compile(r"search for its name was stopped after \d+ s\.")
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
    context, replayed, replay = graded(stage, mutant(stage, name)), [], runs.Runs._run
    monkeypatch.setattr(runs.Runs, "_run", lambda *a, **k: replayed.append(1) or replay(*a, **k))

    def names(seconds):
        """With so many seconds a replay, and how many replays that were."""
        replayed.clear()
        monkeypatch.setattr(runs, "time", SimpleNamespace(perf_counter=lambda: seconds * len(replayed)))
        return diagnose(context, ANSWER, BUDGET), len(replayed)

    quiet, loaded = names(0.0), names(SECONDS)
    assert name in {mistake.id for mistake in quiet[0].values()}
    assert loaded == quiet
    found = names(2 * BUDGET)[0]  # and the clock is the one that counts: what is left is told by facts, without a replay
    assert {w for w, m in found.items() if m} == facts_of(context, context.state.transcripts.keys()).keys()


def test_a_search_that_is_stopped_says_so_wherever_the_failure_is_shown(tmp_path, monkeypatch):
    write(mutant("03_softmax", "shares_one_maximum"), tmp_path / "student")
    watched = Watched(tmp_path / "student", HERE, LocalPool(), stage=HERE.stage("03_softmax"))
    watched.grade()
    ticks = count()
    with monkeypatch.context() as slow:
        slow.setattr(runs, "time", SimpleNamespace(perf_counter=lambda: 1000.0 * next(ticks)))
        assert watched.name_mistakes(REFERENCE)
    failed = [check for check in watched.current.checks if check.state == "fail"]
    assert failed
    assert all(check.mistake is None and STOPPED.search(words.looks_like(check)) for check in failed)
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(*terminal.next_part(watched.report))
    assert STOPPED.search(console.export_text())
    assert len(STOPPED.findall(learner.page(watched.report, tmp_path, HERE))) == len(failed)

    watched.grade()
    assert watched.name_mistakes(REFERENCE)
    failed = [check for check in watched.current.checks if check.state == "fail"]
    assert all(check.mistake and not STOPPED.search(words.looks_like(check)) for check in failed)


def test_a_file_that_cannot_be_imported_is_compared_with_no_known_mistake(tmp_path, monkeypatch):
    layers = ANSWER.modules["layers"]
    replay, replayed = runs.Runs._run, []
    monkeypatch.setattr(runs.Runs, "_run", lambda *a, **k: replayed.append(1) or replay(*a, **k))
    for text, compared in (
        (f"raise ValueError\n{layers}", False),
        (layers.replace("np.maximum(x, 0)", "np.maximum(x, 1)"), True),
    ):
        write(ANSWER.replaced({"layers": text}), tmp_path / "student")
        watched = Watched(tmp_path / "student", HERE, LocalPool(), stage=HERE.stage("02_relu"))
        watched.grade()
        failed = [check for check in watched.current.checks if check.state == "fail"]
        assert [bool(check.broken) for check in failed] == [not compared] * len(failed) != []
        watched.name_mistakes(REFERENCE)
        assert bool(replayed) == compared
