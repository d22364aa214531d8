"""How far a training is, by what it prints."""

import re

#: How learners' loops usually say how far they are: "epoch 3", "Epoch: 3/10", "epoch 3 of 10".
_EPOCH = re.compile(r"\bepochs?\W{0,3}(\d{1,6})(?:\s*(?:/|of)\s*(\d{1,6}))?", re.IGNORECASE)


def last_epoch(text: str) -> tuple[int, int | None] | None:
    """(epoch, of how many if that is said) of the last complete line that names one; None if none does."""
    complete = re.split(r"[\r\n]", text)[:-1]
    found = next((found for line in reversed(complete) if (found := _EPOCH.search(line))), None)
    return None if found is None else (int(found[1]), int(found[2]) if found[2] and int(found[2]) else None)
