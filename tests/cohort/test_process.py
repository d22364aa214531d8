"""What a driver hears of a grading process: whole messages, in time, of a bounded size."""

import time
from multiprocessing.connection import Pipe

import pytest

from grader.cohort import process


@pytest.fixture
def ends():
    ours, theirs = Pipe()
    with ours, theirs:
        yield ours, theirs


def test_a_message_comes_as_it_was_sent(ends):
    process.send(ends[1], process.Said(stage="01_linear"))
    assert process.receive(ends[0], time.monotonic() + 60) == process.Said(stage="01_linear")


def test_silence_ends_at_the_deadline_and_a_closed_channel_at_once(ends):
    with pytest.raises(TimeoutError):
        process.receive(ends[0], time.monotonic() - 1)
    ends[1].close()
    with pytest.raises(EOFError):
        process.receive(ends[0], time.monotonic() + 60)


def test_a_frame_beyond_the_bound_is_never_read(ends, monkeypatch):
    monkeypatch.setattr(process, "_MOST_BYTES", 8)
    process.send(ends[1], process.Said(stage="01_linear"))
    with pytest.raises(OSError, match="length"):
        process.receive(ends[0], time.monotonic() + 60)
