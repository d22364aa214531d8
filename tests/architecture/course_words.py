"""Where the engine says a word of the course in this checkout: it should not know what is taught.

Exceptions stand in course_words.toml, each with its reason.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.paths import ROOT

ENGINE = ROOT / "grader"
TABLE = Path(__file__).with_suffix(".toml")
MOST = 10  #: exceptions
#: In code, comments and templates. Linear and He are a class and an initialisation; a linear map or a pronoun is neither.
WORDS = re.compile(r"\b(?:(?i:mnist|softmax|mlp|relu|cross[- ]entropy|handwrit\w+|digits? (?:class|image)\w*)|Linear|He)\b")


def said(folder: Path) -> dict[str, list[str]]:
    """File below the folder -> the words that it holds; a file without any is left out."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    found = {path.relative_to(folder).as_posix(): WORDS.findall(path.read_text("utf-8")) for path in files}
    return {file: words for file, words in found.items() if words}


def problems(now: Mapping[str, list[str]], exceptions: Mapping[str, str]) -> Iterator[str]:
    """One sentence for each file that says such a word without being an exception, and for each exception that is none."""
    for file in sorted(now.keys() - exceptions.keys()):
        yield f"{file} says {', '.join(sorted({*now[file]}))}. Remedy: take it from the course, or say it without."
    for file, reason in exceptions.items():
        if file not in now:
            yield f"{file} says no word of this course any more. Remedy: remove its line from {TABLE.name}."
        elif len(reason.split()) < 3:
            yield f"{file} has no reason in {TABLE.name}. Remedy: give one."
    if len(exceptions) > MOST:
        yield f"{TABLE.name} has {len(exceptions)} exceptions, and {MOST} are allowed. Remedy: mend one of them."


def read() -> dict[str, str]:
    """The exceptions as committed: file -> reason."""
    return tomllib.loads(TABLE.read_text("utf-8"))
