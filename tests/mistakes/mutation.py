"""Mutation testing of the reference by cosmic-ray, which knows nothing of our bank: `python -m tests.mistakes.mutation`.

cosmic-ray's operators change one place of the reference's text at a time; the checks of the unit stages judge each such
mutant as they judge any submission. Survivors are listed: each is either equivalent, with its reason in survivors.toml,
or a missing check.
"""

import argparse
import difflib
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from grader.check_tasks.backend import Job, JobOutcome, run_jobs
from grader.check_tasks.verify import Verifier
from grader.course.course import Course
from grader.course.source_spans import definition_span, find, parse
from grader.paths import REFERENCE
from grader.submission import read_submission
from tests.courses import HERE

REASONS = Path(__file__).with_name("survivors.toml")


class Mutant(NamedTuple):
    """One place changed by one operator.

    function : the function that the course asks for around it
    line     : of the change
    change   : the changed lines as they are now
    """

    module: str
    text: str
    operator: str
    function: str
    line: int
    change: str

    @property
    def place(self) -> str:
        return f"{self.function}: {self.change}"


def mutants(module: str, text: str, asked: dict[str, tuple[int, int]]) -> Iterator[Mutant]:
    """All mutants of a module inside the functions that the course asks for.

    asked : function -> (first, last line)
    """
    from cosmic_ray import plugins
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.mutating import mutate_code

    tree = get_ast(text)
    for name in plugins.operator_names():
        kind = plugins.get_operator(name)
        if kind.arguments():
            continue  # made for one project's own names
        operator = kind()
        places = [start for node in ast_nodes(tree) for start, _ in operator.mutation_positions(node)]
        for occurrence, (line, _) in enumerate(places):
            function = next((f for f, (a, b) in asked.items() if a < line <= b), "")
            mutated = mutate_code(text, operator, occurrence) if function else None
            if mutated is not None and mutated != text:
                yield Mutant(module, mutated, name, function, line, _change(text, mutated))


def _change(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    changed = [line for line in lines if line[:3] not in ("---", "+++", "@@ ")]
    new = [line[1:].strip() for line in changed if line[0] == "+"]
    return " ".join(new) or "without " + " ".join(line[1:].strip() for line in changed)


def asked_for(course: Course, module: str, text: str) -> dict[str, tuple[int, int]]:
    """Lines of each function of a module that the course asks for; settings are left to the training stages."""
    claims = [name for name in course.claimed_by() if name.split(".")[0] == module]
    tree = parse(text)
    return {name: definition_span(find(tree, name)) for name in claims if not name.rpartition(".")[2].isupper()}


def survives(outcome: JobOutcome) -> bool:
    """Whether no check saw a mutant; a process that it ended, by recursion or memory, has seen it."""
    return not outcome.fault and not outcome.failed()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", help="such as layers; all without")
    wanted = parser.parse_args().modules
    course, reference = HERE, read_submission(REFERENCE)
    verifier = Verifier(course, reference)
    verifier.reference_earns_everything()
    found: dict[str, Mutant] = {}
    for module in wanted or sorted({name.split(".")[0] for name in course.claimed_by()}):
        text = reference.modules[module]
        for mutant in mutants(module, text, asked_for(course, module, text)):
            found[f"mutant {len(found)}"] = mutant
    jobs = []
    for name, mutant in found.items():
        submission = reference.replaced({mutant.module: mutant.text}, name)
        jobs.append(Job(name, submission, verifier.reached(submission), together=True))
    reasons = tomllib.loads(REASONS.read_text(encoding="utf-8"))
    survivors = [found[outcome.name] for outcome in run_jobs(jobs, verifier.bench) if survives(outcome)]
    for mutant in sorted(survivors):
        print(f"{mutant.place} (line {mutant.line}): {reasons.get(mutant.place, 'NO REASON GIVEN')}")
    unexplained = sum(mutant.place not in reasons for mutant in survivors)
    print(
        f"{len(found) - len(survivors)} of {len(found)} killed, {len(survivors)} survive, {unexplained} of them without a reason"
    )
    stale = [] if wanted else sorted(set(reasons) - {mutant.place for mutant in survivors})
    for place in stale:
        print(f"{REASONS.name} explains what does not survive: {place}")
    return 1 if unexplained or stale else 0


if __name__ == "__main__":
    sys.exit(main())
