"""The bank as text: how it is read, and what every entry owes its learner."""

import ast
import re
import shutil
import subprocess
import sys

import msgspec
import pytest

from grader.check_tasks import subjects
from grader.check_tasks.record import record_fails
from grader.course.course import Course
from grader.course.misconceptions import BadMisconceptions, apply, load, parse
from grader.course.source_spans import find
from grader.course.source_spans import parse as tree_of
from grader.paths import REFERENCE, ROOT
from grader.submission import Submission, file_of, read_submission
from tests.courses import HERE

COURSE, ANSWER = HERE, read_submission(REFERENCE)
BANK = [m for stage in COURSE.stages for m in load(stage.folder)]
BANNED = re.compile(r"\b(wrong|simply|just|obviously)\b", re.IGNORECASE)

ONE = '''import math

HALF = 0.5


def _half(x):
    return x * HALF


@misconception("losses.softmax", fails=["check_a"])
def halves(logits):
    """Half the value

    Hint.
    """
    return _half(logits) + math.pi


@misconception("layers.Linear.forward")
def halves__forward(self, x):
    return _half(x)
'''


def test_the_bank_is_large_and_names_many_mistakes():
    assert len({m.group for m in BANK}) >= 200


def test_every_function_that_the_course_asks_for_has_mistakes():
    targets = {m.target for m in BANK}
    asked = [claim for claim in COURSE.claimed_by() if not claim.split(".")[-1].isupper()]
    assert [claim for claim in asked if claim not in targets] == []


@pytest.mark.parametrize("m", BANK, ids=lambda m: f"{m.stage}:{m.name}")
def test_an_entry_is_complete(m):
    assert find(tree_of(ANSWER.modules[m.module]), m.target) is not None
    assert m.fails, "run check-tasks --record"
    assert set(m.fails) <= {check.id for check in COURSE.stage(m.stage).checks}
    assert not BANNED.search(m.hint)
    assert not BANNED.search(m.title)
    assert not m.title.endswith(".")
    assert "`" not in m.title + m.hint
    assert "np." not in m.title + m.hint
    ast.parse(apply(ANSWER, m).modules[m.module])


def test_a_mutant_is_the_submission_with_the_override_at_the_end():
    first, second = parse(ONE, "03_softmax")
    given = Submission("given", {"losses": "import numpy as np\n", "layers": "class Linear: pass\n"})
    space = {}
    exec(apply(given, first).modules["losses"], space)
    assert space["softmax"](4.0) == pytest.approx(5.141592653589793)
    space = {}
    exec(apply(given, second).modules["layers"], space)
    assert space["Linear"]().forward(4.0) == 2.0


def test_forms_of_a_slip_share_its_title_hint_and_name():
    first, second = parse(ONE, "03_softmax")
    assert (first.id, second.id, second.title, second.hint) == ("halves", "halves", "Half the value", "Hint.")
    assert first.fails == ("check_a",)


OPEN = """
@misconception("losses.softmax", fails=["check_a"])
def adds(logits):
    \"\"\"1e-08 added to the rows

    Your rows are 1e-08 too large, not 21e-08 or 1e-081.
    \"\"\"
    logits = logits + 1e-8
    return logits * 1e8 - 1e-8 if True else 1  # 1e-8


OPEN_NUMBERS = {"adds": 1e-8}
"""


def test_an_open_number_is_filled_wherever_it_stands_in_the_code_the_title_and_the_hint():
    (m,) = parse(OPEN, "03_softmax")
    filled = m.filled(-0.25)
    assert (m.open, m.number, filled.number, filled.fails, filled.id) == (1e-8, None, -0.25, (), "adds")
    assert filled.title == "-0.25 added to the rows"
    assert filled.hint == "Your rows are -0.25 too large, not 21e-08 or 1e-081."
    lines = ["    logits = logits + (-0.25)", "    return logits * 1e8 - (-0.25) if True else 1  # 1e-8"]
    assert filled.source.splitlines()[5:7] == lines
    names = {apply(ANSWER, form).name for form in (m, filled, m.filled(1e-3))}
    assert len(names) == 3
    assert next(m for m in BANK if m.name == "draws_from_a_seed_of_its_own" and m.stage == "01_linear").open == 0


def mistake(function="f", docstring="T\n\n    Hint.", name="a.b"):
    return f'@misconception("{name}")\ndef {function}(x):\n    """{docstring}"""\n\n\n'


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("def (", "syntax error"),
        (mistake(name="softmax"), "target"),
        ("@misconception(name)\ndef f(x):\n    return x\n", "plain values"),
        (mistake() + mistake(), "twice"),
        (ONE + 'OPEN_NUMBERS = {"halves": 2}', "halves has no number 2"),
        (ONE + 'OPEN_NUMBERS = {"doubles": 2}', "OPEN_NUMBERS names doubles, which is not a misconception"),
        (ONE + "OPEN_NUMBERS = {'halves': HALF}", "a dict of names and numbers"),
        ('@misconception("losses.softmax")\ndef f(x):\n    return x\n', "f needs a docstring: a title"),
        (mistake(docstring="A title alone"), "f needs a docstring: a title"),
        (mistake(docstring="A hint that goes on\n    over two lines."), "f needs a docstring: a title"),
        (mistake(docstring="T" * 61 + "\n\n    Hint."), "f has a title of 61 characters; the most is 60"),
        (mistake() + mistake("f__g", docstring="T\n\n    Another."), "f__g has another title or hint than its twin"),
        (mistake() + mistake("g", docstring="T\n\n    Another."), "g has the title of another mistake: 'T'"),
    ],
)
def test_a_bad_file_is_refused_with_its_cause(text, cause):
    with pytest.raises(BadMisconceptions, match=cause):
        parse(text, "03_softmax")


