"""What was handed in, found wherever it lies; nothing outside it is ever read."""

import io
import json
import os
import sys
import zipfile
from pathlib import Path

import pytest

from grader.cohort.package import MOST_FILES, NoPackage, Package, sentence_of
from grader.submission import read_submission
from tests.cohort import classes
from tests.cohort.classes import packaged
from tests.cohort.conftest import forbid
from tests.courses import HERE


def zip_of(folder, path):
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder))
    return path


@pytest.mark.parametrize("place", [".", "student", "work/final/student", "my homework (2)"])
def test_the_modules_are_found_in_a_nested_folder(tmp_path, submission, place):
    submission(tmp_path / "in" / place, layers="a = 1\n", losses="b = 2\n")
    package, notes = packaged([tmp_path / "in"])
    assert package.files == {"layers.py": b"a = 1\n", "losses.py": b"b = 2\n"}
    assert notes == []


def test_the_appeal_nearest_to_the_top_counts_and_is_no_part_of_the_digest(tmp_path, submission):
    submission(tmp_path / "in" / "student", layers="a = 1\n")
    plain, _ = packaged([tmp_path / "in"])
    (tmp_path / "in" / "student" / "appeal.txt").write_text("deeper")
    (tmp_path / "in" / "APPEAL.TXT").write_bytes("\ufeff  higher\x1b[31m\r\n".encode())
    package, notes = packaged([tmp_path / "in"])
    assert (package.appeal, package.files, package.digest, notes) == ("higher", plain.files, plain.digest, [])
    assert packaged([zip_of(tmp_path / "in", tmp_path / "a.zip")])[0].appeal == "higher"


def test_an_appeal_beside_something_that_cannot_be_graded_is_kept(tmp_path, submission):
    folder = submission(tmp_path / "in", essay="a = 1\n")
    (folder / "appeal.txt").write_text("a" * 20_000)
    with pytest.raises(NoPackage, match="none of the course's modules") as refused:
        packaged([folder])
    assert refused.value.appeal == "a" * 10_000 + " [...]"
    (folder / "essay.py").unlink()
    for paths in ([folder], [zip_of(folder, tmp_path / "a.zip")]):
        with pytest.raises(NoPackage, match="nothing but an appeal was handed in") as refused:
            packaged(paths)
        assert refused.value.appeal


def test_an_archive_in_an_archive_in_a_folder_is_opened(tmp_path, submission):
    inner = zip_of(submission(tmp_path / "x" / "student", layers="a = 1\n").parent, tmp_path / "inner.zip")
    (tmp_path / "in").mkdir()
    with zipfile.ZipFile(tmp_path / "in" / "outer.zip", "w") as outer:
        outer.writestr("deep/inner.zip", inner.read_bytes())
    assert packaged([tmp_path / "in"])[0].files == {"layers.py": b"a = 1\n"}


def test_the_digest_depends_on_content_and_names_alone(tmp_path, submission):
    one = packaged([submission(tmp_path / "a" / "b", layers="a = 1\n")])[0]
    other = packaged([zip_of(submission(tmp_path / "c", layers="a = 1\n"), tmp_path / "c.zip")])[0]
    assert one.digest == other.digest
    assert Package({"layers.py": b"a = 2\n"}).digest != one.digest
    assert Package({"losses.py": b"a = 1\n"}).digest != one.digest
    assert Package({"a.py": b"x", "b.py": b""}).digest != Package({"a.py": b"", "b.py": b"x"}).digest


def test_a_student_folder_comes_before_a_copy_of_the_course(tmp_path, submission):
    for name in ("reference", "student", "backup"):
        submission(tmp_path / "in" / name, layers=f"who = {name!r}\n")
    package, notes = packaged([tmp_path / "in"])
    assert package.files["layers.py"] == b"who = 'student'\n"
    assert "3 folders look like a submission" in notes[0]


def test_helpers_come_along_and_tools_leavings_do_not(tmp_path, submission):
    folder = submission(tmp_path / "in", layers="a = 1\n")
    submission(folder / "helpers", tools="b = 2\n")
    submission(folder / "__pycache__", layers="c = 3\n")
    submission(folder / ".git" / "hooks", layers="c = 3\n")
    submission(folder / "venv" / "lib", layers="c = 3\n")
    (folder / "._layers.py").write_bytes(b"\0\5\x16\7")
    (folder / "notes.txt").write_text("hello")
    assert sorted(packaged([folder])[0].files) == ["helpers/tools.py", "layers.py"]


