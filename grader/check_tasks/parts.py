"""The course's own test by its parts, so that a long one can be run on its own."""

from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from grader.check_tasks import edits, more, tables, texts
from grader.check_tasks.names import KINDS, both_of_two_are_named, most_are_named
from grader.check_tasks.verify import Verifier

FULL_SEEDS = 1000  #: check seeds under which the reference must earn everything


class Part(NamedTuple):
    """A part of the course's own test.

    run   : looks, and adds what it finds to the verifier's findings
    full  : whether only the full test holds it
    whole : whether it looks at the whole course, so that a test of some stages leaves it out
    """

    run: Callable[[Verifier], object]
    full: bool = False
    whole: bool = True


PARTS = {
    "points": Part(more.points_add_up),
    "texts": Part(texts.texts_keep_their_promises, whole=False),
    "mutants": Part(Verifier.mutants_are_caught, whole=False),
    "names": Part(lambda v: most_are_named(v, "mistakes"), whole=False),
    "checks": Part(Verifier.checks_have_hints_and_killers, whole=False),
    "tables": Part(tables.tables_are_of_today, whole=False),
    "kit-names": Part(lambda v: [most_are_named(v, what, kit=True) for what in KINDS], whole=False),
    "kit-edits": Part(lambda v: edits.random_edits_get_no_false_name(v, kit=True)),
    "degenerate": Part(Verifier.degenerate_answers_earn_nothing, whole=False),
    "put-in": Part(more.nothing_passes_without_its_own, whole=False),
    "right": Part(Verifier.right_answers_earn_everything),
    "skeleton": Part(more.skeleton_is_all_to_do),
    "trainings": Part(more.trainings),
    "workers": Part(more.worker_agrees),
    "numbers": Part(lambda v: most_are_named(v, "mistakes with other numbers")),
    "pairs": Part(both_of_two_are_named),
    "held-out": Part(lambda v: most_are_named(v, "held-out forms"), full=True),
    "styles": Part(lambda v: most_are_named(v, "mistakes in other styles"), full=True),
    "edits": Part(edits.random_edits_get_no_false_name, full=True),
    "reference-seeds": Part(lambda v: v.reference_earns_everything(range(1, FULL_SEEDS + 1)), full=True),
    "right-seeds": Part(more.right_answers_under_many_seeds, full=True),
    "full-trainings": Part(lambda v: more.trainings(v, images=0), full=True),
    "training-seeds": Part(more.last_training_under_many_seeds, full=True),
}


def left_out(run: Collection[str]) -> list[str]:
    """What a test of some parts left out, and how it is run: a sentence for each reason; of a run without any nothing."""
    rest = [name for name in PARTS if name not in run] if run else []
    long = ", ".join(name for name in rest if PARTS[name].full)
    others = ", ".join(name for name in rest if not PARTS[name].full)
    told = {"only some stages or parts were named. Remedy: name none": others, "they take long. Remedy: --full": long}
    return [f"Left out: {names}, because {why}." for why, names in told.items() if names]


def chosen(wanted: Iterable[str] = (), full: bool = False, some_stages: bool = False) -> list[str]:
    """Names of the parts to run, in their order: those wanted, or all of a test.

    full        : also what takes long
    some_stages : only some stages are looked at
    """
    named = set(wanted)
    if named:
        # Which mutants a check sees is known only once all of them were graded.
        named |= {"mutants"} if "checks" in named else set()
        return [name for name in PARTS if name in named]
    return [name for name, part in PARTS.items() if (full or not part.full) and not (part.whole and some_stages)]
