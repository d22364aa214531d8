"""How long a check may take: multiples of the reference's recorded time, scaled to this machine, with floors.

A limit exists to end what would never end, not to measure speed: it is many times what the reference needs, so that
honest code on a slow or busy machine stays far below it.
"""

import time
from collections.abc import Callable, Mapping

from msgspec import Struct

from grader.course.stage import Check, Stage
from grader.worker.bounds import TimeLimits as TimeLimits

UNIT, TRAINING = 20.0, 10.0  #: multiples of the reference's time

#: Least limits in seconds, (one call, one check), for checks whose reference time is next to nothing.
UNIT_FLOOR = (3.0, 20.0)
#: A training by loops or einsum in place of matrix products takes ten times the reference's time, and is right.
TRAINING_FLOOR = (150.0, 180.0)

#: A stage may take as long as this many of its checks at their limit: beyond it the rest is not run.
STAGE_CHECKS = 4

#: What the calibration's work takes on the machine that the recorded times are scaled to, in seconds.
CALIBRATION_SECONDS = 0.01


class Limits(Struct, frozen=True):
    """The limits of one grade.

    scale     : how many times slower than the recording machine this one is, at least 1
    rehearsal : whether trainings get few images: then a stage's own limits, which are for all of them, do not count
    """

    scale: float = 1.0
    rehearsal: bool = False

    def of(self, check: Check, stage: Stage) -> TimeLimits:
        """The limits of one check."""
        multiple, (call_floor, check_floor) = (TRAINING, TRAINING_FLOOR) if check.training else (UNIT, UNIT_FLOOR)
        seconds, own = multiple * check.reference_seconds, self._own(stage)
        call = own.get("call", max(seconds, call_floor)) * self.scale
        whole = own.get("check", max(seconds, check_floor)) * self.scale
        return TimeLimits(call=round(min(call, whole), 3), check=round(whole, 3))

    def of_stage(self, stage: Stage) -> float:
        """Seconds that all checks of a stage may take together."""
        longest = max(self.of(check, stage).check for check in stage.checks)
        recorded = sum((TRAINING if c.training else UNIT) * c.reference_seconds for c in stage.checks) * self.scale
        return round(max(self._own(stage).get("stage", 0.0) * self.scale or STAGE_CHECKS * longest, recorded), 3)

    def _own(self, stage: Stage) -> Mapping[str, float]:
        return {} if self.rehearsal and stage.training else stage.limits


def calibrate(clock: Callable[[], float] = time.process_time) -> float:
    """Do a fixed piece of work, half interpreter and half arithmetic, and say how much slower than recorded it went.

    Measured in processor time: that others use the machine as well is seen, and allowed for, while a worker is waited for.

    returns : at least 1: a fast machine gets no shorter limits
    """
    import numpy as np

    a = np.linspace(-1.0, 1.0, 200 * 200).reshape(200, 200)
    a @ a  # the first product also starts the library's threads
    begun = clock()
    total = 0
    for i in range(60_000):
        total += i & 7
    for _ in range(7):
        np.exp(a).sum(axis=1)
        a @ a
    return round(max(1.0, (clock() - begun) / CALIBRATION_SECONDS), 3)
