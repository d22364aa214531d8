"""Why a mistake that was named is one: texts of a stage's refutations.md, with numbers of the very run.

A text is headed `## name of the mistake, check that failed`. Its fields are taken from what the card says: {got} and {want} (of
a value that changed, what it is and what it was), {at} for the entry, {times} for how many times the one is the other, and
{n1}, {n2}, ... for all numbers in their order. A text with a field that is not filled is not told: it would be about another run.
"""

import re
from pathlib import Path

from grader.records import Report

FILE = "refutations.md"
_HEADED = re.compile(r"^## (\w+), (check_\w+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?(?!\w)")
#: The sentences of a card that say what is and what should be, as `grader.checks` writes them.
_SENTENCES = (
    re.compile(
        r"(?P<at>\[[\d, ]+\])? (?:is|returned|has the shape) (?:an array of shape )?(?P<got>[^;]+?)"
        r"(?: at (?P<place>\[[\d, ]+\]))?; it should be (?P<want>.+?)(?:, (?!nan\b|inf\b)(?=[a-z])|[.:](?= |$))"
    ),
    re.compile(r"Furthest off: (?P<at>[^;]+?) is (?P<got>\S+), the measured slope is (?P<want>\S+)\."),
    re.compile(r": (?P<at>\S+(?: \d+\])*) was (?P<want>\S+) and is (?P<got>\S+) now"),
)


def texts(folder: Path) -> dict[tuple[str, str], str]:
    """(mistake, check) -> text, of one stage's folder; a line for each paragraph."""
    file = folder / FILE
    found = _HEADED.findall(file.read_text("utf-8")) if file.is_file() else []
    return {(name, check): "\n\n".join(" ".join(p.split()) for p in text.strip().split("\n\n")) for name, check, text in found}


def fields(told: str) -> dict[str, str]:
    """What a card's sentences say, by name."""
    found = {f"n{k}": number for k, number in enumerate(_NUMBER.findall(told), start=1)}
    match = next(filter(None, (sentence.search(told) for sentence in _SENTENCES)), None)
    if match is None:
        return found
    said = {name: text for name, text in match.groupdict().items() if text}
    said |= {"at": said["place"]} if "place" in said else {}
    got, want = (abs(float(said[s].replace(",", ""))) if _NUMBER.fullmatch(said[s]) else 0.0 for s in ("got", "want"))
    if got and want:
        said["times"] = f"{max(got, want) / min(got, want):.3g}"
    return found | said


def refutation(report: Report, tasks: Path) -> str:
    """The text for the mistake that is next, filled; "" where there is none, or the run does not have its numbers."""
    step, check = report.next, report.next_check
    if step is None or check is None or check.mistake is None or check.card is None:
        return ""
    text = texts(tasks / step.stage).get((check.mistake.id, check.id), "")
    try:
        return text.format_map(fields(f"{check.card.gave} {check.card.looks_like}"))
    except (KeyError, IndexError, ValueError):  # of a text that names what no card has
        return ""
