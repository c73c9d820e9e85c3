"""Results of cases, as text and as JUnit XML."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from handwheel.connectors.config.durations import format_duration
from handwheel.tools.safe_text import printable

from ..trial.outcome import Outcome, RunOutcome, TraceEvent
from .case import PlaybookCase
from .scripted_people import RefusedDecision

_QUIET = ("due", "expected", "slow")  # kinds of events that a trace leaves out


@dataclass(frozen=True, slots=True)
class CaseResult:
    """Result of a case."""

    case: PlaybookCase
    outcome: Outcome
    failures: Sequence[str]  # a sentence for each expectation that is not met
    refused: Sequence[RefusedDecision]  # decisions that did not count
    took_s: float  # time of the computer


@dataclass(frozen=True, slots=True)
class CaseReport:
    """Report of a case."""

    file: str
    line: int  # of the case in its file
    playbook: str
    name: str
    verdict: Literal["passed", "failed", "error"]
    failures: Sequence[str]  # a sentence each; of an error, what it is
    final: str  # state of the playbook at the end
    trace: Sequence[str]  # what has happened, a line each
    run_for_s: float  # process time
    took_s: float  # time of the computer


def report_of(result: CaseResult) -> CaseReport:
    """Returns the report of a case that has run."""
    case = result.case
    return CaseReport(
        case.file, case.line, case.playbook.id, case.name,
        "failed" if result.failures else "passed", [printable(each) for each in result.failures],
        result.outcome.final(case.playbook.id)[0],
        [f"{format_duration(at_s):>11}  {printable(text)}" for at_s, text in _trace(result)],
        case.run_for_s, result.took_s,
    )  # fmt: skip


def report_of_error(case: PlaybookCase, error: Exception, took_s: float) -> CaseReport:
    """Returns the report of a case that could not run to its end."""
    return CaseReport(
        case.file, case.line, case.playbook.id, case.name, "error",
        [printable(f"{type(error).__name__}: {error}")], "", (), case.run_for_s, took_s,
    )  # fmt: skip


def _trace(result: CaseResult) -> list[tuple[float, str]]:
    found = _lines(result.outcome, result.refused)
    return sorted(found, key=lambda each: each[0])


def _lines(outcome: Outcome, refused: Sequence[RefusedDecision]) -> Iterator[tuple[float, str]]:
    for run in outcome.runs:
        yield from _run_lines(run)
    for write in outcome.writes:
        yield write.at_s, f"wrote {write.tag} = {write.shown}: {write.state}"
    for each in refused:
        yield each.at_s, f"{each.person} could not decide {each.request_id}: {each.reason}"


def _run_lines(run: RunOutcome) -> Iterator[tuple[float, str]]:
    for each in run.events:
        if each.kind not in _QUIET:
            yield each.at_s, _event_text(run.playbook, each)


def _event_text(playbook: str, event: TraceEvent) -> str:
    reason = f": {event.reason}" if event.reason else ""
    if event.state:
        return f"{event.step} {event.state}{reason}"
    return f"{playbook} {event.kind}{reason}"


def junit_xml(reports: Sequence[CaseReport]) -> str:
    """Returns reports as JUnit XML, a suite for each file.

    Source: the XML that Apache Ant's JUnit task writes, as Jenkins and GitLab read it.
    """
    root = Element("testsuites", _counts(reports))
    for file, found in groupby(reports, lambda each: each.file):
        group = list(found)
        suite = SubElement(root, "testsuite", {"name": file, **_counts(group)})
        for each in group:
            _add_case(suite, each)
    indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(root, encoding="unicode")}\n'


def _counts(reports: Sequence[CaseReport]) -> dict[str, str]:
    verdicts = [each.verdict for each in reports]
    return {
        "tests": str(len(reports)),
        "failures": str(verdicts.count("failed")),
        "errors": str(verdicts.count("error")),
        "skipped": "0",
        "time": f"{sum(each.took_s for each in reports):.3f}",
    }


def _add_case(suite: Element, report: CaseReport) -> None:
    case = SubElement(
        suite, "testcase",
        {"classname": report.playbook.replace("/", "."), "name": report.name,
         "file": report.file, "line": str(report.line), "time": f"{report.took_s:.3f}"},
    )  # fmt: skip
    if report.verdict != "passed":
        kind = "failure" if report.verdict == "failed" else "error"
        said = SubElement(case, kind, {"message": report.failures[0], "type": report.verdict})
        said.text = "\n".join(report.failures)
    if report.trace:
        SubElement(case, "system-out").text = "\n".join(report.trace)
