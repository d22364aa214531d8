"""A longer fuzz of what the grader does with bytes from a worker: cutting the stream into frames, and decoding them.

    python -m tests.worker.fuzz [--seconds 60]

With atheris (guided by coverage) where it is installed, otherwise by random damage to genuine messages. Anything but a
plain value or a WireError is a failure: the input that caused it is kept by atheris, or printed.
"""

import argparse
import contextlib
import importlib.util
import random
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np

MOST_MEMORY = 400 << 20  #: bytes that decoding one message of at most a megabyte may take


class _End(Exception):
    """There are no more bytes."""


def genuine() -> Iterator[bytes]:
    """Messages as workers send them, as the bytes on the stream."""
    from grader.worker import stream, wire

    values = [
        ["ok", np.arange(12.0).reshape(3, 4)],
        ["ok", [np.float32(1), (1, 2j, {3}), {"a": [None, True, 1 << 80, b"x", "é"]}, np.ones((2, 0), np.int8).T]],
        ["ok", np.arange(24).reshape(4, 6)[:, ::2]],
        ["error", {"kind": "error", "mro": ["ValueError"], "message": "m", "frames": [["losses", 3, "f"]]}],
        ["error", {"span": [3, 3, 4, 9], "seen": [["self.x", "ndarray", [5, 4]]], "holds": [["W", "list", [2]]]}],
        ["callback", 1, [np.ones(3)], {"x": 1}],
        ["ok", object()],
    ]
    for value in values:
        frame = wire.encode(value, lambda thing: wire.Reference(1, type(thing).__name__, "m", True))
        yield b"".join(bytes(part) for part in stream.parts(frame))


def one(data: bytes) -> bool:
    """Read all frames from some bytes; whether they were let through.

    raises : whatever must not be raised
    """
    from grader.worker import bounds, stream, wire

    position = 0

    def receive_into(view: memoryview, _context: object) -> int:
        nonlocal position
        piece = data[position : position + min(len(view), 7)]  # in small pieces, as a network might
        if not piece:
            raise _End
        view[: len(piece)] = piece
        position += len(piece)
        return len(piece)

    reader = stream.Reader(receive_into, bounds.MAX_ANSWER)
    through = False
    with contextlib.suppress(_End, wire.WireError):
        while True:
            value = wire.decode(reader.frame(None), lambda pointer: pointer)
            repr(value)[:100]
            through = True
    return through


def by_damage(seconds: float) -> None:
    """Without atheris: change, drop and repeat bytes of genuine messages."""
    chance, originals, end = random.Random(0), list(genuine()), time.monotonic() + seconds
    rounds = through = 0
    while time.monotonic() < end:
        data = bytearray(chance.choice(originals))
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(data))
            match chance.randrange(3):
                case 0:
                    data[at] = chance.randrange(256)
                case 1:
                    del data[at : at + chance.randint(1, 4)]
                case 2:
                    data[at:at] = data[at : at + chance.randint(1, 9)] * chance.randint(1, 50)
            data = data or bytearray(1)
        try:
            through += one(bytes(data))
        except BaseException:
            print("input:", bytes(data).hex())
            raise
        rounds += 1
    print(f"{rounds:,} damaged messages: {through:,} let through as plain values, the others refused, nothing else raised")


def widest() -> None:
    """The most that a message of the largest allowed size takes while it is read."""
    from grader.worker import bounds, wire

    for byte in (b"\x90", b"\x80", b"\xc0", b"\x91"):
        body = b"\xdd" + (bounds.MAX_STRUCTURE - 5).to_bytes(4, "big") + byte * (bounds.MAX_STRUCTURE - 5)
        tracemalloc.start()
        with contextlib.suppress(wire.WireError):
            wire.decode(wire.Frame(body, []))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < MOST_MEMORY, f"{peak:,} bytes"
        print(f"a megabyte of {byte.hex()}: {peak >> 20} MB")


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60)
    seconds = parser.parse_args().seconds
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed (pip install atheris): random damage instead")
        widest()
        by_damage(seconds)
        return 0
    import atheris

    with atheris.instrument_imports(include=["grader.worker"]):  # before anything else imports them
        from grader.worker import stream, wire  # noqa: F401
    widest()
    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(genuine()):
            (Path(folder) / str(number)).write_bytes(data)
        atheris.Setup([sys.argv[0], folder, f"-max_total_time={seconds}", "-max_len=4096", "-rss_limit_mb=2048"], one)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
