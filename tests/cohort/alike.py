"""Which groups are found in classes drawn from the known answers: `python -m tests.cohort.alike`.

Honest classes write each function in one form at random; in every second class the commonest form has 70 %. Ten classes
each of 17, 60 and 300 students, and ten of 300 with layers.py alone, have to show no group. Then rings are planted: copies
of one student, in each of which six functions were rewritten, in classes of both kinds. A class of 1,000 holds rings of 2, 4,
12 and 40, and has to show just these. The suite does a sample of this.
"""

import random
import sys
import time

from grader.cohort.similarity import asked_for, groups, known_answers
from tests.courses import HERE

ANSWERS = known_answers(HERE)
FUNCTIONS = [name for name in asked_for(HERE) if name in ANSWERS]
LAYERS = [name for name in FUNCTIONS if name.startswith(("Linear.", "ReLU."))]
HONEST = ((17, FUNCTIONS), (60, FUNCTIONS), (300, FUNCTIONS), (300, LAYERS))
RINGS = ((17, (12,)), (60, (12,)), (300, (7,)), (300, (12, 40)), (1000, (2, 4, 12, 40)))


def name_of(number):
    return f"s{number:04d}"


def student(dice, functions=FUNCTIONS, common=0.0):
    """Hashes of what a student wrote; `common` is the share of the commonest form beside what chance gives it."""
    forms = {name: sorted(ANSWERS[name], key=lambda mark, name=name: (-ANSWERS[name][mark], mark)) for name in functions}
    return {name: those[0] if dice.random() < common else dice.choice(those) for name, those in forms.items()}


def honest(seed, size, functions=FUNCTIONS, common=0.0):
    dice = random.Random(seed)
    return {name_of(n): student(dice, functions, common) for n in range(size)}


def with_rings(seed, size, rings, rewritten=6, common=0.0):
    """A class, and the names in each ring."""
    students, dice, planted = honest(seed, size, common=common), random.Random(seed + 1), []
    for ring in rings:
        first = sum(map(len, planted))
        planted.append([name_of(n) for n in range(first, first + ring)])
        whole = student(dice)
        for name in planted[-1]:
            students[name] = whole | student(dice, dice.sample(FUNCTIONS, rewritten))
    return students, planted


def main():
    wrong = 0
    for size, functions in HONEST:
        for seed in range(10):
            found = groups(honest(seed, size, functions, 0.7 * (seed % 2)), ANSWERS)
            wrong += len(found)
        print(f"ten honest classes of {size} with {len(functions)} functions: {wrong} groups so far", flush=True)
    for size, rings in RINGS:
        for seed in range(10 if size < 1000 else 3):
            students, planted = with_rings(seed, size, rings, common=0.7 * (seed % 2))
            begun = time.perf_counter()
            found = groups(students, ANSWERS)
            good = sorted(sorted(group.students) for group in found) == sorted(planted)
            wrong += not good
            sizes = [len(group.students) for group in found]
            print(
                f"{size} with rings of {rings}: found {sizes} {'' if good else 'WRONG '}{time.perf_counter() - begun:.1f} s",
                flush=True,
            )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
