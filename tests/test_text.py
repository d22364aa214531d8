"""Text from a submission cannot speak to a terminal, to a CI service, backwards, or to a machine behind a reader's back."""

import io
import re
import unicodedata
from xml.etree import ElementTree

import msgspec
import pytest

from grader import export, text
from grader.cohort import tables
from grader.cohort.counting import Grade
from grader.course.policy import Policy
from grader.records import Report, cleaned
from grader.report import pages, terminal
from grader.text import MAX_OUTPUT, clean, clean_name, clean_output, visible
from tests.courses import HERE
from tests.regex_steps import steps
from tests.report import samples

CHECK = "check_sgd_steps_in_place"
EVERYTHING = [chr(code) for code in range(0x110000)]
#: Formats that have a form of their own, such as the sign that spans an Arabic number.
SHOWN = re.compile("[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd\U00013430-\U0001345f]")


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
        ("\u26a0\ufe0f warning \u845b\U000e0100", "\u26a0 warning \u845b"),
        ("\x1b\ufe0f[31mred :\ufe00:", "red ::"),
        ("\ufe0e::error::x", ": :error::x"),
        ("Größe 数", "Größe 数"),
    ],
)
def test_clean(text, cleaned):
    assert clean(text) == cleaned


def test_length_is_limited():
    assert clean("x" * 50, 10) == "x" * 10 + " [...]"
    assert clean("x" * 5000, None) == "x" * 5000


def test_a_name_is_one_line():
    assert clean_name("a\nb\n\nc") == "a b c"


@pytest.mark.parametrize(
    "unit", ["\n", "\t\n", "\r", " ", "\x1b]", "\x1b[0", "::\n", "e\u0301", "\u0301", "\ufe0f", "\x1b[0\x1b"]
)
@pytest.mark.parametrize("pattern", ["FORMS", "HIDDEN", "ESCAPES", "COMMANDS", "PILED"])
def test_work_is_linear(unit, pattern):
    taken = steps(getattr(text, pattern), unit * 16_000)
    assert taken <= 12 * 16_000 * len(unit)


def test_quadratic_work_would_be_seen():
    over_lines = re.compile(r"^(\s*)(::|##\[)", re.MULTILINE)
    assert steps(over_lines, "\n" * 200) > 3.5 * steps(over_lines, "\n" * 100)


def test_long_output_is_kept_to_its_limit():
    assert len(clean_output("\n" * 2 * MAX_OUTPUT)) == MAX_OUTPUT + len(" [...]")


def _is_hidden(character: str) -> bool:
    """What Unicode says, as far as Python knows its properties."""
    kind = unicodedata.category(character)
    return (kind in ("Cc", "Cs", "Zl", "Zp") and character not in "\t\n") or (kind == "Cf" and not SHOWN.match(character))


def test_the_table_holds_what_unicode_calls_a_format_or_control():
    assert [ch for ch in EVERYTHING if _is_hidden(ch) and ch in clean(ch)] == []
    assert [ch for ch in EVERYTHING if ch.isprintable() and unicodedata.category(ch)[0] in "LNPS" and clean(ch) != ch] == [
        "\u115f", "\u1160", "\u3164", "\uffa0",
    ]  # fmt: skip


def _report_of_everything() -> Report:
    """Every character there is, in each place where a submission can write; a surrogate is in no JSON to begin with."""
    parts = ["".join(EVERYTHING[at : at + 0x1000]) for at in range(0, 0x110000, 0x1000)]
    whole = "x".join(parts)
    outcome: dict[str, object] = {"state": "fail", "message": whole}
    return samples.report_of({CHECK: outcome}, student="name", notes=parts)


def _exported(name: str, written: str | bytes) -> str:
    """What the system that an export is for makes of it."""
    if name == "junit":
        return "".join(ElementTree.fromstring(written).itertext())
    return written if isinstance(written, str) else written.decode()


def test_results_terminal_exports_and_pages_agree_on_every_character():
    hidden = {ch for ch in EVERYTHING if ch not in clean(ch)}
    whole, policy = "".join(EVERYTHING), Policy()
    written = msgspec.json.encode(cleaned(_report_of_everything()))
    report = msgspec.json.decode(written, type=Report)
    screen = io.StringIO()
    terminal.console(file=screen).print(terminal.summary(terminal.console(), report, HERE.about))
    grade = Grade(student="a", name=whole, state="graded", score=1, max_score=1, raw=1)
    shown = {
        "results.json": written.decode(),
        "terminal": screen.getvalue(),
        "page": pages.environment().from_string("{{ text }}").render(text="x".join(EVERYTHING)),  # no accents piled
        "CSV": tables.table([grade], []),
        **{name: _exported(name, export.write(name, report, policy)) for name in export.FORMATS},
    }
    cut = shown.pop("markdown")  # to 4,000 bytes a check
    assert hidden.isdisjoint(cut)
    for where, said in shown.items():
        assert hidden.isdisjoint(said), where
        lost = {ch for ch in set(EVERYTHING) - hidden - set(said) if not ch.isspace()}
        assert lost <= set("<>&\"'"), where  # a page writes these as entities
    assert {ch for ch in EVERYTHING if ch not in visible(ch)} == hidden
