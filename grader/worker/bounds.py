"""How much may come from a worker: the bytes, the items and the work of every message, each bound with its reason.

Over all checks, the reference's largest answer has 1 MB of arrays and 800 bytes beside them, and no check has 4 MB of answers:
right code stays far below each. No check asks for more. What a submission's files, its prints and its texts may
have stands in `grader.submission` and `grader.text`, an upload's in `grader.cohort.archive`.
"""

from typing import NamedTuple

import msgspec

#: Bytes of a message beside its arrays. Read, a hostile megabyte takes 70 MB; a hostile 256 MB would take 18 GB.
MAX_STRUCTURE = 1 << 20
#: Bytes of the arrays of a message to a worker: the training images, in float64, have 125 MB.
MAX_SENT = 256 << 20
#: Bytes of the arrays of a message from a worker, as the grader comes to hold them (`WEIGHT`, and an array with gaps twice).
MAX_ANSWER = 64 << 20
#: Of all answers of a check together, each array twice: the check may keep them all, and one with gaps is held twice.
MAX_CHECK = 128 << 20
#: Bytes that each byte of a message beside its arrays may take once it is read: a short text takes 50, its code 3.
UNFOLDED = 20
#: Bytes that an entry of an array is counted for at least: whoever compares it makes float64 of it.
WEIGHT = 8
#: Of those answers that the transcript of a check keeps: it lasts as long as the grade, if the check fails.
MAX_KEPT = 8 << 20
#: Arrays of a message: each takes an object and a piece of memory of its own.
MAX_BUFFERS = 10_000
#: Lists in lists: below Python's own limit on recursion, whoever goes through them.
MAX_DEPTH = 48
#: Parts of a message but numbers and texts: a small list that holds another twice, and so on, is exponentially large.
MAX_NODES = 200_000
#: Keys and items of all dicts and sets of a message: who knows how Python hashes can make any two of them collide.
MAX_KEYS = 1000
#: Objects that a message leaves in the worker: each is a proxy here, and a number to send when it is let go.
MAX_REFERENCES = 2000
#: Numbers of objects that are let go with one message; the others wait for the next.
MAX_RELEASED = 10_000
#: Bytes of one whole number: twenty times what any seed has.
MAX_BIGINT = 1024
#: Calls of the grader's functions during a check: the numerical gradients of the checks need a few thousand.
MAX_CALLBACKS = 100_000
#: Calls of the grader's functions inside one another.
MAX_NESTED = 32
#: Bytes that a worker may print for one check: a page of text for each of a thousand batches.
MAX_PRINTED = 8 << 20


class TimeLimits(NamedTuple):
    """Wall-clock seconds, measured in the trusted process while it waits for the worker."""

    call: float = 5.0  #: for each call
    check: float = 60.0  #: for all calls of a check together


USUAL = TimeLimits()  #: for who has no limits of their own


class WireError(Exception):
    """What arrived is not a message of ours, or what should be sent is too large for one."""


class Budget(msgspec.Struct):
    """How much there is of a message so far. Whatever goes beyond a bound raises WireError.

    most : bytes of its arrays
    """

    most: int
    parts: int = 0
    keys: int = 0
    references: int = 0
    bytes: int = 0

    def part(self) -> None:
        self.parts += 1
        if self.parts > MAX_NODES:
            raise WireError("a value of too many parts")

    def more_keys(self, count: int) -> None:
        self.keys += count
        if self.keys > MAX_KEYS:
            raise WireError(f"dicts and sets of more than {MAX_KEYS:,} keys")

    def reference(self) -> None:
        self.references += 1
        if self.references > MAX_REFERENCES:
            raise WireError(f"more than {MAX_REFERENCES:,} objects")

    def array(self, size: int, item: int, twice: bool) -> None:
        self.bytes += size * max(item, WEIGHT) * (1 + twice)
        if self.bytes > self.most:
            raise WireError(f"arrays of more than {self.most >> 20} MB")
