"""Rendered samples, made once for the whole run."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from grader.report.learner import render
from tests.courses import HERE
from tests.report import dom, samples


@pytest.fixture(scope="session")
def rendered(tmp_path_factory):
    """`rendered(name)`: the sample report of that name with its folder, page and tree."""
    made = {}

    def get(name):
        if name not in made:
            out = tmp_path_factory.mktemp(name)
            report = samples.make(name, out)
            html = render(report, out, HERE).read_text("utf-8")
            made[name] = SimpleNamespace(report=report, out=out, html=html, tree=dom.parse(html))
        return made[name]

    return get


@pytest.fixture
def page(tmp_path):
    """`page(report)`: its page as a tree, in a folder of its own, which samples may have filled before."""

    def make(report, out: Path = tmp_path):
        return dom.parse(render(report, out, HERE).read_text("utf-8"))

    return make
