"""A verb of the command line, asked in this process."""

import contextlib
import io
from typing import NamedTuple

import pytest

from grader import cli


class Said(NamedTuple):
    exit_code: int
    output: str


def asked(*words: object) -> Said:
    """What `python -m grader` says to these words, on both streams, and its exit status."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output), pytest.raises(SystemExit) as end:
        cli.main([str(word) for word in words])
    return Said(end.value.code or 0, output.getvalue())
