"""A worker that was started by itself, not forked: the same confinement, rules made on the spot, some 150 ms more."""

import os
import socket
import sys
from typing import Any

from grader.worker.inside import child, confine, grants, landlock


def main(connection: int, plan: dict[str, Any]) -> None:
    """Run by the grader as a program of its own."""
    if connection < 0:  # Windows: the socket comes through standard input
        control = socket.fromshare(sys.stdin.buffer.read())  # type: ignore[attr-defined]
    else:
        control = socket.socket(fileno=connection)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    plan["uid"], plan["ruleset"], plan["filter"] = None, None, confine.filters()
    if "privileges" in plan["layers"] and os.name == "posix" and os.getuid() == 0:
        uid = confine.uid_for(os.getpid())
        plan["uid"] = uid if confine.readable_by(uid, grants.interpreter_files()) else None
    if "landlock" in plan["layers"] and landlock.version() > 0:
        plan["ruleset"] = landlock.ruleset(grants.grants())
    child.only_the_standard_library()
    child.run(plan, control, {})
