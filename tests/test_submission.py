"""Reading a submission: every Python file below a folder, no link followed, nothing run."""

import ast
import os
import re
from pathlib import Path

import pytest

from grader.submission import MAX_FILES, NotASubmission
from grader.worker.outside.errors import StudentError
from grader.worker.outside.local import LocalPool
from grader.worker.outside.pool import WorkerPool
from tests.cohort.conftest import forbid
from tests.courses import HERE
from tests.running.toys import write_submission


@pytest.fixture(params=["local", "wire"])
def pool(request):
    if request.param == "local":
        yield LocalPool()
    else:
        with WorkerPool(HERE.withheld) as made:
            yield made


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "layers.py").write_text("x = 1\n")
    return tmp_path


def test_modules_of_all_depths(folder):
    (folder / "helpers").mkdir()
    (folder / "helpers" / "__init__.py").write_text("")
    (folder / "helpers" / "tools.py").write_text("y = 2\r\n")
    read = HERE.read(folder)
    assert read.modules == {"layers": "x = 1\n", "helpers.__init__": "", "helpers.tools": "y = 2\n"}
    assert read.name == folder.name


def test_what_cannot_be_read_is_a_problem_of_its_module_alone(folder):
    (folder / "losses.py").write_bytes(b"\xff\xfe\x00x")
    (folder / "optim.py").symlink_to("/etc/passwd")
    (folder / "data.py").write_bytes(b"#" * 1_000_001)
    os.mkfifo(folder / "train.py")
    read = HERE.read(folder)
    assert list(read.modules) == ["layers"]
    assert read.problems == {
        "losses": "losses.py is not text in UTF-8: save it again with that encoding.",
        "optim": "optim.py is a symbolic link: put the file itself there.",
        "data": "data.py is larger than 1 MB.",
        "train": "train.py is not an ordinary file.",
    }


@pytest.mark.parametrize("name", ["losses (1).py", "Losses.py", "losses-1.py", "losses copy.py", "losses_final_2.py"])
def test_a_renamed_module_is_told_where_it_is_missed(folder, pool, name):
    (folder / name).write_text("x = 1\n")
    read = HERE.read(folder)
    sentence = f"losses.py is not there; {name!r} has to be called losses.py."
    assert read.problems == {"losses": sentence}
    with pool.student(read) as student, pytest.raises(StudentError, match=re.escape(sentence)):
        student.losses.softmax(1)
    (folder / "losses.py").write_text("x = 1\n")
    assert HERE.read(folder).problems == {}


def test_a_name_that_is_long_or_ends_in_something_else_is_no_copy(folder):
    for end in ("1" * 200, " " * 200, "-1" * 100, "copy" * 50, "-x", "es (1)", "(1"):
        (folder / f"losses{end}.py").write_text("")
    assert not HERE.read(folder).problems


def test_a_folder_that_cannot_be_read_is_a_problem_of_its_own(folder, monkeypatch):
    (folder / "helpers").mkdir()
    with monkeypatch.context() as patch:
        forbid(patch, folder / "helpers")
        assert HERE.read(folder).problems == {"helpers": "helpers cannot be read: Permission denied."}
    with monkeypatch.context() as patch:
        forbid(patch, folder)
        with pytest.raises(NotASubmission, match=r"cannot be read: Permission denied. Remedy: chmod"):
            HERE.read(folder)


def test_all_modules_together_have_a_megabyte_the_smallest_first(folder):
    for name in ("losses", "network", "optim"):
        (folder / f"{name}.py").write_text("#" * 500_000)
    read = HERE.read(folder)
    assert list(read.modules) == ["layers", "losses"]
    assert read.problems == {name: f"{name}.py is left out: all modules together may have 1 MB." for name in ("network", "optim")}


