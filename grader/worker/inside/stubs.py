"""Stand-ins for matplotlib and its like: plots of a graded submission go nowhere, and must not break good code."""

import contextlib
import dis
import os
import sys
from collections.abc import Callable, Collection, Iterator
from types import FrameType, ModuleType

STAND_INS = frozenset({"matplotlib", "mpl_toolkits", "seaborn", "tqdm", "pylab", "IPython"})


_UNPACK = dis.opmap["UNPACK_SEQUENCE"]
_MANY = 2  # how many there are of anything in a loop


def _wanted(frame: FrameType) -> int:
    """How many names stand on the left: `fig, (a, b, c) = plt.subplots(1, 3)` asks for two, and then for three."""
    code, at = frame.f_code.co_code, frame.f_lasti
    return code[at + 1] if at >= 0 and code[at] == _UNPACK else _MANY


def pretend_mkdir_succeeds() -> None:
    """Let `os.makedirs("plots", exist_ok=True)` pass where no folder may be made, as if there were one.

    Many a train.py begins so. Nothing can be written there all the same.
    """
    make = os.mkdir

    def mkdir(path: str | bytes | os.PathLike[str] | os.PathLike[bytes], mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        with contextlib.suppress(PermissionError, FileNotFoundError):  # the latter below one that was not made
            make(path, mode, dir_fd=dir_fd)

    os.mkdir = mkdir


class _Anything:
    """Takes every call, attribute, index, loop and `with`, and does nothing."""

    def __init__(self, *_args: object, **_named: object):
        pass

    def __call__(self, *_args: object, **_named: object) -> "_Anything":
        return _Anything()

    def __getattr__(self, name: str) -> "_Anything":
        return _anything(name)

    def __getitem__(self, _key: object) -> "_Anything":
        return _Anything()

    def __setitem__(self, _key: object, _value: object) -> None:
        pass

    def __iter__(self) -> Iterator["_Anything"]:
        return iter([_Anything() for _ in range(_wanted(sys._getframe(1)))])  # noqa: SLF001

    def __enter__(self) -> "_Anything":
        return _Anything()

    def __exit__(self, *_details: object) -> None:
        pass


def _anything(name: str) -> _Anything:
    """An attribute, as long as it is none of Python's own protocols."""
    if name.startswith("__") and name.endswith("__"):
        raise AttributeError(name)
    return _Anything()


class _Progress:
    """tqdm: goes through what it is given, in silence."""

    def __init__(self, iterable: Collection[object] | None = None, *_args: object, total: int | None = None, **_named: object):
        self.iterable, self.total, self.n = iterable, total, 0

    def __iter__(self) -> Iterator[object]:
        return iter(self.iterable if self.iterable is not None else ())

    def __len__(self) -> int:
        return len(self.iterable) if self.iterable is not None else int(self.total or 0)

    def __enter__(self) -> "_Progress":
        return self

    def __exit__(self, *_details: object) -> None:
        pass

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_args, **_named: None

    @staticmethod
    def write(text: object, *_args: object, **_named: object) -> None:
        print(text)


class _StandInModule(ModuleType):
    def __getattr__(self, name: str) -> _Anything:
        return _anything(name)


def _trange(*bounds: int, **_named: object) -> _Progress:
    return _Progress(range(*bounds))


def stand_in(name: str) -> ModuleType:
    """A module called `name`, such as "matplotlib.pyplot" or "tqdm.auto"."""
    module = _StandInModule(name, "A stand-in: nothing is drawn while a submission is graded.")
    module.__path__ = []
    if name.partition(".")[0] == "tqdm":
        vars(module).update(tqdm=_Progress, trange=_trange, tqdm_notebook=_Progress, tnrange=_trange)
    return module
