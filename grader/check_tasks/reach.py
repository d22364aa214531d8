"""Which stages can a change in a module reach? Those whose checks ask for that module, directly or through imports."""

import re
from collections.abc import Mapping

from grader.course.course import Course
from grader.submission import Submission

_IMPORT = re.compile(r"^\s*(?:from\s+(?:\.|student\.)?([\w.]+)\s+import|import\s+([\w.]+))", re.MULTILINE)


def stages_reached(course: Course, asked: Mapping[str, set[str]], before: Submission, after: Submission) -> tuple[str, ...]:
    """Ids of the stages in which `after` can answer otherwise than `before` does.

    asked : stage -> modules that its checks asked for, as seen when `before` was graded
    """
    changed = {m for m in {*before.modules, *after.modules} if before.modules.get(m) != after.modules.get(m)}
    return tuple(stage.id for stage in course.stages if changed & _loaded(asked.get(stage.id, set()), after))


def _loaded(modules: set[str], submission: Submission) -> set[str]:
    """The modules, and everything of the submission that they import."""
    todo, found = [*modules], set()
    while todo:
        module = todo.pop()
        if module in submission.modules and module not in found:
            found.add(module)
            for one, other in _IMPORT.findall(submission.modules[module]):
                name = one or other
                todo += [name, name.rpartition(".")[0]]
    return found
