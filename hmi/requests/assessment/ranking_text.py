"""Hypotheses with their evidence as lines, from plain JSON."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from handwheel.tools.safe_text import printable

_LONG = 600  # characters of a line
_LESS_LIKELY = 4


def ranking_lines(fields: Mapping[str, Any]) -> Iterator[str]:
    """Yields a ranking, with the evidence of what is named or suspected.

    Args:
        fields: `Ranking.fields`.
    """
    known = {*fields["named"], *fields["suspected"]}
    shown = [each for each in fields["hypotheses"] if each["id"] in known]
    others = [each for each in fields["hypotheses"] if each["id"] not in known]
    for each in shown:
        yield from hypothesis_lines(each)
    if not shown:
        yield "no hypothesis is named or suspected"
    yield from (refuted_line(each) for each in others[:_LESS_LIKELY])
    for each in fields["checks"]:
        yield f"  would decide  {check_text(each)}"
    for name, reason in fields["faults"].items():
        yield f"  failed  {printable(f'{name}: {reason}', _LONG)}"


def hypothesis_lines(each: Mapping[str, Any]) -> Iterator[str]:
    """Yields a hypothesis with all its evidence, the strongest first."""
    known = f"{each['coverage']:.0%} of its signs are known"
    prior = f"{each['prior_db']:+g} dB before any sign"
    yield f"{_head(each)}: {prior}, {known}"
    for one in sorted(each["evidence"], key=lambda found: -abs(found["weight_db"])):
        weight = "not known" if one["truth"] == "unknown" else f"{one['weight_db']:+.1f} dB"
        yield f"    {weight:>9}  {printable(one['text'], _LONG)}"


def refuted_line(each: Mapping[str, Any]) -> str:
    """Returns a hypothesis with the sign that speaks most against it."""
    return f"{_head(each)}: {_against(each['evidence'], each['coverage'])}"


def check_text(check: Mapping[str, Any]) -> str:
    """Returns a check that would decide, with the answers that are expected."""
    answers = ", ".join(f"{answer!r} if {name}" for name, answer in check["expected"].items())
    means = check["playbook"] or f"asked of {check['role']}"
    text = f"{check['title']} ({means}, {check['risk']}, {check['minutes']:g} min); {answers}"
    return printable(text, _LONG)


def _head(each: Mapping[str, Any]) -> str:
    title = f"{each['title']} ({each['id']})"
    return f"  {each['total_db']:+.0f} dB  {printable(title, _LONG)}"


def _against(evidence: Sequence[Mapping[str, Any]], coverage: float) -> str:
    found = min(evidence, key=lambda one: one["weight_db"], default=None)
    if found is None or found["weight_db"] >= 0.0:
        return f"no sign speaks against it, {coverage:.0%} of its signs are known"
    return f"{found['weight_db']:+.1f} dB {printable(found['text'], _LONG)}"
