"""Frames over a socket: the same reading for both ends, who differ in how they wait."""

import socket
import struct
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from grader.worker import wire

_TOGETHER = 64 << 10  # what is smaller goes in one piece: each piece costs a wake-up of the other end


class Closed(Exception):
    """The other end is gone."""


def parts(frame: wire.Frame) -> Iterator[Any]:
    """The bytes of a frame, in few pieces."""
    first = wire.header_of(frame) + frame.structure
    if len(first) + sum(map(len, frame.buffers)) > _TOGETHER:
        yield first
        yield from frame.buffers
    else:
        yield b"".join([first, *frame.buffers]) if frame.buffers else first


class Reader:
    """Cuts a stream of bytes into frames.

    receive_into : (view, what it was given) -> number of bytes put there, at least one; raises at the end of the stream
    """

    def __init__(self, receive_into: Callable[[memoryview, Any], int]):
        self.receive_into = receive_into
        self.buffer = memoryview(bytearray(_TOGETHER))
        self.start = self.end = 0

    def frame(self, context: Any = None) -> wire.Frame:
        """The next frame.

        raises : WireError before memory is set aside for one that is too large
        """
        structure, count = wire.HEADER.unpack(self._bytes(wire.HEADER.size, context))
        wire.check_lengths(structure, [0] * min(count, wire.MAX_BUFFERS + 1))
        if not count:
            return wire.Frame(self._bytes(structure, context), [])
        lengths = struct.unpack(f"<{count}Q", self._bytes(8 * count, context))
        wire.check_lengths(structure, list(lengths))
        body = self._bytes(structure, context)
        return wire.Frame(body, [self._exactly(length, context) for length in lengths])

    def _bytes(self, size: int, context: Any) -> bytes:
        """That many bytes; most messages are here in one piece."""
        if self.end - self.start < size:
            return bytes(self._exactly(size, context))
        self.start += size
        return bytes(self.buffer[self.start - size : self.start])

    def _exactly(self, size: int, context: Any) -> np.ndarray:
        """That many bytes, in memory that nobody else has: an array of the message lies in it."""
        data = np.empty(size, np.uint8)
        view, have = data.data, 0
        while have < size:
            if self.start == self.end and size - have >= _TOGETHER:
                have += self.receive_into(view[have:], context)
                continue
            if self.start == self.end:
                self.start, self.end = 0, self.receive_into(self.buffer, context)
            taken = min(size - have, self.end - self.start)
            view[have : have + taken] = self.buffer[self.start : self.start + taken]
            have, self.start = have + taken, self.start + taken
        return data


def blocking_reader(connection: socket.socket) -> Reader:
    """For a worker, who has nothing else to do than wait."""

    def receive_into(view: memoryview, _context: Any) -> int:
        got = connection.recv_into(view)
        if got == 0:
            raise Closed
        return got

    return Reader(receive_into)


def send(connection: socket.socket, frame: wire.Frame) -> None:
    """Send one frame, however long it takes."""
    for part in parts(frame):
        connection.sendall(part)
