"""Frames over a socket, for the worker's end: blocking, and nothing but bytes."""

import socket
import struct

import numpy as np

from grader.worker import wire


class Closed(Exception):
    """The other end is gone."""


def send(connection: socket.socket, frame: wire.Frame) -> None:
    """Send one frame."""
    connection.sendall(wire.header_of(frame) + frame.structure)
    for buffer in frame.buffers:
        connection.sendall(buffer)


def receive(connection: socket.socket) -> wire.Frame:
    """Wait for one frame.

    raises : Closed at the end of the stream
    """
    structure, count = wire.HEADER.unpack(_exactly(connection, wire.HEADER.size))
    lengths = struct.unpack(f"<{count}Q", _exactly(connection, 8 * count))
    wire.check_lengths(structure, list(lengths))
    body = bytes(_exactly(connection, structure))
    return wire.Frame(body, [_exactly(connection, length) for length in lengths])


def _exactly(connection: socket.socket, size: int) -> np.ndarray:
    """That many bytes, in memory that nobody else has: an array of the message lies in it."""
    data = np.empty(size, np.uint8)
    view, have = memoryview(data), 0
    while have < size:
        got = connection.recv_into(view[have:])
        if got == 0:
            raise Closed
        have += got
    return data
