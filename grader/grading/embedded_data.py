"""How much data a submission's text carries: weights or labels of a trained network have to be written somewhere.

Nothing is run, and nothing is decided by it: it is a place to look for whoever reads the code.
"""

import io
import tokenize
from collections.abc import Iterator, Mapping

from grader.submission import file_of

#: Characters of literals that a module may hold without a word. All of the course's own modules together hold a tenth.
UNREMARKABLE = 16_000
_READ = 200_000  # characters of a module that are looked at: what stands out does so within them

_STRINGS = {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
_BEFORE_A_LINE = {tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT}


def data_in(source: str) -> int:
    """Characters of the strings and numbers written out in a module's first 200,000; docstrings are none.

    Token by token, so that a megabyte of numbers does not become a tree of a hundred.
    """
    return sum(_sizes(source))


def _sizes(source: str) -> Iterator[int]:
    begins, alone = True, 0  # whether a line begins here; the size of a string that a line began with
    try:
        for token in tokenize.generate_tokens(io.StringIO(source[:_READ]).readline):
            if alone and token.type not in (tokenize.NEWLINE, tokenize.COMMENT):
                yield alone  # something follows it: it is not a docstring
            alone = alone if alone and token.type == tokenize.COMMENT else 0
            if token.type == tokenize.NUMBER or (token.type in _STRINGS and not begins):
                yield len(token.string)
            elif token.type in _STRINGS:
                alone = len(token.string)
            begins = token.type in _BEFORE_A_LINE
    except (tokenize.TokenError, SyntaxError):  # what came before the flaw has been counted
        return


def remarks(modules: Mapping[str, str]) -> list[str]:
    """A sentence for each module that holds unusually much data.

    modules : "layers" -> text
    """
    sizes = {module: data_in(text) for module, text in sorted(modules.items()) if len(text) > UNREMARKABLE}
    return [
        f"{file_of(module)} contains {size:,} characters of data in strings and numbers. The course needs none; trained weights "
        "could be stored there."
        for module, size in sizes.items()
        if size > UNREMARKABLE
    ]
