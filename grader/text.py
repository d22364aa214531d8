"""Text from elsewhere, made safe to print, to log and to put on a page: one table of what a reader would not see.

There are two ways to show what the table holds: `clean` puts a sign in its place, for terminals, results and exports;
`visible` writes it out, for pages.
"""

import re

MAX_OUTPUT = 64 << 10  # characters of one call's output that are kept

#: Variation selectors only choose between forms of the character before: left out, nothing is lost. Rows of them hide data.
FORMS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]+")
#: Whatever else shows nothing, or changes how the text around it shows: control characters but for tab and newline, line
#: separators, lone surrogates, noncharacters, annotations, and Unicode's Default_Ignorable_Code_Point, which has the
#: directions of writing, the spaces without width and the tags, an invisible ASCII.
HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)
#: What a terminal takes as an order to it.
ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
#: `::error::` at the start of a line is a command to a CI service that reads the log; so is `##[...]`.
#: The blanks before it are of that line: over line ends, many empty lines would take quadratic time.
COMMANDS = re.compile(r"^([^\S\n]*)(::|##\[)", re.MULTILINE)
#: Accents piled so high that they would cover the lines around.
_ACCENT = "[\u0300-\u034e\u0350-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
PILED = re.compile(f"({_ACCENT}{{3}}){_ACCENT}+")


def clean(text: str, limit: int | None = 2000) -> str:
    """Text without terminal escapes and CI commands, each hidden character replaced, at most `limit` characters of it."""
    cut = limit is not None and len(text) > limit
    if text.isascii() and text.isprintable() and not cut and not text.lstrip().startswith(("::", "##[")):
        return text  # as most are
    text = text[: limit + 200] if limit is not None else text
    text = FORMS.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    text = HIDDEN.sub("\N{REPLACEMENT CHARACTER}", ESCAPES.sub("", text))
    text = COMMANDS.sub(lambda match: match[1] + " ".join(match[2]), text)
    return text[:limit] + (" [...]" if cut else "")


def clean_output(text: str) -> str:
    """Printed output as it may be shown and kept."""
    return clean(text, MAX_OUTPUT)


def clean_name(text: str, limit: int = 80) -> str:
    """A name on one line."""
    return " ".join(clean(text, limit).split())


def visible(text: object) -> str:
    """Text that shows what it holds: hidden characters become `\\x1b`-like escapes."""
    text = FORMS.sub("", str(text)).replace("\r\n", "\n")
    return HIDDEN.sub(lambda found: _written(ord(found.group())), PILED.sub(r"\1…", text))


def _written(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
