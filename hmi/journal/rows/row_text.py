"""Texts for rows of the journal, from the table `texts.yaml`."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, cast

from handwheel.connectors.config.yaml_documents import parse_content
from handwheel.connectors.hints import NEXT
from handwheel.connectors.model.site_file import SITE_SCOPE
from handwheel.tools.guardrails.approval.shift_handover import ShiftSummary
from handwheel.tools.safe_text import plain, printable

from ...people.lockout_lines import note_text
from ...requests.write_followup import effect_line
from ...shell.terminal.templates import WHOLE, render_line

CASES = "case."
"""What stands before the kind of a case's event in the journal."""

_ODD = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
_FOLDER = "handwheel.hmi.journal.rows"


@cache
def texts() -> Mapping[str, Any]:
    """Returns the table of texts."""
    content = (files(_FOLDER) / "texts.yaml").read_bytes()
    return cast("Mapping[str, Any]", parse_content(content, "texts.yaml").data)


def row_text(kind: str, subject: str, body: Mapping[str, Any]) -> str | None:
    """Returns the text of a row about the site, a request or a write, `None` if it has none."""
    if kind.startswith("effect."):
        return effect_line(kind, body)
    template = texts()["site"].get(kind)
    if template is None:
        return None
    return render_line(template, {**body, "subject": subject, **_FUNCTIONS}, "unknown")


def open_write_text(body: Mapping[str, Any]) -> str:
    """Returns a write that its lease left in place, with the value before it."""
    return render_line(texts()["open_write"], body, "unknown")


def event_name(kind: str) -> str:
    """Returns the name under which an event such as `run.judged` or `case.returned` is shown."""
    about, _, event = kind.partition(".")
    name: str = texts()["names"][about].get(event, event)
    return name.replace("_", " ")


def event_text(kind: str, body: Mapping[str, Any]) -> str:
    """Returns the text of an event of a run or a case, printable and on one line."""
    about, _, event = kind.partition(".")
    template = texts()[about].get(event)
    try:
        if template is None:
            return printable(str(body.get("reason", "")))
        return printable(render_line(template, {**body, **_FUNCTIONS}))
    except _ODD:
        return "cannot be read"


def mode_meaning(mode: str) -> str:
    """Returns what a mode of authority means."""
    meaning: str = texts()["modes"].get(mode, "an unknown mode")
    return meaning


def without_commands(reason: object) -> str:
    """Returns a reason without the commands that its parts end with."""
    return "; ".join(each for each in str(reason).split("; ") if not each.startswith(NEXT))


def change_text(write: Mapping[str, Any]) -> str:
    """Returns what a shadow would write as text, from now to proposed."""
    change = printable(f"{write['now']} → {write['value']} {write['unit']}".rstrip())
    return f"{change}, already so" if write["already"] else change


def summary_of(card: str) -> ShiftSummary:
    """Returns the summary of a shift that both people were shown."""
    return ShiftSummary.model_validate_json(card)


def scope_text(scope: str) -> str:
    """Returns what a suspension of a scope covers."""
    return "everything" if scope == SITE_SCOPE else f"actions that depend on {scope}"


def spaced_hex(wire: object) -> str:
    """Returns bytes in pairs, such as `01 05 00 00 ff 00`."""
    text = plain(str(wire), WHOLE)
    return " ".join(text[at : at + 2] for at in range(0, len(text), 2))


def key_values(body: Mapping[str, Any]) -> str:
    """Returns each key and value of a row's body."""
    try:
        return "; ".join(f"{plain(str(key))}: {value_text(item)}" for key, item in body.items())
    except RecursionError:  # agents have written it
        return "nested too deeply"


def value_text(item: object) -> str:
    """Returns a value of a row in words."""
    if isinstance(item, Mapping):
        table = cast("Mapping[str, Any]", item)
        return f"({key_values(table)})"
    if isinstance(item, list):
        return ", ".join(value_text(each) for each in cast("list[object]", item)) or "none"
    if isinstance(item, bool):
        return "yes" if item else "no"
    if isinstance(item, float):
        return f"{item:g}"
    return printable(str(item))


_FUNCTIONS: Mapping[str, object] = {
    "change_text": change_text,
    "mode_meaning": mode_meaning,
    "note_text": note_text,
    "parsed": json.loads,
    "scope_text": scope_text,
    "summary_of": summary_of,
    "without_commands": without_commands,
}
