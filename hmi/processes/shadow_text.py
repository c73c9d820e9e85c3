"""Rows of a shadow and its summary, as lines and as JSON."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from handwheel.agents.deviations.case import Case
from handwheel.connectors.config.durations import format_duration
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.safe_text import LONG, plain, printable

from ..journal.rows.row_line import show_run_row
from ..journal.rows.row_text import change_text
from ..shell.terminal.plural import counted
from ..shell.terminal.show import in_columns
from ..shell.terminal.wrap import fold

_INDENT = 10
_FOLDED = 14


def show_shadow_row(row: JournalRow, *, as_json: bool) -> str:
    """Returns a row of a shadow's journal as lines. Others give an empty text."""
    body: Mapping[str, Any] = row.fields["body"]
    if as_json or not body.get("asks"):
        return show_run_row(row, as_json=as_json)
    head = f"{str(row.fields['at'])[11:19]}  {row.fields['subject']}  would ask    {body['choice']}"
    return "\n".join([fold(printable(head, LONG), _INDENT), *asked_lines(body["asks"])])


def asked_lines(asks: Mapping[str, Any]) -> Iterator[str]:
    """Yields the writes from now to proposed, the approvals, and what blocks them."""
    rows = [(plain(each["step"]), _work(each)) for each in asks["steps"]]
    lines = [*in_columns(rows, ("  ",), set())] if rows else []
    lines += [f"asks {_asked(each)}" for each in asks["requests"]] or ["asks nobody"]
    unreleased = dict.fromkeys(each["unreleased"] for each in asks["requests"])
    lines += [f"UNRELEASED: {each}" for each in unreleased if each]
    lines += [f"blocked by: {each}" for each in asks["blocked_by"]]
    yield from (fold(f"{'':{_INDENT}}{printable(each, LONG)}", _FOLDED) for each in lines)


def _work(step: Mapping[str, Any]) -> str:
    if "tag" not in step:
        return printable(step["work"], LONG)
    return f"{plain(step['tag'])} {change_text(step)}"


def _asked(request: Mapping[str, Any]) -> str:
    roles, steps = " and ".join(request["roles"]), ", ".join(request["steps"])
    if not request["class"]:
        return f"{roles} for {steps}, but it would be refused"
    people = counted(request["quorum"], "signature")
    within = format_duration(request["within_s"])
    return f"{people} as {roles} within {within} for {steps} ({request['class']})"


def summary_lines(site: str, lasted_s: float, cases: Iterable[Case]) -> Iterator[str]:
    """Yields what a shadow has seen, with one line for each case."""
    found = list(cases)
    asked = sum(bool(each.asked_at) for each in found)
    yield (
        f"shadow of {site}, {format_duration(round(lasted_s))}: {counted(len(found), 'case')}, "
        f"{asked} would have been asked for; nothing was filed"
    )
    for each in found:
        what = f"not asked for: {each.judgement.get('reason', 'not judged')}"
        if each.asked_at:
            what = f"asked for at {each.asked_at[11:19]} UTC: {each.asked_for}"
        line = f"  {each.case_id}  since {each.opened_at[11:19]} UTC, {what}"
        yield fold(printable(line, LONG), _INDENT)


def summary_json(site: str, lasted_s: float, cases: Iterable[Case]) -> str:
    """Returns the summary as one JSON object on one line."""
    found = [
        {
            "case_id": each.case_id, "opened_at": each.opened_at, "condition": each.condition,
            "asked_at": each.asked_at, "asked_for": each.asked_for, "is_closed": each.is_closed,
            "reason": each.judgement.get("reason", ""),
        }
        for each in cases
    ]  # fmt: skip
    return json.dumps({"ended": "shadow", "site": site, "lasted_s": lasted_s, "cases": found})
