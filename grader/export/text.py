"""One check in plain text, at the feedback level that the course allows; shared by every export."""

import re

from markupsafe import Markup

from grader.course.policy import Feedback, FeedbackRules
from grader.records import CheckResult
from grader.report import words


def level(rules: FeedbackRules, stage: str, check: CheckResult) -> Feedback:
    """How much is told of a check of a stage: its own rule before its stage's before the default."""
    return rules.checks.get(check.id) or rules.checks.get(stage) or rules.default


def outcome(check: CheckResult, feedback: Feedback) -> str:
    """What a learner may read about a check, without its promise: several lines, no markup.

    "promise" tells whether it holds, "none" tells nothing.
    """
    if feedback == "none":
        return ""
    state = words.STATE[words.shown_state(check)]
    if feedback == "promise":
        return f"This {state}." if check.state in ("pass", "fail") else f"{state[0].upper()}{state[1:]}."
    parts = [check.message or (f"This {state}." if check.state == "pass" else ""), words.with_help(check)]
    if check.card is not None:
        card = check.card
        for title, text in (
            (words.RAN, card.ran), (words.SHOULD, card.should), (words.GAVE, card.gave),
            (words.LOOKS_LIKE, words.looks_like(check)), (words.PRINTED, card.printed),
        ):  # fmt: skip
            if text:
                parts.append("\n    ".join([f"{title}:", *text.splitlines()]))
    parts += check.notes
    return "\n\n".join(part for part in parts if part)


def fenced(text: str, most: int = -1) -> Markup:
    """A block of Markdown that stays text, whatever a submission wrote into it. most : bytes of it that are kept; -1 is all"""
    kept = text.encode()[:most].decode("utf-8", "ignore") if most >= 0 else text
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", kept)), default=0))
    return Markup(f"\n{fence}text\n{kept}\n{fence}\n")
