"""What reaches beyond the task is named with its line; ordinary code is not."""

import pytest

from grader.cohort.signs import kinds, read_signs


@pytest.mark.parametrize(
    ("source", "sign"),
    [
        ("x = 1\nimport reference.layers\n", "imports the reference (line 2)"),
        ("from reference import layers", "imports the reference (line 1)"),
        ("import os\nopen('../data/hidden.npz')", "names the hidden data (line 2)"),
        ("p = '/proc/self/environ'", "names files of the system (line 1)"),
        ("import sys\nsys._getframe(1)", "looks at other functions' frames (line 2)"),
        ("import os\nos._exit(0)", "ends the process (line 2)"),
        ("exec('x = 1')", "runs text as code (line 1)"),
        ("# coding: punycode\nexec('x = 1')", "runs text as code (line 2)"),
        ("import torch", "imports a finished library (line 1)"),
        ("# " + "x" * 1_500_000, "is unusually big"),
        ("W = [" + "0.123456789, " * 2000 + "]", "contains much data in strings and numbers"),
        ("W = b'" + "z" * 20_000 + "'", "contains much data in strings and numbers"),
    ],
)
def test_a_sign_is_named(source, sign):
    assert read_signs({"layers.py": source.encode()}) == [f"layers.py {sign}"]


def test_ordinary_code_shows_none(reference_files):
    given = kinds(reference_files)
    assert read_signs(reference_files, given) == []
    assert read_signs({"layers.py": reference_files["layers.py"]}) == []
    assert read_signs({"a.py": b"from .reference import x\nimport numpy as np\ns = 'see the reference'\n"}) == []


@pytest.mark.parametrize("source", [b"\0", b"\xff\xfe", b"(" * 5000, b"def f(:", b"x = '''"])
def test_what_is_no_python_shows_none(source):
    assert read_signs({"a.py": source}) == []
