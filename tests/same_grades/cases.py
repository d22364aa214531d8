"""What is graded: the folder of cases, made once, so that both versions get the very same files.

plan.json       the commands: `grade` for each of `singles`, `class` for each of `groups`
alone/NAME/     submissions that are graded one by one
attacks/NAME/   hostile ones that look for the course around them: they are put into the course's own folder of tests
groups/NAME/    submissions of one class each, and NAME.toml beside it, how that class is graded
"""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from grader.check_tasks.subjects import held_out, mutants, right_answers
from grader.course.course import Course
from grader.course.misconceptions import RIGHT
from grader.paths import REFERENCE, STUDENT
from grader.submission import Submission, file_of, read_submission
from tests.browser.submissions import SUBMISSIONS
from tests.courses import HERE
from tests.golden.submissions import needed, with_bodies
from tests.hostile.harness import TIME_FACTOR, Attack, attacks

CASES, COURSE = "@cases", "@course"  #: in arguments, for folders whose place is not known yet
IMAGES = 256  #: for the trainings of a class; those of single grades are whole

_POLICY = """[grading]
stages = [{stages}]
[limits]
time = {time}
training_images = {images}
"""


class Single(NamedTuple):
    """One call of `grade`."""

    name: str
    arguments: list[str]


class Plan(NamedTuple):
    """All commands."""

    singles: list[Single]
    groups: list[str]


def read_plan(cases: Path) -> Plan:
    plan = json.loads((cases / "plan.json").read_text("utf-8"))
    return Plan([Single(*single) for single in plan["singles"]], plan["groups"])


def count(cases: Path, plan: Plan) -> int:
    """How many records a run gives: one for each submission, and one for each class as a whole."""
    students = sum(len(list((cases / "groups" / group).iterdir())) for group in plan.groups)
    return len(plan.singles) + students + len(plan.groups)


def build(cases: Path, full: bool = False) -> None:
    """Write all cases. full: right answers are trained, too."""
    course, reference = HERE, read_submission(REFERENCE)
    plan = Plan(_plain(cases) + _golden(cases) + _refused() + _hostile(cases), [])
    slips, others = mutants(course, reference), held_out(course, reference)
    for stage in course.stages:
        own = {m.name: made for m, made in slips.values() if m.stage == stage.id}
        own |= {f"held_out.{m.name}": made for m, made in others.values() if m.stage == stage.id}
        if own:
            _group(cases, plan, f"mistakes.{stage.id}", own, [stage.id])
    cheap = [stage.id for stage in course.stages if not stage.training]
    for folder in (p for p in (course.folder / RIGHT).iterdir() if p.is_dir()):  # with whatever is no module in it
        shutil.copytree(folder, cases / "groups" / "right" / folder.name, dirs_exist_ok=True)
    _group(cases, plan, "right", right_answers(course, reference), [] if full else cheap)
    _group(cases, plan, "unfinished", _unfinished(course, reference), cheap)
    _hostile_groups(cases, plan)
    (cases / "plan.json").write_text(json.dumps(plan._asdict(), indent=1), "utf-8")


def _plain(cases: Path) -> list[Single]:
    """The reference, the skeleton, and the options of `grade`."""
    ignored = shutil.ignore_patterns("__pycache__")
    for folder in (REFERENCE, STUDENT):
        shutil.copytree(folder, cases / "alone" / folder.name, ignore=ignored)
    reference, student = (["--student", f"{CASES}/alone/{folder.name}"] for folder in (REFERENCE, STUDENT))
    return [
        Single("reference", reference),
        Single("reference, seed 7", [*reference, "--seed", "7"]),
        Single("reference, stages by name and number", ["softmax", "8", *reference, "--sandbox", "strict"]),
        Single("skeleton", student),
        Single("skeleton, strict", [*student, "--strict"]),
        Single("skeleton, no reference", [*student, "--no-reference"]),
    ]


