"""Text that came from a learner's code, made safe to print, to log and to put on a page."""

import re

MAX_OUTPUT = 64 << 10  # characters of one call's output that are kept

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
# Control characters but tab and newline, bidirectional overrides and marks, zero-width and line separators, surrogates.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
# `::error::` at the start of a line is a command to a CI service that reads the log; so is `##[...]`.
# The blanks before it are of that line: over line ends, many empty lines would take quadratic time.
_COMMANDS = re.compile(r"^([^\S\n]*)(::|##\[)", re.MULTILINE)


def clean(text: str, limit: int = 2000) -> str:
    """One text without escapes, control or bidirectional characters or CI commands, at most `limit` characters."""
    cut = len(text) > limit
    text = text[: limit + 200].replace("\r\n", "\n").replace("\r", "\n")
    text = _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", _ESCAPES.sub("", text))
    text = _COMMANDS.sub(lambda match: match[1] + " ".join(match[2]), text)
    return text[:limit] + (" [...]" if cut else "")


def clean_output(text: str) -> str:
    """Printed output as it may be shown and kept."""
    return clean(text, MAX_OUTPUT)


def clean_name(text: str, limit: int = 80) -> str:
    """A name on one line."""
    return " ".join(clean(text, limit).split())
