"""The submission through the proxy, in process and in a confined worker alike."""

import numpy as np
import pytest

from grader.course.about import About
from grader.worker.bounds import TimeLimits
from grader.worker.inside import runtime
from grader.worker.outside import errors
from grader.worker.outside.channel import Answer, Channel
from grader.worker.outside.handles import Function, Held, Method, Remote
from grader.worker.outside.local import LocalPool
from grader.worker.outside.transcript import ErrorInfo, Opaque, snake
from grader.worker.wire import Earlier
from tests.worker.conftest import SHORT, make

ODD = """
import numpy as np
class Sub(np.ndarray):
    def __eq__(self, other): return True
class Liar:
    def __eq__(self, other): return True
    def __bool__(self): return True
    def __float__(self): return 1.0
    def __array__(self, *a, **k): return np.ones(3)
    def __len__(self): return 3
    def __iter__(self): return iter([1, 2, 3])
class Text(str):
    def __eq__(self, other): return True
def sub(): return np.ones(3).view(Sub)
def liar(): return Liar()
def text(): return Text("x")
def objects(): return np.array([{}, None])
def mixed(): return [1, Liar(), (2.0, np.float32(3))]
def named(as_list=False):
    from collections import namedtuple
    Batch = namedtuple("Batch", "x y")
    pairs = (Batch(0, 1), Batch(2, 3))
    return list(pairs) if as_list else iter(pairs)
def count():
    for i in range(10 ** 9):
        yield i, np.full(2, i)
def fails(x):
    raise KeyError("missing")
def keeps(f):
    global kept
    kept = f
    return f(1)
def later(): return kept(2)
def apply(f, *args): return f(*args)
def shout(x): print("got", x); return x
def change(x): x += 1
def layout(x): return x.flags.c_contiguous, x.flags.f_contiguous, x.flags.writeable
class Box:
    def __init__(self, n): self.items = [np.zeros(2), np.ones(2)]; self.n = n
    def add(self, k): return self.n + k
    @property
    def bad(self): raise ValueError("not now")
"""


@pytest.fixture
def student(pool):
    with pool.student(make(layers=ODD, train="HYPERPARAMETERS = {'epochs': 3, 'lr': 0.1}\n")) as student:
        yield student


def test_the_reference_end_to_end(pool, reference):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(6, 4)), np.arange(6) % 3
    with pool.student(reference) as student:
        model = student.network.MLP((4, 5, 3), student.rng(1))
        loss = student.losses.SoftmaxCrossEntropy()
        before = loss.forward(model.forward(x), y)
        model.backward(loss.backward())
        step = student.optim.SGD(0.1)
        step.step(model.parameters.keep(), model.gradients.keep())
        assert loss.forward(model.forward(x), y) < before
        assert student.same_memory(student.item(model.parameters.keep(), 0), student.ref(model.layers[0], "W"))
        assert student.kind(model.layers[1]) == "ReLU"
        batches = student.take(student.data.minibatches(x, y, 4, student.rng(0)))
        assert [len(xb) for xb, _ in batches] == [4, 2]
        history = student.train.train(model, x, y, x, y, epochs=2, batch_size=4, lr=0.1, rng=student.rng(0))
        assert len(history["train_loss"]) == 2


@pytest.mark.parametrize(
    "array", [np.arange(1.0, 5.0), np.zeros((2, 3)), np.array([np.nan, -0.0]), np.arange(4), np.array([True, False])]
)
def test_shared_memory_is_told_by_what_is_written_into_it(wire_pool, array):
    made = """
        import numpy as np
        np.shares_memory = lambda *_: False
        def view(x): return x.T
        def copy(x): return x.copy()
    """
    with wire_pool.student(make(layers=made)) as student:
        held = student.put(array)
        assert student.same_memory(student.layers.view.keep(held), held)
        assert not student.same_memory(student.layers.copy.keep(held), held)
        assert not student.same_memory(held, student.layers.copy.keep(held))
        assert student.fetch(held).tobytes() == array.tobytes()


