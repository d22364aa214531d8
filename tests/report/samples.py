"""Reports made by code: what an engine could hand over, from best to most hostile.

`make(name, out)` writes the evidence and the history beside the report and returns the `Report`.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec

from grader.records import Card, CheckResult, Extra, Mistake, NextStep, Report, SourceLines, StageResult
from tests.report.failures import (
    backprop_mistake,
    curves,
    generic_failure,
    linear_db_mistake,
    mnist_evidence,
    softmax_mistake,
    training_mistake,
)
from tests.report.records import CHECKS, HINTS, STAGES, Outcome, first_check, helped, passed, report_of, stages_of, write_history

__all__ = [
    "CHECKS",
    "GOLDEN",
    "HINTS",
    "NASTY",
    "curves",
    "helped",
    "make",
    "mid_course_outcomes",
    "passed",
    "report_of",
    "stages_of",
]


def all_right(out: Path) -> Report:
    """All checks pass."""
    outcomes = {check: passed() for check in CHECKS}
    outcomes["check_mnist_reaches_96_percent"] = passed(
        notes=["97.1 % of the hidden digits are read: 1.1 points above the 96 % that are asked for."],
        card=Card(evidence=mnist_evidence(out)),
        seconds=3.2,
    )
    outcomes["check_relu_backward_masks"] = passed(printed="mask [True False True]\nthree entries pass")
    write_history(out, [0, 10, 16, 26, 36, 44, 52, 72, 86, 94], {s[0]: "pass" for s in STAGES[:11]})
    return report_of(outcomes, curves=curves())


def with_a_stage_without_points(report: Report) -> Report:
    """The same report, and behind it a stage that is to do and has no points."""
    check = CheckResult(id="check_more", promise="More.", state="todo", points=0, max_points=0, message="`more` is to do.")
    step = NextStep("15_more", "check_more", "`more` is to do.", "student/more.py", 1)
    return msgspec.structs.replace(
        report, stages=[*report.stages, StageResult("15_more", "More", "todo", 0, 0, [check])], next=step
    )


def untouched(out: Path) -> Report:
    """The skeleton as it is handed out."""
    outcomes: dict[str, Outcome] = {}
    for _, _, needs, functions, specs in STAGES:
        for check, _, _ in specs:
            if needs:
                outcomes[check] = {"state": "blocked", "message": "", "blocked_by": f"{needs[0]}: {first_check(needs[0])}"}
            else:
                outcomes[check] = {
                    "message": f"`{functions[0]}` is still a TODO (student/{functions[0].split('.')[0]}.py, line 12)."
                }
    text = "`layers.Linear.forward` is still a TODO (student/layers.py, line 29). It is the next thing to write."
    return report_of(
        outcomes, next=NextStep("01_linear", "check_linear_forward_adds_the_bias", text, "student/layers.py", 29), seconds=0.8
    )


def one_mistake_a_stage(out: Path) -> Report:
    """Everything fails, with all that a card can carry."""
    special: dict[str, Callable[[Path], Outcome]] = {
        "check_linear_backward_gives_db": linear_db_mistake,
        "check_softmax_handles_large_logits": softmax_mistake,
        "check_backprop_matches_numeric_gradient": backprop_mistake,
        "check_mnist_reaches_96_percent": training_mistake,
    }
    outcomes = {}
    for seed, (stage, _, _, functions, specs) in enumerate(STAGES):
        for check, _, _ in specs:
            outcomes[check] = special[check](out) if check in special else generic_failure(out, stage, check, functions, seed)
    write_history(out, [4, 3, 0], {"01_linear": "pass"})
    text = "Stage 01, Linear layer: db is the mean over the batch where it should be the sum."
    return report_of(
        outcomes,
        curves=curves(goal=0.92),
        next=NextStep("01_linear", "check_linear_backward_gives_db", text, "student/layers.py", 38),
    )


def mid_course_outcomes(out: Path) -> dict[str, Outcome]:
    done = ("01_linear", "02_relu", "05_gradient_check", "06_network", "08_sgd")
    outcomes: dict[str, Outcome] = {}
    for id, _, needs, _, specs in STAGES:
        for check, _, _ in specs:
            if check == "check_softmax_handles_large_logits":
                outcomes[check] = softmax_mistake(out)
            elif check == "check_backprop_matches_numeric_gradient":
                outcomes[check] = backprop_mistake(out)
            elif id in (*done, "03_softmax", "07_backprop"):
                outcomes[check] = passed()
            elif id == "04_cross_entropy":
                outcomes[check] = {
                    "state": "blocked",
                    "message": "",
                    "blocked_by": "03_softmax: check_softmax_handles_large_logits",
                }
            elif needs:
                outcomes[check] = {"state": "blocked", "message": "", "blocked_by": f"{needs[0]}: {first_check(needs[0])}"}
    return outcomes


def mid_course(out: Path) -> Report:
    """A learner on the way: stages done, failures in two, others waiting."""
    write_history(out, [0, 0, 10, 13, 16, 22, 30, 30], {"01_linear": "pass", "02_relu": "pass"})
    text = "In `losses.softmax`, large logits give nan. Every later loss rests on this."
    step = NextStep("03_softmax", "check_softmax_handles_large_logits", text, "student/losses.py", 7)
    return report_of(mid_course_outcomes(out), next=step)


def syntax_error(out: Path) -> Report:
    """One file that Python cannot read; the others are graded as usual."""
    outcomes: dict[str, Outcome] = {
        check: passed()
        for stage in STAGES
        if stage[0] in ("03_softmax", "05_gradient_check", "08_sgd")
        for check, _, _ in stage[4]
    }
    source = [
        SourceLines(
            "layers.py",
            24,
            [
                "    def forward(self, x):",
                "        self.x = x",
                "        return (x @ self.W + self.b",
                "",
                "    def backward(self, dout):",
            ],
            [26],
            column=16,
        )
    ]
    card = Card(
        ran="from student import layers",
        should="layers.py can be imported",
        gave="Syntax error in layers.py, line 26: '(' was never closed.",
        source=source,
    )
    for stage in STAGES:
        if stage[0] in ("01_linear", "02_relu"):
            for check, _, _ in stage[4]:
                outcomes[check] = {
                    "state": "fail",
                    "message": "Syntax error in layers.py, line 26: '(' was never closed.",
                    "card": card,
                    "broken": "layers.py",
                }
        elif stage[2]:
            for check, _, _ in stage[4]:
                outcomes[check] = {"state": "blocked", "message": "", "blocked_by": f"{stage[2][0]}: {first_check(stage[2][0])}"}
    text = "Syntax error in layers.py, line 26: '(' was never closed."
    return report_of(
        outcomes,
        next=NextStep("01_linear", first_check("01_linear"), text, "student/layers.py", 26),
        extra=Extra(problems={"layers.py": "'(' was never closed (line 26)."}),
    )


def substituted(out: Path) -> Report:
    """One early mistake, and what is behind it graded with a correct Linear: counted in 06 to 10, only shown in 11."""
    linear = "layers.Linear"
    outcomes = {check: passed() for stage in STAGES for check, _, _ in stage[4]}
    for stage in STAGES:
        for check, _, _ in stage[4]:
            if stage[0] in ("06_network", "07_backprop", "10_training_loop", "11_overfit"):
                outcomes[check] = helped(linear, counted=stage[0] != "11_overfit")
    outcomes["check_linear_backward_gives_db"] = linear_db_mistake(out)
    outcomes["check_train_walks_one_step_a_batch"] = {
        "state": "fail",
        "message": "The second epoch takes the batches of the first.",
        "substituted": [linear, "losses.softmax"],
    }
    outcomes["check_mnist_reaches_96_percent"] = {
        "state": "blocked",
        "message": "",
        "blocked_by": f"10_training_loop: {first_check('10_training_loop')}",
    }
    text = "Stage 01, Linear layer: db is the mean over the batch where it should be the sum."
    step = NextStep("01_linear", "check_linear_backward_gives_db", text, "student/layers.py", 38)
    return report_of(outcomes, next=step)


NASTY = [
    "<script>alert(1)</script>",
    "</style><style>body{display:none}</style>",
    "</title><img src=x onerror=alert(2)>",
    "{{ 7 * 7 }}{% include '/etc/passwd' %}",
    "&lt;b&gt; &amp; \"quotes\" 'single'",
    "\u202egnol\u202c \u2066left\u2069 \u200bzero",
    "\x1b[31mred\x1b[0m \x00 \x07 \x08 \r over",
    "javascript:alert(3)",
    "]]><svg onload=alert(4)>",
    "e" + "\u0301" * 200,
    "`<b>tick</b>` `unclosed",
    "-->\ud800<!--",
    "<a href='//example.org'>x</a>" * 3,
    "\u00ad\U000e0041\ufeff",
]


def hostile_text(out: Path) -> Report:
    """Markup, scripts, control and direction characters, and very long text, in every field that can carry text."""
    all_nasty = "\n".join(NASTY)
    long_line, many_lines = "A" * 100_000 + "<script>", "<b>line</b>\n" * 50_000
    outcomes = {}
    for i, (_, _, _, _, specs) in enumerate(STAGES):
        for check, _, _ in specs:
            nasty = NASTY[i % len(NASTY)]
            source = [SourceLines(f"lay{nasty}ers.py", 1, [*NASTY, long_line], [2], nasty)]
            card = Card(
                all_nasty,
                nasty,
                all_nasty,
                nasty,
                many_lines if i % 2 else long_line,
                source,
                {"given": nasty, nasty: "x", "expected": "given"},
            )
            outcomes[check] = {
                "state": "fail",
                "message": nasty + " " + all_nasty,
                "mistake": Mistake(nasty, all_nasty, NASTY, nasty),
                "card": card,
                "notes": NASTY,
                "printed": many_lines,
                "blocked_by": nasty,
            }
    out.mkdir(parents=True, exist_ok=True)
    (out / "history.jsonl").write_text(
        '{"score": "<script>", "finished": 3}\nnot json\n[]\n{"score": 1e999, "max_score": 100}\n', "utf-8"
    )
    (out / "evidence").mkdir(exist_ok=True)
    (out / "evidence" / "01_linear.check_linear_forward_adds_the_bias.npz").write_bytes(b"PK\x03\x04 broken")
    next_step = NextStep("03_softmax", "check_softmax_rows_sum_to_one", all_nasty, NASTY[2], 3)
    return report_of(
        outcomes,
        student=all_nasty,
        next=next_step,
        notes=NASTY,
        environment={NASTY[0]: NASTY[1]},
        sandbox={"summary": NASTY[1], "probes": {NASTY[0]: True}},
        fingerprints={NASTY[3]: NASTY[0]},
        seed={"fingerprint": NASTY[0]},
        extra=Extra(problems={NASTY[0]: NASTY[2]}),
        curves={"history": {NASTY[0]: [None, 0.5], "train_loss": [None]}, "reference": {NASTY[0]: {"low": [], "high": [1]}}},
    )


GOLDEN: dict[str, Callable[[Path], Report]] = {
    "all_right": all_right,
    "untouched": untouched,
    "one_mistake_a_stage": one_mistake_a_stage,
    "syntax_error": syntax_error,
    "hostile_text": hostile_text,
    "mid_course": mid_course,
    "substituted": substituted,
}


def make(name: str, out: Path) -> Report:
    """The sample report of that name, its evidence and history written below `out`."""
    return GOLDEN[name](out)
