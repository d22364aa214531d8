"""What the project says of itself is true: verbs, targets, documents."""

import importlib
import re
import subprocess
import sys

import click
import pytest

from grader.cli import VERBS
from grader.paths import ROOT

DOCUMENTS = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]
DOCUMENTS += sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/*.md"))


def targets() -> dict[str, str]:
    """Target -> its recipe."""
    text = (ROOT / "Makefile").read_text()
    return dict(re.findall(r"^([a-z-]+):[^\n]*\n((?:\t[^\n]*\n?)*)", text, re.M))


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_a_target_of_one_line_and_a_command(verb):
    recipe = targets()[verb].strip().splitlines()
    assert len(recipe) == 1
    assert f"grader {verb}" in recipe[0].replace("$(GRADER)", "grader")
    module = importlib.import_module("grader.verbs." + verb.replace("-", "_") + ("_" if verb == "class" else ""))
    assert isinstance(module.command, click.Command)
    assert module.command.help or module.command.short_help


@pytest.mark.parametrize("verb", VERBS)
def test_help_reads_well(verb):
    done = subprocess.run([sys.executable, "-m", "grader", verb, "--help"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Usage: python -m grader " + verb)
    undocumented = [line for line in done.stdout.splitlines() if re.fullmatch(r"\s+--?[a-z][\w-]*( [A-Z]+)?\s*", line)]
    # A long option may stand on a line of its own, with its sentence on the next.
    lines = done.stdout.splitlines()
    for line in undocumented:
        following = lines[lines.index(line) + 1] if lines.index(line) + 1 < len(lines) else ""
        assert following.startswith(" " * 10), f"{line.strip()} has no help"


def test_make_alone_lists_the_verbs():
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert all(verb in done.stdout for verb in VERBS)


def test_an_unknown_verb_is_refused_with_a_remedy():
    done = subprocess.run([sys.executable, "-m", "grader", "grde"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Did you mean grade?" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_in_documents_exist(document):
    text = (ROOT / document).read_text()
    named = set(re.findall(r"`make ([a-z-]+)", text)) | set(re.findall(r"^make ([a-z-]+)", text, re.M))
    assert named <= set(targets()), named - set(targets())


@pytest.mark.parametrize("document", DOCUMENTS)
def test_local_links_in_documents_lead_somewhere(document):
    text = (ROOT / document).read_text()
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text) + re.findall(r'src="(?!https?:)([^"]+)"', text)
    missing = [link for link in links if not (ROOT / document).parent.joinpath(link).exists()]
    assert not missing
