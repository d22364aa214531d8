"""Why a mistake that was named is one: texts of a stage's refutations.md, with numbers of the very run.

A text is headed `## name of the mistake, check that failed`. Its fields are what the card says: {got} and {want}, {at} for the
entry that is furthest off, {times} for how many times the one is the other. If the card has no such numbers, nothing is told.
"""

import re
from pathlib import Path
from typing import Any

_HEADED = re.compile(r"^## (\w+), (check_\w+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_NUMBER = r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?"
_SAID = re.compile(
    rf"(?P<at>\w*\[[\d, ]+\])? is (?P<got>{_NUMBER})(?:; it should be|, the measured slope is) (?P<want>{_NUMBER})(?=[.;,]? |[.]?$)"
)
FIELDS = ("at", "got", "want", "times")


def texts(folder: Path) -> dict[tuple[str, str], str]:
    """(mistake, check) -> text, of one stage's folder; a line for each paragraph."""
    file = folder / "refutations.md"
    found = _HEADED.findall(file.read_text("utf-8")) if file.is_file() else []
    return {(name, check): "\n\n".join(" ".join(p.split()) for p in text.strip().split("\n\n")) for name, check, text in found}


def fields(told: str) -> dict[str, str]:
    """What a card's sentence says, by name."""
    match = _SAID.search(told)
    said = {name: text for name, text in match.groupdict().items() if text} if match else {}
    if said and float(said["got"]) and float(said["want"]):
        ratio = abs(float(said["got"]) / float(said["want"]))
        said["times"] = f"{max(ratio, 1 / ratio):.3g}"
    return said


def refutation(report: Any, tasks: Path) -> str:
    """The text for the mistake of a report's next step, filled; "" where there is none, or the run does not have its numbers."""
    step = report.next
    for stage in report.stages if step else ():
        for check in stage.checks:
            if (stage.id, check.id) == (step.stage, step.check) and check.mistake and check.card:
                text = texts(tasks / stage.id).get((check.mistake.id, check.id), "")
                said = fields(f"{check.card.gave} {check.card.looks_like}")
                return text.format_map(said) if all(f"{{{name}}}" not in text or name in said for name in FIELDS) else ""
    return ""
