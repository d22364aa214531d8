"""What code can do to its own process: each has an error of its own and a sentence, and the next worker does not notice."""

import numpy as np
import pytest

from grader.text import HIDDEN
from grader.worker import bounds
from grader.worker.bounds import TimeLimits
from grader.worker.outside import errors
from tests.worker.conftest import make


@pytest.mark.parametrize(
    ("body", "kind", "sentence"),
    [
        ("while True: pass", errors.CallTimeout, "The call was stopped after 0.6 s."),
        ("import time; time.sleep(100)", errors.CallTimeout, "The call was stopped after 0.6 s."),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", errors.CallTimeout, "stopped after 0.6 s"),
        ("import sys; sys.exit(0)", errors.StudentExit, r"tried to end the program \(sys.exit\(0\)\)"),
        ("raise KeyboardInterrupt", errors.StudentExit, "KeyboardInterrupt"),
        ("raise GeneratorExit", errors.StudentExit, "GeneratorExit"),
        ("import os; os._exit(0)", errors.WorkerDied, r"ended itself in the middle of the call \(exit status 0\)"),
        ("import os; os.abort()", errors.WorkerDied, "SIGABRT"),
        ("import ctypes; ctypes.string_at(0)", errors.WorkerDied, "SIGSEGV"),
        ("return f()", errors.StudentError, "RecursionError: maximum recursion depth"),
        ("import numpy; return numpy.ones(1 << 33).sum()", errors.OutOfMemory, "more memory"),
        ("while True: print('x' * 100_000)", errors.TooMuchOutput, "printed more than 8 MB"),
        ("import os; os.write(3, b'\\xff' * 64); return 1", errors.ProtocolViolation, "invalid reply"),
        ("import os; os.close(3)", errors.WorkerDied, "ended"),
        ("class E(Exception):\n    def __str__(self): raise ValueError\nraise E", errors.StudentError, "^E$"),
        ("raise NotImplementedError('later')", errors.StudentError, "NotImplementedError: later"),
    ],
)
def test_each_end_has_its_sentence(ask, body, kind, sentence):
    with pytest.raises(kind, match=sentence) as caught:
        ask(body)
    assert type(caught.value) is kind


def test_memory_taken_bit_by_bit(ask):
    with pytest.raises(errors.OutOfMemory):
        ask("x = []\nwhile True: x.append(bytearray(1 << 26))", limits=TimeLimits(30.0, 30.0))


def test_a_deep_recursion_shows_both_ends_alone(ask):
    with pytest.raises(errors.StudentError) as caught:
        ask("return f()")
    assert len(caught.value.frames) == 8


def test_the_text_of_an_exception_is_cleaned_and_cut(ask):
    with pytest.raises(errors.StudentError) as caught:
        ask("raise ValueError('\\x1b[31m::error::\\u202e\\U000e0047\\xad' + 'x' * 100_000)")
    assert "\x1b" not in str(caught.value)
    assert not HIDDEN.search(str(caught.value))
    assert len(str(caught.value)) < 2100


def test_what_was_printed_before_the_end_is_kept(ask):
    with pytest.raises(errors.CallTimeout) as caught:
        ask("print('epoch 1')\nwhile True: pass")
    assert caught.value.printed == "epoch 1\n"
    with pytest.raises(errors.StudentError) as caught:
        ask("print('before'); raise ValueError")
    assert caught.value.printed == "before\n"


def test_results_that_are_too_large_stay_there(ask):
    value = ask("return [[0.0] * 1000] * 1000")
    assert repr(value) == "<list in the worker>"
    circle = ask("x = []; x.append(x); return x")
    assert repr(circle) == "<list in the worker>"


def test_a_call_and_a_check_have_limits_of_their_own(wire_pool):
    made = make(layers="import time\ndef nap(s): time.sleep(s)")
    with wire_pool.student(made, TimeLimits(call=5.0, check=0.5)) as student:
        student.layers.nap(0.3)
        with pytest.raises(errors.CallTimeout) as caught:
            student.layers.nap(5)
        assert caught.value.limit < 0.5
        assert not student.alive
        with pytest.raises(errors.CallTimeout):
            student.layers.nap(0)


