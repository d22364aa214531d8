"""A worker as the grader sees it where fork is unsafe: started from nothing, with its output carried by a thread."""

import contextlib
import io
import os
import socket
import subprocess
import threading
from typing import Any

from grader.worker.outside.process import COLD, command, environment


class ColdProcess:
    """A worker started from nothing: where fork is unsafe (macOS, Windows), or a test asks for it.

    `ended` is -1: the end of the connection tells. A thread empties the output, because Windows cannot wait for pipes.
    """

    ended = -1

    def __init__(self, plan: dict[str, Any]):
        self.connection, theirs = socket.socketpair()
        arguments: list[object] = [theirs.fileno(), {**plan, "parent": os.getpid()}]
        options: dict[str, Any] = {"pass_fds": [theirs.fileno()], "start_new_session": True}
        if os.name == "nt":
            arguments[0], options = -1, {"creationflags": getattr(subprocess, "CREATE_NO_WINDOW", 0)}
        self.program = subprocess.Popen(
            command(COLD, *arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=environment(), cwd="/", **options,
        )  # fmt: skip
        self.pid = self.program.pid
        if os.name == "nt" and self.program.stdin is not None:
            self.program.stdin.write(theirs.share(self.pid))  # type: ignore[attr-defined]
            self.program.stdin.close()
        theirs.close()
        # Non-blocking socketpair in place of the pipe, so that everything else is as with a forked worker.
        self._mirror, mirror_end = socket.socketpair()
        self.output = self._mirror.fileno()
        self._mirror.setblocking(False)
        self._pump = threading.Thread(target=_pump, args=(self.program.stdout, mirror_end), daemon=True)
        self._pump.start()
        self.status: int | None = None

    def read_output(self) -> bytes:
        return self._mirror.recv(1 << 16)

    def starved(self, seconds: float) -> bool:
        return False

    def mark(self) -> None:
        pass

    def end(self, wait: bool = True) -> int | None:
        """Kill it if it still runs, and give its exit status."""
        self.connection.close()
        if self.status is None:
            if self.program.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.program.wait(0.2)  # the end of the connection ends it, in good order
            if self.program.poll() is None:
                self.program.kill()
            self.status = self.program.wait()
            self._mirror.close()
            self._pump.join(5)
            for pipe in (self.program.stdin, self.program.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
        return self.status


def _pump(source: io.BufferedReader, target: socket.socket) -> None:
    """Carry output from a pipe to a socket until either ends."""
    with contextlib.suppress(OSError, ValueError), target:
        while data := source.read1(1 << 16):
            target.sendall(data)