def test_memory_that_numpy_denies_is_written_into(monkeypatch):
    monkeypatch.setattr(runtime, "_shares_memory", lambda *_: False)
    array = np.arange(6.0)
    assert runtime._same_memory(array[1:], array[:2])
    assert not runtime._same_memory(array[:2], array[2:])
    assert array.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    array.flags.writeable = False
    assert not runtime._same_memory(array[1:], array[:2])
    assert not runtime._same_memory([1.0], array)


def test_an_array_of_a_class_of_their_own_comes_as_the_array_that_it_is(student):
    value = student.layers.sub()
    assert type(value) is np.ndarray
    assert not np.any(value == 2)


@pytest.mark.parametrize("name", ["liar", "text", "objects"])
def test_what_is_not_exactly_plain_stays_there(student, name):
    value = getattr(student.layers, name)()
    assert isinstance(value, Remote)
    uses = [
        lambda: value == 1,
        lambda: bool(value),
        lambda: float(value),
        lambda: value + 1,
        lambda: 1 + value,
        lambda: np.asarray(value),
        lambda: np.allclose(value, 1),
        lambda: np.ones(3) * value,
        lambda: len(value),
        lambda: list(value),
        lambda: value[0],
        lambda: value in [1],
    ]
    for use in uses:
        with pytest.raises(errors.NotAValue):
            use()


def test_exact_types_come_through(student):
    first, liar, (second, third) = student.layers.mixed()
    assert type(first) is int
    assert isinstance(liar, Remote)
    assert type(second) is float
    assert type(third) is np.float32


def test_values_and_attributes(student):
    assert student.train.HYPERPARAMETERS == {"epochs": 3, "lr": 0.1}
    box = student.layers.Box(2)
    assert box.n == 2
    assert box.add(3) == 5
    assert not box.items[0].flags.writeable
    with pytest.raises(errors.StudentError, match="ValueError: not now"):
        _ = box.bad
    with pytest.raises(errors.StudentError, match="AttributeError"):
        _ = box.absent
    assert student.has(box, "add")
    assert not student.has(box, "bad_name")
    assert student.has(student.layers, "Box")
    assert not student.has(student.layers, "Nothing")


def test_arrays_held_in_the_worker(student):
    held = student.put(np.zeros(3))
    student.layers.change(held)
    assert np.array_equal(student.fetch(held), np.ones(3))
    student.fill(held, np.full(3, 5.0))
    assert np.array_equal(student.fetch(held), np.full(3, 5.0))
    box = student.layers.Box(1)
    inside = student.item(student.ref(box, "items"), 1)
    student.fill(inside, np.full(2, 7.0))
    assert np.array_equal(box.items[1], [7, 7])
    with pytest.raises(errors.StudentError, match=r"the shape \(2,\), not \(3,\)"):
        student.fill(inside, np.zeros(3))
    with pytest.raises(errors.StudentError, match=r"Box\.n is an int, not an array"):
        student.fill(box, "n", np.zeros(3))


def test_arguments_are_copies_that_may_be_written_to(student):
    x = np.zeros(3)
    student.layers.change(x)
    assert not x.any()
    assert student.layers.layout(np.ones((2, 3))) == (True, False, True)
    assert student.layers.layout(np.ones((2, 3)).T) == (False, True, True)
    assert student.layers.layout(np.ones((2, 6))[:, ::2]) == (False, False, True)


def test_generators_are_taken_from(student):
    numbers = student.layers.count()
    assert isinstance(numbers, Remote)
    assert [i for i, _ in student.take(numbers, limit=3)] == [0, 1, 2]
    assert student.take([1, 2, 3], limit=2) == [1, 2]
    assert student.take(student.layers.named(as_list=True)) == student.take(student.layers.named()) == [(0, 1), (2, 3)]
    with pytest.raises(errors.NotAValue):
        student.take(3.0)


