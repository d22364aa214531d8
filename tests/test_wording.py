"""Nothing that somebody reads uses a word or a phrase of the banned lists."""

from pathlib import Path

import pytest

from grader.course.stage import TOOLBOX
from grader.paths import ROOT, TASKS
from tests.wording import BANNED, PHRASES, banned_phrases, banned_words, texts_of

FILES = sorted(
    path
    for pattern in (
        "tasks/*/*.md",
        "tasks/*/*.toml",
        "tasks/*/*.py",
        "tasks/*/pictures/**/*.py",
        "courses/*/tasks/*/*.md",
        "courses/*/tasks/*/*.toml",
        "courses/*/tasks/*/*.py",
        "grader/**/*.py",
        "grader/**/*.j2",
        "grader/checks/*.toml",
    )
    for path in ROOT.glob(pattern)
    if path.name != "wording.py" and "__pycache__" not in path.parts
)
#: What is read by instructors and by those who change the course, too; CONTRIBUTING.md quotes the phrases.
MORE = sorted(
    path
    for pattern in (
        "README.md",
        "SECURITY.md",
        "Makefile",
        "policy.toml",
        "docs/*.md",
        "tasks/*.md",
        "tasks/*.toml",
        "courses/*/*.md",
        "courses/*/tasks/*.toml",
        "reference/*.py",
        "reference/*.toml",
        "grader/export/kit/*",
    )
    for path in ROOT.glob(pattern)
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_text_uses_a_banned_word(path):
    found = [f"line {line}: {', '.join(words)}: {text[:80]!r}" for line, text in texts_of(path) if (words := banned_words(text))]
    assert not found, "\n".join([str(path.relative_to(ROOT)), *found])


@pytest.mark.parametrize("path", [*FILES, *MORE], ids=lambda path: str(path.relative_to(ROOT)))
def test_no_text_has_to_be_read_twice(path):
    whole = path.read_text(encoding="utf-8")
    lines = [*enumerate(whole.splitlines(), 1)]  # with comments and docstrings
    if path.suffix == ".md":
        lines.append((0, " ".join(whole.split())))  # a phrase may go on in the next line
    found = [f"line {line}: {', '.join(told)}" for line, text in [*texts_of(path), *lines] if (told := banned_phrases(text))]
    assert not found, "\n".join([str(path.relative_to(ROOT)), *found])


def test_the_files_of_every_stage_are_looked_at():
    folders = {path.parent.name for path in FILES if path.parent.parent == TASKS}
    assert TOOLBOX in folders
    assert len(folders) >= 13
    assert all(TASKS / stage / "task.toml" in FILES for stage in folders - {TOOLBOX})


@pytest.mark.parametrize("word", BANNED)
def test_each_banned_word_is_found_in_any_case(word):
    assert banned_words(f"That is {word.upper()}, is it not?") == [word]
    assert banned_words(f"un{word}ly") == []


def test_a_banned_phrase_is_found_in_any_case_with_what_to_say_instead():
    assert banned_phrases("9 of 10 hold") == ["'9 of 10 hold' (say: fails; 3 of 5 checks pass)"]
    assert banned_phrases("Your loss is SMALLER BY THE NUMBER of rows")[0].endswith("(say: N times too small)")
    assert banned_phrases("9 of 10 checks pass; your loss is 5 times too small") == []
    assert all(phrase == phrase.lower() for phrase in PHRASES)


def test_texts_of_python_are_strings_without_developers_docstrings(tmp_path: Path):
    source = '"""Docstring."""\n\ndef f():\n    """Another."""\n    return f"said {1} twice"\n'
    (tmp_path / "module.py").write_text(source, encoding="utf-8")
    (tmp_path / "checks.py").write_text(source, encoding="utf-8")
    assert [text for _, text in texts_of(tmp_path / "module.py")] == ["said ", " twice"]
    assert "Docstring." in [text for _, text in texts_of(tmp_path / "checks.py")]


def test_texts_of_toml_are_its_strings_with_their_lines(tmp_path: Path):
    (tmp_path / "task.toml").write_text('title = "One"\n[[check]]\nhints = ["Two", "Three"]\n', encoding="utf-8")
    assert list(texts_of(tmp_path / "task.toml")) == [(1, "One"), (3, "Two"), (3, "Three")]
