"""Which engine this is, and where it lies. Where a course lies is a value, `Course(folder)`."""

import os
from pathlib import Path

#: The first two numbers are what a course says it was made for.
VERSION = "0.1.0"

#: The folder that contains this package: where a child process finds it, and what came with it.
ENGINE = Path(__file__).resolve().parent.parent

#: Lists of the packages that the engine needs: in a checkout beside it, in a wheel within.
REQUIREMENTS = next(filter(Path.is_dir, (ENGINE / "requirements", ENGINE / "grader" / "requirements")), ENGINE / "requirements")

#: What the engine remembers between calls, beside it in a checkout. May be deleted at any time.
_BESIDE = ENGINE / ".chain-rule" if REQUIREMENTS.parent == ENGINE else Path.home() / ".cache" / "chain-rule"
MEMORY = Path(os.environ.get("CHAIN_RULE_MEMORY") or _BESIDE)

# The places of the course beside the engine, for tests and benchmarks.
ROOT = ENGINE
TASKS = ROOT / "tasks"
DATA = ROOT / "data"
REFERENCE = ROOT / "reference"
STUDENT = ROOT / "student"
BUILD = ROOT / "build"
