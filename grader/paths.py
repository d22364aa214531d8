"""Where things are in this checkout: for the verbs and other entry points, which make a `Course` of them."""

import os
from pathlib import Path

#: The folder that contains this package: where a child process finds it, and what came with it.
ENGINE = Path(__file__).resolve().parent.parent

ROOT = ENGINE
TASKS = ROOT / "tasks"
DATA = ROOT / "data"
REFERENCE = ROOT / "reference"
STUDENT = ROOT / "student"
BUILD = ROOT / "build"

#: What the engine remembers between calls. May be deleted at any time.
MEMORY = Path(os.environ.get("CHAIN_RULE_MEMORY") or ENGINE / ".chain-rule")

#: Modules of the learner's contract, in the order in which they are met.
MODULES = ("layers", "losses", "gradcheck", "network", "optim", "data", "train", "experiments", "faults")
