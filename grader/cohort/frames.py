"""What a grading process and its driver say to each other: msgpack in the frames of a `Connection`, never a pickle."""

import time
from multiprocessing.connection import Connection

import msgspec

from grader.cohort.work import GradeDone

_MOST_BYTES = 1 << 30  #: of one frame


class Hello(msgspec.Struct, tag=True):
    """The child is ready."""

    course: str  #: fingerprint of what it grades by


class StageBegun(msgspec.Struct, tag=True):
    """The child is at that stage of its submission."""

    stage: str


class Finished(msgspec.Struct, tag=True):
    """An order is done."""

    done: GradeDone


class Broken(msgspec.Struct, tag=True):
    """The child cannot grade anything: the course itself is at fault."""

    reason: str


Message = Hello | StageBegun | Finished | Broken


def send(channel: Connection, content: object) -> None:
    """One frame."""
    channel.send_bytes(msgspec.msgpack.encode(content))


def receive(channel: Connection) -> bytes:
    """One frame. Raises EOFError at the end; OSError if it is longer than a frame of ours can be."""
    return channel.recv_bytes(_MOST_BYTES)


def receive_message(channel: Connection, deadline: float) -> Message:
    """The child's next message. Raises as `receive` does, and TimeoutError if none begins before time.monotonic() is there."""
    if not channel.poll(max(0.0, deadline - time.monotonic())):
        raise TimeoutError
    message: Message = msgspec.msgpack.decode(receive(channel), type=Message)
    return message
