"""A kit that is brought up to date keeps all that somebody wrote in it."""

import os
import subprocess
import sys

import pytest

from grader.course.skeleton import Claims
from grader.errors import Refusal
from grader.export.kit_folder import make_kit, update_kit, with_list
from grader.export.kit_list import read_list
from grader.export.kit_update import lay_over
from grader.paths import ROOT
from tests.courses import HERE

STUB = '    raise NotImplementedError("{stage}: {name} is still a TODO")\n'
SGD = "import numpy as np\n\n\nclass SGD:\n    def step(self, params, grads):\n    " + STUB.format(
    stage="08_sgd", name="optim.SGD.step"
)
MOMENTUM = "\n\nclass Momentum:\n    def step(self, params):\n    " + STUB.format(stage="13", name="optim.Momentum.step")
CLIP = "\n\ndef clip(grads, most=math.inf):\n" + STUB.format(stage="13", name="optim.clip")
RESET = "\n    def reset(self):\n    " + STUB.format(stage="13", name="optim.SGD.reset")
NEW_SGD = SGD.replace("import numpy", "import math\n\nimport numpy") + RESET + MOMENTUM + CLIP
CLAIMS = Claims(dict.fromkeys(["optim.SGD.step"], "08_sgd"))
NEW_CLAIMS = Claims(dict.fromkeys(["optim.SGD.step", "optim.SGD.reset", "optim.Momentum.step", "optim.clip"], "13"))
#: What a learner made of it, with names and a form of their own.
MINE = """\
# my optimiser
import numpy as np


class SGD:
    def __init__(self, lr):  # not asked for
        self.lr = lr

    def step(self, params, grads):
        for p, g in zip(params, grads):
            p -= self.lr * g


def helper():
    return 1
"""
OLD = {
    "Makefile": b"grade:\n",
    "README.md": b"# Old\n",
    "grader/gone.py": b"gone = 1\n",
    "grader/sub/gone.py": b"gone = 2\n",
    "skeleton/optim.py": SGD.encode(),
    "student/optim.py": SGD.encode(),
    "tasks/08_sgd/task.toml": b"x = 1\n",
    "tasks/09_gone/README.md": b"# Gone\n",
    "tasks/09_gone/task.toml": b"x = 1\n",
}
NEW = {
    "Makefile": b"grade:\n\ttrue\n",
    "README.md": b"# New\n",
    "grader/more.py": b"more = 1\n",
    "skeleton/more.py": b"x = 1\n",
    "skeleton/optim.py": NEW_SGD.encode(),
    "student/more.py": b"x = 1\n",
    "student/optim.py": NEW_SGD.encode(),
    "tasks/08_sgd/task.toml": b"x = 1\n",
    "tasks/13_momentum/task.toml": b"x = 1\n",
}


@pytest.fixture
def kit(tmp_path):
    """A kit of the old course, as it was handed out."""
    for path, content in with_list(OLD).items():
        (tmp_path / "kit" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "kit" / path).write_bytes(content)
    return tmp_path / "kit"


def files(folder):
    found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    return {path: content for path, content in found.items() if path != ".kit"}


def holds_in_order(lines, those):
    rest = iter(lines)
    return all(line in rest for line in those)


def test_a_kit_in_which_nobody_worked_becomes_the_new_one(kit):
    first, counts = lay_over(kit, NEW, NEW_CLAIMS)
    assert files(kit) == NEW
    assert read_list(kit).files == read_list_of(NEW).files
    assert "in place of that of 20" in first
    assert counts == "4 files replaced, 4 added, 4 removed, 1 as they were."
    assert not (kit / "grader" / "sub").exists()
    assert not (kit / "tasks" / "09_gone").exists()
    before = (kit / ".kit").read_bytes()
    assert lay_over(kit, NEW, NEW_CLAIMS)[1] == "0 files replaced, 0 added, 0 removed, 9 as they were."
    assert (kit / ".kit").read_bytes() == before


