"""A handout for the terminal: its formulas as lines of text, and what is folded there left out or opened."""

import re
from collections.abc import Callable

#: LaTeX -> text, in this order and again until nothing is left: what stands in braces is replaced from the inside out.
_REWRITTEN: list[tuple[str, str | Callable[[re.Match[str]], str]]] = [
    (r"\\partial ?", "∂"),
    (r"\\cdot", "·"),
    (r"\\leftarrow", "<-"),
    (r"\\lceil ?(.*?) ?\\rceil", r"ceil(\1)"),
    (r"\\text\{([^{}]*)\}", r"\1"),
    (r"\\sqrt\{([^{}]*)\}", r"√(\1)"),
    (r"\\(sum|max)_\{([^{}]*)\}", r"\1 over \2 of "),
    (r"_\{([^{}]*)\}", lambda m: f"[{m[1].replace(',', ', ')}]"),
    (r"\^\{([^{}]*)\}", r"^\1"),
    (r"\\frac\{([^{}]*)\}\{([^{}]*)\}", lambda m: f"{_grouped(m[1])}/{_grouped(m[2])}"),
]
#: What needs no brackets above or below a line: a symbol with its index, a call.
_ONE = re.compile(r"[∂\\]?[\w'^]*(\[[^\]]*\]|\([^()]*\))?|\|[^|]*\|")
_FOLDED = re.compile(r"<details><summary>(.*?)</summary>\n(.*?)</details>\n", re.DOTALL)


def readable(handout: str, unfold: bool = False) -> str:
    """The Markdown of a handout with formulas as text; of each folded part the title, and the part itself if asked."""
    text = _FOLDED.sub(r"▾ *\1*\n\2" if unfold else r"▸ *\1*\n", handout)
    text = re.sub(r"```math\n(.*?)```", lambda m: f"```text\n{_plain(m[1])}\n```", text, flags=re.DOTALL)
    return re.sub(r"\$`(.*?)`\$", lambda m: f"`{' '.join(_plain(m[1]).split())}`", text, flags=re.DOTALL)


def _plain(latex: str) -> str:
    """A formula as text, a line of it a line."""
    text = re.sub(r"\\(?:begin|end)\{aligned\}\n?|&", "", latex).replace("\n    ", " ").replace("\\\\", "")
    before = ""
    while text != before:
        before = text
        for pattern, new in _REWRITTEN:
            text = re.sub(pattern, new, text)
    return "\n".join(" ".join(line.split()) for line in text.replace("\\", "").strip().split("\n"))


def _grouped(text: str) -> str:
    return text if _ONE.fullmatch(text) else f"({text})"
