"""No attack earns a point it should not, hangs or breaks a grade, or leaves anything behind, with all layers on."""

import os
import re
import shutil
import tempfile

import pytest

from grader.course.course import Course
from grader.grading import embedded_data
from grader.grading.grade import grade
from grader.grading.output import Output
from grader.grading.request import Request, Settings
from grader.paths import REFERENCE, ROOT
from grader.submission import read_submission
from grader.worker.inside import landlock
from grader.worker.outside.pool import WorkerPool
from tests.courses import HERE
from tests.hostile import table
from tests.hostile.harness import ATTACKS, SECRET, TRACES, _watched, attacks, run

LONGEST = 40.0  #: seconds of any grade: far above the limits of its checks, far below a hang


@pytest.fixture(scope="module")
def pool():
    os.environ[SECRET] = "in the grader's environment"
    with WorkerPool(HERE.withheld) as pool:
        yield pool
    del os.environ[SECRET]


@pytest.mark.parametrize("attack", attacks(), ids=lambda attack: attack.name)
def test_attack(attack, pool, tmp_path):
    outcome = run(attack, pool, tmp_path)
    assert outcome.faults == []
    assert outcome.seconds < LONGEST
    if attack.excepted:
        assert outcome.score == attack.excepted


OF_THE_KERNEL = [attack for attack in attacks() if attack.name in ("empty_by_opening", "file_attributes", "signal_by_the_kernel")]


@pytest.mark.parametrize("attack", OF_THE_KERNEL, ids=lambda attack: attack.name)
@pytest.mark.parametrize("abi", ["0", "1", "5"])
def test_older_landlocks_hold_what_the_kernel_would_do_for_a_worker(attack, abi, tmp_path, monkeypatch):
    monkeypatch.setenv(landlock.NEWEST_VARIABLE, abi)
    with WorkerPool(HERE.withheld) as older:
        outcome = run(attack, older, tmp_path)
    assert outcome.faults == []
    assert outcome.score == attack.honest


def test_what_is_excepted_stands_on_the_page_on_security():
    told = (ROOT / "SECURITY.md").read_text("utf-8").partition("<!-- excepted -->")[2].partition("<!-- end of excepted -->")[0]
    rows = [tuple(cell.strip(" `") for cell in row.strip("|").split("|")) for row in told.strip().splitlines()[2:]]
    excepted = [attack for attack in attacks() if attack.excepted]
    assert rows == [(a.name, a.tries, str(a.honest), str(a.excepted)) for a in excepted]
    hidden = read_submission(ATTACKS / "weights_in_names").modules
    assert embedded_data.remarks(hidden) == []
    assert embedded_data.remarks(read_submission(ATTACKS / "weights_in_the_submission").modules) != []


def test_the_table_on_the_page_on_security_is_of_these_attacks():
    told = (ROOT / "SECURITY.md").read_text("utf-8").partition("<!-- table -->")[2].partition("<!-- end of table -->")[0]
    rows = [line.split("|")[1].strip() for line in told.splitlines() if line.startswith("| ")]
    assert rows == [f"{len(attacks())} attacks", *table.COLUMNS]


def test_others_are_graded_as_before(pool, tmp_path):
    """After all attacks, in the same pool: an honest submission gets what it deserves."""
    honest = tmp_path / "honest"
    shutil.copytree(REFERENCE, honest, ignore=shutil.ignore_patterns("__pycache__"))
    request = Request(
        Course(ROOT, with_reference=False),
        honest,
        Output(tmp_path, html=False),
        ("03_softmax", "05_gradient_check"),
        Settings(use_cache=False),
    )
    report = grade(request, pool=pool)
    assert report.score == report.max_score == 16


def test_there_are_enough_and_each_says_what_it_tries():
    found = attacks()
    assert len(found) >= 60
    assert all(attack.tries and attack.stages for attack in found)
    assert len({attack.tries for attack in found}) == len(found)


def test_what_attacks_leave_behind_is_looked_for_by_its_name():
    texts = [path.read_text(errors="replace") for path in ATTACKS.rglob("*.py")]
    named = {name for text in texts for name in re.findall(r"[/\"]((?:chain-rule-|hostile[-_])[\w.-]+)\"", text)}
    assert named == set(TRACES)


def test_what_others_have_in_the_shared_folder_is_theirs(tmp_path):
    before = _watched(attacks()[0])
    with (
        tempfile.TemporaryDirectory(prefix="hostile-", dir="/tmp") as folder,
        tempfile.NamedTemporaryFile(prefix="hostile-", dir="/tmp") as file,
    ):
        assert _watched(attacks()[0]) == before
        table._restore(tmp_path, "root")
        assert os.path.isdir(folder)
        assert os.path.isfile(file.name)
