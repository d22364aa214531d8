"""How a trained network looks at a text, measured once: `write` does it again."""

import json
from pathlib import Path

import numpy as np

STORED = Path(__file__).with_name("beginning.json")


def stored() -> tuple[str, list[np.ndarray]]:
    """The text, and for each head the weights (T, T)."""
    told = json.loads(STORED.read_text("utf-8"))
    return told["text"], [np.array(head) for head in told["heads"]]


def write(text: str, heads: list[np.ndarray]) -> None:
    """Keep two decimals of each weight."""
    rounded = [np.round(head, 2).tolist() for head in heads]
    STORED.write_text(json.dumps({"text": text, "heads": rounded}) + "\n", "utf-8")