def test_links_are_noted_and_not_followed(tmp_path, submission):
    secret = tmp_path / "secret.py"
    secret.write_text("secret = 1\n")
    folder = submission(tmp_path / "in", losses="a = 1\n")
    (folder / "layers.py").symlink_to(secret)
    (folder / "more").symlink_to(tmp_path)
    package, notes = packaged([folder])
    assert sorted(package.files) == ["losses.py"]
    assert any("'layers.py' is a link" in note for note in notes)


def test_a_pipe_is_not_opened(tmp_path, submission):
    folder = submission(tmp_path / "in", losses="a = 1\n")
    os.mkfifo(folder / "layers.py")  # opening it would wait forever
    assert sorted(packaged([folder])[0].files) == ["losses.py"]


@pytest.mark.parametrize("place", ["helpers", "."])
def test_a_folder_that_cannot_be_read_is_noted(tmp_path, submission, monkeypatch, place):
    """By the error: who runs this may be allowed to read everything."""
    folder = submission(tmp_path / "in", layers="a = 1\n")
    submission(folder / "helpers", tools="b = 2\n")
    forbid(monkeypatch, folder / place)
    if place == ".":
        with pytest.raises(
            NoPackage, match=r"no Python file was handed in; the folder 'in' cannot be read \(Permission denied\)"
        ):
            packaged([folder])
    else:
        package, notes = packaged([folder])
        assert list(package.files) == ["layers.py"]
        assert notes == ["the folder 'helpers' cannot be read (Permission denied): left out"]


@pytest.mark.parametrize(("sizes", "kept"), [((1, 1), 2), ((1, 10, 1_000_000), 2), ((400_000,) * 7, 2), ((1_000_001,), 0)])
def test_all_modules_together_may_have_a_megabyte(tmp_path, submission, sizes, kept):
    """The smallest come first; what `make grade` would say to the same folder is the same."""
    names = [*HERE.modules[: len(sizes)]]
    for name, size in zip(names, sizes):
        submission(tmp_path / "in", **{name: "#" * size})
    package, notes = packaged([tmp_path / "in"])
    read = read_submission(tmp_path / "in")
    assert len(package.files) == len(read.modules) == kept
    assert sorted(package.files) == sorted(f"{name}.py" for name in read.modules)
    assert len(notes) == len(read.problems) == len(sizes) - kept
    assert all("all modules together may have 1 MB" in note for note in notes)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError("/srv/my course/out/scratch/grade-x/a.py is full"), "scratch/grade-x/a.py is full"),
        (OSError(28, "No space left", "/home/prof/classes/2026/store/ab"), "[Errno 28] No space left: 'ab'"),
        (ValueError("C:\\Users\\prof\\a.py: \x1b[31mred\u202e"), "a.py: \\x1b[31mred\\u202e"),
        (ValueError("half/a.py, http://x.edu/y and 3 / 4"), "half/a.py, http://x.edu/y and 3 / 4"),
        (ValueError("a\nb " * 2000), None),
    ],
)
def test_a_sentence_has_no_folder_of_this_machine_and_nothing_unseen(error, told):
    sentence = sentence_of(error, Path("/srv/my course/out"), Path("/"), Path("half"))
    assert sentence == told or (told is None and len(sentence) == 300 and sentence.isprintable())


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "no Python file was handed in"),
        ({"essay.pdf": b"%PDF"}, "no Python file was handed in"),
        ({"homework.py": b"x = 1"}, "only homework.py"),
        ({"a.zip": b"PK\x03\x04broken"}, "'a.zip' cannot be used: the archive is damaged"),
        ({"a.zip": b"", "b.zip": b""}, "2 archives were handed in"),
        ({"a.7z": b"7z\xbc\xaf\x27\x1c"}, "zip and tar are"),
    ],
)
def test_what_is_no_submission_is_told_in_a_sentence(tmp_path, files, sentence):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(NoPackage, match=sentence.replace("(", r"\(")):
        packaged([tmp_path])


def test_too_many_files_are_refused(tmp_path, submission):
    folder = submission(tmp_path / "in", **{f"m{i}": "x = 1\n" for i in range(MOST_FILES)}, layers="a = 1\n")
    with pytest.raises(NoPackage, match="200 are allowed"):
        packaged([folder])


