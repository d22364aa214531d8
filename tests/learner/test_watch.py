"""A whole course in `watch`, as somebody types it: one function after another, and the screen says what comes next."""

import os
import re
import sys
from itertools import pairwise

import pytest

from grader.course.misconceptions import apply, load
from grader.course.skeleton import put_back_all, read_sources
from grader.grading.output import Output
from grader.paths import REFERENCE, ROOT
from grader.report import stored
from tests.courses import HERE
from tests.golden.submissions import skeleton, with_bodies

pexpect = pytest.importorskip("pexpect", reason="a terminal that can be scripted: not on Windows")

COURSE = HERE
CLAIMS = [(stage, name) for stage in COURSE.stages for name in stage.claims]
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Screen:
    """`watch` in a terminal of 80 by 60."""

    def __init__(self, folder, out, *arguments):
        command = [sys.executable, "-m", "grader", "watch", "--student", str(folder), "--out", str(out), *arguments]
        environment = {**os.environ, "CHAIN_RULE_NO_VENV": "1", "TERM": "xterm", "LINES": "60", "COLUMNS": "80"}
        environment["CHAIN_RULE_MEMORY"] = str(out) + "-memory"
        self.child = pexpect.spawn(
            command[0], command[1:], cwd=str(ROOT), env=environment, encoding="utf-8", timeout=120, dimensions=(60, 80)
        )
        self.last = ""

    def until(self, *words):
        """Wait for a screen, drawn to its last line, that shows all of these; lines that were broken are joined."""
        wanted = [" ".join(word.split()) for word in words]
        for _ in range(12):
            if self.child.expect(["q quit", pexpect.TIMEOUT, pexpect.EOF]):
                break
            self.last = " ".join(ESCAPES.sub("", self.child.before).split())
            if all(word in self.last for word in wanted):
                return
        raise AssertionError(f"{wanted} did not come; the last screen was {self.last}")

    def press(self, key):
        self.child.send(key)

    def handout(self, page):
        """Press its key; whatever was pressed before has been done when it comes."""
        self.press("s")
        self.child.expect(page)

    def quit(self):
        self.press("q")
        self.child.expect(pexpect.EOF)
        self.child.close()
        return self.child.exitstatus


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "student"
    place.mkdir()
    save(place, skeleton())
    return place


def save(place, texts):
    for file, text in texts.items():
        path = place / file
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def files(submission):
    return {f"{module}.py": text for module, text in submission.modules.items()}


def test_from_the_skeleton_to_full_marks(folder, tmp_path):
    screen = Screen(folder, tmp_path / "out")
    screen.until(f"{CLAIMS[0][1]} is still a TODO (student/layers.py, line ", "0 of 100 points")
    reference, texts = read_sources(REFERENCE), skeleton()
    for (stage, name), (following, to_do) in pairwise(CLAIMS):
        texts = put_back_all(texts, reference, [name])
        save(folder, texts)
        if following is stage:
            screen.until(f"{to_do} is still a TODO")
        elif stage.id == "08_sgd":
            screen.until("08_sgd is done", f"Next: {to_do}", "The first step downhill: the loss of your network")
        elif following.starting_values:  # nothing to write there: the settings that it starts with are not enough
            screen.until(f"{stage.id} is done", following.id, "fails.", "of the hidden images right")
        else:
            screen.until(f"{stage.id} is done", f"Next: {to_do} is still a TODO")
    save(folder, put_back_all(texts, reference, [CLAIMS[-1][1]]))
    screen.until(f"{CLAIMS[-1][0].id} is done", "All stages that were graded are done", "100 of 100 points")
    assert screen.quit() == 0


