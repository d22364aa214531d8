"""What a grading process and its driver say to each other: length-prefixed msgpack over a socket. Both sides are ours."""

import select
import socket
import struct
import time

import msgspec

from grader.cohort.work import GradeDone

_MOST = 1 << 30


class Hello(msgspec.Struct, tag=True):
    """The child is ready; `course` is its fingerprint."""

    course: str


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


def receive_message(channel: socket.socket, deadline: float) -> Message:
    """The child's next message. Raises as `receive` does."""
    return msgspec.msgpack.decode(receive(channel, deadline), type=Message)


def send(channel: socket.socket, data: bytes) -> None:
    """One frame."""
    channel.sendall(struct.pack("<Q", len(data)) + data)


def receive(channel: socket.socket, deadline: float | None) -> bytes:
    """One frame. Raises EOFError at the end, TimeoutError at the deadline (of time.monotonic)."""
    (size,) = struct.unpack("<Q", _exactly(channel, 8, deadline))
    if size > _MOST:
        raise EOFError("no frame of ours")
    return _exactly(channel, size, deadline)


def _exactly(channel: socket.socket, size: int, deadline: float | None) -> bytes:
    buffer = bytearray()
    while len(buffer) < size:
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([channel], [], [], left)[0]:
                raise TimeoutError
        chunk = channel.recv(min(1 << 20, size - len(buffer)))
        if not chunk:
            raise EOFError
        buffer += chunk
    return bytes(buffer)
