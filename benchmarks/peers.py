"""Asks the contenders, each in a process of its own."""

import importlib.util
import json
import os
import subprocess
import sys
from typing import Any

from grader.paths import ROOT
from grader.threads import ONE_THREAD

PACKAGES = {"scikit-learn": "sklearn", "PyTorch": "torch", "Keras": "keras", "JAX": "jax"}


class ContenderFailed(Exception):
    """A contender's process ended badly; the message is the end of what it said."""


def missing(name: str) -> str:
    """A sentence if a contender is not installed, else nothing."""
    if importlib.util.find_spec(PACKAGES[name]):
        return ""
    return f"{name} is not installed here (pip install {PACKAGES[name].replace('sklearn', 'scikit-learn')})."


def ask(name: str, *requests: dict[str, Any]) -> list[dict[str, Any]]:
    """One process with one thread; one answer a request, in order."""
    command = [sys.executable, "-m", "benchmarks.contenders", name, json.dumps(requests)]
    environment = {**os.environ, **ONE_THREAD}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise ContenderFailed(f"{name}: {done.stderr.strip().splitlines()[-1:]}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
