"""Is any name lost where all answers are off by their last bits? `python -m tests.diagnosis.under_noise [STAGE ...] [--seeds 2]`.

Every mistake of the bank is named as in a kit, by the stages' tables: as it answers, then with noise of 1e-13 on all that is
looked up, as another order of additions would give it. Prints what differs; ends with 1 if anything does.
"""

import argparse
import contextlib
import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from unittest.mock import patch

from grader.check_tasks import subjects
from grader.diagnosis import drawn_digests, known_mistakes
from grader.diagnosis.answer_table import tables_of
from grader.diagnosis.digests import digest
from grader.diagnosis.known_mistakes import named_by_tables
from tests.courses import HERE
from tests.diagnosis.test_known_mistakes import ANSWER, KNOWN, graded, noisy


def named(context, seed=None):
    """Check -> the mistakes that it is named after; with noise from a seed."""
    with contextlib.ExitStack() as noise:
        for module in (known_mistakes, drawn_digests) if seed is not None else ():
            noise.enter_context(patch.object(module, "digest", lambda value: digest(noisy(value, seed))))
        return {check: (m.id, *m.alike) for (_, check), m in named_by_tables(context, tables_of(HERE, KNOWN)).items()}


def of_mistake(name, seeds):
    """How many names it has without noise, and which differ under each of so many seeds."""
    m, submission = subjects.mutants(HERE, ANSWER)[name]
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
        context = graded(m.stage, submission)
        plain = named(context)
        noisily = [named(context, seed) for seed in range(seeds)]
    context.close()
    return name, len(plain), [(plain, found) for found in noisily if found != plain]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stages", nargs="*", help="ids; all that know mistakes if none is given")
    parser.add_argument("--seeds", type=int, default=2, help="noises for each mistake")
    wanted = parser.parse_args()
    bank = subjects.mutants(HERE, ANSWER)
    chosen = [name for name, (m, _) in bank.items() if m.stage in (wanted.stages or KNOWN)]
    mistakes = names = differing = 0
    with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as processes:
        for name, count, others in processes.map(partial(of_mistake, seeds=wanted.seeds), chosen, chunksize=4):
            mistakes, names, differing = mistakes + bool(count), names + count, differing + len(others)
            for plain, found in others:
                print(f"{name}: {plain} without noise, {found} with it", flush=True)
    print(f"{len(chosen)} mistakes, {mistakes} of them named, {names} names; {wanted.seeds} noises each: {differing} differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
