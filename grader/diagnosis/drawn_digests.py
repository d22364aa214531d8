"""What of drawn answers does not depend on the draw, as digests: `random_draws` for who holds only one side's answers.

Of other code only the state of each feature is known: its digest if it is the same in all draws, the number itself if it
is a spread, otherwise that it changes, and whether it sometimes is as the right code's always is.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest

from grader.diagnosis.digests import Digest, digest
from grader.diagnosis.random_draws import Draws, alike, ever, steady, takes_few_values
from grader.diagnosis.same_answers import ALL_OF_HISTORY, TRAINING, VALIDATION_ONLY, Answer, Answers, readings

ABSENT = "-"  #: no answer has this feature
CHANGES = "?"  #: it changes from draw to draw, and is never as the right code's
MEETS = "!"  #: it changes, and in some draw is as the right code's always is
#: What many features are: where nothing is told of them, they are so.
_USUAL = {"constant": str(digest(False)), "columns": str(digest(False)), "sign": str(digest((False, False))), "sorted": CHANGES}
_NO_DIGEST = (ABSENT, CHANGES, MEETS)
_NOTHING, _MOST = ord("0"), 60  #: a letter counts what a name shares with the one before it

Features = Mapping[str, str]  #: name -> state: a digest, a spread such as "~0.1", or one of the above
Seen = Digest | float | None  #: a feature of one draw


def packed(features: Features) -> str:
    """As a text: of each name what it does not share with the one before it, and its state, but that it changes."""
    parts, last = [], ""
    for name in sorted(features):
        same = next(k for k, (a, b) in enumerate(zip_longest(last, name)) if a != b or k == _MOST)
        parts.append(f"{chr(_NOTHING + same)}{name[same:]} {features[name]}".removesuffix(f" {CHANGES}"))
        last = name
    return "|".join(parts)


def unpacked(text: str) -> Features:
    """The inverse of `packed`."""
    found, name = {}, ""
    for part in filter(None, text.split("|")):
        own, _, state = part.partition(" ")
        name = name[: ord(own[0]) - _NOTHING] + own[1:]
        found[name] = state or CHANGES
    return found


def plain(given: Answers) -> list[Answer]:
    """The answers of which features are made: where a check trains, without how the history was read."""
    if not any(answer[:2] == ("call", TRAINING) for answer in given):
        return list(given)
    return [answer for answer, reading in zip(given, readings(given)) if not reading]


def states(draws: Draws, right: Features | None = None) -> dict[str, str]:
    """The state of every feature of some code.

    right : the states of the right code; without them, `draws` is the right code's
    """
    names = {name for draw in draws for name in draw} | set(right or ())
    return {name: _state(name, _seen(name, draws), (right or {}).get(name, ABSENT)) for name in sorted(names)}


def told_apart(found: Features, right: Features, length: int) -> dict[str, str]:
    """Of some code's states those that have to be told: not as the right code's, and no part of a value that is known.

    right  : of the right code, or nothing for what it says itself
    length : how many answers the code gave: of later ones it has no feature
    """
    told = {name: state for name, state in found.items() if state != _of(name, right, {}, None)}
    return {name: state for name, state in told.items() if not (_beyond(name, length) or _implied(name, found, {}))}


def agrees_with(draws: Draws, told: Features, right: Features, much: int, length: int | None = None) -> bool:
    """`random_draws.agree` for a submission and known code: have they all in common that does not change?

    told   : from `told_apart`; where it says nothing, the code is as the right code
    right  : of the right code
    much   : how much of what train returns is compared
    length : how many answers the code gave; None for the right code's number
    """
    names = {name for draw in draws for name in draw} | set(told) | set(right)
    free = _free(draws, much)
    return all(
        _agree_in(name, draws, _of(name, told, right, length), _of(name, right, {}, None))
        for name in names
        if not (_implied(name, told, right) or (free and free.match(name)))
    )


def shows_more(draws: Draws, right: Features, equal: Sequence[int], much: int) -> bool:
    """`random_draws.shows`: whether something that both answered tells a submission from the right code.

    equal : which of the right code's arrays are equal to which, if that is the same in all draws
    """
    free = _free(draws, much)
    shared = {name: _of(name, right, {}, None) for name in draws[0] if not (free and free.match(name))}
    most = min(len(equal), *(len(draw["equal"]) for draw in draws))
    if any(draw["equal"][:most] != list(equal[:most]) for draw in draws):
        return True
    # Of what takes few values, and changes in the right code, it may be by chance that it is always the same here.
    doubt = {name for name, state in shared.items() if state == CHANGES and takes_few_values(draws[0][name])}
    own = {n: shared[n] for n in shared.keys() - doubt - {"questions", "equal"} if shared[n] != ABSENT}
    return not all(_agree_in(name, draws, state, state) for name, state in own.items())


def _free(draws: Draws, much: int) -> re.Pattern[str] | None:
    """The names of features that are not compared: of a history, the training set's or all."""
    if much == ALL_OF_HISTORY:
        return None
    histories = "|".join(str(k) for k, asked in enumerate(draws[0]["questions"]) if asked == ("call", TRAINING))
    return re.compile(rf"({histories})\b" + (r"(?!\.val_(loss|acc)\b)" if much == VALIDATION_ONLY else ""))