def read_list_of(content):
    from grader.export.kit_list import KitList

    return KitList.of(content)


def test_the_day_of_a_version_is_that_of_its_first_kit(kit):
    text = (kit / ".kit").read_text()
    made = read_list(kit).made
    (kit / ".kit").write_text(text.replace(made, "2026-01-01"))
    assert "2026-01-01" in lay_over(kit, OLD, CLAIMS)[0]
    assert read_list(kit).made == "2026-01-01"
    lay_over(kit, NEW, NEW_CLAIMS)
    assert read_list(kit).made == made


def test_what_was_changed_is_kept_beside_the_new_file_and_said(kit):
    (kit / "Makefile").write_text("mine\n")
    (kit / "Makefile.orig").write_text("older\n")
    (kit / "grader" / "more.py").write_text("also mine\n")  # not listed, but of the new course
    (kit / "notes.txt").write_text("nobody's business\n")
    told = lay_over(kit, NEW, NEW_CLAIMS)
    assert files(kit) == NEW | {
        "Makefile.orig": b"older\n", "Makefile.orig.2": b"mine\n", "grader/more.py.orig": b"also mine\n",
        "notes.txt": b"nobody's business\n",
    }  # fmt: skip
    assert "Makefile was changed: your version is kept as Makefile.orig.2." in told
    assert "grader/more.py was changed: your version is kept as grader/more.py.orig." in told


def test_what_the_course_has_no_more_goes_only_if_nobody_changed_it(kit):
    (kit / "grader" / "gone.py").write_text("mine\n")
    (kit / "tasks" / "09_gone" / "README.md").write_text("my notes\n")
    told = lay_over(kit, NEW, NEW_CLAIMS)
    assert (kit / "grader" / "gone.py").read_text() == "mine\n"
    assert "grader/gone.py is no longer part of the course. Yours was changed, so it stays." in told
    assert not (kit / "tasks" / "09_gone").exists()  # a folder there is a stage
    assert (kit / "tasks" / "_09_gone" / "README.md").read_text() == "my notes\n"
    assert "09_gone is no longer a stage: your files of it are in tasks/_09_gone." in told


def test_what_python_left_beside_what_is_gone_goes_with_it(kit):
    (kit / "tasks" / "09_gone" / "__pycache__").mkdir()
    (kit / "tasks" / "09_gone" / "__pycache__" / "checks.cpython-311.pyc").write_bytes(b"x")
    lay_over(kit, NEW, NEW_CLAIMS)
    assert not (kit / "tasks" / "09_gone").exists()


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_new_stubs_come_into_a_learners_file_and_nothing_of_it_changes(kit, ends, mark):
    mine = (mark + MINE).replace("\n", ends)
    (kit / "student" / "optim.py").write_bytes(mine.encode())
    told = lay_over(kit, NEW, NEW_CLAIMS)
    text = (kit / "student" / "optim.py").read_bytes().decode()
    assert holds_in_order(text.split(ends), mine.rstrip().split(ends))
    room = {}
    exec(text.removeprefix("\ufeff"), room)
    assert room["helper"]() == 1
    assert room["SGD"](3).lr == 3
    for call in (room["SGD"](1).reset, lambda: room["Momentum"]().step(0), lambda: room["clip"](0)):
        with pytest.raises(NotImplementedError, match="is still a TODO"):
            call()
    assert any("optim.Momentum, optim.clip, optim.SGD.reset" in sentence for sentence in told), told
    again = (kit / "student" / "optim.py").read_bytes()
    lay_over(kit, NEW, NEW_CLAIMS)
    assert (kit / "student" / "optim.py").read_bytes() == again


