"""Ctrl-C is not lost, wherever it arrives."""

import contextlib
import os
import signal
import time

import pytest

from grader.running.interrupts import stop_if_asked, stoppable


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_request_that_was_swallowed_is_repeated(number):
    before = signal.getsignal(number)
    with stoppable():
        stop_if_asked()
        with contextlib.suppress(KeyboardInterrupt):  # as an extension module's import may do
            os.kill(os.getpid(), number)
            time.sleep(0)  # the handler runs by the next line at the latest
        with pytest.raises(KeyboardInterrupt):
            stop_if_asked()
    stop_if_asked()
    assert signal.getsignal(number) == before


def test_who_ignores_a_signal_goes_on_ignoring_it():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stoppable():
            os.kill(os.getpid(), signal.SIGINT)
            stop_if_asked()
    finally:
        signal.signal(signal.SIGINT, before)
