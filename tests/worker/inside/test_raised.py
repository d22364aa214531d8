"""What an exception's last line held is read from exact arrays and the like, and nothing of the learner's runs for it."""

import textwrap

import numpy as np
import pytest

from grader.submission import Submission
from grader.worker.inside.loader import Finder
from grader.worker.inside.raised import MAX_NAMES, MAX_TEXT, explain
from grader.worker.outside import errors
from grader.worker.outside.errors import reported
from grader.worker.outside.expressions import values_told


def raised(source: str, *arguments):
    """What is told of the exception that f raises, and the namespace it ran in."""
    source = textwrap.dedent(source)
    finder = Finder({"layers": source}, {}, "<student>")
    namespace = {"np": np}
    exec(compile(source, finder.path_of("layers"), "exec"), namespace)
    with pytest.raises(BaseException) as caught:  # noqa: PT011
        namespace["f"](*arguments)
    return explain(caught.value, finder, None), namespace


def test_names_of_the_failing_line_are_told_in_order():
    told, _ = raised("def f(a, b, c, n=3):\n    return (a @ b) + c[n]\n", np.ones((2, 3)), np.ones((4, 5)), [1, 2])
    assert told["seen"] == [["a", "ndarray", [2, 3]], ["b", "ndarray", [4, 5]], ["c", "list", [2]], ["n", "int", [3]]]
    assert told["span"] == [2, 2, 12, 17]


def test_of_self_one_level_and_of_other_objects_nothing():
    source = """
    class Layer:
        def __init__(self): self.W, self.inner = np.ones((2, 3)), self
        def forward(self, other): return self.W @ other.W + self.inner.W
    def f(): Layer().forward(Layer())
    """
    assert raised(source)[0]["seen"] == [["self.W", "ndarray", [2, 3]]]


def test_at_most_eight_names_and_of_the_last_frame_alone():
    names = ", ".join(f"v{i}" for i in range(20))
    source = f"def f(*values):\n    hidden = values[0]\n    g(*values)\ndef g({names}):\n    return ({names})[0] @ v1\n"
    told, _ = raised(source, *[np.ones((2, 3))] * 20)
    assert [name for name, _, _ in told["seen"]] == [f"v{i}" for i in range(MAX_NAMES)]


def test_the_objects_attributes_are_told_where_one_is_missing():
    source = """
    class Layer:
        def __init__(self):
            self.b, self.weights, self._hidden, self.other = 1, np.ones((2, 3)), 2, object()
    def f(): return Layer().W
    """
    assert raised(source)[0]["holds"] == [["weights", "ndarray", [2, 3]], ["b", "int", [1]]]


def test_other_exceptions_tell_no_values():
    told, _ = raised("def f(a):\n    raise RuntimeError(a)\n", np.ones(3))
    assert told["seen"] == told["holds"] == []


SPIES = {
    "properties": """
        class Spy:
            shape = property(lambda self: CALLS.append("shape") or (9, 9))
            __class__ = property(lambda self: CALLS.append("class") or np.ndarray)
            def __len__(self): CALLS.append("len")
            def __getattr__(self, name): CALLS.append(name)
            def __getattribute__(self, name): CALLS.append(name)
            def __eq__(self, other): CALLS.append("eq")
            def __bool__(self): CALLS.append("bool")
        made = Spy()
    """,
    "an array whose shape lies": """
        class Spy(np.ndarray):
            shape = property(lambda self: CALLS.append("shape") or (9, 9))
            def __len__(self): CALLS.append("len")
        made = np.ones((2, 3)).view(Spy)
    """,
    "a metaclass": """
        class Meta(type):
            __mro__ = property(lambda cls: CALLS.append("mro"))
            __dict__ = property(lambda cls: CALLS.append("dict"))
            __name__ = property(lambda cls: CALLS.append("name"))
            def __eq__(cls, other): CALLS.append("eq")
            def __hash__(cls): CALLS.append("hash"); return 1
            def __instancecheck__(cls, one): CALLS.append("check")
            def __getattribute__(cls, name): CALLS.append(name); return type.__getattribute__(cls, name)
        class Spy(metaclass=Meta): pass
        made = Spy()
        CALLS.clear()
    """,
    "a list, an int and a text of their own": """
        class L(list):
            def __len__(self): CALLS.append("len"); return 1
        class I(int):
            def __int__(self): CALLS.append("int"); return 1
            def __abs__(self): CALLS.append("abs"); return 1
        class T(str):
            def __len__(self): CALLS.append("len"); return 1
        made = (L(), I(3), T("x"))
    """,
    "a dict in place of the dictionary": """
        class D(dict):
            def items(self): CALLS.append("items"); return []
            def __iter__(self): CALLS.append("iter"); return iter([])
            def __getitem__(self, name): CALLS.append("get")
        class Spy: pass
        made = Spy()
        made.__dict__ = D(W=1)
    """,
    "a property in place of the dictionary": """
        class Spy:
            __dict__ = property(lambda self: CALLS.append("dict") or {"W": 1})
        made = Spy()
    """,
    "another class's dictionary": """
        class Other: pass
        class Spy: __dict__ = Other.__dict__["__dict__"]
        made = Spy()
    """,
    "names that compare": """
        class Name(str):
            __hash__ = str.__hash__
            def __eq__(self, other): CALLS.append("eq"); return True
            def __format__(self, how): CALLS.append("format"); return "x"
            def startswith(self, start): CALLS.append("startswith"); return False
        class Base: pass
        made = type("Spy", (Base,), {Name("__dict__"): 1})()
        Base.__dict__["__dict__"].__get__(made)[Name("w")] = 1
        CALLS.clear()
    """,
}

