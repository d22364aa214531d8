"""What people read is whole: each gap is told with its place, its cause and a remedy."""

import re

import pytest

from grader.check_tasks.parts import PARTS, left_out
from grader.check_tasks.texts import texts_keep_their_promises
from grader.check_tasks.verify import Verifier
from grader.course.course import Course
from grader.submission import Submission
from tests.courses import HERE
from tests.running.toys import HINTS, write_course

HANDOUT = "# {} Title\n\n## What you write\n\n## How it is checked\n\n    make grade STAGE={}\n"
HINT = 'hints = ["what is asked?", "look there", "2 + 2 = 4"]'


def problems(course: Course, *stages: str) -> list[str]:
    verifier = Verifier(course, Submission("none", {}), stages, say=lambda text: None)
    texts_keep_their_promises(verifier)
    return verifier.findings.problems


def test_the_texts_of_this_course_are_whole():
    assert problems(HERE) == []


@pytest.fixture
def tasks(tmp_path):
    folder = write_course(tmp_path / "tasks")
    for stage in ("01_first", "02_second", "03_third"):
        (folder / stage / "README.md").write_text(HANDOUT.format(stage[:2], stage))
        toml = folder / stage / "task.toml"
        toml.write_text(toml.read_text().replace(HINTS, HINT))
    (folder / "course.toml").write_text("")
    return folder


FAULTS = [
    ("README.md", "# 01 Title", "# Title", r"lacks its title.* in the first line\. Remedy: add `# 01`\."),
    ("README.md", "## What you write", "## Your part", r"lacks the section that lists the functions.*Remedy: add `## What you"),
    ("README.md", "STAGE=01_first", "STAGE=1", r"lacks the command that grades.*Remedy: add `make grade STAGE=01_first`"),
    ("README.md", "# 01 Title\n", "# 01 Title\n\n" + "long " * 30, r"README\.md, line 3 has 150 characters\. Remedy: break it"),
    ("README.md", "# 01 Title\n", "# 01 Title\n\n[a](gone.md)", r"line 3 links to gone\.md, which does not exist\. Remedy: "),
    ("task.toml", "what is asked?", "look!", r"task\.toml: the first hint of check_add_adds is not a question\. Remedy: ask"),
    ("task.toml", '"2 + 2 = 4"', '"look there"', r"two hints of check_add_adds are the same\. Remedy: "),
    ("task.toml", "look there", 'handout, \\"Sums\\"', r"points to 'Sums', no section of the handout\. Remedy: correct"),
    (
        "checks.py",
        "add(a, b) is a + b.",
        "add(a, b) is\n    a + b.",
        r"checks\.py, line 5: check_add_adds promises more than its",
    ),
    ("checks.py", "double(a) is 2 a.", "add(a, b) is a + b.", r"check_add_adds promises what another check promises\. Remedy:"),
    ("../course.toml", "", 'pages = ["words.md"]', r"course\.toml: pages has words\.md, which does not exist\."),
    ("../course.toml", "", '[data]\nopen = ["x.npz"]', r"course\.toml: x\.npz is not in data/\. Remedy: put it there\."),
    ("../course.toml", "", '[fixtures.x]\nmake = "a.x"', r"no check asks for fixtures\.x\. Remedy: remove it\."),
    ("../course.toml", "", 'training = "a.train"', r"no stage claims a\.train, of methods, classes or training\. Remedy: claim"),
    ("../course.toml", "", 'classes = ["RNN"]', r"no stage claims RNN, of methods, classes or training\. Remedy: "),
]


@pytest.mark.parametrize(("file", "old", "new", "said"), FAULTS, ids=[said for *_, said in FAULTS])
def test_a_gap_is_told_with_place_cause_and_remedy(tasks, file, old, new, said):
    assert problems(Course(tasks.parent)) == []
    path = tasks / "01_first" / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1) if old else new)
    found = problems(Course(tasks.parent))
    assert any(re.search(said, problem) for problem in found), found
    assert all(str(tasks) in problem for problem in found)


def test_a_missing_handout_and_a_refutation_that_nobody_reads_are_told(tasks):
    (tasks / "02_second" / "README.md").unlink()
    (tasks / "01_first" / "refutations.md").write_text("## no_such_slip, check_add_adds\n\nText.\n")
    assert [re.sub(r"^.*/tasks/", "", problem) for problem in problems(Course(tasks.parent))] == [
        "01_first/refutations.md: nobody reads `no_such_slip, check_add_adds`: no such mistake or check. "
        "Remedy: correct the heading, or remove it.",
        "02_second/README.md is missing. Remedy: write it; learners read it first.",
    ]
    assert len(problems(Course(tasks.parent), "01_first")) == 1  # of other stages nothing is said


def test_what_a_test_leaves_out_is_told_with_the_way_to_run_it():
    assert left_out(PARTS) == []
    usual = [name for name, part in PARTS.items() if not part.full]
    (long,) = left_out(usual)
    assert long.startswith("Left out: held-out, ")
    assert long.endswith("because they take long. Remedy: --full.")
    named, _ = left_out(["mutants", "names"])
    assert "points" in named
    assert "right" in named
    assert named.endswith("because only some stages or parts were named. Remedy: name none.")
