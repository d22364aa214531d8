"""Every formula of the course as a terminal and as a page shows it, to be read by eye: `python -m tests.tasks.formulas`."""

import re
from pathlib import Path

from math_core import LatexToMathML

from grader.learner.handout import readable
from grader.paths import TASKS

GOLDEN = Path(__file__).with_name("formulas.txt")
FORMULA = re.compile(r"```math\n.*?```|\$`.*?`\$", re.DOTALL)


def shown() -> str:
    """The formulas of all handouts in order: as written, as in a terminal, as MathML."""
    mathml = LatexToMathML(pretty_print="never").convert_with_local_state
    parts = []
    for handout in sorted(TASKS.glob("*/README.md")):
        for formula in FORMULA.findall(handout.read_text("utf-8")):
            latex = formula.removeprefix("```math\n").strip("`$\n")
            terminal = readable(formula).removeprefix("```text\n").removesuffix("\n```").strip("`")
            parts.append(f"# {handout.parent.name}\n{latex}\n\n{terminal}\n\n{mathml(latex, displaystyle=formula[0] == '`')}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    GOLDEN.write_text(shown(), encoding="utf-8")