def test_the_keys(folder, tmp_path):
    screen = Screen(folder, tmp_path / "out", "3", "--poll")
    screen.until("losses.softmax is still a TODO", "> ○ 03_softmax")
    screen.press("n")
    screen.until("> ○ 04_cross_entropy")
    screen.press("b")
    screen.until("> ○ 03_softmax")
    text = "print('a print')\n\ndef softmax(logits):\n    print('hello', logits.shape)\n    return logits\n"
    (folder / "losses.py").write_text(text)
    screen.until(
        "03_softmax: 0 of 8 checks pass",
        "fails.",
        "what your code printed in that call hello (",
        "repro.py runs what this check ran",
    )
    for _ in range(3):
        screen.press("h")
        screen.until("Hint ", " of 3, ")
    (folder / "losses.py").write_text("def softmax(logits:\n")
    screen.until("Syntax error in losses.py")
    screen.handout("Page 1 of")
    screen.handout("Page 2 of")
    screen.press("?")  # no key: nothing but the verdict again
    screen.until("Syntax error in losses.py")
    runs = int(re.search(r", run (\d+), \d\d:\d\d:\d\d", screen.last)[1])
    screen.press("r")
    screen.until("Syntax error in losses.py", f", run {runs + 1}, ")
    screen.press("g")
    screen.until("03_softmax: 0 of 8 checks pass", "The whole course was graded", "0 of 100 points")
    assert (tmp_path / "out" / "report.html").exists()
    assert screen.quit() == 0


def test_the_report_is_written_when_it_is_opened_and_at_the_end_and_progress_counts(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("BROWSER", "true")
    out = tmp_path / "out"
    screen = Screen(folder, out)
    screen.until("01_linear: 0 of 10 checks pass", "14_faults")  # every stage was looked at
    save(folder, files(with_bodies(COURSE.stages[:2])))
    screen.until("02_relu is done", "16 of 100 points")
    screen.press("o")
    screen.handout("Page 1 of")
    assert ">16</span>" in (out / "report.html").read_text()
    save(folder, files(with_bodies(COURSE.stages[:3])))
    screen.until("03_softmax is done", "24 of 100 points")
    assert screen.quit() == 0
    assert ">24</span>" in (out / "report.html").read_text()
    assert Output(out).last().next.stage == "04_cross_entropy"
    assert [run.score for run in stored.history(out)] == [0, 16, 24]


def test_a_stage_behind_a_mistake_is_shown_with_a_substitute_and_then_what_is_to_do(folder, tmp_path):
    right = with_bodies(COURSE.stages[:7])
    wrong = right.modules["layers"].replace("x @ self.W + self.b", "x @ self.W")
    save(folder, files(right.replaced({"layers": wrong})))
    screen = Screen(folder, tmp_path / "out", "7")
    told = "With a correct Linear, your backprop passes 7 of 7 checks."
    screen.until("◑ 07_backprop: ", told)
    screen.until(told, "Next: Bias not added", "more with a correct Linear")
    save(folder, files(right))
    screen.until("07_backprop: 7 of 7 checks")
    assert screen.quit() == 0


def test_the_named_mistake_comes_on_the_screen(folder, tmp_path):
    """Ten stages, each first with a mistake of its bank, then right."""
    screen = Screen(folder, tmp_path / "out")
    screen.until("0 of 100 points")
    stages = COURSE.stages[:10]
    for number, stage in enumerate(stages, 1):
        right = with_bodies(COURSE.stages[:number])
        mistake = load(stage.folder)[0]
        save(folder, files(apply(right, mistake)))
        screen.until(f"✗ {stage.id}: ", f"Next: {mistake.title}")
        if number < len(stages):
            save(folder, files(right))
            screen.until(f"{stage.id} is done")
    assert screen.quit() == 0


def test_a_loop_that_does_not_end_is_shown_before_every_check_has_waited_for_it(folder, tmp_path):
    screen = Screen(folder, tmp_path / "out", "3")
    screen.until("losses.softmax is still a TODO")
    (folder / "losses.py").write_text("def softmax(logits):\n    while True:\n        pass\n")
    screen.until("03_softmax: 0 of 8 checks pass", "was stopped after", "more checks of this stage to run ...")
    save(folder, files(with_bodies(COURSE.stages[:3])))  # nor has it to be waited for
    screen.until("03_softmax: 8 of 8 checks pass")
    assert screen.quit() == 0
