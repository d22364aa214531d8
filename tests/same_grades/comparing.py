"""Two records of one case, key by key; and the differences that are meant."""

import tomllib
from collections.abc import Iterable, Mapping
from difflib import unified_diff
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

MISSING = "<missing>"

#: Last keys of a path that nothing may excuse: they are the grade.
_GRADE = {
    "state", "points", "max_points", "score", "max_score", "raw", "penalty", "status", "complete", "mistake", "mistakes",
    "id", "alike", "course_points",
}  # fmt: skip
_TABLES = {"row", "grade"}  #: a submission's line in the tables of its class: points and mistakes throughout, but for
_WORDS = {"reason", "notes"}


class BadExpected(ValueError):
    """A list of expected differences that cannot be used; the message says why, in one sentence."""


class Difference(NamedTuple):
    """One key of one case.

    path : such as "results.json/stages/03_softmax/checks/check_softmax_rows_sum_to_one/state"
    """

    case: str
    path: str
    old: Any
    new: Any

    def __str__(self) -> str:
        if isinstance(self.old, str) and isinstance(self.new, str) and "\n" in self.old + self.new:
            lines = list(unified_diff(self.old.splitlines(), self.new.splitlines(), lineterm="", n=0))[2:]
            return "\n    ".join([f"{self.case}: {self.path}", *(line for line in lines if line[:2] != "@@")])
        return f"{self.case}: {self.path}\n    -{self.old!r}\n    +{self.new!r}"


class Expected(NamedTuple):
    """Differences that are meant."""

    path: str  #: pattern, in which * stands for anything
    reason: str


def differences(case: str, old: Any, new: Any) -> list[Difference]:
    """All keys whose values differ, in the order of the older record."""
    before, after = leaves(old), leaves(new)
    paths = dict.fromkeys([*before, *after])
    found = [Difference(case, path, before.get(path, MISSING), after.get(path, MISSING)) for path in paths]
    return [one for one in found if type(one.old) is not type(one.new) or one.old != one.new]


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Every plain value of a record by its path; items of a list by their id, if each has its own."""
    if isinstance(value, dict) and value:
        items: Iterable[tuple[str, Any]] = value.items()
    elif isinstance(value, list) and value:
        ids = [str(item["id"]) for item in value if isinstance(item, dict) and "id" in item]
        items = zip(ids, value) if len(set(ids)) == len(value) else ((str(k), item) for k, item in enumerate(value))
        # That they stand in another order would not be seen by their ids.
        if len(set(ids)) == len(value):
            return {f"{path}/order": " ".join(ids), **_below(items, path)}
    else:
        return {path: value}
    return _below(items, path)


def _below(items: Iterable[tuple[str, Any]], path: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in items:
        found |= leaves(item, f"{path}/{key}" if path else key)
    return found


# --- what is meant ----------------------------------------------------------------------------------------------------


def read_expected(path: Path) -> list[Expected]:
    """A TOML file of [[expected]] tables, each with a path and a reason.

    raises : BadExpected, also if it would excuse a grade
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadExpected(f"{path} cannot be read: {error}.") from None
    listed = tables.get("expected")
    if set(tables) != {"expected"} or not isinstance(listed, list):
        raise BadExpected(f"{path} holds something else than tables [[expected]].")
    found = []
    for table in listed:
        if set(table) != {"path", "reason"} or not all(isinstance(text, str) and text for text in table.values()):
            raise BadExpected(f"{path}: every [[expected]] has a path and a reason, and nothing else: {table}.")
        last = table["path"].rpartition("/")[2]
        if touched := sorted(name for name in _GRADE if fnmatchcase(name, last)):
            raise BadExpected(
                f"{path}: {table['path']!r} would excuse {', '.join(touched)}, which is the grade. "
                "Remedy: end the path in the name of another key."
            )
        found.append(Expected(**table))
    return found


def is_grade(path: str) -> bool:
    """Whether a path is a state, points, the name of a mistake, or a list of them."""
    parts = path.split("/")
    if parts[0] in _TABLES:
        return not _WORDS & set(parts)
    return parts[-1] in _GRADE or "mistakes" in parts or "alike" in parts or path == ""


def excused(difference: Difference, expected: Iterable[Expected]) -> Expected | None:
    """What on the list a difference is, if it may be."""
    if is_grade(difference.path):
        return None
    return next((one for one in expected if fnmatchcase(difference.path, one.path)), None)


def unsteady(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, str]:
    """Cases in which two runs of one version differ, with the path where they first do."""
    found = {}
    for case in dict.fromkeys([*first, *second]):
        if different := differences(case, first.get(case), second.get(case)):
            found[case] = different[0].path
    return found
