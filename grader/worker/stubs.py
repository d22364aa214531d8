"""Stand-ins for matplotlib and its like: plots of a graded submission go nowhere, and must not break good code."""

from types import ModuleType

STAND_INS = frozenset({"matplotlib", "mpl_toolkits", "seaborn", "tqdm", "pylab", "IPython"})


class _Anything:
    """Takes every call, attribute, index, loop and `with`, and does nothing."""

    def __init__(self, *_args, **_named):
        pass

    def __call__(self, *args, **_named):
        return _Anything()

    def __getattr__(self, name):
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return _Anything()

    def __getitem__(self, _key):
        return _Anything()

    def __setitem__(self, _key, _value):
        pass

    def __iter__(self):
        # `fig, ax = plt.subplots()` is by far the most common unpacking.
        return iter((_Anything(), _Anything()))

    def __enter__(self):
        return _Anything()

    def __exit__(self, *_details):
        return False


class _Progress:
    """tqdm: goes through what it is given, in silence."""

    def __init__(self, iterable=None, *_args, total=None, **_named):
        self.iterable, self.total, self.n = iterable, total, 0

    def __iter__(self):
        return iter(self.iterable if self.iterable is not None else ())

    def __len__(self):
        return len(self.iterable) if self.iterable is not None else int(self.total or 0)

    def __enter__(self):
        return self

    def __exit__(self, *_details):
        return False

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_args, **_named: None

    @staticmethod
    def write(text, *_args, **_named):
        print(text)


class _StandInModule(ModuleType):
    """A module that has every name."""

    def __getattr__(self, name):
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return _Anything()


def _trange(*bounds, **_named):
    return _Progress(range(*bounds))


def stand_in(name: str) -> ModuleType:
    """A module called `name`, such as "matplotlib.pyplot" or "tqdm.auto"."""
    module = _StandInModule(name, "A stand-in: nothing is drawn while a submission is graded.")
    module.__path__ = []
    if name.partition(".")[0] == "tqdm":
        vars(module).update(tqdm=_Progress, trange=_trange, tqdm_notebook=_Progress, tnrange=_trange)
    return module
