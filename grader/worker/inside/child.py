"""The worker itself: gives its rights away, tries whether they are gone, then serves one submission after another.

It holds NumPy, the learner's modules and what it was sent; no reference, no check, no label of the hidden set.
"""

import contextlib
import gc
import importlib
import io
import mmap
import os
import socket
import sys
import threading
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from grader.worker import stream, wire
from grader.worker.inside import confine, landlock, probes
from grader.worker.inside.loader import Finder
from grader.worker.inside.runtime import CallbackFailed, Runtime, seed_everything
from grader.worker.inside.stubs import pretend_mkdir_succeeds
from grader.worker.inside.substituted import Substitution

CONNECTION, _RULES = 3, 4  # descriptors after `adopt_descriptors`
_COURSE = __name__.partition(".")[0]  #: the package that this module is of, wherever in it


class Mapped:
    """An array that no worker is sent, in memory that the grader wrote and sealed; what a worker changes of it is its own.

    fd    : the memory; it may be closed afterwards
    """

    def __init__(self, fd: int, dtype: str, shape: Sequence[int]):
        size = os.fstat(fd).st_size
        self._memory = mmap.mmap(fd, size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
        self._dtype, self._shape = np.dtype(dtype), tuple(shape)

    def array(self) -> np.ndarray:
        """The array, as a new object: shape and flags of one that was handed out before may have been changed."""
        return np.frombuffer(self._memory, self._dtype, int(np.prod(self._shape))).reshape(self._shape)

    def restore(self) -> None:
        """Take back whatever this process has changed."""
        self._memory.madvise(mmap.MADV_DONTNEED)


def adopt_descriptors(plan: dict[str, Any], connection: int, output: int) -> None:
    """In a process just forked: keep the connection, the output pipe and the rule set, and nothing else of the zygote's."""
    import fcntl

    null = os.open(os.devnull, os.O_RDWR)
    wanted = [null, output, output, connection]
    if plan["ruleset"] is not None:
        wanted.append(plan["ruleset"])
        plan["ruleset"] = _RULES
    # First out of the way, so that none is overwritten before its turn.
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 100) for fd in wanted]
    for target, fd in enumerate(high):
        os.dup2(fd, target)
    os.closerange(len(wanted), 1 << 20)
    os.setsid()


def run(plan: dict[str, Any], connection: socket.socket, mapped: dict[str, Mapped]) -> None:
    """Confine this process, report, serve until the other end closes. Does not return."""
    try:
        output = _Counted(1, "wb", closefd=False)
        buffered = io.BufferedWriter(output)
        sys.stdout = sys.stderr = io.TextIOWrapper(buffered, "utf-8", "backslashreplace", line_buffering=True)
        os.umask(0o077)
        os.chdir("/")
        layers = confine.confine(plan)
        if plan["ruleset"] is not None:
            os.close(plan["ruleset"])
            plan["ruleset"] = None
        report = {"layers": layers, "probes": probes.measure(plan)}
        pretend_mkdir_succeeds()
        gc.enable()
        stream.send(connection, wire.encode(["hello", report]))
        _Server(connection, mapped, output).serve()
    except (stream.Closed, OSError):
        pass
    finally:
        os._exit(0)


def main(connection: int, plan: dict[str, Any]) -> None:
    """A worker that was started by itself, not forked: the same confinement, rules made on the spot, some 150 ms more."""
    windows = connection < 0  # the socket comes through standard input
    control = socket.fromshare(sys.stdin.buffer.read()) if windows else socket.socket(fileno=connection)  # type: ignore[attr-defined]
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    plan["uid"], plan["ruleset"], plan["filter"] = None, None, confine.filters()
    if "privileges" in plan["layers"] and os.name == "posix" and os.getuid() == 0:
        uid = confine.uid_for(os.getpid())
        plan["uid"] = uid if confine.readable_by(uid, landlock.interpreter_files()) else None
    if "landlock" in plan["layers"] and landlock.version() > 0:
        plan["ruleset"] = landlock.ruleset(landlock.grants())
    only_the_standard_library()
    run(plan, control, {})


def only_the_standard_library() -> None:
    """Take other packages, and the course's own, out of sight; what is loaded goes on working.

    Done before a worker is forked, where there is a fork: in each of them it would touch three hundred pages of memory.
    """
    importlib.invalidate_caches()
    sys.path[:] = [path for path in sys.path if path and os.path.basename(path) not in ("site-packages", "dist-packages")]
    sys.path[:] = [path for path in sys.path if not os.path.exists(os.path.join(path, _COURSE, "__init__.py"))]
    sys.path_importer_cache.clear()
    sys.argv = [""]
    _kept.extend(sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == _COURSE)


