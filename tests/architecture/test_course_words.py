"""The engine says no word of the course that it grades, with few exceptions."""

import re

import pytest

from tests.architecture.course_words import ENGINE, MOST, problems, read, said


def test_no_file_of_the_engine_says_a_word_of_the_course():
    assert not list(problems(said(ENGINE), read()))


REASON = "it cannot be said otherwise"


@pytest.mark.parametrize(
    ("now", "exceptions", "told"),
    [
        ({"a.py": ["softmax", "MLP", "MLP"]}, {}, "a.py says MLP, softmax. Remedy: "),
        ({}, {"gone.py": REASON}, "gone.py says no word of this course any more. Remedy: remove its line"),
        ({"a.py": ["He"]}, {"a.py": "so"}, "a.py has no reason in course_words.toml. Remedy: "),
        (
            {f"{k}.py": ["He"] for k in range(MOST + 1)},
            {f"{k}.py": REASON for k in range(MOST + 1)},
            "course_words.toml has 11 exceptions, and 10 are allowed. Remedy: ",
        ),
    ],
)
def test_what_is_not_allowed_is_told(now, exceptions, told):
    (sentence,) = problems(now, exceptions)
    assert re.match(re.escape(told), sentence)


def test_whole_words_count_in_code_comments_and_templates(tmp_path):
    (tmp_path / "room" / "__pycache__").mkdir(parents=True)
    (tmp_path / "room" / "__pycache__" / "a.py").write_text("softmax")
    (tmp_path / "room" / "a.py").write_text("import mnist  # an MLP of Linear layers, with He's draw\nx = 'ReLU', Softmax\n")
    (tmp_path / "page.j2").write_text("<p>It reads handwritten digits by cross-entropy: ten digit classes</p>")
    (tmp_path / "none.css").write_text(
        "a { background: linear-gradient(red) } /* nonlinear, softmaxes, load_mnist, he, 4 digits */"
    )
    assert said(tmp_path) == {
        "page.j2": ["handwritten", "cross-entropy", "digit classes"],
        "room/a.py": ["mnist", "MLP", "Linear", "He", "ReLU", "Softmax"],
    }
