"""Strict, as the super-user and as an ordinary one, all side by side: everybody gets what is deserved, and the same."""

import functools
import json
import os
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path

import pytest

from grader.paths import ROOT
from tests.hostile import table

STAGES = ("02_relu", "05_gradient_check", "08_sgd")


@pytest.mark.skipif(os.getuid() != 0, reason="only a super-user can become another one")
def test_both_users_grade_strictly_and_alike(request):
    started = {}
    for user in table._users():
        # Not below pytest's own folder, which only its owner may enter.
        folder = Path(tempfile.mkdtemp(prefix=f"strict-{user}-"))
        request.addfinalizer(functools.partial(shutil.rmtree, folder))
        copy = table._copy(folder, user)
        for student in ("reference", "student"):
            shutil.copytree(ROOT / student, folder / student, ignore=shutil.ignore_patterns("__pycache__"))
            started[user, student] = _start(copy, user, folder / student, folder / f"graded-{student}")
    reports = {}
    for (user, student), (process, out) in started.items():
        said = process.communicate(timeout=120)[0]
        assert process.returncode == 0, f"{user}, {student}: {said[-500:]}"
        reports[user, student] = json.loads((out / "results.json").read_bytes())
    states = {who: _states(report) for who, report in reports.items()}
    for user in table._users():
        assert set(states[user, "reference"].values()) == {"pass"}
        assert set(states[user, "student"].values()) == {"todo"}
        for student in ("reference", "student"):
            assert reports[user, student]["sandbox"]["complete"]
            assert states[user, student] == states["root", student]
        assert (reports[user, "reference"]["score"], reports[user, "student"]["score"]) == (19, 0)


def _start(copy, user, student, out):
    out.mkdir()
    os.chmod(out, 0o777)
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": sysconfig.get_paths()["purelib"], "CHAIN_RULE_NO_VENV": "1"}
    arguments = ["-m", "grader", "grade", *STAGES, "--student", str(student), "--out", str(out)]
    process = subprocess.Popen(
        [*table._interpreter(user), *arguments, "--sandbox", "strict", "--no-cache"],
        cwd=copy, env=environment, user=user, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    return process, out


def _states(report):
    return {(stage["id"], check["id"]): check["state"] for stage in report["stages"] for check in stage["checks"]}
