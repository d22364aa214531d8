"""How many steps a regular expression takes on a text, counted by a small backtracking matcher instead of a clock.

It knows what the table of `grader.text` uses: literals, classes, repeats of one character, optional parts, alternatives,
groups and `^` of lines.
"""

import re
from collections.abc import Iterator
from re import _parser as parser
from typing import Any

IS = {"CATEGORY_SPACE": str.isspace, "CATEGORY_NOT_SPACE": lambda ch: not ch.isspace()}


def steps(pattern: re.Pattern[str], text: str) -> int:
    """Steps of looking for all matches, one after the other, as `sub` does."""
    matcher, at = _Matcher(text), 0
    operations = list(parser.parse(pattern.pattern, pattern.flags))
    while at <= len(text):
        end = next(matcher.ends(operations, at), at)
        at = max(end, at + 1)
    return matcher.count


class _Matcher:
    def __init__(self, text: str):
        self.text, self.count = text, 0

    def ends(self, operations: list[Any], at: int) -> Iterator[int]:
        """Where a match that begins at a position can end, in the order in which it is tried."""
        self.count += 1
        if not operations:
            yield at
            return
        (kind, what), rest = operations[0], operations[1:]
        if str(kind) == "SUBPATTERN":
            yield from self.ends([*what[3], *rest], at)
        elif str(kind) == "BRANCH":
            for branch in what[1]:
                yield from self.ends([*branch, *rest], at)
        elif str(kind) == "AT":
            if at == 0 or self.text[at - 1] == "\n":
                yield from self.ends(rest, at)
        elif str(kind) == "MAX_REPEAT":
            yield from self._repeated(*what, rest, at)
        elif at < len(self.text) and _fits(kind, what, self.text[at]):
            yield from self.ends(rest, at + 1)

    def _repeated(self, least: int, most: int, inner: Any, rest: list[Any], at: int) -> Iterator[int]:
        if len(inner) > 1 or str(inner[0][0]) == "BRANCH":
            assert (least, most) == (0, 1)
            yield from self.ends([*inner, *rest], at)
            yield from self.ends(rest, at)
            return
        end = at
        while end < len(self.text) and end - at < int(most) and _fits(*inner[0], self.text[end]):
            end += 1
            self.count += 1
        for place in range(end, at + least - 1, -1):
            yield from self.ends(rest, place)


def _fits(kind: Any, what: Any, character: str) -> bool:
    code = ord(character)
    if str(kind) == "LITERAL":
        return code == what
    if str(kind) == "RANGE":
        return what[0] <= code <= what[1]
    if str(kind) == "CATEGORY":
        return IS[str(what)](character)
    assert str(kind) == "IN", kind
    negated = str(what[0][0]) == "NEGATE"
    return negated != any(_fits(*part, character) for part in what[negated:])