@pytest.mark.parametrize(
    ("more", "added"),
    [
        ("from .mine import Momentum, clip\n", ["optim.SGD.reset"]),
        ("try:\n    import fast\nexcept ImportError:\n    def clip(grads):\n        return grads\n", ["optim.Momentum", "optim.SGD.reset"]),
        ("SGD.reset = Momentum = None\nclip, other = 1, 2\n", ["optim.SGD.reset"]),
    ],
)  # fmt: skip
def test_a_name_that_the_learner_has_already_is_not_put_over_theirs(kit, more, added):
    (kit / "student" / "optim.py").write_text(MINE + more)
    told = lay_over(kit, NEW, NEW_CLAIMS)
    assert f"student/optim.py has new stubs: {', '.join(added)}. Every line of yours is as it was." in told


def test_a_stub_that_a_learner_removed_does_not_come_back(kit):
    (kit / "student" / "optim.py").write_text("import numpy as np\n")
    lay_over(kit, OLD, CLAIMS)
    assert (kit / "student" / "optim.py").read_text() == "import numpy as np\n"
    (kit / "student" / "optim.py").unlink()
    assert "student/optim.py was deleted, and stays deleted; skeleton/optim.py has its stubs." in lay_over(kit, NEW, NEW_CLAIMS)
    assert not (kit / "student" / "optim.py").exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"def broken(:\n", "does not parse"),
        (b"\xff\xfe", "can't decode"),
        (b"class SGD: pass\n", "does not parse with optim.SGD.reset"),
    ],
)
def test_a_file_into_which_no_stub_fits_stays_and_is_named(kit, content, reason):
    (kit / "student" / "optim.py").write_bytes(content)
    told = lay_over(kit, NEW, NEW_CLAIMS)
    assert (kit / "student" / "optim.py").read_bytes() == content
    assert any("student/optim.py is as it was, without the new stubs" in line and reason in line for line in told)


@pytest.mark.parametrize("place", ["student", "grader", "tasks/08_sgd", ".kit-backup"])
def test_a_kit_whose_folder_is_a_link_is_refused_before_anything_is_changed(kit, tmp_path, place):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    if (kit / place).is_dir():
        (kit / place).rename(elsewhere / "old")
    (kit / place).symlink_to(elsewhere)
    before = files(tmp_path)
    with pytest.raises(Refusal, match=r"is a link, or not a folder. Remedy"):
        lay_over(kit, NEW, NEW_CLAIMS)
    assert files(tmp_path) == before


def test_a_file_that_is_a_link_is_not_written_through(kit, tmp_path):
    (tmp_path / "theirs").write_text("theirs\n")
    for path in ("Makefile", "student/optim.py"):
        (kit / path).unlink()
        (kit / path).symlink_to(tmp_path / "theirs")
    told = lay_over(kit, NEW, NEW_CLAIMS)
    assert (tmp_path / "theirs").read_text() == "theirs\n"
    assert (kit / "Makefile").read_bytes() == NEW["Makefile"]
    assert (kit / "Makefile.orig").is_symlink()
    assert (kit / "student" / "optim.py").is_symlink()
    assert any("student/optim.py is not an ordinary file" in line for line in told)


@pytest.mark.parametrize("listed", ["../theirs", "/theirs", "a/../../theirs", "a\\theirs", "C:theirs", "."])
def test_a_list_that_names_what_is_outside_counts_as_none(kit, tmp_path, listed):
    (tmp_path / "theirs").write_bytes(b"grade:\n")
    text = (kit / ".kit").read_text()
    (kit / ".kit").write_text(text.replace('"grader/gone.py"', f'"{listed}"'.replace("\\", "\\\\")))
    assert read_list(kit) is None
    lay_over(kit, NEW, NEW_CLAIMS)
    assert (tmp_path / "theirs").exists()


@pytest.mark.parametrize("nested", [b'{"x": ' + b"[" * 100_000, None])
def test_a_list_that_cannot_be_read_counts_as_none(tmp_path, nested):
    mark = tmp_path / ".kit"
    mark.write_bytes(nested) if nested else os.mkfifo(mark)  # opening a pipe waits for somebody to write into it
    assert read_list(tmp_path) is None


