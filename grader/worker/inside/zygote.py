"""The zygote: one process with NumPy loaded and no secrets, started afresh, that forks a worker in a few milliseconds.

It is not forked from the grader, whose memory holds labels and expected values. It reads no submission; it forks, waits for
its children, ends whatever they leave behind, and goes when the grader goes.
"""

import contextlib
import gc
import os
import resource  # noqa: F401 - used in each worker, loaded once
import select
import signal
import socket
from typing import Any

import msgspec
import numpy as np

from grader.worker.inside import child, confine, kernel, landlock

MAX_MESSAGE = 1 << 16


class Children:
    """Workers by number, with the exit status of each that has ended."""

    def __init__(self) -> None:
        self.statuses: dict[int, int | None] = {}

    def end(self, pid: int) -> int | None:
        """End a worker if it still runs; how it ended, if it is one of ours."""
        if pid in self.statuses and self.statuses[pid] is None and not self._reap(pid):
            os.kill(pid, signal.SIGKILL)
            self._reap(pid, wait=True)
        self.end_orphans()
        return self.statuses.pop(pid, None)

    def _reap(self, pid: int, wait: bool = False) -> bool:
        done, status = os.waitpid(pid, 0 if wait else os.WNOHANG)
        if done:
            self.statuses[pid] = os.waitstatus_to_exitcode(status)
        return bool(done)

    def end_orphans(self) -> None:
        """Processes that a worker left behind become our children: we are their subreaper. End them."""
        try:
            with open("/proc/thread-self/children") as file:
                pids = [int(pid) for pid in file.read().split()]
        except OSError:
            return  # a kernel without that list
        for pid in pids:
            if pid not in self.statuses:
                with contextlib.suppress(ProcessLookupError, ChildProcessError):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)

    def end_all(self) -> None:
        """None outlives the zygote."""
        for pid in list(self.statuses):
            self.end(pid)
        self.end_orphans()


class Zygote:
    """Serves one grader over a socket that keeps messages apart and can carry descriptors."""

    def __init__(self, control: socket.socket):
        self.control, self.children = control, Children()
        self.shared: dict[str, child.Mapped] = {}
        try:
            self.ruleset: int | None = landlock.ruleset(landlock.grants())  # descriptor of what workers may read
        except OSError:
            self.ruleset = None
        self.filters = confine.filters()
        self.uid_works: bool | None = None
        self.spawned = 0

    def serve(self) -> None:
        """Until the grader closes its end."""
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_write, False)
        os.set_blocking(wake_read, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        poll = select.poll()
        poll.register(self.control, select.POLLIN)
        poll.register(wake_read, select.POLLIN)
        while True:
            for fd, _ in poll.poll():
                if fd == wake_read:
                    os.read(wake_read, 4096)
                    self.children.end_orphans()
                elif not self._answer():
                    return

    def _answer(self) -> bool:
        data, fds, _, _ = socket.recv_fds(self.control, MAX_MESSAGE, 4)
        if not data:
            return False
        message = msgspec.msgpack.decode(data)
        number = message.pop("number")
        try:
            reply = getattr(self, "do_" + message.pop("do"))(fds=fds, **message)
        except OSError as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        finally:
            for fd in fds:
                os.close(fd)
        self.control.send(msgspec.msgpack.encode({**reply, "number": number}))
        return True

    def do_share(self, fds: list[int], name: str, dtype: str, shape: list[int]) -> dict[str, Any]:
        """Map an array that the grader wrote and sealed: workers see it without a copy, and their changes are their own."""
        self.shared[name] = child.Mapped(fds[0], dtype, shape)
        return {}

    def do_spawn(self, fds: list[int], layers: list[str], **plan: Any) -> dict[str, Any]:  # noqa: ANN401
        """Fork a worker on a connection and a pipe for its output; `plan` has the other things that the grader says."""
        self.spawned += 1
        plan |= {"layers": layers, "filter": self.filters, "parent": os.getpid()}
        plan["uid"] = self._uid() if "privileges" in layers else None
        plan["ruleset"] = self.ruleset if "landlock" in layers else None
        pid = os.fork()
        if pid == 0:
            self._become_child(plan, fds)
        self.children.statuses[pid] = None
        return {"pid": pid}

    def do_reap(self, fds: list[int], pid: int) -> dict[str, Any]:
        """End a worker; how it ended."""
        return {"status": self.children.end(pid)}

    def _become_child(self, plan: dict[str, Any], fds: list[int]) -> None:
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            child.adopt_descriptors(plan, *fds)
            shared, self.shared = self.shared, {}
            connection = socket.socket(fileno=child.CONNECTION)
            child.run(plan, connection, shared)
        finally:
            os._exit(1)

    def _uid(self) -> int | None:
        """A user of its own for the next worker of a super-user, if that user could read the interpreter."""
        if os.getuid() != 0:
            return None
        uid = confine.uid_for(self.spawned)
        if self.uid_works is None:
            self.uid_works = confine.readable_by(uid, landlock.interpreter_files())
        return uid if self.uid_works else None


def main(control: int) -> None:
    """Run by the grader as a program of its own."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the grader decides when it is over
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    # What a first array operation or a seeded generator would load in every worker again.
    np.random.default_rng(0).normal(size=(2, 2)) @ np.ones((2, 2))
    child.only_the_standard_library()
    gc.freeze()  # so that a worker's collector does not touch, and thereby copy, our pages
    zygote = Zygote(socket.socket(fileno=control))
    try:
        with contextlib.suppress(ConnectionError):  # the grader has gone without reading every answer: an end like any other
            zygote.serve()
    finally:
        zygote.children.end_all()
    os._exit(0)  # the grader waits for the end: nothing is taken apart first