def _of(name: str, told: Features, right: Features, length: int | None) -> str:
    """The state of one feature of known code."""
    if length is not None and _beyond(name, length):
        return ABSENT
    return told.get(name) or right.get(name) or _USUAL.get(name.rpartition("/")[2], ABSENT)


def _beyond(name: str, length: int) -> bool:
    number = re.match(r"\d+", name)
    return number is not None and int(number[0]) >= length


def _implied(name: str, told: Features, right: Features) -> bool:
    """Whether a feature belongs to a value that is the same in all draws, or to a part of one, and so says nothing more.

    Of a dict, which may be a history, every part counts.
    """
    whole, _, what = name.rpartition("/")
    # Where the names of what it is part of end, and its own: 12[3].x -> 12, 12[3], 12[3].x.
    ends = [*(k for k, letter in enumerate(whole) if letter in "[." and k), len(whole)]
    owners = [whole[:end] for end in ends if what != "value" or end < len(whole)]
    return any(
        _of(f"{owner}/keys", told, right, None) == ABSENT
        and (told.get(f"{owner}/value") or right.get(f"{owner}/value", CHANGES)) not in (CHANGES, MEETS)
        for owner in owners
    )


def _agree_in(name: str, draws: Draws, told: str, right: str) -> bool:
    own = _seen(name, draws)
    settled = right not in _NO_DIGEST
    constant = steady(name, own), told not in (CHANGES, MEETS)
    if all(constant):
        return alike(name, own[0], _read(told))
    as_right = told == MEETS or alike(name, _read(told), _read(right))
    meets = settled and as_right, settled and ever(name, _read(right), own)
    if any(constant) and not (name == "equal" and settled):
        # What changes in the known code was not kept: that it once was as the submission always is, nobody can tell.
        few = not settled or takes_few_values(draws[0].get(name))
        return constant[1] and few and ever(name, _read(told), own)
    if any(constant):
        return not any(meets)
    return meets[0] == meets[1]


def _seen(name: str, draws: Draws) -> list[Seen]:
    values = [draw.get(name) for draw in draws]
    if name.endswith("/spread"):
        return [value if isinstance(value, float) else None for value in values]
    return [None if value is None else digest(value) for value in values]


def _state(name: str, values: Sequence[Seen], right: str) -> str:
    first = values[0]
    if not steady(name, values):
        return MEETS if right not in _NO_DIGEST and ever(name, _read(right), values) else CHANGES
    return ABSENT if first is None else f"~{first:.6g}" if isinstance(first, float) else str(first)


def _read(state: str) -> Seen:
    if state in _NO_DIGEST:
        return None
    return float(state[1:]) if state[0] == "~" else Digest.read(state)
