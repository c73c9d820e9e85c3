"""Hypotheses with their evidence as lines, from plain JSON."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

from handwheel.agents.diagnosis.weigh import REPEATED, counted_weights
from handwheel.tools.safe_text import LONG, printable

from ...shell.terminal.plural import counted

_LESS_LIKELY = 4
_DIGITS = 1  # of a weight


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
    unknown = [each for each in others if each["id"] in fields["unjudged"] and not _has_sign(each)]
    told = [each for each in others if each not in unknown]
    yield from (refuted_line(each) for each in told[:_LESS_LIKELY])
    if unknown:
        yield f"  {counted(len(unknown), 'other')}: too few of their signs are known"
    for each in fields["checks"]:
        yield f"  would decide  {check_text(each)}"
    for name, reason in fields["faults"].items():
        yield f"  failed  {printable(f'{name}: {reason}', LONG)}"


def hypothesis_lines(each: Mapping[str, Any]) -> Iterator[str]:
    """Yields a hypothesis with its evidence, the strongest first. Its weights sum to its total."""
    evidence = sorted(each["evidence"], key=lambda found: -abs(found["weight_db"]))
    weights = counted_weights((one["weight_db"], one["tags"]) for one in evidence)
    texts = [f"{each['prior_db']:+g} dB before any sign"]
    texts.append(f"{each['coverage']:.0%} of its signs are known")
    if any(one["weight_db"] != weight for one, weight in zip(evidence, weights, strict=True)):
        texts.append(f"a weaker sign on the same tags counts {REPEATED:.0%}")
    yield f"{_head(each)}: {', '.join(texts)}"
    silent: list[str] = []
    for one, weight in zip(evidence, _summing(each["prior_db"], weights), strict=True):
        if one["truth"] == "unknown":
            yield f"    not known  {printable(one['text'], LONG)}"
        elif weight:
            yield f"    {f'{weight:+.1f} dB':>9}  {printable(one['text'], LONG)}"
        else:
            silent.append(one["id"])
    if silent:
        says = "signs say" if len(silent) > 1 else "sign says"
        yield f"    {len(silent):>9}  {says} nothing: {printable(', '.join(silent), LONG)}"


def _summing(prior_db: float, weights: Sequence[float]) -> Iterator[float]:
    """Yields weights in few digits, which still sum to their rounded sum."""
    sums = [round(each, _DIGITS) for each in accumulate(weights, initial=prior_db)]
    yield from (round(after - before, _DIGITS) for before, after in pairwise(sums))


def refuted_line(each: Mapping[str, Any]) -> str:
    """Returns a hypothesis with the sign that speaks most against it."""
    return f"{_head(each)}: {_against(each['evidence'], each['coverage'])}"


def check_text(check: Mapping[str, Any]) -> str:
    """Returns a check that would decide, with the answers that are expected."""
    answers = ", ".join(f"{answer!r} if {name}" for name, answer in check["expected"].items())
    means = check["playbook"] or f"asked of {check['role']}"
    text = f"{check['title']} ({means}, {check['risk']}, {check['minutes']:g} min); {answers}"
    return printable(text, LONG)


def _head(each: Mapping[str, Any]) -> str:
    title = f"{each['title']} ({each['id']})"
    return f"  {each['total_db']:+.{_DIGITS}f} dB  {printable(title, LONG)}"


def _has_sign(each: Mapping[str, Any]) -> bool:
    """Whether a sign speaks for a hypothesis."""
    return any(one["weight_db"] > 0.0 for one in each["evidence"])


def _against(evidence: Sequence[Mapping[str, Any]], coverage: float) -> str:
    found = min(evidence, key=lambda one: one["weight_db"], default=None)
    if found is None or found["weight_db"] >= 0.0:
        return f"no sign speaks against it, {coverage:.0%} of its signs are known"
    return f"{found['weight_db']:+.1f} dB {printable(found['text'], LONG)}"
