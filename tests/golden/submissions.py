"""Submissions made from the skeleton: the reference's bodies put back for some stages."""

from collections.abc import Iterable

from grader.course.course import Course, Stage
from grader.course.skeleton import build, put_back_all, read_claims, read_sources
from grader.paths import REFERENCE, STUDENT, TASKS
from grader.submission import Submission


def skeleton() -> dict[str, str]:
    """The untouched files, built anew: whatever stands in student/ does not count."""
    return build(REFERENCE, read_claims(TASKS))


def with_bodies(stages: Iterable[Stage], name: str = STUDENT.name) -> Submission:
    """The skeleton with everything filled in that the given stages ask for."""
    names = [claim for stage in stages for claim in stage.claims]
    texts = put_back_all(skeleton(), read_sources(REFERENCE), names)
    return Submission(name, {file.removesuffix(".py"): text for file, text in texts.items()})


def write(submission: Submission, folder) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for module, text in submission.modules.items():
        (folder / f"{module}.py").write_text(text, encoding="utf-8")


def needed(course: Course, stage: Stage) -> list[Stage]:
    """A stage and all that it needs, in course order."""
    return [*course.needed_by([stage]), stage]