LINE_AND_OBJECT = """
class Holder:
    def forward(self, made, array):
        return [self.made, made, self.array, array][99]
def line():
    holder = Holder()
    holder.made, holder.array = made, np.ones((2, 3))
    holder.forward(made, np.ones(4))
def attribute():
    raise AttributeError("no W", name="W", obj=made)
"""


@pytest.mark.parametrize("f", ["line", "attribute"])
@pytest.mark.parametrize("kind", SPIES)
def test_nothing_of_the_learners_runs(kind, f):
    told, namespace = raised(f"CALLS = []\n{textwrap.dedent(SPIES[kind])}\n{LINE_AND_OBJECT}\nf = {f}\n")
    assert namespace["CALLS"] == []
    arrays = [["self.array", "ndarray", [2, 3]], ["array", "ndarray", [4]]]
    assert [entry for entry in told["seen"] if entry[1] == "ndarray"] == (arrays if f == "line" else [])
    assert {kind for _, kind, _ in told["seen"]} <= {"ndarray", "tuple"}


def test_an_exception_of_the_learners_own_is_read_without_asking_it():
    told, namespace = raised("""
        CALLS = []
        class Odd(AttributeError):
            __traceback__ = property(lambda self: CALLS.append("trace"))
            name = obj = property(lambda self: CALLS.append("name"))
        def f(): raise Odd("odd")
    """)
    assert namespace["CALLS"] == []
    assert (told["mro"][:2], told["frames"], told["holds"]) == (["Odd", "AttributeError"], [["layers", 6, "f"]], [])


def test_names_and_numbers_are_bounded():
    long = "v" * 5000
    told, _ = raised(f"def f({long}, n=10**50):\n    return {long} @ {long} + n\n", np.ones((2, 3)))
    assert told["seen"] == []
    told, _ = raised(f"class Layer: pass\ndef f():\n    layer = Layer()\n    layer.{long} = 1\n    layer.W\n")
    assert [len(name) for name, _, _ in told["holds"]] == [MAX_TEXT]
    assert values_told(told["holds"]) == {}


def test_a_recursion_and_a_forged_traceback_are_no_trouble():
    told, _ = raised("def f(n=500):\n    return f(n - 1) if n else [n][1]\n")
    assert (len(told["frames"]), told["seen"]) == (8, [["n", "int", [0]]])
    told, _ = raised("""
        import types
        def f():
            try: None.go
            except AttributeError as error: kept = error
            raise ValueError().with_traceback(types.TracebackType(None, kept.__traceback__.tb_frame, -5, 10**6))
    """)
    assert told["frames"][-1] == ["layers", 1000000, "f"]


@pytest.mark.parametrize(
    "entry",
    [
        1,
        [],
        ["a", "ndarray"],
        ["a", "ndarray", [1.5]],
        ["a", "ndarray", [1] * 100],
        ["a", "ndarray", [10**30]],
        ["a b", "ndarray", [1]],
        ["a.b.c", "ndarray", [1]],
        ["a" * 500, "ndarray", [1]],
        ["a", "list", []],
        ["a", 1, [1]],
    ],
)
def test_what_a_worker_says_of_values_is_taken_in_one_form_alone(entry):
    assert values_told([entry]) == {}


@pytest.mark.parametrize("field", ["span", "seen", "holds"])
def test_a_field_of_another_type_is_no_answer(field):
    told, _ = raised("def f():\n    return [1][2]\n")
    submission = Submission("made", {"layers": "def f():\n    return [1][2]\n"})
    assert type(reported(dict(told), "", submission)) is errors.StudentError
    for odd in ("text", None, {}):
        assert type(reported({**told, field: odd}, "", submission)) is errors.ProtocolViolation
    for odd in ([["a"]], [None] * 9, [10**40, -1, 2, 3], [[["a"]]], [2, 1, 90, -7]):
        assert type(reported({**told, field: odd}, "", submission)) is errors.StudentError
