"""What a terminal shows: 80 columns, sense without colour, and text from a submission stays text."""

import io

import msgspec
import pytest

from grader.learner.jupyter import Shown
from grader.records import Card, CheckResult, Mistake, NextStep, Report, SourceLines, StageResult
from grader.report import terminal, words
from grader.running import scores
from tests.courses import HERE
from tests.report import samples
from tests.running import toys

NASTY = "[bold red]markup[/] <script>alert(1)</script> :warning: " + "long " * 40


def shown(of, **options):
    out = io.StringIO()
    terminal.console(file=out, **options).print(of)
    return out.getvalue()


def failing(**fields):
    card = Card(ran=NASTY, should=NASTY, gave=NASTY, looks_like=NASTY, printed=NASTY)
    card = msgspec.structs.replace(card, source=[SourceLines("losses.py", 9, ["a", NASTY, "c"], [10], "softmax")])
    plain = {"id": "check_it", "promise": "It holds.", "state": "fail", "points": 0, "max_points": 2, "card": card}
    return CheckResult(**{**plain, **fields})


@pytest.fixture
def report():
    stage = StageResult("03_softmax", "Softmax", "fail", 0, 2, [failing()])
    step = NextStep("03_softmax", "check_it", "03_softmax: “It holds” fails.", "student/losses.py", 9)
    return Report(score=0, max_score=2, stages=[stage], next=step, student=NASTY)


def test_full_marks_do_not_wait_for_a_stage_without_points(tmp_path):
    whole = samples.make("all_right", tmp_path)
    for report in (whole, samples.with_a_stage_without_points(whole)):
        text = shown(terminal.summary(terminal.console(file=io.StringIO()), report, HERE.about))
        assert text.count("All done: full marks.") == 1
    assert text.index("All done: full marks.") < text.index("Next: `more` is to do.")
    short = msgspec.structs.replace(samples.with_a_stage_without_points(whole), score=whole.score - 1)
    assert "All done" not in shown(terminal.summary(terminal.console(file=io.StringIO()), short, HERE.about))


def test_a_stage_without_points_that_waits_is_not_done():
    check = CheckResult(id="check_more", promise="More.", state="blocked", points=0, max_points=0, blocked_by="10_all: check_it")
    stage = StageResult("15_more", "More", "blocked", 0, 0, [check])
    text = shown(
        terminal.summary(
            terminal.console(file=io.StringIO()), Report(score=0, max_score=0, stages=[stage]), HERE.about, whole=False
        )
    )
    assert "done" not in text
    assert "make grade STAGE=10_all" in text


def test_eighty_columns_and_no_escape_when_piped(report):
    text = shown(terminal.summary(terminal.console(file=io.StringIO()), report, HERE.about))
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text
    assert not any(line != line.rstrip() for line in text.splitlines() if "what" in line)


def test_text_of_a_submission_stays_text(report):
    text = shown(terminal.summary(terminal.console(file=io.StringIO()), report, HERE.about))
    joined = " ".join(text.split())
    for part in ("[bold red]markup[/]", "<script>alert(1)</script>", ":warning:"):
        assert joined.count(part) >= 5, part


def test_a_card_says_everything_in_order():
    mistake = Mistake("forgets_the_shift", "What can be subtracted?", title="No shift before exp")
    text = shown(terminal.CardText("03_softmax", failing(mistake=mistake)))
    labels = [
        "It holds.",
        "03_softmax, check_it, fails",
        "likely mistake",
        "No shift before exp",
        "what was expected",
        "what happened",
        "where: losses.py, in softmax",
        "> 10  [bold red]markup",
        "what it looks like",
        "What can be subtracted?",
        "what your code printed in that call",
        "what we ran",
    ]
    places = [text.index(label) for label in labels]
    assert places == sorted(places)
    assert "forgets" not in text  # the name of a function is an id, and no title


def test_a_named_mistake_is_told_with_its_number():
    ratio = "Every entry is exactly 1/5 of what it should be, and the batch has 5 rows: it is divided by it once too often."
    mistake = Mistake("averages_again", "Who divided already?", title="Divided again")
    result = failing(card=Card(gave="dW is 1.", looks_like=ratio), mistake=mistake)
    text = " ".join(shown(terminal.CardText("01_linear", result)).split())
    assert f"what it looks like {ratio} Who divided already?" in text
    hint = f"{ratio} Who divided already?"
    repeated = failing(card=Card(looks_like=ratio), mistake=Mistake("averages_again", hint))
    assert " ".join(shown(terminal.CardText("01_linear", repeated)).split()).count("exactly 1/5") == 1


def test_the_verdict_is_the_last_thing_of_a_grade(tmp_path):
    """On 24 lines of 80 columns: what it is, and the place; what was run stands in the report."""
    for name, verdict in (("mid_course", "Next: No shift before exp"), ("syntax_error", "Next: Syntax error in layers.py")):
        report = samples.make(name, tmp_path / name)
        lines = shown(terminal.summary(terminal.console(file=io.StringIO()), report, HERE.about)).splitlines()
        assert any(line.startswith(verdict) for line in lines[-4:])
        assert any(line.startswith("    > ") for line in lines[-20:])
        assert not any("what we ran" in line for line in lines)