@pytest.mark.parametrize("mark", ["Made by `make kit`; the next one replaces this folder.\n", "<<<<<<< HEAD\n", ""])
def test_a_kit_without_a_list_loses_nothing(kit, mark):
    (kit / ".kit").write_text(mark)
    (kit / "student" / "optim.py").write_text(MINE)
    (kit / "Makefile").write_text("mine\n")
    (kit / "notes.txt").write_text("mine too\n")
    before = files(kit)
    told = lay_over(kit, NEW, NEW_CLAIMS)
    after = files(kit)
    assert after | {"student/optim.py": b""} == {
        **before, **NEW, "student/optim.py": b"",
        ".kit-backup/Makefile": b"mine\n", ".kit-backup/README.md": b"# Old\n",
        ".kit-backup/skeleton/optim.py": SGD.encode(),
    }  # fmt: skip
    assert holds_in_order(after["student/optim.py"].decode().split("\n"), MINE.rstrip().split("\n"))
    assert b"class Momentum" in after["student/optim.py"]
    assert "in place of one without a list of its files" in told[0]
    assert any(".kit-backup" in line for line in told)
    assert lay_over(kit, NEW, NEW_CLAIMS)[1].startswith("0 files replaced, 0 added, 0 removed")


def test_an_update_that_was_interrupted_is_finished_by_the_next(kit, monkeypatch):
    (kit / "student" / "optim.py").write_text(MINE)
    (kit / "Makefile").write_text("mine\n")
    from grader.export import kit_update

    def stop_at_readme(path, content):
        if path.name == "README.md":
            raise KeyboardInterrupt
        return write(path, content)

    write = kit_update.write_atomically
    monkeypatch.setattr(kit_update, "write_atomically", stop_at_readme)
    with pytest.raises(KeyboardInterrupt):
        lay_over(kit, NEW, NEW_CLAIMS)
    monkeypatch.undo()
    lay_over(kit, NEW, NEW_CLAIMS)
    after = files(kit)
    assert {path for path in after if path not in NEW} == {"Makefile.orig"}
    assert after["Makefile.orig"] == b"mine\n"
    assert after["student/optim.py"].count(b"class Momentum") == 1


def git(folder, *arguments):
    identity = ["-c", "user.name=A", "-c", "user.email=a@x.edu", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", folder, *identity, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def test_a_kit_made_into_a_learners_repository_keeps_both(tmp_path):
    repository = tmp_path / "template"
    git(tmp_path, "init", "-q", str(repository))
    assert "make grade" in make_kit(HERE, repository)[0]
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "The kit")
    with (repository / "student" / "layers.py").open("a") as file:
        file.write("\n# learner work\n")
    git(repository, "commit", "-qam", "Work")
    (repository / "student" / "losses.py").write_text("uncommitted = 1\n")
    told = make_kit(HERE, repository)
    assert told[0].endswith(", as before.")
    assert git(repository, "log", "--format=%s").split("\n")[:2] == ["Work", "The kit"]
    assert git(repository, "status", "--porcelain").split() == ["M", "student/losses.py"]
    assert "# learner work" in (repository / "student" / "layers.py").read_text()


def test_only_a_kit_is_updated(tmp_path):
    with pytest.raises(Refusal, match=r"is not a kit: it has no .kit. Remedy: make update KIT="):
        update_kit(HERE, tmp_path)


@pytest.mark.parametrize(("kit", "status"), [("", 2), ("nowhere", 2)])
def test_the_verb_refuses_in_one_sentence(kit, status):
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from grader.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, "update", kit], capture_output=True, text=True, timeout=120, check=False,
        env=os.environ | {"CHAIN_RULE_NO_VENV": "1"},
    )  # fmt: skip
    assert done.returncode == status
    assert "Remedy: make update KIT=" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
