"""`make experiment`: a prediction first, then the learner's own network, and a page with both."""

import json

import pytest
from click.testing import CliRunner

from grader.cli import commands
from grader.errors import Refusal
from grader.learner.instruments import measure
from grader.paths import REFERENCE, STUDENT
from tests.courses import HERE
from tests.tasks.toolbox import experiments

SMALL = {
    "batch-size": lambda lab: experiments.batch_size(lab, 60, 20, 2),
    "learning-rate": lambda lab: experiments.learning_rate(lab, 60, 2),
    "initialisation": lambda lab: experiments.initialisation(lab, 60, 2),
    "few-images": lambda lab: experiments.few_images(lab, 20, 60, 10),
    "baselines": lambda lab: experiments.baselines(lab, 100, 2),
}


def run(folder, *arguments, student=REFERENCE, text=None):
    asked = ["experiment", *arguments, "--student", str(student), "--out", str(folder)]
    return CliRunner().invoke(commands, asked, input=text, standalone_mode=False)


@pytest.fixture
def small(monkeypatch):
    made = {name: experiments.EXPERIMENTS[name]._replace(make=make) for name, make in SMALL.items()}
    monkeypatch.setattr(experiments, "EXPERIMENTS", made)


@pytest.mark.parametrize("name", experiments.EXPERIMENTS)
def test_an_experiment_has_figures_with_a_sentence_and_numbers_for_every_epoch(tmp_path, name):
    shown, told = [], experiments.EXPERIMENTS[name]._replace(make=SMALL[name])
    keep = lambda _, figures, arrays: shown.extend(figures)  # noqa: E731
    assert measure("experiments", HERE, REFERENCE, tmp_path, "off", choose=lambda _: told, keep=keep) == 0
    assert told.question.endswith("?")
    for figure in shown:
        assert figure.finding.endswith(".")
        assert all(len(x) == len(y) > 0 for x, y in figure.lines.values())


def test_batch_sizes_are_compared_at_equal_epochs_and_at_equal_updates(tmp_path):
    shown, told = [], experiments.Experiment("?", SMALL["batch-size"])
    keep = lambda _, figures, arrays: shown.extend(figures)  # noqa: E731
    measure("experiments", HERE, REFERENCE, tmp_path, "off", choose=lambda _: told, keep=keep)
    epochs, updates = ({label: x for label, (x, _) in figure.lines.items()} for figure in shown)
    assert list(epochs.values()) == [[1, 2], [1, 2]]
    assert list(updates.values()) == [[1, 2, 3, 4, 5, 6], [3, 6]]


def test_the_first_prediction_is_kept_and_stands_on_the_page(tmp_path, small):
    done = run(tmp_path, "baselines", "--predict", "Mean <b>70</b> of 100")
    assert (done.exception, done.return_value) == (None, 0)
    assert "epoch   1 of 2" in done.output
    assert json.loads((tmp_path / "baselines.json").read_text())["prediction"] == "Mean <b>70</b> of 100"
    again = run(tmp_path, "baselines", "--predict", "I knew it")
    assert "You predicted: Mean <b>70</b> of 100" in again.output
    page = (tmp_path / "baselines.html").read_text()
    assert "Mean &lt;b&gt;70&lt;/b&gt; of 100" in page
    assert "I knew it" not in page


@pytest.mark.parametrize(
    ("arguments", "student", "said"),
    [
        ((), REFERENCE, "which experiment.*batch-size, learning-rate"),
        (("batches",), REFERENCE, "'batches' is no experiment.*baselines"),
        (("baselines",), REFERENCE, "say first what you expect.*--predict"),
        (("baselines", "--predict", "x"), STUDENT, "still to do first"),
    ],
)
def test_what_cannot_be_run_is_refused_with_the_remedy(tmp_path, arguments, student, said):
    refused = run(tmp_path, *arguments, student=student)
    assert isinstance(refused.exception, Refusal)
    with pytest.raises(Refusal, match=said):
        raise refused.exception
    assert list(tmp_path.iterdir()) == []


def test_a_prediction_that_cannot_be_read_is_said(tmp_path):
    (tmp_path / "baselines.json").write_text("{")
    assert "remove it, and predict anew" in run(tmp_path, "baselines").exception.sentence()
