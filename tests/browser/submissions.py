"""Golden submissions, graded as a learner's are: `grade(submission, folder)` leaves results.json, report.html and evidence.

Each is the reference with some lines replaced, as a learner might have written them, or the skeleton filled in part.
"""

import os
import subprocess
import sys
from pathlib import Path

from grader.paths import REFERENCE, ROOT
from grader.submission import Submission, read_submission
from tests.courses import HERE
from tests.golden.submissions import with_bodies, write
from tests.report.samples import NASTY

Edit = tuple[str, str, str]  # module, a piece of the reference, what stands there instead

#: One slip for each stage; where it can be, one that leaves the stage's core right, so that the next ones are graded too.
SLIPS: dict[str, list[Edit]] = {
    "01_linear": [("layers", "np.sqrt(2.0 / in_features)", "np.sqrt(1.0 / in_features)")],
    "02_relu": [("layers", "return np.maximum(x, 0)", "return np.maximum(x, 0, out=x)")],
    "03_softmax": [("losses", "shifted = logits - logits.max(axis=1, keepdims=True)\n    # 2", "shifted = logits\n    # 2")],
    "04_cross_entropy": [("losses", "return float(np.mean(log_sum", "return float(np.sum(log_sum")],
    "05_gradient_check": [
        ("gradcheck", "x[index] = original - eps", "x[index] = original"),
        ("gradcheck", "/ (2 * eps)", "/ eps"),
    ],
    "06_network": [("network", "if i > 0:", "if i >= 0:")],
    "07_backprop": [
        (
            "network",
            "            dout = layer.backward(dout)",
            "            if isinstance(layer, Linear):\n                dout = layer.backward(dout)",
        )
    ],
    "08_sgd": [("optim", "p -= self.lr * g", "p -= min(self.lr, 0.1) * g")],
    "09_minibatches": [("data", "range(0, len(x), batch_size)", "range(0, len(x) - batch_size + 1, batch_size)")],
    "10_training_loop": [
        ("train", "return float(np.mean(model.predict(x) == y))", "return 100 * float(np.mean(model.predict(x) == y))")
    ],
    "12_mnist": [
        (
            "train",
            'HYPERPARAMETERS = {"epochs": 10, "batch_size": 32, "lr": 0.2, "lr_decay": 0.8}',
            'HYPERPARAMETERS = {"epochs": 2, "batch_size": 128, "lr": 0.02}',
        )
    ],
}

SHOUT = """
class Shouting(Exception):
    pass

Shouting.__name__ = Shouting.__qualname__ = MARKUP[0]

def shout():
    for line in MARKUP:
        print(line)
    print("<b>line</b>" * 100_000)
"""


def edited(edits: list[Edit], name: str = "student") -> Submission:
    """The reference with pieces replaced; a piece that is not there is a mistake in this file."""
    modules = dict(read_submission(REFERENCE).modules)
    for module, old, new in edits:
        assert old in modules[module], f"{module}.py no longer holds {old!r}"
        modules[module] = modules[module].replace(old, new, 1)
    return Submission(name, modules)


def stages(*numbers: int):
    return [stage for stage in HERE.stages if int(stage.id[:2]) in numbers]


def mid_course() -> Submission:
    """Stages 1 to 8 written but for the losses' second half, with slips in softmax and in the way back through the network."""
    written = with_bodies(stages(1, 2, 3, 5, 6, 7, 8), "ada")
    modules = dict(written.modules)
    for module, old, new in [*SLIPS["03_softmax"], *SLIPS["07_backprop"]]:
        assert old in modules[module]
        modules[module] = modules[module].replace(old, new, 1)
    return Submission("ada", modules)


def hostile() -> Submission:
    """Markup, terminal codes and direction marks in names, prints, exceptions and values."""
    modules = dict(edited([]).modules)
    shout = f"\n\nMARKUP = {[line for line in NASTY if not _lone(line)]!a}\n{SHOUT}"
    modules["losses"] += shout + "\n\ndef softmax(logits):\n    shout()\n    return logits\n"
    forward = "def forward(self, x):\n    shout()\n    raise Shouting('<img src=x onerror=alert(1)>\\u202e\\x00' * 50)"
    modules["layers"] += f"{shout}\n\n{forward}\n\nLinear.forward = forward\n"
    modules["gradcheck"] += "\n\ndef relative_error(a, b):\n    return '</style><script>alert(2)</script>'\n"
    return Submission("<b>name</b>", modules)


def _lone(line: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in line)


SUBMISSIONS = {
    "all_right": lambda: edited([]),
    "untouched": lambda: with_bodies([]),
    "one_mistake_a_stage": lambda: edited([edit for edits in SLIPS.values() for edit in edits]),
    "syntax_error": lambda: edited([("layers", "return x @ self.W + self.b", "return (x @ self.W + self.b")]),
    "hostile_text": hostile,
    "mid_course": mid_course,
}
NAMES = tuple(SUBMISSIONS)


def grade(submission: Submission, folder: Path) -> tuple[Path, subprocess.CompletedProcess]:
    """Write the submission below `folder` and grade it as it is typed; the folder of the grade, and the finished command.

    Mistakes get more time to be named than usual: the page must not depend on how busy this machine is.
    """
    student, out = folder / submission.name.replace("/", ""), folder / "out"
    write(submission, student)
    command = [sys.executable, "-m", "grader", "grade", "--student", str(student), "--out", str(out)]
    done = subprocess.run(
        [*command, "--no-cache", "--strict"],
        cwd=ROOT,
        env={**os.environ, "CHAIN_RULE_NO_VENV": "1", "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (out / "report.html").exists(), done.stdout + done.stderr
    return out, done


def make(name: str, folder: Path) -> tuple[Path, subprocess.CompletedProcess]:
    return grade(SUBMISSIONS[name](), folder)
