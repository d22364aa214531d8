"""The jinja2 environment that every page of the course is made with, and the small values that templates show.

Autoescape is always on, undefined names are errors, and text goes through `visible` once more on its way in, so that what
comes from a submission stays text even if a record was made by someone else's program.
"""

import os
import re
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from grader.paths import MEMORY
from grader.report import words
from grader.text import visible

HERE = Path(__file__).resolve().parent


def shorten(text: str, lines: int = 60, width: int = 400) -> str:
    """At most `lines` lines of at most `width` characters each, saying how much is left out."""
    rows = text.split("\n")
    kept = [row if len(row) <= width else f"{row[:width]} … {len(row) - width} more characters" for row in rows[:lines]]
    if len(rows) > lines:
        kept.append(f"… {words.plural(len(rows) - lines, 'more line')}")
    return "\n".join(kept)


def anchor(*parts: str) -> str:
    """An id for links within the page, of letters, digits, `-` and `_` alone."""
    return "-".join(re.sub(r"[^A-Za-z0-9_-]", "", part) for part in parts)


def date(iso: str) -> str:
    """`2026-11-23T01:15:46+00:00` -> `23 November 2026, 01:15 UTC`; text that is no date comes back as it is."""
    try:
        moment = datetime.fromisoformat(iso)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment
    except (ValueError, OverflowError):  # the latter for the first and the last day that there is
        return visible(iso)
    return f"{moment:%-d %B %Y, %H:%M} UTC"


def prose(text: str) -> Markup:
    """Text with `code` between backticks, and paragraphs at empty lines; everything is escaped first."""
    parts = re.split(r"\n\s*\n", inline(text))
    return Markup("".join(f"<p>{part.strip()}</p>" for part in parts if part.strip()))


def inline(text: str) -> Markup:
    """One run of text with `code` between backticks; a number such as 1e-06 stays on its line."""
    return Markup(re.sub(r"`([^`\n]{1,400})`", r"<code>\1</code>", str(whole(shorten(visible(text), 40, 2000)))))


def whole(text: str) -> Markup:
    """Text in which a number such as 1e-06 or 97.1 % stays on its line."""
    return Markup(re.sub(r"\b\d[\d.]*(?:e[+-]\d+| %)", r'<span class="whole">\g<0></span>', str(escape(visible(text)))))


@lru_cache
def stylesheet(path: Path) -> Markup:
    """A style sheet of the course, without comments and indentation; trusted, and written without `</`."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL)
    text = "\n".join(line.strip() for line in text.splitlines() if line.strip())
    if "</" in text:
        raise ValueError(f"{path.name} would end its own <style> element")
    return Markup(text)


def _compiled() -> jinja2.BytecodeCache | None:
    """Where compiled templates are kept, which take longer to compile than to fill; None where nothing can be kept."""
    folder = MEMORY / "templates"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return jinja2.FileSystemBytecodeCache(str(folder)) if os.access(folder, os.W_OK) else None


def environment(*folders: Path, **names: object) -> jinja2.Environment:
    """An environment that finds the shared templates, those in `folders`, and the shared style as `css`.

    folders : more folders of templates, looked at first
    names   : more global names for the templates
    """
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader([*map(str, folders), str(HERE / "templates")]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
        bytecode_cache=_compiled(),
    )
    filters = (words.seconds, date, prose, inline, whole, shorten, anchor, words.stage_number)
    made.filters.update({function.__name__: function for function in filters})
    made.globals.update(words=words, plural=words.plural, css=stylesheet(HERE / "style.css"), **names)
    return made
