"""The engine says fewer and fewer words of the course that it grades."""

import re
import tomllib

import pytest

from tests.architecture.course_words import ENGINE, counted, differences, read, written


def test_no_file_of_the_engine_says_more_words_of_the_course_than_the_table_allows():
    assert not list(differences(counted(ENGINE), read()))


@pytest.mark.parametrize(
    ("now", "allowed", "said"),
    [
        ({"a.py": 3}, {"a.py": 2}, "a.py says 3 words of this course, 2 are allowed. Remedy: "),
        ({"new.py": 1}, {}, "new.py says 1 words of this course, 0 are allowed. Remedy: "),
        ({"a.py": 1}, {"a.py": 2}, "a.py says 1 words of this course and no longer 2. Remedy: lower the number: "),
        ({}, {"gone.py": 2}, "gone.py says 0 words of this course and no longer 2. Remedy: lower the number: "),
    ],
)
def test_more_and_fewer_are_told(now, allowed, said):
    (sentence,) = differences(now, allowed)
    assert re.match(re.escape(said), sentence)


def test_whole_words_count_in_code_comments_and_templates(tmp_path):
    (tmp_path / "room" / "__pycache__").mkdir(parents=True)
    (tmp_path / "room" / "__pycache__" / "a.py").write_text("softmax")
    (tmp_path / "room" / "a.py").write_text("import mnist  # an MLP of Linear layers\nx = 'digits', softmax, 'a digit'\n")
    (tmp_path / "page.j2").write_text("<p>MNIST</p>")
    (tmp_path / "none.css").write_text("a { background: linear-gradient(red, blue) } /* nonlinear, softmaxes, load_mnist */")
    table = counted(tmp_path)
    assert table == {"page.j2": 1, "room/a.py": 6}
    assert tomllib.loads(written(table)) == table
