"""Golden files: what an export wrote once, read by a human, and must write again.

`python -m tests.export.golden` writes them anew from the samples; look at the difference before you commit it.
"""

import sys
from pathlib import Path

import msgspec

from grader.cohort import tables
from grader.course.policy import Policy
from grader.export import FORMATS, write
from tests.export import samples

FOLDER = Path(__file__).with_name("golden")


def contents() -> dict[str, bytes]:
    """File name -> what the exports make of the samples."""
    policy = Policy()
    grades = [
        samples.grade(
            "ann", 93.5, name="Ann Öz", stages={"01_linear": 10.0}, mistakes=["Sum instead of the mean"], digest="a" * 64
        ),
        samples.grade("=cmd()", 0.0, "submission", name="-Eve", reason="the archive is damaged\n(really)"),
        samples.grade("zoe", 0.0, "missing", reason="nothing was handed in", attempts=0),
    ]
    return {
        **{form.file: encoded(write(name, samples.report(), policy)) for name, form in FORMATS.items()},
        "grades.csv": tables.table(grades, ["01_linear", "03_softmax"]).encode(),
        "grades.jsonl": msgspec.json.Encoder().encode_lines(grades),
    }


def encoded(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


if __name__ == "__main__":
    for name, content in contents().items():
        (FOLDER / name).write_bytes(content)
        sys.stdout.write(f"{FOLDER / name}\n")
