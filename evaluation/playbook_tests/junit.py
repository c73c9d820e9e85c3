"""Reports of cases as JUnit XML, which servers of continuous integration show."""

from collections.abc import Sequence
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from .report import CaseReport


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
