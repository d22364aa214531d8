"""Frames over a socket: the same reading for both ends, who differ in how they wait."""

import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

import numpy as np

from grader.worker import bounds, wire

_TOGETHER = 64 << 10  # what is smaller goes in one piece: each piece costs a wake-up of the other end
_HEADER = struct.Struct("<II")  # bytes of structure, number of buffers; then 8 bytes for the length of each buffer


class Closed(Exception):
    """The other end is gone."""


def parts(frame: wire.Frame) -> Iterator[wire.Buffer]:
    """The bytes of a frame, in few pieces."""
    lengths = [len(buffer) for buffer in frame.buffers]
    header = _HEADER.pack(len(frame.structure), len(lengths)) + struct.pack(f"<{len(lengths)}Q", *lengths)
    first = header + frame.structure
    if len(first) + sum(lengths) > _TOGETHER:
        yield first
        yield from frame.buffers
    else:
        yield b"".join([first, *frame.buffers]) if frame.buffers else first


def check_lengths(structure: int, lengths: Sequence[int], most: int) -> None:
    """Refuse a frame by its header, before memory is set aside for it; `most` bytes of arrays."""
    if structure > bounds.MAX_STRUCTURE or len(lengths) > bounds.MAX_BUFFERS or sum(lengths) > most:
        raise wire.WireError("a message that is too large")


Context = TypeVar("Context")


class Reader(Generic[Context]):
    """Cuts a stream of bytes into frames.

    receive_into : (view, what it was given) -> number of bytes put there, at least one; raises at the end of the stream
    most         : bytes of the arrays of a frame
    """

    def __init__(self, receive_into: Callable[[memoryview, Context], int], most: int):
        self.receive_into, self.most = receive_into, most
        self.buffer = memoryview(bytearray(_TOGETHER))
        self.start = self.end = 0

    def frame(self, context: Context) -> wire.Frame:
        """The next frame; raises WireError before memory is set aside for one that is too large."""
        structure, count = _HEADER.unpack(self._bytes(_HEADER.size, context))
        check_lengths(structure, [0] * min(count, bounds.MAX_BUFFERS + 1), self.most)
        lengths = struct.unpack(f"<{count}Q", self._bytes(8 * count, context))
        check_lengths(structure, lengths, self.most)
        body = self._bytes(structure, context)
        return wire.Frame(body, [self._exactly(length, context) for length in lengths])

    def _bytes(self, size: int, context: Context) -> bytes:
        """That many bytes; most messages are here in one piece."""
        if self.end - self.start < size:
            return bytes(self._exactly(size, context))
        self.start += size
        return bytes(self.buffer[self.start - size : self.start])

    def _exactly(self, size: int, context: Context) -> memoryview:
        """That many bytes, in memory that nobody else has: an array of the message lies in it."""
        view, have = np.empty(size, np.uint8).data, 0
        while have < size:
            if self.start == self.end and size - have >= _TOGETHER:
                have += self.receive_into(view[have:], context)
                continue
            if self.start == self.end:
                self.start, self.end = 0, self.receive_into(self.buffer, context)
            taken = min(size - have, self.end - self.start)
            view[have : have + taken] = self.buffer[self.start : self.start + taken]
            have, self.start = have + taken, self.start + taken
        return view


def blocking_reader(connection: socket.socket) -> Reader[None]:
    """For a worker, who has nothing else to do than wait."""

    def receive_into(view: memoryview, _context: None) -> int:
        got = connection.recv_into(view)
        if got == 0:
            raise Closed
        return got

    return Reader(receive_into, bounds.MAX_SENT)


def send(connection: socket.socket, frame: wire.Frame) -> None:
    """Send one frame, however long it takes."""
    for part in parts(frame):
        connection.sendall(part)
