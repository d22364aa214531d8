"""A class as `grade_class` leaves it, made by hand: journal, store, reports and grades."""

from grader.cohort.counting import Grade
from grader.cohort.intake import Intake, Store
from grader.cohort.journal import Journal, Outcome
from grader.cohort.package import Package
from grader.cohort.run import Result
from grader.course.policy import Policy
from grader.records import Card, CheckResult, Mistake, Report, StageResult

STAGES = [f"{n:02d}_stage" for n in range(1, 13)]


def check(n, state, mistake=None):
    card = Card(gave="0.123456789 0.987654321 0.555444333 77") if state == "fail" and mistake is None else None
    return CheckResult(f"check_{n}", f"Promise {n}.", state, 4 if state == "pass" else 0, 4, mistake=mistake, card=card)


def report(number):
    stages = []
    for place, stage in enumerate(STAGES):
        done = place < number % 13
        slip = (
            Mistake(f"slip_{place % 5}", f"Hint {place % 5}: `x` is not y.", title=f"Slip {place % 5}")
            if place == number % 13 and number % 3
            else None
        )
        checks = [check(place, "pass" if done else "fail" if place == number % 13 else "todo", slip)]
        state = "pass" if done else "fail" if place == number % 13 else "todo"
        stages.append(StageResult(stage, f"Stage {place}", state, 4 * done, 4, checks, seconds=0.1))
    return Report(sum(s.points for s in stages), 48, stages)


def make_class(folder, count, name="Student {}".format, record_of=None):
    """A class of `count` graded students, and one of each that has no grade.

    record_of : number of a student -> Report of the submission; made up if it is not given
    """
    record_of = record_of or report
    store = Store(folder / "store")
    grades, stages = [], {stage.id: stage.max_points for stage in record_of(0).stages}
    with Journal(folder / "journal.sqlite") as journal:
        for number in range(count):
            digest = store.put(Package({"layers.py": f"x = {number}\n".encode()}))
            record = record_of(number)
            journal.finish(f"key{number:05d}", digest, Outcome("graded", "", record, 2.0))
            place = folder / "reports" / f"key{number:05d}"
            place.mkdir(parents=True)
            (place / "report.html").write_text("x")
            score = float(record.score)
            key = f"key{number:05d}"
            most = float(record.max_score)
            grades.append(Grade(f"id{number:05d}", name(number), "graded", score, most, digest=digest, key=key, seconds=2.0))
    for state in ("submission", "fault", "missing"):
        grades.append(Grade(f"no-{state}", name(0), state, 0.0, 48.0, reason=f"because of {state}"))
    return Result(folder, Policy(), Intake("folders", [], unknown=["stranger"]), grades, stages, "c" * 64)
