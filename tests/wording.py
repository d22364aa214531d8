"""Words and phrases that nobody is told, and where to look for them."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

#: They judge the person or shrink the task, and none of them explains anything.
BANNED = ("wrong", "simply", "just", "obviously")

_WORDS = re.compile(rf"\b({'|'.join(BANNED)})\b", re.IGNORECASE)

#: Phrases that had to be read twice -> what to say instead. In small letters, for a text of any case.
PHRASES = {
    r"promises? (are )?(kept|holds?)|every promise|what will be promised|for promise \d": "checks pass; what will be checked",
    r"does not hold\b|\d of \d+ hold\b": "fails; 3 of 5 checks pass",
    r"marked for (?!source)": "graded: ...",
    r"is not python yet": "syntax error in losses.py, line 14: ...",
    r"(smaller|larger|shorter|longer|too short|too long) by (the number|exactly)": "N times too small",
    r"half the digits": "float32",
    r"rise over run": "difference",
    r"below the (fraction )?line": "in the denominator",
    r"the very (batches|arrays|same)": "exactly the batches",
    r"for five seeds in five": "with all five seeds",
    r"cannot be gone through": "a list is expected",
    r"came more than once|never came\b": "appeared more than once, never appeared",
    r"of the way off|are somewhere else": "off by 57 % of the distance that they should have moved",
    r"times the way\b|in the right direction, \d": "the step is 2 times as long as it should be",
    r"at the latest": "(limit 850 s)",
    r"either way being": "a standard deviation of",
    r"is taken for which|takes for others": "confusion matrix; confuses",
    r"\bare it the\b": "is it the",
    r"files of one set": "do the files belong together?",
    r"stands? on the right(?!-hand)": "is on the right-hand side",
    r"holds what is left": "contains the rest",
    r"to the last digits?\b|but for a last digit": "up to rounding; exactly",
    r"(comes?|came) out (as|different|the same)": "is",
    r"\bgoes with\b": "belongs to",
    r"is there once too often|comes out: in its place": "is added once too often; values are cut off at 1",
    r"each row is what the": "the rows are shifted down by one",
    r"what came back is no answer": "the worker sent an invalid reply",
    r"that was handed over": "given; passed",
    r"before it used up": "earlier checks used this stage's 60 s",
    r"is looked at once forward": "is checked once forward ...",
    r"is no (submission|kit|folder|misconception|ordinary|valid|json|python|function but)\b": "is not a ...",
    r"not gradable|by their own fault": "could not be graded",
    r"goes on from here": "run the same command to continue",
    r"not reach its end": "was interrupted",
    r"has to lie between": "must be between",
    r"there is no verb": "unknown verb",
    r"slip of the pen": "typing error",
    r"images right, after": "validation accuracy",
    r"stands? in the report": "is in the report",
    r"takes the step afterwards|spreads like|the callers array|gradients sign|skips the relus": "ReLUs skipped in backward",
    r"both maxima|abs below|looks? to one side|the run is two steps|gathers momentum|counts in bits|\bclimbs[ .]": "one-sided difference",
    r"under another name": "misnamed",
    r"present w\b|left from before|holds what it held": "uses the current W; is restored",
    r"costs as many nats|averages the surprise": "the loss of a confident mistake is not capped",
    r"nudging shows|what comes back is\b": "agree with numerical gradients; it returns",
    r"holds ndarray|the code gave \w+,": "is an array; returned a value of type dict",
    r"rng come\b|has them too": "the grader passes rng itself",
    r"before training, [^.;]{1,40} after\b": "right images: from 14 to 100 of 100",
    r"of one's own|handed over\b": "own; given, passed",
    r"and the network once|is such a|the first of them makes": "needs a network connection; the first verb creates .venv",
    r"speaks? against\b": "why this is a mistake; contradicts; rules the name out",
    r"too (small|large) by (the|a) (number|size|factor)": "N times too small",
    r"(gradient|slope|derivative) by (the|one) (logits?|images|probabilit|score)": "gradient with respect to; slope along",
    r"round brackets": "parentheses",
    r"counts?(ed)? as in time": "counted as on time",
    r"about the same (direction|way) as": "right on average, with noise",
    r"\bcame apart\b|\bjumps? about\b|stops short of": "do not belong together; jumps up and down; is below 100",
    r"where training and validation part": "how far apart they end",
    r"somebody else's affair|the optimiser's affair": "the optimiser's job",
    r"what keeps it in|that is none\b|nor they into|nothing comes through": "layers of isolation; an invalid reply; no attack succeeded",
    r"told apart from nothing|as far as there are|said again to who|to be gone itself|who knows what|batch is nothing": "plain words",
    r"has most likely met|kept waiting for a processor|in one of thirty": "number of draws tried before giving up",
    r"whose doing|our own affair": "plain words",
}  # fmt: skip


def banned_words(text: str) -> list[str]:
    """The words of the list that a text uses, in order, in lower case."""
    return [match.lower() for match in _WORDS.findall(text)]


def banned_phrases(text: str) -> list[str]:
    """For each phrase of the list that a text uses: the phrase, and what to say instead."""
    found = ((re.search(phrase, text, re.IGNORECASE), plain) for phrase, plain in PHRASES.items())
    return [f"{match.group()!r} (say: {plain})" for match, plain in found if match]


def texts_of(path: Path) -> Iterator[tuple[int, str]]:
    """The texts in a file that somebody may read, each with its line.

    A `.py` file gives its strings: in the folders of stages the docstrings as well, because they are promises and hints;
    elsewhere docstrings speak to developers. A `.toml` file gives its strings, any other file its lines.
    """
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield from _strings(ast.parse(source), docstrings=path.name in ("checks.py", "misconceptions.py"))
    elif path.suffix == ".toml":
        for text in _leaves(tomllib.loads(source)):
            yield source[: max(source.find(text[:40]), 0)].count("\n") + 1, text
    else:
        yield from enumerate(source.splitlines(), 1)


def _strings(tree: ast.AST, docstrings: bool) -> Iterator[tuple[int, str]]:
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    documented = [node.body[0] for node in ast.walk(tree) if isinstance(node, owners) and node.body]
    skipped = {id(first.value) for first in documented if isinstance(first, ast.Expr)} if not docstrings else set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.lineno, node.value


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
