"""The journal: complete or not there, found as long as it is true, and one writer at a time."""

import os
import signal
import subprocess
import sys

import msgspec
import pytest

from grader.cohort import counting
from grader.cohort.intake import Attempt
from grader.cohort.journal import Journal, Outcome, record_key
from grader.course.policy import Policy
from grader.errors import Refusal
from grader.paths import ROOT
from grader.records import Report, StageResult
from tests.cohort import soak
from tests.courses import HERE
from tests.export import samples

REPORT = Report(7, 10, [StageResult("01_linear", "Linear", "fail", 7, 10, [])])

WRITER = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from grader.cohort.journal import Journal, Outcome
with Journal(Path(sys.argv[1])) as journal:
    for number in range(10**6):
        journal.finish(f"key{{number}}", "d", Outcome("graded", str(number)))
        print(number, flush=True)
"""


def test_an_outcome_comes_back_as_it_was(tmp_path):
    outcome = Outcome("graded", "", REPORT, 1.5)
    with Journal(tmp_path / "journal.sqlite") as journal:
        journal.finish("k", "d", outcome)
    with Journal(tmp_path / "journal.sqlite") as journal:
        assert journal.get("k") == outcome
        assert journal.get("other") is None
        assert journal.brief("other", HERE) is None
        assert journal.states() == {"k": "graded"}


def test_the_brief_report_counts_as_the_whole_one_does(tmp_path):
    whole = samples.with_a_substitute()
    with Journal(tmp_path / "journal.sqlite") as journal:
        journal.finish("k", "d", Outcome("graded", "", whole, 1.5))
        short = journal.brief("k", HERE)
    assert len(msgspec.json.encode(short.report)) < len(msgspec.json.encode(whole)) / 2
    attempt = Attempt("ann", "", "", "", "d")
    counted = [
        counting.count([attempt], lambda a, o=o: o, Policy(), {"01_linear": 10, "03_softmax": 10})
        for o in (short, Outcome("graded", "", whole, 1.5))
    ]
    assert counted[0] == counted[1]
    assert (counted[0][0].raw, counted[0][0].points_alone) == (4, 0)
    assert counted[0][0].mistakes == ["Sum instead of the mean"]


def test_a_record_is_kept_once_and_its_history_whole(tmp_path):
    with Journal(tmp_path / "journal.sqlite") as journal:
        journal.finish("k", "d", Outcome("fault", "broke"))
        journal.finish("k", "d", Outcome("graded"))
        assert journal.states() == {"k": "graded"}
        journal.forget(["k"])
        assert journal.get("k") is None
        assert soak.history(tmp_path / "journal.sqlite") == {"k": ["fault", "graded"]}


def test_the_key_changes_with_each_of_its_parts():
    keys = {record_key(*parts) for parts in (("a", "b", "c"), ("x", "b", "c"), ("a", "x", "c"), ("a", "b", "x"))}
    assert len(keys) == 4


def test_a_second_run_in_the_same_folder_is_refused(tmp_path):
    with Journal(tmp_path / "journal.sqlite"), pytest.raises(Refusal, match="another run"):
        Journal(tmp_path / "journal.sqlite")
    Journal(tmp_path / "journal.sqlite").close()


@pytest.mark.parametrize("value", [b"x", b"\x00\xff", "text", 7])
def test_a_record_that_somebody_changed_is_refused_with_a_remedy(tmp_path, value):
    with Journal(tmp_path / "journal.sqlite") as journal:
        journal.finish("k", "d", Outcome("graded", "", REPORT))
        journal._db.execute("UPDATE record SET report = ?, brief = ?", (value, value))
        for read in (journal.get, lambda key: journal.brief(key, HERE)):
            with pytest.raises(Refusal, match=r"is damaged .* everything is graded again"):
                read("k")


def test_a_damaged_journal_is_refused_with_a_remedy(tmp_path):
    (tmp_path / "journal.sqlite").write_bytes(b"not a database, whatever it is called" * 100)
    with pytest.raises(Refusal, match="Remedy"):
        Journal(tmp_path / "journal.sqlite")


def test_a_journal_that_is_damaged_inside_is_refused_with_a_remedy(tmp_path):
    path = tmp_path / "journal.sqlite"
    with Journal(path) as journal:
        for number in range(200):
            journal.finish(str(number), "d", Outcome("graded", "x" * 200))
    content = path.read_bytes()
    path.write_bytes(content[:8192] + bytes(len(content) - 8192))
    with pytest.raises(Refusal, match=r"damaged.*Remedy: move it away"), Journal(path) as journal:
        journal.states()


def test_a_full_disk_is_no_damage_and_loses_no_finished_grade(tmp_path):
    def grade_until_it_is_full():
        with Journal(tmp_path / "journal.sqlite") as journal:
            journal.finish("first", "d", Outcome("graded"))
            (pages,) = journal._db.execute("PRAGMA page_count").fetchone()
            journal._db.execute(f"PRAGMA max_page_count = {pages}")
            journal.finish("second", "d", Outcome("graded", "x" * 100_000))

    with pytest.raises(Refusal, match=r"full.*Remedy: make room.*finished grades are kept"):
        grade_until_it_is_full()
    with Journal(tmp_path / "journal.sqlite") as journal:
        assert journal.states() == {"first": "graded"}


@pytest.mark.parametrize("after", [1, 7, 40])
def test_what_was_written_survives_a_kill(tmp_path, after):
    path = tmp_path / "journal.sqlite"
    command = [sys.executable, "-c", WRITER.format(root=str(ROOT)), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        last = next(line for line in writer.stdout if int(line) >= after)
        os.kill(writer.pid, signal.SIGKILL)
        told = [int(last), *(int(line) for line in writer.stdout if line.endswith("\n"))]
    with Journal(path) as journal:
        states = journal.states()
        assert all(f"key{number}" in states for number in range(max(told) + 1))
        assert len(states) <= max(told) + 2
        assert journal.get("key0").reason == "0"