def test_a_syntax_error_is_told_once_with_a_caret(tmp_path):
    text = shown(terminal.summary(terminal.console(file=io.StringIO()), samples.make("syntax_error", tmp_path), HERE.about))
    assert text.count("was never closed") == 1
    lines = text.splitlines()
    marked = next(i for i, line in enumerate(lines) if line.startswith("    > 26"))
    assert lines[marked + 1].index("^") == lines[marked].index("(")
    assert "what was expected" not in text


def test_an_exception_in_the_learners_own_terms_stands_as_what_was_given():
    said = "self.x is (5, 4), dout is (5, 3): for `@` the inner two must agree, and 4 is not 5. (ValueError: matmul: ...)"
    card = Card(gave=said, source=[SourceLines("layers.py", 9, ["dW = self.x @ dout"], [9], "backward")])
    text = " ".join(shown(terminal.CardText("01_linear", failing(card=card, message=said))).split())
    assert f"what happened {said} where: layers.py, in backward > 9 dW = self.x @ dout" in text


def test_a_long_line_of_code_is_cut_unless_it_is_pointed_at():
    lines = ["a = " + "b + " * 30 + "c", "d = " + "e + " * 30 + "f"]
    card = Card(gave="-1.", source=[SourceLines("layers.py", 9, lines, [10], "forward")])
    text = shown(terminal.CardText("01_linear", failing(card=card)))
    assert max(map(len, text.splitlines())) <= 80
    assert next(line for line in text.splitlines() if "a = b" in line).endswith("...")
    assert "+ f" in text


def test_remarks_are_those_of_what_passes_and_a_stage_that_waits_says_for_what():
    def stage(name, **check):
        result = CheckResult("c", "p", points=0, max_points=1, notes=[f"Noted in {name}."], **check)
        return StageResult(name, "", check["state"], 0, 1, [result])

    passed, failed = stage("01_first", state="pass"), stage("02_second", state="fail")
    waits = stage("03_third", state="blocked", blocked_by="02_second: c", message="Not checked yet: needs 02_second.")
    report = Report(0, 3, [passed, failed, waits])
    text = shown(terminal.summary(terminal.console(file=io.StringIO()), report, HERE.about))
    assert ("Noted in 01_first." in text, "Noted in 02_second." in text) == (True, False)
    assert "Not checked yet: needs 02_second.\n      make grade STAGE=02_second  shows it" in text


def test_the_sandbox_is_named_only_where_it_lacks_something():
    for complete in (True, False):
        report = Report(0, 0, [], sandbox={"complete": complete, "summary": "9 of 11 forbidden actions blocked"})
        text = shown(terminal.summary(terminal.console(file=io.StringIO()), report, HERE.about))
        assert ("sandbox: 9 of 11" in text) is not complete


def test_states_have_words_and_signs_that_ascii_can_show(tmp_path):
    course = toys.course(tmp_path)
    session = toys.run(course, toys.submission(layers="def add(a, b):\n    return a\n"))
    report = scores.report(course.stages, session.results)
    text = shown(terminal.Group(*terminal.ladder(terminal.console(file=io.StringIO()), report.stages, "01_first")))
    assert "> ✗ 01_first     0 of  4  0 of 3 pass, 1 waiting" in text
    assert "  – 02_second    0 of  6  waits for 01_first" in text
    ascii_file = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    console = terminal.console(file=ascii_file)
    console.print(terminal.Group(*terminal.ladder(console, report.stages)))
    console.print(terminal.bar(console, 5, 10, 2))
    ascii_file.flush()
    text = ascii_file.buffer.getvalue().decode("ascii")
    assert "x 01_first" in text
    assert "########============...................." in text


def test_long_scripts_are_cut_with_a_word_on_the_rest():
    card = Card(ran="\n".join(f"line {i}" for i in range(40)))
    text = shown(terminal.CardText("s", failing(card=card)))
    assert "line 23" in text
    assert "line 24" not in text
    assert "... 16 more lines are in the report" in text


def test_a_notebook_gets_the_card_as_html_and_nothing_of_it_is_markup(report, tmp_path):
    shown = Shown(report, tmp_path, HERE)
    html = shown._repr_html_()
    assert "<script>" not in html
    assert html.count("&lt;script&gt;") >= 5
    for label in (words.SHOULD, words.GAVE, words.RAN, "fails"):
        assert label in html
    assert "[bold red]markup[/]" in repr(shown)


def test_what_passes_with_a_substitute_is_told_beside_what_holds_alone(tmp_path):
    report = samples.make("substituted", tmp_path)
    text = shown(terminal.summary(terminal.console(file=io.StringIO()), report, HERE.about))
    alone = report.score_alone
    assert f"{alone} on its own, {report.score - alone} more with a correct Linear." in text
    assert "◑ 07_backprop         12 of 12  done with a correct Linear\n" in text
    assert "◑ 11_overfit           0 of  4  done with a correct Linear, not counted" in text
    assert "✗ 10_training_loop     4 of 12  0 of 2 pass, 1 more with a correct Linear" in text
    html = Shown(report, tmp_path, HERE)._repr_html_()
    assert "With a correct Linear, your backprop passes 2 of 2 checks." in html
    assert "Fails too with a correct Linear and softmax." in html
    failed = next(check for check in report.stages[9].checks if check.state == "fail")
    assert "Fails too with a correct Linear and softmax." in shown(terminal.CardText("s", failed))
