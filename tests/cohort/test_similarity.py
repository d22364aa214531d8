"""Similar code: found behind renamed variables, not where the skeleton or everybody wrote it, and fast for a class."""

import re

from grader.cohort.similarity import fingerprints, similar
from tests.cohort import classes

OWN = """
def forward(self, x):
    table = {}
    for i, row in enumerate(x):
        total = 0.0
        for j, value in enumerate(row):
            if value > 0 and j % 3 != 1:
                total += value * self.W[j] ** 2 - abs(value) / (1 + i)
            elif value < -5:
                total -= self.b[j % len(self.b)] * value
        table[i] = total if total < 100 else [total, -total][i % 2]
    return np.array([table[i] for i in sorted(table)])
"""


def prints(**sources):
    return {name: fingerprints({"layers.py": source.encode()}) for name, source in sources.items()}


def renamed(source):
    for old, new in (("table", "t"), ("total", "summe"), ("value", "v"), ("row", "zeile")):
        source = re.sub(rf"\b{old}\b", new, source)
    return source.replace("    ", "  ").replace("0.0", "0") + "\n# my own work\n"


def test_renaming_and_comments_hide_nothing():
    (pair,) = similar(prints(ann=OWN, bob=renamed(OWN), cy="def f(x):\n    return x + 1\n" * 9))
    assert (pair.one, pair.other, pair.percent) == ("ann", "bob", 100)


def test_code_in_another_function_of_another_file_is_found():
    moved = {"helpers.py": b"import os\n" + OWN.encode(), "layers.py": b"x = 1\n"}
    marks = prints(ann=OWN) | {"bob": fingerprints(moved)}
    assert similar(marks)[0].percent >= 90


def test_the_skeletons_code_says_nothing():
    given = fingerprints({"layers.py": OWN.encode()})
    assert similar(prints(ann=OWN, bob=OWN + "\ny = 1\n"), given) == []


def test_what_a_whole_class_writes_says_nothing():
    common = {f"s{n}": OWN + f"\nz = {n}\n" for n in range(12)}
    assert similar(prints(**common)) == []


def test_what_is_no_python_has_fingerprints_up_to_the_fault():
    assert fingerprints({"a.py": b"\xff\xfe\0("}) == frozenset()
    assert fingerprints({"a.py": OWN.encode() + b"\n)))("})


def test_the_same_on_every_run():
    assert sorted(fingerprints({"a.py": OWN.encode()}))[:2] == sorted(fingerprints({"b.py": OWN.encode()}))[:2]
    assert min(fingerprints({"a.py": b"def f(x, y):\n    return [x + y * 2 for _ in (1, 2, 3)]\n"})) == 1765201560310837496


def test_a_thousand_submissions_are_compared_by_index_not_by_pairs():
    generator = classes.Generator(4)
    base = [fingerprints(generator.mistaken()) for _ in range(4)]
    marks = {f"s{n:04d}": base[n % 4] | frozenset(range(n * 1000, n * 1000 + 80)) for n in range(1000)}
    marks["copy"] = marks["s0500"]
    pairs = similar(marks)
    assert [(pair.one, pair.other) for pair in pairs] == [("copy", "s0500")]
