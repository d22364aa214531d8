"""Look-alikes: found behind other names, in groups of any size; not in honest classes, nor in what everybody was given."""

import re
import shutil

import pytest

from grader.cohort.similarity import Code, groups, known_answers
from grader.course.course import Course
from grader.course.misconceptions import RIGHT
from grader.paths import ROOT
from tests.cohort.alike import ANSWERS, FUNCTIONS, HONEST, honest, name_of, student, with_rings

OWN = '''
import numpy as np


def _scaled(table, by):
    return [value * by for value in table]


class Layer:
    def forward(self, x):
        """What it gives."""
        table = []
        for row in x:
            total: float = 0.0
            for j, value in enumerate(row):
                total += value * self.W[j]
            table.append(np.exp(total))  # a comment
        return _scaled(table, 2.0)

    def backward(self, dout):
        return self._turned(dout) if dout is not None else self.forward(dout)

    def _turned(self, dout):
        return dout.T
'''
NAMES = ("Layer.forward", "Layer.backward")


def marks(text):
    return Code({"a.py": text.encode()}, NAMES).marks()


def renamed(text):
    for old, new in (("table", "t"), ("total", "summe"), ("value", "v"), ("row", "zeile"), ("_scaled", "_mal"), ("_turned", "_um"),
                     ("self.W", "self.weights"), ("x", "eingabe"), ("np", "numpy")):  # fmt: skip
        text = re.sub(rf"\b{old}\b", new, text)
    return (
        text.replace("import numpy as numpy", "import numpy").replace("# a comment", "# mine").replace('"""What it gives."""', "")
    )


def test_a_number_that_cannot_be_written_out_ends_nothing():
    """Python reads it in base 16, and refuses to write it in base 10."""
    assert marks(OWN.replace("2.0", f"0x{'f' * 4000}")) == {}
    assert marks(OWN.replace("2.0", "0xff")) != marks(OWN)


def test_names_comments_docstrings_annotations_and_order_change_nothing():
    helper, layer = OWN.split("class Layer:")
    moved = renamed("class Layer:" + layer + helper).replace(": float", "")
    assert "total" not in moved
    assert marks(moved) == marks(OWN)


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("np.exp", "np.log", "Layer.forward"),
        ("2.0", "3.0", "Layer.forward"),
        ("self.W[j]", "self.W[0]", "Layer.forward"),
        ("value * by", "value + by", "Layer.forward"),  # in the helper
        ("dout.T", "dout", "Layer.backward"),  # in a method that it calls
        ("total += value", "total -= value", "Layer.forward"),
    ],
)
def test_what_it_does_changes_it(old, new, changed):
    before, after = marks(OWN), marks(OWN.replace(old, new))
    assert after[changed] != before[changed]


def test_a_function_is_shown_as_it_stands():
    assert Code({"a.py": OWN.encode()}).text("Layer._turned") == "    def _turned(self, dout):\n        return dout.T"


@pytest.mark.parametrize("source", [b"\xff\xfe\0(", b"def f(:", b"x = '''", b"(" * 5000, b"x = " + b"-" * 50_000 + b"1"])
def test_what_is_no_python_has_no_functions(source):
    assert Code({"a.py": source}).marks() == {}


def test_the_same_on_every_run_and_every_python():
    assert Code({"a.py": b"def f(x, *, y: int = 1):\n    return [x + y * 2 for _ in (1, 2, 3)]\n"}).marks() == {
        "f": "474c95b8eb9f9949"
    }


@pytest.mark.parametrize(("size", "functions"), [*HONEST[:2], HONEST[3]])
@pytest.mark.parametrize("common", [0.0, 0.7])
def test_an_honest_class_shows_no_group(size, functions, common):
    assert groups(honest(3, size, functions, common), ANSWERS) == []


@pytest.mark.parametrize("size", [2, 3, 5, 8, 12, 17])
@pytest.mark.parametrize("common", [0.7, 0.9])
def test_the_usual_form_of_everything_is_no_sign_in_a_small_class(size, common):
    assert [groups(honest(seed, size, common=common), ANSWERS) for seed in range(5)] == [[]] * 5


@pytest.mark.parametrize("common", [0.0, 0.7])
@pytest.mark.parametrize(("size", "rings"), [(17, (12,)), (60, (12,)), (300, (7,)), (150, (2, 4, 12, 40))])
def test_rings_are_found_and_nothing_else(size, rings, common):
    """Where 70 % hold one form, those who do look rare beside a ring that does not: they are no group all the same."""
    students, planted = with_rings(3, size, rings, common=common)
    found = groups(students, ANSWERS)
    assert sorted(sorted(group.students) for group in found) == sorted(planted)
    for group in found:
        assert set(group.pair) <= set(group.students)
        assert group.bits >= 40
        assert all(students[group.pair[0]][name] == students[group.pair[1]][name] for name in group.functions)


def test_what_everybody_was_given_weighs_nothing():
    students, (ring,) = with_rings(2, 17, (12,), rewritten=0)
    known = set(students[ring[0]].values())
    assert groups(students, ANSWERS, known) == []
    assert len(groups(students, ANSWERS, set(list(known)[:3]))) == 1


def test_little_code_is_no_evidence():
    students, _ = with_rings(2, 300, (2,), rewritten=0)
    few = {name: {each: own[each] for each in FUNCTIONS[:4]} for name, own in students.items()}
    assert groups(few, ANSWERS) == []


def test_a_class_of_one_and_of_none():
    import random

    assert groups({}, ANSWERS) == groups({name_of(0): student(random.Random(1))}, ANSWERS) == []


def test_known_answers_made_from_one_another_count_as_one(tmp_path):
    for name in ("tasks", "reference"):
        (tmp_path / name).symlink_to(ROOT / name)
    right = tmp_path / RIGHT
    shutil.copytree(ROOT / RIGHT / "closures", right / "closures")
    before = known_answers(Course(tmp_path))
    shutil.copytree(right / "closures", right / "copied")
    (right / "copied" / "optim.py").write_text("class SGD:\n    def step(self):\n        return 7\n")
    after = known_answers(Course(tmp_path))
    assert {name for name in after if after[name] != before[name]} == {"SGD.step"}
    assert sum(after["SGD.step"].values()) == sum(before["SGD.step"].values()) + 1
