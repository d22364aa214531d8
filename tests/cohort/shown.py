"""Whether what a class's files and page show is what stands in its journal, counted by another way than the grader's own."""

import math
from collections import Counter, defaultdict
from pathlib import Path

import msgspec
import numpy as np

from grader.cohort import page as class_page
from grader.cohort.counting import Grade
from grader.cohort.insight import Insight, look
from grader.cohort.items import FEWEST
from grader.cohort.journal import Journal
from grader.course.policy import Policy
from grader.records import Report
from tests.browser import install
from tests.browser.conftest import ARGUMENTS, UNFOLD, opened, violations
from tests.courses import HERE

TOLERANCE = 1e-9
LARGEST_PAGE = 3_000_000  #: bytes


def grades_of(out: Path) -> list[Grade]:
    return [msgspec.json.decode(line, type=Grade) for line in (out / "grades.jsonl").read_bytes().splitlines()]


def wrong_figures(out: Path) -> list[str]:
    """What is wrong with causes and statistics; nothing if all is well."""
    grades = [grade for grade in grades_of(out) if grade.state in ("graded", "submission")]
    with Journal(out / "journal.sqlite") as journal:
        reports = {grade.student: report for grade in grades if (report := journal.report(grade.key, HERE))}
    shown = look(grades, lambda grade: reports.get(grade.student))
    return wrong_shares(shown, reports) + wrong_statistics(shown, reports)


def wrong_shares(shown: Insight, reports: dict[str, Report]) -> list[str]:
    """Cumulative shares beside a direct count: of each cause's failed checks, those that the same students have together."""
    counts, students = Counter[str](), defaultdict[str, set[str]](set)
    for student, report in reports.items():
        failed = [(stage.id, check) for stage in report.stages for check in stage.checks if check.state == "fail"]
        unreadable = min((stage.id for stage in report.stages for check in stage.checks if check.broken), default="")
        for stage, check in failed:
            known = check.mistake.id if check.mistake else f"{check.id}: not known"
            cause = f"{unreadable}/broken" if check.broken else f"{stage}/{known}"
            counts[cause] += 1
            students[cause].add(student)
    wrong, total, so_far = [], counts.total(), 0
    first = [cause for cause in shown.causes if not cause.within]
    for cause in first:
        so_far += cause.failed
        if not math.isclose(cause.cumulative, so_far / total, abs_tol=TOLERANCE):
            wrong.append(f"{cause.id}: {cause.cumulative} is shown, but it is {so_far / total}")
    if so_far != total:
        wrong.append(f"the causes have {so_far} failed checks, but there are {total}")
    for cause in shown.causes:
        name = f"{cause.stage}/{cause.id}"
        alone = cause.within or not cause.also
        if cause.known and (set(cause.students) != students[name] or (alone and cause.failed != counts[name])):
            wrong.append(f"{name}: {cause.failed} failed checks of {cause.made} students, but {counts[name]} are counted")
    if [cause.failed for cause in first] != sorted((cause.failed for cause in first), reverse=True):
        wrong.append("a cause of fewer failed checks stands before one of more")
    return wrong


def wrong_statistics(shown: Insight, reports: dict[str, Report]) -> list[str]:
    """Discrimination and reliability beside those of SciPy and NumPy, what nobody tried missing."""
    from scipy import stats

    passed = {"pass": 1.0, "fail": 0.0}
    checks = {(stage.id, check.id): None for report in reports.values() for stage in report.stages for check in stage.checks}
    rows = [
        {(stage.id, check.id): passed.get(check.state, np.nan) for stage in report.stages for check in stage.checks}
        for report in reports.values()
    ]
    table = np.array([[row.get(check, np.nan) for check in checks] for row in rows])
    wrong = []
    for column, check in enumerate(checks):
        item = next(item for item in shown.checks if (item.stage, item.id) == check)
        others = np.delete(table, column, axis=1)
        pairs = [
            (one, np.nanmean(rest)) for one, rest in zip(table[:, column], others) if one == one and not np.isnan(rest).all()
        ]
        constant = len({one for one, _ in pairs}) < 2
        expected = None if constant else stats.pearsonr(*zip(*pairs)).statistic
        if (item.discrimination is None) != (expected is None) or abs((item.discrimination or 0) - (expected or 0)) > TOLERANCE:
            wrong.append(f"{item.id}: discrimination {item.discrimination}, but SciPy's is {expected}")
        if (item.passed, item.tried) != (np.nansum(table[:, column]), np.sum(~np.isnan(table[:, column]))):
            wrong.append(f"{item.id}: {item.passed} of {item.tried} passed, but not by a direct count")
    tried = table[:, ~np.isnan(table).all(axis=0)]
    whole = tried[~np.isnan(tried).any(axis=1)]
    alpha = None
    if len(whole) >= FEWEST and (covariance := np.cov(whole, rowvar=False)).any():
        alpha = len(covariance) / (len(covariance) - 1) * (1 - np.trace(covariance) / covariance.sum())
    found, students = shown.reliability
    if students != len(whole) or (found is None) != (alpha is None) or abs((found or 0) - (alpha or 0)) > TOLERANCE:
        wrong.append(f"reliability {found} of {students}, but it is {alpha} of {len(whole)}")
    return wrong


def wrong_groups(out: Path, rings: list[list[str]]) -> list[str]:
    """Groups of look-alikes that are not those who copied."""
    _, alike = class_page._code(out, grades_of(out), HERE, Policy())
    found = sorted(sorted(group.students) for group, _ in alike)
    return [] if found == sorted(rings) else [f"groups of {[len(group) for group in found]} are shown: {found}"]


def wrong_page(out: Path, size: int) -> list[str]:
    """What a browser finds wrong with the class page, on a phone and on a screen."""
    from playwright.sync_api import sync_playwright

    path, wrong, contexts = out / "index.html", [], []
    if path.stat().st_size >= LARGEST_PAGE:
        wrong.append(f"the page has {path.stat().st_size} bytes")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=install.find(), args=ARGUMENTS)
        for width in (390, 1280):
            page = opened(browser, contexts, path, width, bypass_csp=True)
            page.evaluate(UNFOLD)
            if page.asked or page.said:
                wrong.append(f"at {width} pixels the page asked for {page.asked} and said {page.said}")
            if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
                wrong.append(f"at {width} pixels the page is {wide} wide")
            if (rows := page.locator(".heat tbody tr").count()) != size:
                wrong.append(f"the page has {rows} rows for {size} students")
            wrong += [f"axe: {found}" for found in violations(page)]
        browser.close()
    return wrong
