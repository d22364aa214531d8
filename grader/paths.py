"""Where things are in a checkout of the course."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TASKS = ROOT / "tasks"
DATA = ROOT / "data"
REFERENCE = ROOT / "reference"
STUDENT = ROOT / "student"
BUILD = ROOT / "build"

#: Modules of the learner's contract, in the order in which they are met.
MODULES = ("layers", "losses", "gradcheck", "network", "optim", "data", "train", "experiments")
