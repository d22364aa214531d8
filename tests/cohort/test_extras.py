"""A package that is missing is installed in the course's own environment, and asked for elsewhere."""

import json

import pytest

from grader import bootstrap
from grader.cohort.extras import need
from grader.errors import Refusal


def test_a_package_that_is_there_is_imported():
    assert need("json", "anything") is json


def test_elsewhere_the_remedy_is_named(monkeypatch):
    monkeypatch.setenv(bootstrap.OWN_ENVIRONMENT, "1")
    with pytest.raises(Refusal, match=r"a Gradescope export needs the package absent_package. Remedy: .*class.txt"):
        need("absent_package", "a Gradescope export")


def test_in_the_courses_environment_it_is_installed(monkeypatch, tmp_path):
    monkeypatch.delenv(bootstrap.OWN_ENVIRONMENT, raising=False)
    monkeypatch.setattr(bootstrap, "inside", lambda: True)
    monkeypatch.syspath_prepend(tmp_path)

    def install(names):
        assert names == ["class"]
        (tmp_path / "late_package.py").write_text("here = True\n")

    monkeypatch.setattr(bootstrap, "ensure", install)
    assert need("late_package", "anything").here


def test_what_keeps_it_from_being_installed_is_told(monkeypatch):
    def fail(names):
        raise bootstrap.SetupFailed("no package index was reached. Remedy: connect")

    monkeypatch.delenv(bootstrap.OWN_ENVIRONMENT, raising=False)
    monkeypatch.setattr(bootstrap, "inside", lambda: True)
    monkeypatch.setattr(bootstrap, "ensure", fail)
    with pytest.raises(Refusal, match="no package index was reached"):
        need("absent_package", "anything")