def test_linked_folders_and_environments_are_left_out(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "secret.py").write_text("")
    (folder / "linked").symlink_to(elsewhere)
    (folder / "venv").mkdir()
    (folder / "venv" / "pyvenv.cfg").write_text("")
    (folder / "venv" / "x.py").write_text("")
    assert list(HERE.read(folder).modules) == ["layers"]


@pytest.mark.parametrize(
    "data",
    [
        "WORD = 'é'\n".encode(),
        "\ufeffWORD = 'é'\n".encode(),
        "# -*- coding: UTF_8 -*-\nWORD = 'é'\n".encode(),
        "\ufeff# vim: set fileencoding=utf-8-unix :\nWORD = 'é'\n".encode(),
        "#!/usr/bin/python\n# coding: utf8\nWORD = 'é'\n".encode(),
        "WORD = 'é'\n# coding: latin-1\n".encode(),  # below code it is a comment
        b"# coding: latin-1\nWORD = '\\xe9'\n",  # in ASCII it says the same
        b"\n# coding: cp1252\nWORD = '\\xe9'\n",
    ],
)
def test_utf_8_is_read_and_runs_as_it_is_read(folder, pool, data):
    (folder / "losses.py").write_bytes(data)
    read = HERE.read(folder)
    assert read.problems == {}
    (statement,) = ast.parse(read.modules["losses"]).body
    with pool.student(read) as student:
        assert student.losses.WORD == statement.value.value == "é"


ANOTHER = "names the encoding {} in its coding line: save it as UTF-8 without that line."


@pytest.mark.parametrize(
    ("line", "text", "reason"),
    [
        (b"# coding: undefined", b"x = 1", ANOTHER.format("undefined")),
        (b"# coding: raw_unicode_escape", b"# \\ud800", ANOTHER.format("raw-unicode-escape")),
        (b"# coding: punycode", b"x = 1", ANOTHER.format("punycode")),
        (b"# coding=utf-7", b"+AHg- = 1", ANOTHER.format("utf-7")),
        (b"#!/bin/sh\n# -*- coding: latin-1 -*-", "x = 'é'".encode("latin-1"), ANOTHER.format("latin-1")),
        (b"\xef\xbb\xbf# coding: latin-1", "x = 'é'".encode(), ANOTHER.format("latin-1")),
        (b"# no coding line", b"x = '\xe9'", "is not text in UTF-8: save it again with that encoding."),
    ],
)
def test_another_encoding_is_its_modules_problem(folder, line, text, reason):
    (folder / "losses.py").write_bytes(line + b"\n" + text + b"\n")
    read = HERE.read(folder)
    assert list(read.modules) == ["layers"]
    assert read.problems == {"losses": f"losses.py {reason}"}
    assert read.fingerprint()


def test_what_is_no_submission(tmp_path, folder):
    with pytest.raises(NotASubmission, match="does not exist"):
        HERE.read(tmp_path / "absent")
    with pytest.raises(NotASubmission, match="is a file"):
        HERE.read(folder / "layers.py")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(NotASubmission, match="is not a submission"):
        HERE.read(empty)


def test_too_many_files(folder):
    for number in range(MAX_FILES):
        (folder / f"m{number}.py").write_text("")
    with pytest.raises(NotASubmission, match="more than 200"):
        HERE.read(folder)


def test_fingerprint_depends_on_the_text_alone(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "layers.py").write_text("x = 1\n")
    assert HERE.read(folder).fingerprint() == HERE.read(other).fingerprint()
    (other / "layers.py").write_text("x = 2\n")
    assert HERE.read(folder).fingerprint() != HERE.read(other).fingerprint()


def test_a_folder_whose_name_is_no_text_has_one_that_can_be_written(tmp_path):
    named = os.fsencode(tmp_path) + b"/ann\xff"
    try:
        os.mkdir(named)
    except (OSError, ValueError):
        pytest.skip("this file system takes no such name")
    assert HERE.read(write_submission(Path(os.fsdecode(named)), layers="x = 1")).name == "ann\N{REPLACEMENT CHARACTER}"
