"""Data written out in a submission's text is counted; docstrings, comments and code are not data."""

import pytest

from grader.grading.embedded_data import UNREMARKABLE, data_in, remarks
from grader.paths import REFERENCE
from grader.submission import read_submission

FLOATS = "[" + ", ".join(f"0.1{n:07d}" for n in range(2000)) + "]"


@pytest.mark.parametrize(
    ("source", "size"),
    [
        ("x = 'abcd'", 6),
        ("x = b'abcd'", 7),
        ("x = [1, -0.25, True, None]", 5),
        ("f('a')\n'b' + c\n", 6),
        ("def f():\n    '''told at length'''  # so\n    return 1\n", 1),
        ("'''a text that is nobody's'''\n# and a comment", 0),
        ("x = 12\ndef f(:\n  'open", 2),
        ("\0", 0),
    ],
)
def test_what_counts_as_data(source, size):
    assert data_in(source) == size


def test_much_data_is_a_place_to_look():
    (told,) = remarks({"helpers.weights": f"W = {FLOATS}", "layers": "x = 1\n# " + "long " * UNREMARKABLE})
    assert told.startswith("helpers/weights.py contains 20,000 characters of data")
    assert "trained weights could be stored there" in told


def test_the_course_itself_is_far_below():
    modules = read_submission(REFERENCE).modules
    assert sum(map(data_in, modules.values())) < UNREMARKABLE / 5
    assert remarks(modules) == []
