"""Worker processes as the grader sees them: started by the zygote, or cold where fork is unsafe."""

import contextlib
import io
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from grader.paths import ENGINE
from grader.threads import ONE_THREAD
from grader.worker import wire
from grader.worker.inside.landlock import NEWEST_VARIABLE
from grader.worker.outside.errors import WorkerFault

#: Modules whose `main` a process of ours begins with; named, because here their imports would cost time and do no good.
ZYGOTE, COLD = "grader.worker.inside.zygote", "grader.worker.inside.child"
REPLY_SECONDS = 20.0
#: Arrays of up to 32 MB lie in memory that is kept for the next: clearing pages took a sixth of a short training.
_MALLOC = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": f"{32 << 20}", "MALLOC_TRIM_THRESHOLD_": f"{64 << 20}"}
#: Nothing that is imported is garbage: it is not looked for meanwhile. Our own bytecode is kept, a worker writes none.
_BOOT = """import gc, sys; gc.disable(); sys.path[:0] = {paths!r}; from {module} import main
gc.enable(); sys.dont_write_bytecode = True; main(*{arguments!r})"""


def environment() -> dict[str, str]:
    """An environment made from nothing: no secrets, no paths, one thread for BLAS, fixed hashes, UTF-8."""
    made = ONE_THREAD | {"PYTHONHASHSEED": "0", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "PATH": ""} | _MALLOC
    if NEWEST_VARIABLE in os.environ:
        made[NEWEST_VARIABLE] = os.environ[NEWEST_VARIABLE]
    if os.name == "nt":  # without it not even sockets work
        made["SYSTEMROOT"] = os.environ.get("SYSTEMROOT", r"C:\Windows")
    return made


def command(module: str, *arguments: object) -> list[str]:
    """The interpreter as it runs our own side of a worker: no user site, no script folder."""
    packages = {str(Path(found.__file__ or "").resolve().parent.parent) for found in (np, msgspec)}
    boot = _BOOT.format(paths=[str(ENGINE), *sorted(packages)], module=module, arguments=arguments)
    return [sys.executable, "-P", "-s", "-c", boot]


def _processor_time(pid: int) -> float:
    """Seconds of processor time that another process has used; the number of its clock is clock_getcpuclockid(3)'s.

    raises : OSError if there is no such process any more
    """
    return time.clock_gettime(~pid << 3 | 2)


