"""Which submissions share unusual code: a place to look, never a verdict.

Each submission becomes a set of fingerprints: runs of tokens with names, numbers and comments taken out, of which every
window keeps its least hash ("winnowing", Schleimer, Wilkerson and Aiken 2003), so that renaming and reordering of
functions change nothing. What the skeleton gives, and what many of a class write alike, says nothing and is left out.
An index from fingerprint to submissions compares only those that share something rare: the time grows with the class,
not with its square.

Ready-made tools were weighed: copydetect winnows too, but compares every pair (half a million for a thousand submissions)
and each file with each; parsers by tree-sitter add a compiled grammar for what Python's own tokenizer does here.
"""

import io
import keyword
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from hashlib import blake2b

from msgspec import Struct

RUN = 14  #: tokens in one fingerprint
WINDOW = 8  #: of so many neighbours one is kept
_MOST_TOKENS = 60_000
_NUMPY = """np numpy self sum mean exp log max min maximum zeros ones zeros_like ones_like sqrt shape dot einsum where
    range len normal standard_normal uniform permutation shuffle T argmax arange copy reshape append reversed zip
    enumerate isinstance float int abs keepdims axis ndindex nditer nonzero astype item empty_like full"""
_KNOWN_NAMES = frozenset(_NUMPY.split())


class Pair(Struct, frozen=True):
    """Two submissions and how much of the smaller one's own code the other shares."""

    one: str
    other: str
    percent: int
    shared: int  #: fingerprints


def fingerprints(files: Mapping[str, bytes]) -> frozenset[int]:
    """The fingerprints of a submission's Python files; a file that is not Python has none."""
    found: set[int] = set()
    for path in sorted(files):
        found |= _winnow(_tokens(files[path]))
    return frozenset(found)


def similar(
    prints: Mapping[str, frozenset[int]],
    given: frozenset[int] = frozenset(),
    *,
    least_percent: int = 60,
    least_shared: int = 8,
    most_common: float = 0.02,
    most_pairs: int = 60,
) -> list[Pair]:
    """The pairs that share most, most telling first.

    prints      : submission -> its fingerprints
    given       : fingerprints of the skeleton
    most_common : a fingerprint in more than this share of the class (and in more than 3) is common knowledge
    """
    holders: defaultdict[int, list[str]] = defaultdict(list)
    for name in sorted(prints):
        for mark in prints[name] - given:
            holders[mark].append(name)
    limit = max(3, round(most_common * len(prints)))
    own: Counter[str] = Counter()
    shared: Counter[tuple[str, str]] = Counter()
    for names in holders.values():
        if len(names) > limit:
            continue
        own.update(names)
        for place, one in enumerate(names):
            for other in names[place + 1 :]:
                shared[one, other] += 1
    pairs = []
    for (one, other), count in shared.items():
        percent = round(100 * count / min(own[one], own[other]))
        if percent >= least_percent and count >= least_shared:
            pairs.append(Pair(one, other, percent, count))
    return sorted(pairs, key=lambda pair: (-pair.percent, -pair.shared, pair.one, pair.other))[:most_pairs]


def _tokens(source: bytes) -> list[str]:
    """Tokens as they count: keywords, operators and the course's usual names as they are, the rest by kind."""
    kept: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source.decode("utf-8", "replace")).readline):
            if token.type == tokenize.OP:
                kept.append(token.string)
            elif token.type == tokenize.NAME:
                known = keyword.iskeyword(token.string) or token.string in _KNOWN_NAMES
                kept.append(token.string if known else "n")
            elif token.type == tokenize.NUMBER:
                kept.append("1")
            if len(kept) >= _MOST_TOKENS:
                break
    except (SyntaxError, tokenize.TokenError, ValueError, RecursionError):
        pass  # what was read up to there still counts
    return kept


def _winnow(tokens: list[str]) -> set[int]:
    if len(tokens) < RUN:
        return set()
    hashes = [_hash(tokens[i : i + RUN]) for i in range(len(tokens) - RUN + 1)]
    return {min(hashes[i : i + WINDOW]) for i in range(max(1, len(hashes) - WINDOW + 1))}


def _hash(tokens: Iterable[str]) -> int:
    """The same on every machine and in every process, unlike hash()."""
    return int.from_bytes(blake2b("\0".join(tokens).encode(), digest_size=8).digest(), "big")