def test_functions_are_called_back(student):
    seen = []
    assert student.layers.apply(lambda x: seen.append(x) or 5.0, np.ones(2)) == 5.0
    assert not seen[0].flags.writeable
    nested = student.layers.apply(lambda x: student.layers.apply(lambda y: y + 1, x) * 2, 3)
    assert nested == 8
    assert student.layers.keeps(lambda x: x) == 1
    with pytest.raises(errors.ProtocolViolation, match="after its call had returned"):
        student.layers.later()


def test_a_failing_function_of_the_check_is_the_checks_own(student):
    class Ours(Exception):
        pass

    def fails(x):
        raise Ours

    with pytest.raises(Ours):
        student.layers.apply(fails, 1)
    assert student.layers.apply(lambda x: x, 1) == 1


def test_seeds(student, pool, reference):
    with pool.student(reference) as other:
        one, two = (other.layers.Linear(3, 2, other.rng(5)).W for _ in range(2))
        assert np.array_equal(one, two)
        rng = other.rng.keep(5)
        first, second = (other.layers.Linear(3, 2, rng).W for _ in range(2))
        assert np.array_equal(first, one)
        assert not np.array_equal(first, second)


def test_exceptions_are_data(student):
    with pytest.raises(errors.StudentError) as caught:
        student.layers.fails(1)
    error = caught.value
    assert (error.type_name, error.message) == ("KeyError", "'missing'")
    assert error.mro[:2] == ("KeyError", "LookupError")
    assert [frame.function for frame in error.frames] == ["fails"]
    assert error.frames[0].file == "layers.py"
    assert "    raise KeyError" in "\n".join(error.frames[0].lines)


def test_prints_belong_to_their_call(student):
    student.layers.shout(1)
    student.layers.shout(2)
    assert [step.printed for step in student.transcript if step.kind == "call"] == ["got 1\n", "got 2\n"]


def test_what_a_module_prints_as_it_is_imported_is_no_calls(pool):
    noisy = "print('loading', end='')\ndef shout(): print('hello')\n"
    with pool.student(make(layers=noisy, losses="print('half')\n1 / 0\n", data=noisy)) as student:
        student.layers.shout()
        student.layers.shout()
        student.data.shout.keep()
        assert [step.printed for step in student.transcript] == ["hello\n"] * 3
        with pytest.raises(errors.ModuleBroken) as caught:
            student.losses.softmax(1)
        assert caught.value.printed == "half\n"  # here it may explain what went wrong


def test_the_transcript_reads_as_a_script(student):
    box = student.layers.Box(2)
    box.add(3)
    student.fill(student.item(student.ref(box, "items"), 0), np.zeros(2))
    another = student.layers.Box(1)
    out = another.items
    student.layers.apply(student.layers.shout, out[0])
    with pytest.raises(errors.StudentError):
        student.layers.fails(1)
    assert [step.text for step in student.transcript] == [
        "box = layers.Box(2)",
        "box.add(3)",
        "box.items[0]",
        "box.items[0][...] = array([0., 0.])",
        "box2 = layers.Box(1)",
        "box2.items",
        "layers.apply(layers.shout, array([0., 0.]))",
        "layers.fails(1)",
    ]
    assert student.transcript[0].touched == ["layers.Box.__init__"]
    assert student.transcript[1].touched == ["layers.Box.add"]
    assert student.transcript[0].outcome == Opaque("Box")
    assert student.transcript[-1].outcome == ErrorInfo("StudentError", "KeyError", "'missing'")


def test_another_check_goes_on_with_the_same_worker(student):
    from grader.worker.bounds import TimeLimits

    box = student.layers.Box(2)
    student.begin(TimeLimits(1.0, 2.0))
    assert student.transcript == []
    assert box.add(1) == 3
    assert student.alive


def test_what_a_check_cannot_send_is_our_own_fault(student):
    with pytest.raises(errors.WorkerFault):
        student.layers.shout(np.random.default_rng(0))


