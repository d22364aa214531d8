"""A report as JUnit XML, in the form that Jenkins' published schema (junit-10) admits."""

from xml.etree import ElementTree as xml

from grader.course.policy import Policy
from grader.export.text import level, outcome
from grader.records import CheckResult, Report
from grader.report import words
from grader.text import clean


def write(report: Report, policy: Policy) -> bytes:
    """The XML of one report: a test suite whose cases are the checks.

    A TODO is a failure (a continuous integration that ignores skipped tests must not call it passed); a check that
    waits for another is skipped, since the other one tells.
    """
    cases = [(stage, check) for stage in report.stages for check in stage.checks]

    def tally(*states: str) -> str:
        return str(sum(check.state in states for _, check in cases))

    suites = xml.Element("testsuites")
    suite = xml.SubElement(
        suites, "testsuite", name=clean(f"chain-rule {report.student}".strip(), None), tests=str(len(cases)),
        failures=tally("fail", "todo"), errors=tally("error"), skipped=tally("blocked"), time=f"{report.seconds:.3f}",
        timestamp=clean(report.finished),
    )  # fmt: skip
    properties = xml.SubElement(suite, "properties")
    for name, value in (
        ("score", report.score),
        ("max_score", report.max_score),
        ("points_alone", report.score_alone),
        *((f"points.{stage.id}", f"{stage.points}/{stage.max_points}") for stage in report.stages),
    ):
        xml.SubElement(properties, "property", name=name, value=str(value))
    for stage, check in cases:
        case = xml.SubElement(suite, "testcase", classname=f"chain_rule.{stage.id}", name=check.id, time=f"{check.seconds:.3f}")
        _verdict(case, check, outcome(check, level(policy.feedback, stage, check)))
        beside = [words.with_help(check), check.printed] if level(policy.feedback, stage, check) == "full" else []
        if any(beside):
            xml.SubElement(case, "system-out").text = clean("\n".join(filter(None, beside)), None)
    xml.indent(suites, space=" ")
    text: bytes = xml.tostring(suites, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _verdict(case: xml.Element, check: CheckResult, text: str) -> None:
    if check.state == "pass":
        return
    kind = {"error": "error", "blocked": "skipped"}.get(check.state, "failure")
    first = text.partition("\n")[0]
    verdict = xml.SubElement(case, kind, type=check.mistake.title if check.mistake else check.state, message=clean(first, None))
    verdict.text = clean(f"{check.promise}\n\n{text}" if text else check.promise, None)
