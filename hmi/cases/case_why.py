"""Deliberation about a case, step by step, from the journal and the checkpoints."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from handwheel.agents.lookahead.prediction import trust_words
from handwheel.connectors.config.durations import format_duration
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.safe_text import LONG, plain, printable

from ..journal.rows.row_text import CASES, event_name, event_text
from ..requests.assessment.ranking_text import check_text, hypothesis_lines, refuted_line
from ..shell.terminal.templates import render


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


def why_lines(steps: Iterable[Mapping[str, Any]]) -> list[str]:
    """Returns a deliberation as lines, indented by what belongs together."""
    shown = render(
        "handwheel.hmi.cases", "case_why.txt.j2",
        steps=steps, trust_words=trust_words, distance=_distance,
        trip=_trip, alarms=_alarms, hypothesis_lines=hypothesis_lines, check_text=check_text,
        refuted_lines=_refuted_lines, motion_lines=_motion_lines, event_name=event_name,
        event_text=event_text,
    )  # fmt: skip
    return shown.splitlines()


def _motion_lines(at: str, body: Mapping[str, Any]) -> list[str]:
    """Returns how tags move, each once, since two deviations may show in the same tag."""
    found: list[str] = []
    for each in (one for moved in body.get("deviations", ()) for one in moved.get("motions", ())):
        unit = printable(str(each["unit"]))
        text = f"{plain(each['tag'])} is {each['value']:g} {unit}, {each['per_h']:+.3g} {unit}/h"
        if "limit" in each:
            span = f"{_time(each['earliest_min'])} to {_time(each['latest_min'])}"
            text += f"; {plain(each['kind'])} at {each['limit']:g} {unit}"
            text += f" in {_time(each['in_min'])} ({span})"
        found.append(f"{at}  moves       {text}")
    return list(dict.fromkeys(found))


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