def test_no_name_of_ours_hides_an_attribute_of_the_learners(pool):
    names = [name.strip("_") for name in (*Held.__slots__, *Remote.__slots__, *Method.__slots__, *Function.__slots__)]
    fields = "".join(f"    {name} = 'mine'\n" for name in names)
    with pool.student(make(layers=f"class Box:\n    def __init__(self): pass\n{fields}")) as student:
        box = student.layers.Box()
        assert {"path", "text", "held", "owner"} <= set(names)
        assert {getattr(box, name) for name in names} == {"mine"}


MANY = """
import numpy as np

class Layer:
    def __init__(self):
        self.W, self.b = np.zeros((2, 2)), np.zeros(2)
    @property
    def odd(self):
        raise RuntimeError("odd")
    @property
    def deep(self):
        made = []
        for _ in range(100):
            made = [made]
        return made
"""


def steps_of(student):
    return [(step.kind, step.target, step.text, step.touched) for step in student.transcript]


def test_many_in_one_message_are_as_one_after_another(pool):
    with pool.student(make(layers=MANY)) as one, pool.student(make(layers=MANY)) as other:
        W, b = np.eye(2), np.ones(2)
        first, second = one.layers.Layer(), other.layers.Layer()
        asked = [one.has(first, "W"), one.has(first, "V")]
        one.fill(first, "W", W)
        one.fill(first, "b", b)
        read = [first.W, first.b]
        assert [*other.have([second], "W"), *other.have([second], "V")] == asked == [True, False]
        other.fill_all([(second, "W", W), (second, "b", b)])
        for mine, theirs in zip(other.read([(second, "W"), (second, "b")]), read):
            np.testing.assert_array_equal(mine, theirs)
        assert steps_of(one) == steps_of(other)
        assert other.read([]) == []


def test_items_of_a_list_or_of_any_iterable_that_have_an_attribute(pool):
    net = "class Net:\n    def __init__(self, layers): self.layers = layers\n    def lazy(self): pass\n"
    odd = "    @property\n    def each(self): return iter(self.layers)\n"
    with pool.student(make(layers=MANY, network=net + odd)) as student:
        layer = student.layers.Layer()
        net = student.network.Net([3, layer, "text", layer])
        for name in ("layers", "each"):
            [found] = student.having(net, name, "W")
            assert [item.transcript_name() for item in found] == [f"net.{name}[1]", f"net.{name}[3]"]
            np.testing.assert_array_equal(found[1].W, np.zeros((2, 2)))
        assert student.having(net, "layers", "V", "U") == [[], []]
        with pytest.raises(errors.StudentError, match="not iterable"):
            student.having(net, "lazy", "W")


@pytest.mark.parametrize("lie", [None, [1], [[0]], [[0, 1.0]], [["a", None]]])
def test_items_that_are_none_are_no_answer(pool, monkeypatch, lie):
    with pool.student(make(layers=MANY)) as student:
        layer = student.layers.Layer()
        monkeypatch.setattr(student._channel, "request", lambda *asked, callbacks: Answer(lie, "", 0.0, 0))
        with pytest.raises(errors.ProtocolViolation):
            student.having(layer, "W", "x")


def test_many_end_with_the_first_that_fails(pool):
    with pool.student(make(layers=MANY)) as student:
        layer = student.layers.Layer()
        with pytest.raises(errors.StudentError, match="RuntimeError: odd"):
            student.read([(layer, "W"), (layer, "odd"), (layer, "b")])
        assert [step.target for step in student.transcript][-2:] == ["layers.Layer.W", "layers.Layer.odd"]
        assert student.transcript[-1].outcome.type_name == "RuntimeError"
        with pytest.raises(errors.StudentError, match=r"Layer\.W has the shape \(2, 2\)"):
            student.fill_all([(layer, "W", np.ones(3)), (layer, "b", np.ones(2))])
        np.testing.assert_array_equal(layer.b, np.zeros(2))
        W, deep = student.read([(layer, "W"), (layer, "deep")])  # what cannot be sent stays, by itself or with the others
        assert student.kind(deep) == "list"
        np.testing.assert_array_equal(W, np.zeros((2, 2)))


