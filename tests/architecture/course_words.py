"""How often each file of the engine uses a word of this one course: the engine should not know what is taught.

    python -m tests.architecture.course_words --write

The counts are kept in course_words.toml, and may only fall.
"""

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.paths import ROOT

ENGINE = ROOT / "grader"
TABLE = Path(__file__).with_suffix(".toml")
#: In code, comments and templates; CSS has a linear-gradient that is no layer.
WORDS = re.compile(r"\b(?:mnist|softmax|mlp|linear(?!-gradient)|digits?)\b", re.IGNORECASE)
REFRESH = "python -m tests.architecture.course_words --write"


def counted(folder: Path) -> dict[str, int]:
    """File below the folder -> how many of the words it holds; a file without any is left out."""
    found = {
        path.relative_to(folder).as_posix(): len(WORDS.findall(path.read_text("utf-8")))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    return {file: count for file, count in found.items() if count}


def differences(now: Mapping[str, int], allowed: Mapping[str, int]) -> Iterator[str]:
    """One sentence for each file that holds more of the words than allowed, or fewer."""
    for file in sorted({*now, *allowed}):
        have, most = now.get(file, 0), allowed.get(file, 0)
        if have > most:
            yield (
                f"{file} says {have} words of this course, {most} are allowed. "
                "Remedy: take them from the course, or say it without them."
            )
        elif have < most:
            yield f"{file} says {have} words of this course and no longer {most}. Remedy: lower the number: {REFRESH}"


def written(table: Mapping[str, int]) -> str:
    """The table as TOML."""
    return "".join(f'"{file}" = {count}\n' for file, count in sorted(table.items()))


def read() -> dict[str, int]:
    """The table as committed."""
    return tomllib.loads(TABLE.read_text("utf-8"))


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        TABLE.write_text(written(counted(ENGINE)), "utf-8")
    else:
        print(*differences(counted(ENGINE), read()), sep="\n")
