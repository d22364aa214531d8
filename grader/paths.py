"""Where things are in a checkout of the course."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TASKS = ROOT / "tasks"
DATA = ROOT / "data"
REFERENCE = ROOT / "reference"
STUDENT = ROOT / "student"
BUILD = ROOT / "build"

#: What the verbs remember between calls: shown hints, kept trainings, texts that were read. May be deleted at any time.
MEMORY = Path(os.environ.get("CHAIN_RULE_MEMORY") or ROOT / ".chain-rule")

#: Modules of the learner's contract, in the order in which they are met.
MODULES = ("layers", "losses", "gradcheck", "network", "optim", "data", "train", "experiments")
