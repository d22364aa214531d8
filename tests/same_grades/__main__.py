"""`make same-grades OLD=commit NEW=commit`: two versions of the grader give the same grades, to the last word.

    python -m tests.same_grades OLD [NEW] [--jobs 2] [--baseline FILE] [--expected FILE] [--out FILE] [--once] [--full]
                               [--follow-through off]

OLD and NEW are commits, or folders that hold the course. Each is graded by its command line alone, on the same cases:
the reference, the skeleton, every known mistake and its held-out forms in their own stages, right answers and half-finished
ones on the stages that train nothing, whole submissions with many slips, and the hostile ones. Compared are exit status,
what was printed, every key of every file that was written, and the text of the pages; times and places are left away.

OLD is graded twice: a case in which it differs from itself says nothing, and is left out by name. A case in which NEW
differs is graded again, and left out if it does not differ a second time. --baseline keeps what OLD gave, and the cases,
so that the next comparison grades NEW alone; without NEW that is all that is done. --follow-through off has both grade
without what is put in for earlier mistakes, so that a version from before can be compared with one from after.
"""

import argparse
import json
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, TextIO

from grader.paths import ROOT
from tests.same_grades.cases import build, count, read_plan
from tests.same_grades.comparing import BadExpected, Difference, Expected, differences, excused, read_expected, unsteady
from tests.same_grades.normal import normal, without_help
from tests.same_grades.running import Records, Told, run

_EVERY = 50  #: cases, from one line of progress to the next
_MOST = 300  #: characters of one line of a difference on the terminal; --out has all of it


class Old(NamedTuple):
    """What the older version gave.

    runs : as it came, once or twice; what it says of time and place is taken out when it is compared
    """

    version: str
    full: bool
    runs: list[Records]
    policy: str = "full"  #: of follow-through

    @property
    def records(self) -> Records:
        return _normal(self.runs[0])

    @property
    def left_out(self) -> dict[str, str]:
        """The cases in which it differs from itself, and where."""
        found = unsteady(self.records, _normal(self.runs[-1]))
        return {case: f"OLD differs from itself in {path}" for case, path in found.items()}


class Verdict(NamedTuple):
    """What came of a comparison."""

    cases: int
    differing: dict[str, list[Difference]]
    left_out: dict[str, str]
    meant: list[tuple[Difference, Expected]]

    @property
    def summary(self) -> str:
        counted = f"{self.cases} cases, {len(self.differing)} differ, {len(self.left_out)} left out"
        return counted + (f"; {len(self.meant)} differences are meant" if self.meant else "")


def main() -> int:
    options = _options()
    try:
        expected = read_expected(options.expected) if options.expected else []
    except BadExpected as error:
        raise SystemExit(f"error: {error}") from None
    with tempfile.TemporaryDirectory(prefix="same-grades-cases-") as folder:
        cases = Path(folder)
        old = _old(options, cases)
        if not options.new:
            return 0
        records, left_out, version = old.records, old.left_out, _commit(options.new)
        found = judge(records, _normal(_graded(options, version, cases, "NEW")), left_out, expected)
        if found.differing:
            again = _graded(options, version, cases, "NEW, what differs", set(found.differing))
            found = second_look(found, records, _normal(again), expected)
    with open(options.out, "w", encoding="utf-8") if options.out else tempfile.TemporaryFile("w") as file:
        tell(found, expected, file)
    return int(bool(found.differing))


def judge(old: Records, new: Records, left_out: Mapping[str, str], expected: Iterable[Expected]) -> Verdict:
    """Compare all cases but those that are left out."""
    names = dict.fromkeys([*old, *new])
    differing: dict[str, list[Difference]] = {}
    meant: list[tuple[Difference, Expected]] = []
    for case in (name for name in names if name not in left_out):
        for one in differences(case, old.get(case), new.get(case)):
            if reason := excused(one, expected):
                meant.append((one, reason))
            else:
                differing.setdefault(case, []).append(one)
    return Verdict(len(names), differing, dict(left_out), meant)


def second_look(found: Verdict, old: Records, again: Records, expected: Iterable[Expected]) -> Verdict:
    """Leave out what differed once and not again, and classes that differ and hold a submission that is left out."""
    still = judge({case: record for case, record in old.items() if case in again}, again, {}, expected).differing
    left_out = dict(found.left_out)
    for case, those in found.differing.items():
        if not _is_class(case, old) and case not in still:
            left_out[case] = f"NEW differs from itself in {those[0].path}"
    for case in found.differing:
        if _is_class(case, old) and any(name.startswith(f"{case}/") for name in left_out):
            left_out[case] = "it holds a submission that is left out"
    left = {case: those for case, those in found.differing.items() if case not in left_out}
    return found._replace(differing=left, left_out=left_out)


def _normal(records: Records) -> Records:
    return {case: normal(record) for case, record in records.items()}


