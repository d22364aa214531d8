"""Which misconceptions can be what a failed check sees?"""

from collections.abc import Iterable, Sequence
from functools import cache

from grader.course.misconceptions import Misconception, load
from grader.course.stage import Check
from grader.diagnosis.numbers import fillings, own_numbers, related
from grader.running.context import Context


class Candidates:
    """The bank, as far as it comes into question for a submission.

    context : with the results of the checks, some of which contradict a mistake
    """

    def __init__(self, context: Context):
        self.context = context
        self.order = {stage.id: k for k, stage in enumerate(context.course.stages)}
        self.bank = {stage.id: load(stage.folder) for stage in context.course.stages}
        self._numbers = cache(lambda functions: related(own_numbers(context.submission, functions)))

    def as_they_stand(self, check: Check, functions: Iterable[str]) -> list[Misconception]:
        """Misconceptions of the functions that can be what this check sees, those of its own stage first.

        Not those that another check contradicts; of its own stage, only those that this check is known to see; and of
        later stages none, for those are known to pass here.
        """
        own = self._about(check, functions)
        able = [m for m in own if m.stage != check.stage or check.id in m.fails or not m.fails]
        return [m for m in able if not any(self._passes(m.stage, name) for name in m.fails)]

    def filled(self, check: Check, functions: Sequence[str]) -> list[Misconception]:
        """Those with an open number, with each number of the submission's own code in its place.

        Which checks see it then is not known, so that none that passes contradicts it unasked.
        """
        able = self.open(check, functions)
        numbers = self._numbers(tuple(functions)) if able else []
        return [form for m in able for form in fillings(m, numbers)]

    def open(self, check: Check, functions: Iterable[str]) -> list[Misconception]:
        """Those with an open number, as they stand, whichever checks are known to see them."""
        return [m for m in self._about(check, functions) if m.open is not None]

    def passing(self, m: Misconception) -> list[Check]:
        """The checks of its stage that are for what this mistake is in, and that hold."""
        checks = self.context.course.stage(m.stage).checks
        return [c for c in checks if self._passes(m.stage, c.id) and any(_within(f, m.target) for f in c.functions)]

    def _about(self, check: Check, functions: Iterable[str]) -> list[Misconception]:
        everything = [m for bank in self.bank.values() for m in bank if self.order[m.stage] <= self.order[check.stage]]
        own = dict.fromkeys(m for f in functions for m in everything if _within(f, m.target))
        return sorted(own, key=lambda m: -self.order[m.stage])

    def _passes(self, stage: str, check: str) -> bool:
        result = self.context.state.results.get((stage, check))
        return result is not None and result.state == "pass"


def _within(function: str, target: str) -> bool:
    return function == target or function.startswith(f"{target}.")
