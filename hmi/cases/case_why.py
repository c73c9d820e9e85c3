"""Deliberation about a case, step by step, from the journal and the checkpoints."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from handwheel.agents.lookahead.prediction import trust_words
from handwheel.connectors.config.durations import format_duration
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.safe_text import LONG, plain, printable

from ..journal.rows.case_text import CASES, case_event_name, case_event_text
from ..requests.assessment.ranking_text import check_text, hypothesis_lines, refuted_line

_COURSES: Mapping[str, str] = {"without": "without the plan", "with_plan": "with it"}


def prediction_lines(fields: Mapping[str, Any]) -> Iterator[str]:
    """Yields what the twin has foretold about one candidate, and how far it is trusted."""
    name = fields["candidate"]
    if "problem" in fields:
        yield _line(f"  not foretold  {name}: {fields['problem']}")
        return
    trust = trust_words(fields.get("residual"), fields["trust"], fields.get("off", 0.0))
    over = format_duration(fields["horizon_s"])
    yield _line(f"  foretold  {name}, by {fields['twin']} over {over}; {trust}")
    for each in fields["margins"]:
        yield _line(f"    {each['text']}: {_both(each)}")
    for kind, text in (("trip", _trip), ("alarms", _alarms)):
        found = {key: text(fields[key].get(kind)) for key in _COURSES}
        if any(found.values()):
            told = (f"{found[key] or 'none'} {words}" for key, words in _COURSES.items())
            yield _line(f"    {kind}: {', '.join(told)}")
    for each in fields["assumptions"]:
        yield _line(f"    assumed: {str(each).removesuffix('.')}")


def _both(margin: Mapping[str, Any]) -> str:
    """Returns the least distance in both courses."""
    told: list[str] = []
    for key, words in _COURSES.items():
        at = format_duration(margin[f"{key}_at_s"])
        told.append(f"{_distance(margin.get(key), margin['unit'])} in {at} {words}")
    return ", ".join(told)


def _distance(value: float | None, unit: str) -> str:
    if value is None:
        return "not known"
    if not unit:
        return f"{value:.3g} away" if value >= 0 else f"beyond by {-value:.3g}"
    return f"{value:.3g} {unit} away" if value >= 0 else f"{-value:.3g} {unit} beyond"


def _trip(found: Sequence[Any] | None) -> str:
    """Returns the cause of a trip with its time, empty without one."""
    return f"{found[1]} in {format_duration(found[0])}" if found else ""


def _alarms(found: Mapping[str, float]) -> str:
    """Returns each alarm with the time of its beginning."""
    firsts = sorted(found.items(), key=lambda each: each[1])
    return " and ".join(f"{name} in {format_duration(at_s)}" for name, at_s in firsts)


def _line(text: str) -> str:
    return text[: len(text) - len(text.lstrip())] + printable(text.lstrip(), LONG)


Deliberated = Mapping[str, Mapping[str, Any]]
"""States of a case's thread by the stamp of their snapshot."""
_SOON_MIN = 120.0  # a longer time is told in hours
_JUDGED = f"{CASES}judged"


def why_steps(rows: Sequence[JournalRow], deliberated: Deliberated) -> list[dict[str, Any]]:
    """Returns the steps of a deliberation, each with what only its checkpoint has."""
    steps: list[dict[str, Any]] = []
    for row in rows:
        fields = row.fields
        kind, body = str(fields["kind"]), fields["body"]
        if not kind.startswith(CASES):
            continue
        step = {"at": str(fields["at"]), "kind": kind.removeprefix(CASES), "body": body}
        if kind == _JUDGED and body.get("diagnosis"):
            state = deliberated.get(str(body.get("snapshot_at", "")), {})
            kept = {each["id"] for each in body["diagnosis"]["hypotheses"]}
            refuted = [each for each in state.get("weighed", ()) if each["id"] not in kept]
            step |= {"refuted": refuted, "has_checkpoint": bool(state)}
        steps.append(step)
    return steps


def why_lines(steps: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yields a deliberation as lines, indented by what belongs together."""
    for step in steps:
        at, body = plain(str(step["at"]))[11:19], step["body"]
        if step["kind"] == "judged":
            yield from _judged_lines(at, step)
        elif step["kind"] in {"opened", "joined"}:
            kind = "trigger" if body["place"] else "playbook"  # one that answers a fault
            name = body.get("deviation") or f"{kind} {body['playbook']}"
            yield f"{at}  fired       {_named(name, body['condition'])}"
        else:
            name = case_event_name(step["kind"])
            yield f"{at}  {name:<10}  {case_event_text(step['kind'], body)}"


def _judged_lines(at: str, step: Mapping[str, Any]) -> Iterator[str]:
    body = step["body"]
    moves = (line for each in body.get("deviations", ()) for line in _motion_lines(at, each))
    yield from dict.fromkeys(moves)  # two deviations may show in the same tag
    if diagnosis := body.get("diagnosis"):
        yield f"{at}  diagnosed   {printable(diagnosis['line'], LONG)}"
        for each in diagnosis["hypotheses"]:
            yield from hypothesis_lines(each)
        yield from _refuted_lines(step)
        for each in diagnosis["checks"]:
            yield f"  would decide  {check_text(each)}"
        for name, reason in diagnosis["faults"].items():
            yield f"  failed  {_named(name, reason)}"
    yield f"{at}  planned     {case_event_text('judged', body)}"
    yield from _plan_lines(body.get("plan", {}))
    for each in body.get("predictions", ()):
        yield from prediction_lines(each)
    for each in body.get("passed_over", ()):
        yield f"  passed over  {_named(each['name'], each['reason'])}"
    for each in body["candidates"]:
        if each["code"] and body.get("run_id") is None:
            yield f"  prevented  {_named(each['playbook'], each['reason'])}"


def _plan_lines(plan: Mapping[str, Any]) -> Iterator[str]:
    """Yields who has planned, where it was not the rules alone."""
    if plan.get("problem"):
        yield f"  failed  {printable(str(plan['problem']), LONG)}"
    elif plan:
        values = ", ".join(f"{name} {value}" for name, value in plan.get("parameters", {}).items())
        with_ = f", with {values}" if values else ""
        yield f"  by planner  {printable(plan['author'] + with_, LONG)}"


def _named(name: object, text: object) -> str:
    return printable(f"{name}: {text}", LONG)


def _motion_lines(at: str, deviation: Mapping[str, Any]) -> Iterator[str]:
    for each in deviation.get("motions", ()):
        unit = printable(str(each["unit"]))
        text = f"{plain(each['tag'])} is {each['value']:g} {unit}, {each['per_h']:+.3g} {unit}/h"
        if "limit" in each:
            span = f"{_time(each['earliest_min'])} to {_time(each['latest_min'])}"
            text += f"; {plain(each['kind'])} at {each['limit']:g} {unit}"
            text += f" in {_time(each['in_min'])} ({span})"
        yield f"{at}  moves       {text}"


def _time(minutes: float) -> str:
    return f"{minutes:.0f} min" if minutes < _SOON_MIN else f"{minutes / 60.0:.1f} h"


def _refuted_lines(step: Mapping[str, Any]) -> Iterator[str]:
    others = step["body"]["diagnosis"]["others"]
    if not others:
        return
    if not step["has_checkpoint"]:
        found = ", ".join(f"{name} {db:+.0f} dB" for name, db in others.items())
        yield f"  less likely  {printable(found, LONG)}"
        yield "  missing  their evidence, which only checkpoints.db had"
        return
    for each in sorted(step["refuted"], key=lambda found: -found["total_db"]):
        yield refuted_line(each)