@pytest.mark.parametrize("reply", [None, ["ok"], ["maybe", 1], [np.arange(2), 1], ("ok", 1)], ids=str)
def test_an_odd_reply_is_no_answer(reply):
    class Liar(Channel):
        def _exchange(self, frame):
            return reply, ""

    with pytest.raises(errors.ProtocolViolation):
        Liar(make(), TimeLimits()).request("get", 1, "a")


@pytest.mark.parametrize(
    "reply",
    [
        ["ok", []],
        ["ok", [["ok", 1], [np.arange(2), 1]]],
        ["ok", [["ok", 1], ["maybe", 2]]],
        ["ok", [["ok", 1], 2]],
        ["ok", 3],
        ["ok", [["ok", 1], ["error", "text"]]],
    ],
)
def test_odd_replies_to_many_are_no_answer(reply):
    class Liar(Channel):
        def _exchange(self, frame):
            return reply, ""

    channel = Liar(make(), TimeLimits())
    channel.following = [["get", 1, "b"]]
    with pytest.raises(errors.ProtocolViolation):
        _ = [channel.request("get", 1, name) for name in "ab"]


def messages(student, monkeypatch):
    """What is sent from now on: the operations of each message."""
    channel, sent = student._channel, []
    real = channel._message

    def message(asked, callbacks):
        sent.append([part[0] for part in asked[1:]] if asked[0] == "many" else [asked[0]])
        return real(asked, callbacks)

    monkeypatch.setattr(channel, "_message", message)
    return sent


def test_what_is_asked_soon_goes_along_and_is_as_one_after_another(pool, monkeypatch):
    with pool.student(make(layers=MANY)) as one, pool.student(make(layers=MANY)) as other:
        W, sent = np.eye(2), messages(other, monkeypatch)
        first = one.layers.Layer()
        one.fill(first, "W", W)
        other.soon(("fill", Earlier(0), "W", W), ("get", Earlier(0), "W"))
        second = other.layers.Layer()
        other.fill(second, "W", W)
        np.testing.assert_array_equal(second.W, first.W)
        assert sent == [["call_name", "fill", "get"]]
        np.testing.assert_array_equal(second.W, W)  # asked once more, it is read once more
        assert sent[1:] == [["get"]]
        assert steps_of(one) == steps_of(other)[:-1]


def test_whatever_else_is_asked_is_sent_and_forgets_what_waits(pool, monkeypatch):
    with pool.student(make(layers=MANY)) as student:
        layer, W = student.layers.Layer(), np.eye(2)
        sent = messages(student, monkeypatch)
        student.soon(("get", layer, "W"), ("get", layer, "b"))
        student.fill(layer, "W", W)
        student.fill(layer, "W", W + 1)
        np.testing.assert_array_equal(layer.W, W + 1)  # not what was there before the second fill
        student.soon(("fill", layer, "W", W), ("get", layer, "W"))
        assert student.has(layer, "W")
        student.fill(layer, "W", W.copy())  # another array, if an equal one
        assert sent == [["fill", "get", "get"], ["fill"], ["get"], ["has", "fill", "get"], ["fill"]]


def test_what_fails_of_what_was_asked_soon_fails_when_it_is_asked(pool, monkeypatch):
    with pool.student(make(layers=MANY)) as student:
        layer = student.layers.Layer()
        sent = messages(student, monkeypatch)
        student.soon(("get", layer, "odd"), ("get", layer, "b"))
        np.testing.assert_array_equal(layer.W, np.zeros((2, 2)))
        with pytest.raises(errors.StudentError, match="RuntimeError: odd"):
            _ = layer.odd
        np.testing.assert_array_equal(layer.b, np.zeros(2))
        student.soon(("get", Earlier(0, 3), "W"), ("get", layer, "W"))  # no fourth item was found
        assert student.has(layer, "b")
        student.soon(("get", layer, "deep"), ("get", layer, "b"))  # what cannot be sent is asked for by itself
        np.testing.assert_array_equal(layer.W, np.zeros((2, 2)))
        assert student.kind(layer.deep) == "list"
        np.testing.assert_array_equal(layer.b, np.zeros(2))
        assert sent[:3] == [["get", "get", "get"], ["get"], ["has", "get", "get"]]
        assert sent[3:] == [["get", "get", "get"], ["get"], ["get"]]