def test_a_target_without_its_module_is_refused():
    with pytest.raises(BadMisconceptions, match="no such module"):
        apply(Submission("empty", {}), parse(ONE, "03_softmax")[0])


def test_a_stage_without_a_bank_has_no_mistakes(tmp_path):
    assert load(tmp_path) == []


def test_recording_rewrites_nothing_but_the_checks(tmp_path):
    (tmp_path / "misconceptions.py").write_text(ONE, encoding="utf-8")
    changed = record_fails(tmp_path, {"halves": ["check_b", "check_c"], "halves__forward": ["check_d"]})
    text = (tmp_path / "misconceptions.py").read_text(encoding="utf-8")
    assert changed == 2
    assert [m.fails for m in load(tmp_path)] == [("check_b", "check_c"), ("check_d",)]
    assert re.sub(r", fails=\[.*\]", "", text) == re.sub(r", fails=\[.*\]", "", ONE)


def test_every_held_out_form_is_of_a_mistake_in_the_bank():
    forms = subjects.held_out(COURSE, ANSWER)
    assert len({(m.stage, m.id) for m, _ in forms.values()}) >= 80
    assert {(m.stage, m.id) for m, _ in forms.values()} <= {(m.stage, m.id) for m in BANK}


def test_right_answers_are_many_and_some_are_whole():
    found = subjects.right_answers(COURSE, ANSWER)
    assert len(found) >= 50
    assert sum(submission.folder is not None for submission in found.values()) >= 12


WITH_A_LATER_STAGE = {
    "losses": "import math\n\n_BASE = 2\n\n\ndef entropy(p):\n    return -sum(q * math.log(q, _BASE) for q in p)\n",
    "layers": "class Twice:\n    def forward(self, x):\n        return 2 * x\n",
    "later": "from .losses import entropy\nfrom .data import load_mnist\n\n\ndef compare():\n    return entropy([0.5, 0.5])\n",
}


def test_right_answers_get_what_a_later_stage_claims(tmp_path):
    """A copy of the course with one stage more, and one answer that has that stage's function already."""
    reference = ANSWER.replaced({m: f"{ANSWER.modules.get(m, '')}\n\n{t}" for m, t in WITH_A_LATER_STAGE.items()})
    claims = ("losses.entropy", "layers.Twice.forward", "later.compare")
    later = msgspec.structs.replace(COURSE.stages[-1], id="90_later", claims=claims)
    course = Course(tmp_path)
    vars(course)["stages"] = (*COURSE.stages, later)
    right = tmp_path / subjects.RIGHT
    shutil.copytree(ROOT / subjects.RIGHT, right)
    own = right / "chatty" / "losses.py"
    own.write_text(own.read_text() + "\n\nentropy = lambda p: 'its own'\n")
    whole = {name: s for name, s in subjects.right_answers(course, reference).items() if s.folder}
    assert len(whole) >= 12
    for name, answer in whole.items():
        read = read_submission(right / name).modules
        assert all(answer.modules[module].startswith(text.rstrip("\n")) for module, text in read.items())
        assert "load_mnist" in answer.modules["data"]
        (tmp_path / "made" / name).mkdir(parents=True)
        for module, text in answer.modules.items():
            path = tmp_path / "made" / name / file_of(module)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        script = f"import {name}.later, {name}.layers; print({name}.later.compare(), {name}.layers.Twice().forward(3))"
        done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path / "made", capture_output=True, text=True)
        assert done.stdout.split("\n")[-2] == ("its own 6" if name == "chatty" else "1.0 6"), done.stderr
    assert whole["chatty"].modules["losses"] == own.read_text()


def test_a_method_is_added_to_a_class_that_lacks_it_and_to_no_other():
    reference = Submission("", {"layers": "class A:\n    def f(self):\n        return 1\n"})

    def made(text):
        return subjects.completed(Submission("", {"layers": text}), reference, ["layers.A.f"]).modules["layers"]

    space = {}
    exec(made("class A:\n    def g(self):\n        return 2\n"), space)
    assert (space["A"]().f(), space["A"]().g()) == (1, 2)
    for text in (
        "class A:\n    f = None\n",
        "from .b import A\n",
        "class A(B):\n    pass\n",
        "class A:\n    pass\n\n\nA.f = None\n",
        "A = type('A', (), {})\n",
        "class A:\n    def __init__(self):\n        self.f = None\n",
        "class A(:",
    ):
        assert made(text) == text


def test_slow_right_answers_are_left_out_of_long_trainings():
    every, in_time = subjects.right_answers(COURSE, ANSWER), subjects.right_answers(COURSE, ANSWER, slow=False)
    assert set(every) - set(in_time) == {"forward_by_loops"}
    with pytest.raises(BadMisconceptions, match="takes a target"):
        parse('@misconception("losses.softmax", slow=True)\ndef f(x):\n    return x\n', "03_softmax")
