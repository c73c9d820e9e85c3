"""Findings of lint as SARIF, and the explanation of a rule as lines."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from textwrap import indent
from urllib.parse import quote

import typer

from handwheel.connectors.hints import did_you_mean
from handwheel.playbooks.language.errors import Finding
from handwheel.playbooks.lint.explanations import Explanation, explanations

from ..shell.terminal.wrap import fold

_SARIF = "2.1.0"
_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


class LintFormat(StrEnum):
    """Format of the findings."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


def explained(code: str) -> Explanation:
    """Returns the explanation of a rule. Raises `BadParameter` for an unknown one."""
    known = explanations()
    if code in known:
        return known[code]
    hint = did_you_mean(code, known) or f"; known: {', '.join(known)}"
    raise typer.BadParameter(f"there is no rule {code!r}{hint}", param_hint="--explain")


def explanation_lines(rule: Explanation) -> Iterator[str]:
    """Yields what a rule means, why there is one, and its samples."""
    yield fold(f"{rule.code}: {rule.means}", 2)
    yield fold(rule.why, 0)
    yield f"\nWrong, in {rule.of or 'a playbook'}:\n\n{_sample(rule.bad)}"
    yield f"\nRight:\n\n{_sample(rule.good)}"


def _sample(text: str) -> str:
    return indent(text.rstrip("\n"), "    ")


def sarif(findings: Sequence[Finding]) -> dict[str, object]:
    """Returns findings in the Static Analysis Results Interchange Format.

    Source: OASIS, SARIF version 2.1.0 (2020), sections 3.14, 3.27 and 3.49.
    """
    known = explanations()
    codes = sorted({each.code for each in findings})
    driver = {
        "name": "handwheel",
        "version": version("handwheel"),
        "rules": [_rule(known[code]) for code in codes],
    }
    results = [_result(each, codes.index(each.code)) for each in findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": _SARIF, "runs": [run]}


def _rule(rule: Explanation) -> dict[str, object]:
    return {
        "id": rule.code,
        "shortDescription": {"text": rule.means},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"Wrong:\n{_sample(rule.bad)}\nRight:\n{_sample(rule.good)}"},
    }


def _result(finding: Finding, index: int) -> dict[str, object]:
    place: dict[str, object] = {"artifactLocation": {"uri": _uri(finding.file)}}
    if finding.line:
        place["region"] = {"startLine": finding.line, "startColumn": finding.column}
    location: dict[str, object] = {"physicalLocation": place}
    names = [each for each in (finding.playbook, finding.step) if each]
    if names:
        location["logicalLocations"] = [{"fullyQualifiedName": ", step ".join(names)}]
    text = f"{finding.text}; {finding.hint}" if finding.hint else finding.text
    return {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": text},
        "locations": [location],
    }


def _uri(file: str) -> str:
    return Path(file).as_uri() if Path(file).is_absolute() else quote(file, safe="/:")
