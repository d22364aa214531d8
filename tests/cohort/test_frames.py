"""What a driver hears of a grading process: whole messages, in time, of a bounded size."""

import time
from multiprocessing.connection import Pipe

import pytest

from grader.cohort import frames


@pytest.fixture
def ends():
    ours, theirs = Pipe()
    with ours, theirs:
        yield ours, theirs


def test_a_message_comes_as_it_was_sent(ends):
    frames.send(ends[1], frames.StageBegun("01_linear"))
    assert frames.receive_message(ends[0], time.monotonic() + 60) == frames.StageBegun("01_linear")


def test_silence_ends_at_the_deadline_and_a_closed_channel_at_once(ends):
    with pytest.raises(TimeoutError):
        frames.receive_message(ends[0], time.monotonic() - 1)
    ends[1].close()
    with pytest.raises(EOFError):
        frames.receive_message(ends[0], time.monotonic() + 60)


def test_a_frame_beyond_the_bound_is_never_read(ends, monkeypatch):
    monkeypatch.setattr(frames, "_MOST_BYTES", 8)
    frames.send(ends[1], frames.StageBegun("01_linear"))
    with pytest.raises(OSError, match="length"):
        frames.receive_message(ends[0], time.monotonic() + 60)
