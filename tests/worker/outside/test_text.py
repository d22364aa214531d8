"""Text from a submission cannot speak to a terminal, to a CI service, or backwards."""

import time

import pytest

from grader.worker.outside.text import MAX_OUTPUT, clean, clean_name, clean_output


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07shown", "shown"),
        ("a\rb", "a\nb"),
        ("::error::gotcha", ": :error::gotcha"),
        ("x\n  ::set-output name=a::b", "x\n  : :set-output name=a::b"),
        ("##[error]x", "# # [error]x"),
        ("\n\n \t::error::x\n\n##[y]", "\n\n \t: :error::x\n\n# # [y]"),
        ("a\u202eb", "a\N{REPLACEMENT CHARACTER}b"),
        ("a\u200bb\x00", "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"),
        ("Größe 数", "Größe 数"),
    ],
)
def test_clean(text, cleaned):
    assert clean(text) == cleaned


def test_length_is_limited():
    assert clean("x" * 50, 10) == "x" * 10 + " [...]"


def test_a_name_is_one_line():
    assert clean_name("a\nb\n\nc") == "a b c"


@pytest.mark.parametrize("unit", ["\n", "\t\n", "\r", " ", "\x1b]", "\x1b[0", "::\n"])
def test_much_output_takes_no_time(unit):
    begun = time.process_time()
    clean_output(unit * MAX_OUTPUT)
    assert time.process_time() - begun < 3.0  # it takes milliseconds, and took a quarter of a minute
