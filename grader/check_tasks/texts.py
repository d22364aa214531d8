"""What people read: handouts, hints, promises, and what course.toml says. Each problem with its place, cause and remedy."""

import re
from collections.abc import Iterator

from grader.check_tasks.verify import Verifier
from grader.course.about import FILE
from grader.course.course import Course, Stage
from grader.course.misconceptions import load

LONGEST = 140  #: characters of a line that is no row of a table
#: What a handout has to hold -> what it is for; of the stage's id and its number.
_PARTS = {
    "# {number} ": "its title, such as `# {number} Name`, in the first line",
    "## What you write": "the section that lists the functions to write",
    "## How it is checked": "the section that says what is asked of them",
    "make grade STAGE={id}": "the command that grades the stage",
}


def texts_keep_their_promises(verifier: Verifier) -> None:
    """Of each stage handout, hints, promises and refutations, then course.toml."""
    stages = [stage for stage in verifier.course.stages if stage.id in verifier.wanted]
    with verifier.tally("stages whose texts are whole") as tally:
        for stage in stages:
            found = [*_of_handout(stage), *_of_checks(stage), *_of_refutations(stage)]
            tally.count(not found, *found)
    verifier.findings.problems += _of_course(verifier.course)


def _of_handout(stage: Stage) -> Iterator[str]:
    path, names = stage.handout, {"id": stage.id, "number": stage.id[:2]}
    if not path.is_file():
        yield f"{path} is missing. Remedy: write it; learners read it first."
        return
    text = path.read_text("utf-8")
    for part, what in _PARTS.items():
        if part.format(**names) not in (text[:20] if part[:2] == "# " else text):
            yield f"{path} lacks {what.format(**names)}. Remedy: add `{part.format(**names).strip()}`."
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > LONGEST and "|" not in line:
            yield f"{path}, line {number} has {len(line)} characters. Remedy: break it after at most {LONGEST}."
        for link in re.findall(r"\]\(([^)#\s]+)", line):
            if "://" not in link and not (stage.folder / link).exists():
                yield f"{path}, line {number} links to {link}, which does not exist. Remedy: correct or remove the link."


def _of_checks(stage: Stage) -> Iterator[str]:
    toml, promises = stage.folder / "task.toml", [check.promise for check in stage.checks]
    sections = re.findall(r"^##+ (.*)$", stage.handout.read_text("utf-8"), re.MULTILINE) if stage.handout.is_file() else []
    for check in stage.checks:
        where = f"{stage.checks_file}, line {check.line}: {check.id}"
        if check.promise[-1] not in ".?!":
            yield f"{where} promises more than its first line, and nobody reads the rest. Remedy: end the sentence there."
        if promises.count(check.promise) > 1:
            yield f"{where} promises what another check promises. Remedy: say in the first line how they differ."
        if not check.hints[0].rstrip().endswith("?"):
            yield f"{toml}: the first hint of {check.id} is not a question. Remedy: ask what the learner should look at."
        if len({*check.hints}) < len(check.hints):
            yield f"{toml}: two hints of {check.id} are the same. Remedy: let each say more than the one before."
        for name in re.findall(r'[Hh]andout, "([^"]+)"', " ".join(check.hints)):
            if name not in sections:
                yield f"{toml}: a hint of {check.id} points to {name!r}, no section of the handout. Remedy: correct the name."


def _of_refutations(stage: Stage) -> Iterator[str]:
    path, mistakes = stage.folder / "refutations.md", {m.name for m in load(stage.folder)}
    for name, check in re.findall(r"^## (\w+), (\w+)$", path.read_text("utf-8") if path.is_file() else "", re.MULTILINE):
        if name not in mistakes or check not in {known.id for known in stage.checks}:
            yield f"{path}: nobody reads `{name}, {check}`: no such mistake or check. Remedy: correct the heading, or remove it."


def _of_course(course: Course) -> Iterator[str]:
    path, about = course.tasks / FILE, course.about
    gone = [page for page in about.pages if not (course.tasks / page).is_file()]
    yield from (f"{path}: pages has {page}, which does not exist. Remedy: correct or remove it." for page in gone)
    files = (*about.data.open, *about.data.hidden)
    yield from (f"{path}: {name} is not in data/. Remedy: put it there." for name in files if not (course.data / name).is_file())
    asked = {name for stage in course.stages for check in stage.checks for name in check.fixtures}
    yield from (f"{path}: no check asks for fixtures.{name}. Remedy: remove it." for name in about.fixtures if name not in asked)
    claimed = course.claimed_by()
    parts = {*claimed, *(part for name in claimed for part in name.split(".")), ""}
    for name in sorted({about.training, *about.methods, *about.classes} - parts):
        yield f"{path}: no stage claims {name}, of methods, classes or training. Remedy: claim it, or correct the name."