def test_the_next_check_begins_without_what_the_last_one_left(pool, monkeypatch):
    with pool.student(make(layers=MANY)) as student:
        layer = student.layers.Layer()
        sent = messages(student, monkeypatch)
        student.soon(("get", layer, "b"))
        student.begin(TimeLimits())
        np.testing.assert_array_equal(layer.W, np.zeros((2, 2)))
        assert sent == [["get"]]


@pytest.mark.parametrize("found", [None, 3, [], [1], [[0]], [[0, 7]], np.zeros((1, 2))], ids=str)
def test_what_stands_for_no_object_is_not_taken_for_one(found):
    class Liar(Channel):
        def _exchange(self, frame):
            return ["ok", [["ok", found], ["ok", 1]]], ""

    channel = Liar(make(), TimeLimits())
    for item in (-1, 0):
        channel.following = [["get", Earlier(0, item), "W"]]
        channel.request("having", 1, "layers")
        assert [asked for asked, _ in channel._ahead] == [["get", None, "W"]]


def test_an_object_is_called_after_its_class_as_somebody_would_write_it():
    names = [snake(name) for name in ("ReLU", "Linear", "MLP", "SGD", "SoftmaxCrossEntropy", "Conv2D")]
    assert names == ["relu", "linear", "mlp", "sgd", "softmax_cross_entropy", "conv2d"]


SHELL = """
class Counter:
    def __init__(self, ask): self.ask = ask
    def ahead(self, steps): return self.ask(steps)
def make(ask, array):
    return Counter(ask), array
"""


def test_objects_of_the_course_ask_back_in_every_call_until_the_next_check(pool):
    code = "def ahead(counter, steps): return counter.ahead(steps)\ndef source(): import given"
    asked = []

    def answer(steps):
        asked.append(steps)
        return 2 * steps

    pair = SHELL.replace("Counter(ask), array", "Counter(ask), Counter(ask)")
    with pool.student(make(layers=code)) as student:
        counter, _ = student.made("counter, other", "pair()", pair, answer, np.ones(2))
        assert [student.layers.ahead(counter, steps) for steps in (1, 2)] == [2, 4]
        assert asked == [1, 2]
        assert [step.text for step in student.transcript] == [
            "counter, other = pair()",
            "layers.ahead(counter, 1)",
            "layers.ahead(counter, 2)",
        ]
        with pytest.raises(errors.StudentError, match="given"):
            student.layers.source()
        student.begin(TimeLimits())
        with pytest.raises(errors.ProtocolViolation, match="after its call had returned"):
            student.layers.ahead(counter, 3)


def test_objects_of_the_course_are_as_many_as_were_named(pool):
    with pool.student(make(layers="")) as student, pytest.raises(errors.ProtocolViolation, match="invalid reply"):
        student.made("counter, array", "pair()", SHELL, print, np.ones(2))


def test_what_a_course_calls_its_own_is_known_by_name():
    """A class in capitals is no constant, a method needs no look-up, and a training may have any name."""
    code = make(nets="WIDTH = 3\nclass RNN:\n    def go(self): return 1\ndef fit(net): return {'val_loss': [net.go()]}")
    with LocalPool().student(code, SHORT) as student:
        assert [type(student.nets.RNN), student.nets.WIDTH] == [Remote, 3]
        student.use_names_of(About(methods=("go",), classes=("RNN",), training="nets.fit"))
        assert [type(student.nets.RNN), student.nets.WIDTH] == [Function, 3]
        net = student.nets.RNN()
        assert [type(net.go), net.go(), student.nets.fit(net)] == [Method, 1, {"val_loss": [1]}]
        assert [(step.target, step.trains) for step in student.transcript[-3:]] == [
            ("nets.RNN.__init__", False),
            ("nets.RNN.go", False),
            ("nets.fit", True),
        ]