_kept: list[Any] = []


def _texts(sent: dict[str, wire.Array]) -> dict[str, str]:
    return {name: bytes(text).decode("utf-8") for name, text in sent.items()}


class _Counted(io.FileIO):
    count = 0

    def write(self, data: Any, /) -> int:  # noqa: ANN401
        written = super().write(data)
        self.count += written
        return written


class _Server:
    def __init__(self, connection: socket.socket, mapped: dict[str, Mapped], output: _Counted):
        self.connection, self.mapped = connection, mapped
        self.output, self.seen = output, 0
        self.shared = {name: memory.array() for name, memory in mapped.items()}
        self.streams = sys.stdout, sys.stderr
        self.printing, self.errors, self.filters = np.get_printoptions(), np.geterr(), list(warnings.filters)
        self.environment, self.path = dict(os.environ), list(sys.path)
        self.reader = stream.blocking_reader(connection)
        self.runtime = self._runtime({}, {}, [], {})
        self.active: Any = None

    def _runtime(self, modules: dict[str, str], problems: dict[str, str], names: list[str], texts: dict[str, str]) -> Runtime:
        finder = Finder(modules, problems)
        put_in = Substitution(finder, names, texts) if names else None
        return Runtime(finder, self.shared, self._call_back, self._imported, put_in)

    def serve(self) -> None:
        while True:
            self._answer(self._receive())

    def _receive(self) -> list[Any]:
        message: list[Any] = wire.decode(self.reader.frame(None), self.runtime.resolve, read_only=False)
        return message

    def _answer(self, message: list[Any]) -> None:
        if message[0] == "load":
            self._load(*message[2:6])
            reply = wire.encode(["ok", threading.active_count() == 1])
        elif message[0] == "share":
            self.shared[message[2]] = message[3]
            reply = wire.encode(["ok", None])
        else:
            reply = self.runtime.handle(message)
        self._send(reply)

    def _send(self, frame: wire.Frame) -> None:
        self._flush()  # so that what was printed in a call arrives with its answer
        self.seen = self.output.count
        stream.send(self.connection, frame)

    @staticmethod
    def _flush() -> None:
        with contextlib.suppress(Exception):  # the learner's code may have put anything there
            sys.stdout.flush()

    def _imported(self) -> None:
        """Tell the grader how much was printed since the last answer, if anything: it is no call's."""
        self._flush()
        if printed := self.output.count - self.seen:
            self._send(wire.encode(["imported", printed]))

    def _load(
        self, texts: dict[str, wire.Array], problems: dict[str, str], names: list[str], toolbox: dict[str, wire.Array]
    ) -> None:
        """A submission's modules, newly; those before, and what they made, are forgotten."""
        if self.active is not None:
            self.active.__exit__(None, None, None)
            self.runtime.finder.forget()
            self.runtime.objects.clear()
            self._as_at_first()
        modules, right = _texts(texts), _texts(toolbox)
        numbers = self.runtime.numbers
        self.runtime = self._runtime(modules, problems, names, right)
        self.runtime.numbers = numbers  # the grader may let go of the former one's objects only now
        self.active = self.runtime.finder.active()
        self.active.__enter__()
        seed_everything()

    def _as_at_first(self) -> None:
        """Put back what honest code may have left otherwise outside its own modules."""
        sys.stdout, sys.stderr = self.streams
        sys.path[:] = self.path
        os.environ.clear()
        os.environ.update(self.environment)
        logging = sys.modules.get("logging")
        if logging is not None:  # a module that adds a handler would add one more each time it is loaded
            logging.root.handlers.clear()
            logging.root.setLevel(logging.WARNING)
            logging.disable(logging.NOTSET)
            logging.root.manager.loggerDict.clear()
        warnings.filters[:] = self.filters  # type: ignore[index]
        np.set_printoptions(**self.printing)
        np.seterr(**self.errors)
        gc.enable()
        gc.collect()  # cycles of large arrays
        os.chdir("/")
        for name, memory in self.mapped.items():
            memory.restore()
            self.shared[name] = memory.array()

    def _call_back(self, number: int, args: list[object], keywords: dict[str, object]) -> object:
        """Ask for a function of the grader's, and answer its questions meanwhile."""
        self._send(self.runtime.framed(["callback", number, args, keywords]))
        while True:
            message = self._receive()
            if message[0] == "result":
                return message[2]
            if message[0] == "failed":
                raise CallbackFailed("the function that was passed to the code failed")
            self._answer(message)
