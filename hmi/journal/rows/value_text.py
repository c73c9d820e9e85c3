"""Values of the journal's rows as text."""

from collections.abc import Mapping
from typing import Any, cast

from handwheel.connectors.model.site_file import SITE_SCOPE
from handwheel.tools.safe_text import plain, printable

from ...shell.terminal.templates import WHOLE


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