def test_an_archive_of_a_link_gives_nothing_away(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("layers.py")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    (tmp_path / "a.zip").write_bytes(out.getvalue())
    with pytest.raises(NoPackage, match="link"):
        packaged([tmp_path / "a.zip"])


UNFIT = {
    "\udcff.py": "has a name that is not UTF-8",
    "\udcff/b.py": "has a name that is not UTF-8",
    f"{'a' * 300}.py": "has a name that is too long",
    f"{'ö' * 130}.py": "has a name that is too long",
    f"{'/'.join(['a' * 200] * 30)}/b.py": "has a name that is too long",
    "losses.py/b.py": "is called like a Python file",
}


@pytest.mark.parametrize("name", UNFIT, ids=lambda name: ascii(name)[:20])
@pytest.mark.parametrize("form", [classes.tar_of, classes.zip_of])
def test_a_name_that_no_folder_takes_is_left_out_and_noted(tmp_path, form, name):
    if form is classes.zip_of and "\udcff" in name:
        name = name.replace("\udcff", "ÿ" * 200)  # a zip's names are decoded, whatever they were: never no text
    good = {"layers.py": b"a = 1\n", "losses.py": b"b = 1\n"}
    (tmp_path / "a.zip").write_bytes(form({f"x/{path}": c for path, c in (good | {name: b"c = 1\n"}).items()}))
    package, (note,) = packaged([tmp_path / "a.zip"])
    assert package.files == good
    assert UNFIT.get(name, "too long") in note
    assert package.digest
    package.write(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name on the disk is text")
def test_names_on_the_disk_that_are_no_text(tmp_path, submission):
    folder = submission(tmp_path / "in", layers="a = 1\n")
    os.rename(folder, tmp_path / "Jos\udc82")  # somebody's name, from a zip of another system
    (tmp_path / "Jos\udc82" / "\udcff.py").write_text("b = 1\n")
    package, (note,) = packaged([tmp_path])
    assert package.files == {"layers.py": b"a = 1\n"}
    assert ascii("\udcff.py") in note
    (tmp_path / "Jos\udc82" / "layers.py").unlink()
    with pytest.raises(NoPackage) as told:
        packaged([tmp_path])
    assert "only \\udcff.py" in str(told.value)


def notebook(*cells):
    """An .ipynb as Jupyter writes it (nbformat 4): a cell's source is a text or a list of lines."""
    made = [{"cell_type": kind, "metadata": {}, "source": source, "outputs": []} for kind, source in cells]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


CELLS = (
    ("markdown", "# layers.py"),
    ("code", "import numpy as np"),
    ("code", ["# layers.py\n", "x = 1\n", "%time x\n", "!ls"]),
    ("code", "%%writefile student/losses.py\ny = 2\n"),
    ("code", "# layers.py\nz = 3"),
    ("code", "# essay.py\nimport os"),
)


def test_cells_of_a_notebook_that_name_their_module(tmp_path):
    (tmp_path / "work.ipynb").write_bytes(notebook(*CELLS))
    package, notes = packaged([tmp_path])
    assert package.files == {
        "layers.py": b"# layers.py\nx = 1\n# %time x\n# !ls\n\n# layers.py\nz = 3\n\n",
        "losses.py": b"# %%writefile student/losses.py\ny = 2\n\n",
    }
    assert notes[-2:] == [f"'{name}.py' was read from cells of a notebook" for name in ("layers", "losses")]


def test_modules_beside_a_notebook_go_before_it(tmp_path):
    (tmp_path / "work.ipynb").write_bytes(notebook(*CELLS))
    (tmp_path / "layers.py").write_text("mine = 1\n")
    assert packaged([tmp_path])[0].files == {"layers.py": b"mine = 1\n"}


def test_a_notebook_in_an_archive_is_read(tmp_path):
    (tmp_path / "ann.zip").write_bytes(classes.zip_of({"a/work.ipynb": notebook(*CELLS), "a/.ipynb_checkpoints/x.ipynb": b"{"}))
    assert sorted(packaged([tmp_path / "ann.zip"])[0].files) == ["layers.py", "losses.py"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (notebook(("code", "x = 1")), "no cell of the notebook names its module in its first line"),
        (b"[" * 100_000, "no cell of the notebook"),
        (b'{"cells": 3}', "no cell of the notebook"),
        (b"", "no cell of the notebook"),
    ],
)
def test_a_notebook_without_a_module_is_refused_in_a_sentence(tmp_path, content, message):
    (tmp_path / "work.ipynb").write_bytes(content)
    with pytest.raises(NoPackage, match=message):
        packaged([tmp_path])