def _is_class(case: str, records: Records) -> bool:
    return any(name.startswith(f"{case}/") for name in records)


def tell(found: Verdict, expected: Iterable[Expected], file: TextIO) -> None:
    """Print every difference in short, and write it in full."""

    def say(line: str) -> None:
        file.write(line + "\n")
        print("\n".join(part if len(part) <= _MOST else part[:_MOST] + " ..." for part in line.split("\n")), flush=True)

    for those in found.differing.values():
        for one in those:
            say(str(one))
    for case, why in found.left_out.items():
        say(f"left out: {case}: {why}")
    for entry in expected:
        times = sum(reason == entry for _, reason in found.meant)
        say(f"meant: {entry.path} ({times} times): {entry.reason}")
    say(found.summary)


# --- the older version ------------------------------------------------------------------------------------------------


def _old(options: argparse.Namespace, cases: Path) -> Old:
    """What the baseline holds; without one, OLD graded now, and kept if a baseline was named."""
    version = _commit(options.old)
    if options.baseline and options.baseline.exists():
        old = load(options.baseline, cases)
        if (old.version, old.full, old.policy) != (version, options.full, options.follow_through):
            how = f"{', with --full' * old.full}, with --follow-through {old.policy}"
            raise SystemExit(f"error: {options.baseline} is of {old.version}{how}. Remedy: name that, or remove the file.")
        return old
    build(cases, options.full)
    names = ["OLD"] if options.once else ["OLD", "OLD again"]
    old = Old(version, options.full, [_graded(options, version, cases, name) for name in names], options.follow_through)
    if options.baseline:
        save(options.baseline, old, cases)
        left_out = old.left_out
        for case, why in left_out.items():
            print(f"left out: {case}: {why}", flush=True)
        print(f"{options.baseline}: {len(old.runs[0])} cases, {len(left_out)} left out", flush=True)
    return old


def save(path: Path, old: Old, cases: Path) -> None:
    """Keep what the older version gave, together with the cases themselves."""
    with tempfile.TemporaryDirectory() as folder, tarfile.open(path, "w:xz", preset=3) as archive:
        told = Path(folder) / "old.json"
        told.write_text(json.dumps(old._asdict()), "utf-8")
        archive.add(told, "old.json")
        archive.add(cases, "cases")


def load(path: Path, cases: Path) -> Old:
    """What was kept; the cases are put into their folder."""
    with tempfile.TemporaryDirectory() as folder, tarfile.open(path) as archive:
        archive.extractall(folder, filter="tar")
        (Path(folder) / "cases").rename(cases)
        return Old(**json.loads((Path(folder) / "old.json").read_text("utf-8")))


def _graded(options: argparse.Namespace, version: str, cases: Path, name: str, only: set[str] | None = None) -> Records:
    """What a version gives, told as it goes."""
    total = len(only) if only is not None else count(cases, read_plan(cases))
    begun = time.monotonic()
    records = run(version, cases, options.jobs, _progress(name, total), only, options.follow_through)
    print(f"{name}: {len(records)} cases in {(time.monotonic() - begun) / 60:.1f} min", flush=True)
    return {case: without_help(record) for case, record in records.items()} if options.follow_through == "off" else records


def _progress(name: str, total: int) -> Told:
    """Prints how many cases are done, now and then."""
    last = [0]

    def told(done: int) -> None:
        if done - last[0] >= _EVERY:
            last[0] = done
            print(f"{name}: {done} of {total}", flush=True)

    return told


def _commit(version: str) -> str:
    """The full name of a commit; a folder as it is, made absolute."""
    if Path(version).is_dir():
        return str(Path(version).resolve())
    command = ["git", "rev-parse", "--verify", "--quiet", f"{version}^{{commit}}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"error: {version} is neither a commit of this repository nor a folder.")
    return done.stdout.strip()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.same_grades", description=__doc__.partition("\n")[0])
    parser.add_argument("old", help="A commit, or a folder that holds the course.")
    parser.add_argument("new", nargs="?", help="Another one.")
    parser.add_argument("--jobs", type=int, default=2, help="Submissions side by side.")
    parser.add_argument("--baseline", type=Path, help="Keeps what OLD gave; read if it is there.")
    parser.add_argument("--expected", type=Path, help="TOML: [[expected]] with path and reason.")
    parser.add_argument("--out", type=Path, help="Gets every difference in full.")
    parser.add_argument("--once", action="store_true", help="Grade OLD once: no case is left out on its account.")
    parser.add_argument("--full", action="store_true", help="Right answers on the stages that train, too.")
    parser.add_argument("--follow-through", choices=("full", "shown", "off"), default="full", help="For versions that have it.")
    options = parser.parse_args()
    if not options.new and not options.baseline:
        parser.error("name NEW, or a --baseline to keep what OLD gave")
    return options


if __name__ == "__main__":
    sys.exit(main())
