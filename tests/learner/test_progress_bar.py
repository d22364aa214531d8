"""What is shown while a training runs: the bar, its limit, and the epoch where the training prints it."""

import io
import threading

import pytest

from grader.learner.progress_bar import Live, Patience, last_epoch
from grader.running.session import Observer, run_stages
from grader.submission import Submission
from grader.worker.bounds import TimeLimits
from grader.worker.outside.pool import WorkerPool
from tests.courses import HERE
from tests.running import toys

CHECK = next(check for stage in HERE.stages for check in stage.checks if check.training)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("epoch 3/10 loss 0.4\n", (3, 10)),
        ("Epoch: 3 of 10\n", (3, 10)),
        ("epoch  7  train_loss 0.1\n", (7, None)),
        ("[epoch 2] 0.5\nsomething else 99\n", (2, None)),
        ("epoch 1/5\repoch 2/5\r", (2, 5)),
        ("epoch 1\nepoch 1", (1, None)),  # perhaps the line goes on: epoch 12
        ("epoch 0/0\n", (0, None)),
        ("loss 0.3\n", None),
        ("epochal 3\n", None),
        ("", None),
    ],
)
def test_the_epoch_is_read_from_complete_lines(text, found):
    assert last_epoch(text) == found


def test_the_bar_shows_limit_and_epoch_in_80_columns(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    stream = Terminal()
    with Live(stream) as live:
        live.running(CHECK, 30.0)
        live.printed(CHECK, "\x1b[31m[bold]epoch 3/1")
        live.printed(CHECK, "0 \U0001f600\n")
        live._progress.refresh()
        shown = [line for line in stream.getvalue().split("\r") if "epoch" in line][-1]
    assert f"{CHECK.stage}: training" in shown
    assert "of at most 30 s" in shown
    assert "epoch 3 of 10" in shown
    assert "bold" not in stream.getvalue()


def test_in_a_pipe_it_is_one_line():
    stream = io.StringIO()
    with Live(stream) as live:
        for _ in range(2):
            live.running(CHECK, 30.0)
            live.printed(CHECK, "epoch 3/10\n")
    assert stream.getvalue() == f"{CHECK.stage}: training (limit 30 s) ...\n"


def test_observers_hear_a_training_and_nothing_else(tmp_path):
    class Ears(Observer):
        def __init__(self):
            self.heard = []

        def printed(self, check, text):
            self.heard.append((check.id, text))

    losses = toys.RIGHT["losses"].replace("return a * a", "print('epoch', len(COUNT))\n    return a * a")
    course, ears = toys.course(tmp_path), Ears()
    with WorkerPool(HERE.withheld) as pool:
        session = run_stages(course.stages, pool, toys.submission(losses=losses), course=course, observers=[ears])
    assert ears.heard == [("check_train_learns", "epoch 1\n")]
    assert set(toys.states(session).values()) == {"pass"}


def test_what_a_call_prints_is_heard_while_it_runs():
    source = "def f(g):\n    print('epoch 1/2')\n    g()\n    print('epoch 2/2')\n    return 3\n"
    heard, meanwhile = [], []
    with WorkerPool(HERE.withheld) as pool, pool.student(Submission("mine", {"layers": source}), TimeLimits()) as student:
        student.listen(heard.append)

        def g():
            meanwhile.extend(heard)

        assert student.layers.f(g) == 3
    assert "".join(meanwhile) == "epoch 1/2\n"
    assert "".join(heard) == "epoch 1/2\nepoch 2/2\n"


def test_who_waits_is_told_what_for_and_only_once():
    said = []
    told = threading.Event()

    def say(text):
        said.append(text)
        told.set()

    patience = Patience(say, moment=0.0)
    while not told.is_set():
        patience.running(CHECK, 30.0)
        patience._tell()
    patience.close()
    patience._tell()
    assert set(said) == {f"Running: {CHECK.promise} (limit 30 s) ..."}
    before = len(said)
    quick = Patience(say, moment=60.0)
    quick.running(CHECK, 30.0)
    quick.close()
    assert len(said) == before
    assert (patience.said, quick.said) == (True, False)