def _golden(cases: Path) -> list[Single]:
    """Whole submissions with a slip in each stage, half-finished ones, and so on."""
    singles = []
    for name, make in SUBMISSIONS.items():
        submission = make()
        folder = f"alone/{name}/{submission.name.replace('/', '')}"
        write(submission, cases / folder)
        singles.append(Single(f"golden.{name}", ["--student", f"{CASES}/{folder}", "--strict"]))
    return singles


def _refused() -> list[Single]:
    reference = ["--student", f"{CASES}/alone/reference"]
    return [
        Single("refused: no such folder", ["--student", f"{CASES}/nowhere"]),
        Single("refused: no submission", ["--student", f"{CASES}/alone"]),
        Single("refused: no such stage", ["99_unknown", *reference]),
        Single("refused: no such sandbox", ["--sandbox", "none", *reference]),
    ]


def _unfinished(course: Course, reference: Submission) -> dict[str, Submission]:
    """The skeleton with the bodies of some stages, and the reference with a module gone, empty or no Python."""
    claiming = [stage for stage in course.stages if stage.claims]
    made = {f"up_to.{stage.id}": with_bodies(claiming[: k + 1]) for k, stage in enumerate(claiming)}
    for stage in claiming:
        made[f"needed.{stage.id}"] = with_bodies(needed(course, stage))
        made[f"alone.{stage.id}"] = with_bodies([stage])
    for module, text in reference.modules.items():
        if module != "__init__":
            rest = {name: text for name, text in reference.modules.items() if name != module}
            made[f"without.{module}"] = Submission("", rest)
            made[f"empty.{module}"] = reference.replaced({module: ""})
            made[f"unread.{module}"] = reference.replaced({module: f"def f(x:\n{text}"})
    return made


# --- hostile ones -----------------------------------------------------------------------------------------------------


def _hostile(cases: Path) -> list[Single]:
    """Attacks that a class does not do justice to: they look for the course, or need their own settings."""
    singles = []
    for attack in filter(_stands_alone, attacks()):
        _copy(attack, cases / "attacks" / attack.name)
        student = f"{COURSE}/tests/hostile/attacks/{attack.name}"
        singles.append(Single(f"hostile.{attack.name}", [*attack.stages, "--student", student, "--seed", str(attack.seed)]))
    return singles


def _hostile_groups(cases: Path, plan: Plan) -> None:
    """The other attacks, a class for each choice of stages; those that hang shall not do so for long."""
    rest = [attack for attack in attacks() if not _stands_alone(attack)]
    for stages in sorted({attack.stages for attack in rest}):
        name = "hostile." + ".".join(stages)
        for attack in (attack for attack in rest if attack.stages == stages):
            _copy(attack, cases / "groups" / name / attack.name)
        _group(cases, plan, name, {}, stages, time=TIME_FACTOR)


def _stands_alone(attack: Attack) -> bool:
    files = list(attack.folder.rglob("*"))
    links = any(path.is_symlink() for path in files)
    looks_around = any("parents[" in path.read_text("utf-8", "replace") for path in files if path.suffix == ".py")
    return attack.whole or attack.base or attack.seed != 0 or links or looks_around


def _copy(attack: Attack, folder: Path) -> None:
    """The attack's folder, with the modules of the reference that it builds on."""
    shutil.copytree(attack.folder, folder, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    if attack.base:
        own = read_submission(attack.folder).modules
        write(
            Submission("", {name: text for name, text in read_submission(REFERENCE).modules.items() if name not in own}), folder
        )


# --- files ------------------------------------------------------------------------------------------------------------


def write(submission: Submission, folder: Path) -> None:
    """All modules as files, those in folders of their own too."""
    for module, text in submission.modules.items():
        path = folder / file_of(module)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogatepass"))


def _group(
    cases: Path, plan: Plan, name: str, submissions: dict[str, Submission], stages: Iterable[str], time: float = 1.0
) -> None:
    for student, submission in submissions.items():
        write(submission, cases / "groups" / name / student)
    listed = ", ".join(f'"{stage}"' for stage in stages)
    (cases / f"{name}.toml").write_text(_POLICY.format(stages=listed, time=time, images=IMAGES), "utf-8")
    plan.groups.append(name)