def test_a_worker_that_does_not_read_is_stopped_too(wire_pool):
    made = make(layers="import time\ndef f(g):\n    g()\n    time.sleep(100)")
    with wire_pool.student(made, TimeLimits(call=0.5, check=5.0)) as student, pytest.raises(errors.CallTimeout):
        student.layers.f(lambda: np.zeros(30_000_000))


def test_forged_errors_do_no_harm(ask):
    forge = """
    import sys
    frames = sys._getframe()
    while frames.f_back: frames = frames.f_back
    from msgspec import msgpack
    import os
    def send(value):
        data = msgpack.encode(value)
        os.write(3, len(data).to_bytes(4, 'little') + bytes(4) + data)
    send({reply})
    os._exit(0)
    """
    replies = "['error', 1]", "['error', {}]", "['ok']", "'ok'", "['verdict', 'pass']", "[]", "['callback', 1, [], {}]"
    for reply in replies:
        with pytest.raises(errors.ProtocolViolation):
            ask(forge.replace("{reply}", reply))


def test_callbacks_are_counted(ask, monkeypatch):
    monkeypatch.setattr(bounds, "MAX_CALLBACKS", 50)
    with pytest.raises(errors.ProtocolViolation, match="more than 50 times"):
        ask("g = args[0]\nfor _ in range(1000): g()", lambda: 1)


def test_callbacks_after_one_that_failed_are_counted_too(ask, monkeypatch):
    monkeypatch.setattr(bounds, "MAX_CALLBACKS", 50)
    calls = []

    def fails():
        calls.append(1)
        raise ZeroDivisionError

    body = "g, heard = args\nwhile True:\n    try:\n        g()\n    except Exception:\n        heard.append(1)"
    with pytest.raises(ZeroDivisionError):
        ask(body, fails, [])
    assert calls == [1]


def test_answers_of_a_check_have_a_bound_together(wire_pool, monkeypatch):
    monkeypatch.setattr(bounds, "MAX_CHECK", 15_000)
    with wire_pool.student(make(layers="import numpy as np\ndef f(): return np.ones(100)")) as student:
        for _ in range(6):  # 800 bytes each, counted twice
            student.layers.f()
        with pytest.raises(errors.ProtocolViolation, match="The answers of one check are larger than"):
            student.take([student.layers.f() for _ in range(6)])


def test_objects_are_let_go_piece_by_piece(wire_pool, monkeypatch):
    monkeypatch.setattr(bounds, "MAX_RELEASED", 3)
    with wire_pool.student(make(layers="def f(g, n):\n    for _ in range(n): g(object())")) as student:
        student.layers.f(lambda _: None, 10)
        waiting = student._channel.released
        for left in (10, 7, 4, 1, 0):
            assert len(waiting) == left
            student.layers.f(None, 0)


def test_a_transcript_keeps_no_more_than_its_bound(wire_pool, monkeypatch):
    monkeypatch.setattr(bounds, "MAX_KEPT", 5_000)
    with wire_pool.student(make(layers="import numpy as np\ndef f(n): return np.ones(n)")) as student:
        for n in (100, 1000, 2000, 4000):
            assert student.layers.f(n).shape == (n,)
        kept = [type(step.outcome).__name__ for step in student.transcript]
        assert kept == ["ndarray", "Opaque", "Opaque", "Opaque"]
        student.begin(TimeLimits())
        student.layers.f(100)
        assert student.transcript[0].outcome.shape == (100,)


def test_local_code_that_does_not_return_is_stopped():
    from grader.worker.outside.local import LocalPool

    made = make(layers="def f():\n    while True: pass")
    with LocalPool().student(made, TimeLimits(0.3, 1.0)) as student, pytest.raises(errors.CallTimeout):
        student.layers.f()
