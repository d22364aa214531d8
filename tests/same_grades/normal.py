"""What of a record is of the time and the place of its making, and no part of a grade."""

import re
from html.parser import HTMLParser
from typing import Any

_UNIT = r"(?:µs|ms|s|min|h|seconds?|minutes?|hours?)"
_TIME = rf"\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?[ \xa0]?{_UNIT}\b"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
#: Pattern -> what stands there instead, in this order.
_TEXTS = [
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"/(?:tmp|var/tmp|dev/shm)/[\w./+-]*", "<temporary>"),
        (r"(?<![\w.])(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{12,64}\b", "<hash>"),
        (r"\b0x[0-9a-f]+\b", "<address>"),
        (r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?", "<date>"),
        (rf"\b\d{{1,2}} {_MONTH} \d{{4}}(?:,? (?:at )?\d\d:\d\d)?", "<date>"),
        (rf"(?<![\w.]){_TIME}(?: {_TIME})*", "<time>"),
        (r"\b(calibration\n)[\d.]+", r"\1<number>"),
        (r"(?m)^\d+ of \d+ graded, .*\n", ""),  # how far a class is, every few seconds
        (r"(?<=\.pyc)\.\d+", ".<random>"),
        (r"/proc/\d+", "/proc/<number>"),
        (r"\bgrade-[a-z0-9_]{8}\b", "grade-<random>"),
        (r"\b(pid|process)([ =:]+)\d+\b", r"\1\2<number>"),
        (r"\bgrader/[\w/.-]+\.\w+(?::\d+|\W{1,3}line \d+)?", "<grader's file>"),
        (r"\bgrader(?:\.\w+)+", "<grader's module>"),
        (r"\b(\w+ at )\w+\.py:\d+:", r"\1<grader's file>:"),  # the reason of a grade that the grader itself broke
    )
]
#: Keys of results.json and of the tables -> what stands there instead of any value.
_KEYS = {"seconds": "<time>", "finished": "<date>", "at": "<date>", "key": "<hash>"}
_WRAPPED = ("stdout", "stderr")  #: keys of text for a terminal
_PARAGRAPH = re.compile(r"(?:[^\n]*\S[^\n]*\n)+")
_MARK = re.compile(r"<[a-z' ]+>")
_SHOWN = ("alt", "title", "aria-label", "datetime")  #: attributes whose text people see or hear
_HIDDEN = ("style", "script")


def normal(value: Any) -> Any:
    """A record's value without time and place."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return [normal(item) for item in value]
    if isinstance(value, dict):
        found: dict[str, Any] = {}
        for key, item in value.items():
            name = _text(key)
            while name in found:  # keys that are hashes: their order tells them apart
                name += "'"
            found[name] = _limits(item) if key == "limits" else _KEYS.get(key) or normal(item)
            if key in _WRAPPED:
                found[name] = _PARAGRAPH.sub(_unwrapped, found[name])
        return found
    return value


def _text(text: str) -> str:
    for pattern, instead in _TEXTS:
        text = pattern.sub(instead, text)
    return text


def _unwrapped(paragraph: re.Match[str]) -> str:
    """A paragraph on one line, if it held something that is now left away: its length decided where lines ended."""
    return " ".join(paragraph[0].split()) + "\n" if _MARK.search(paragraph[0]) else paragraph[0]


def _limits(value: Any) -> Any:
    """The limits' names; their numbers follow the machine's speed of that moment."""
    return {key: _limits(item) for key, item in value.items()} if isinstance(value, dict) else "<limit>"


def without_help(value: Any) -> Any:
    """A record without the keys that say what passed with something put in, where nothing did: earlier versions have none."""
    if isinstance(value, list):
        return [without_help(item) for item in value]
    if not isinstance(value, dict):
        return value
    alone = [value.get("points_alone") == value[key] for key in ("raw", "score", "points") if key in value]
    silent = {"points_alone"} if alone[:1] == [True] else set()
    silent |= {"substituted"} if value.get("substituted") == [] else set()
    return {key: without_help(item) for key, item in value.items() if key not in silent}


def page_text(page: str) -> str:
    """What a page says, one piece a line."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return "\n".join(reader.pieces)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._hidden = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden = tag
        self.pieces += [f"{name}: {' '.join(text.split())}" for name, text in attrs if text and name in _SHOWN]

    def handle_endtag(self, tag: str) -> None:
        if tag == self._hidden:
            self._hidden = ""

    def handle_data(self, data: str) -> None:
        if not self._hidden and data.strip():
            self.pieces.append(" ".join(data.split()))