class ZygoteClient:
    """Starts the zygote and asks it. Every question has a time limit."""

    def __init__(self) -> None:
        self.shared: set[str] = set()
        self.asked = 0
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.program = subprocess.Popen(
                command(ZYGOTE, theirs.fileno()), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                env=environment(), pass_fds=[theirs.fileno()], cwd="/",
                start_new_session=True,  # Ctrl-C is for the grader, who then ends the zygote
            )  # fmt: skip
        self.control = ours  # it is not waited for: the grader has enough to do while it imports NumPy
        ours.settimeout(REPLY_SECONDS)

    def ask(self, do: str, fds: Sequence[int] = (), **fields: object) -> dict[str, Any]:
        """The answer to a question; raises WorkerFault if the zygote is gone or says that it cannot."""
        return self.answer(self.tell(do, fds, **fields))

    def answer(self, number: int) -> dict[str, Any]:
        """What the zygote says to the question of that number; what it said to those before is lost. Raises as `ask`."""
        reply: dict[str, Any] = {}
        try:
            while reply.get("number") != number:  # nobody reads what `tell` is answered, or Ctrl-C kept from being read
                if not (data := self.control.recv(1 << 16)):
                    raise ConnectionResetError
                reply = msgspec.msgpack.decode(data)
        except ConnectionResetError:
            raise WorkerFault(f"the process that starts workers has ended: {self._last_words()}") from None
        except OSError as reason:
            raise WorkerFault(f"the process that starts workers does not answer ({reason})") from None
        if "error" in reply:
            raise WorkerFault(f"no worker could be started: {reply['error']}")
        return reply

    def tell(self, do: str, fds: Sequence[int] = (), **fields: object) -> int:
        """A question that nobody waits for, and its number; raises WorkerFault if the zygote is gone."""
        self.asked += 1
        try:
            socket.send_fds(self.control, [msgspec.msgpack.encode({"do": do, "number": self.asked, **fields})], list(fds))
        except OSError as reason:
            raise WorkerFault(f"the process that starts workers does not answer ({reason})") from None
        return self.asked

    def _last_words(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.program.wait(1)
        if self.program.stderr is None or self.program.poll() is None:
            return "no reason given"
        lines = self.program.stderr.read(4000).decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"exit status {self.program.returncode}"

    def share(self, name: str, array: wire.Array) -> None:
        """Give an array to all workers started from now on, in memory that nobody can change or shrink any more."""
        import fcntl

        array = np.ascontiguousarray(array)
        fd = os.memfd_create("chain-rule", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            view = array.reshape(-1).view(np.uint8).data
            while view:
                view = view[os.write(fd, view) :]
            seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
            fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
            self.ask("share", [fd], name=name, dtype=array.dtype.str, shape=list(array.shape))
            self.shared.add(name)
        finally:
            os.close(fd)

    @property
    def alive(self) -> bool:
        return self.program.poll() is None

    def close(self) -> None:
        """End it; it ends its workers."""
        self.control.close()
        assert self.program.stderr is not None
        # For its end of the pipe to close: `wait` with a time limit sleeps ever longer between two looks.
        over = select.select([self.program.stderr], [], [], 3)[0]
        try:
            self.program.wait(3 if over else 0)
        except subprocess.TimeoutExpired:  # stopped, perhaps: whatever a worker did to it, this ends it
            self.program.kill()
            self.program.wait()
        self.program.stderr.close()


class ForkedProcess:
    """A worker forked by the zygote, once it has `arrived`; until then the zygote is asked for it, and nobody waits.

    connection : socket to it
    output     : descriptor of the pipe that it prints into
    pid        : its number among the machine's processes
    ended      : descriptor that is ready once it has ended
    """

    def __init__(self, zygote: ZygoteClient, plan: dict[str, Any]):
        self.zygote, self._reaped = zygote, False
        self.status: int | None = None
        self.connection, theirs = socket.socketpair()
        self.output, their_output = os.pipe()
        os.set_blocking(self.output, False)
        try:
            self._asked = zygote.tell("spawn", [theirs.fileno(), their_output], **plan)
        except BaseException:
            self.leave()
            raise
        finally:
            theirs.close()
            os.close(their_output)

    def arrived(self) -> "ForkedProcess":
        """This worker, once it is forked; raises WorkerFault."""
        try:
            self.pid: int = self.zygote.answer(self._asked)["pid"]
            self.ended = os.pidfd_open(self.pid)
        except BaseException:
            self.leave()
            raise
        return self

    def leave(self) -> None:
        """Close what leads to it: one that has not arrived then ends by itself."""
        self.connection.close()
        os.close(self.output)

    def read_output(self) -> bytes:
        """What it has printed and nobody has read; raises BlockingIOError if that is nothing."""
        return os.read(self.output, 1 << 16)

    def starved(self, seconds: float) -> bool:
        """Whether it has been waiting for a processor rather than using one or sleeping.

        seconds : of processor time that would be its fair share
        """
        try:
            used = _processor_time(self.pid)
            with open(f"/proc/{self.pid}/stat", "rb") as file:
                state = file.read().rpartition(b")")[2].split()[0]
        except (OSError, IndexError):
            return False
        return state in (b"R", b"D") and used - self.used < seconds

    def mark(self) -> None:
        """A call begins: processor time is counted from here."""
        try:
            self.used = _processor_time(self.pid)
        except OSError:
            self.used = 0.0

    def end(self, wait: bool = True) -> int | None:
        """Kill it if it still runs, and give its exit status (negative: signal). May be called again.

        wait : for the exit status; without, it is gone a moment later, and nobody knows how it ended
        """
        if self._reaped:
            return self.status
        self._reaped = True
        self.connection.close()
        try:
            # Ourselves first: a zygote that does not answer must not keep a worker alive.
            ended = select.select([self.ended], [], [], 0)[0]
            if not ended and not (wait and self.zygote.alive):
                signal.pidfd_send_signal(self.ended, signal.SIGKILL)
            if wait:
                self.status = self.zygote.ask("reap", pid=self.pid)["status"]
            else:
                self.zygote.tell("reap", pid=self.pid)
        except (WorkerFault, OSError):
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(self.ended, signal.SIGKILL)
        os.close(self.ended)
        os.close(self.output)
        return self.status


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
