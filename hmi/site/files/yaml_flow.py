"""Values in the flow style of YAML."""

import json
from collections.abc import Mapping
from typing import cast

from handwheel.connectors.model.values import exact_text

_RESERVED = {"true", "false", "null", "y", "n", "yes", "no", "on", "off"}  # in one YAML or another


def flow(value: object) -> str:
    """Returns a value as one line of YAML, quoted only where necessary, invisible signs escaped."""
    if isinstance(value, Mapping):
        table = cast(Mapping[object, object], value)
        inner = ", ".join(f"{flow(key)}: {flow(item)}" for key, item in table.items())
        return f"{{{inner}}}"
    if isinstance(value, list):
        return f"[{', '.join(flow(item) for item in cast(list[object], value))}]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return exact_text(value) if isinstance(value, float) else str(value)
    text = str(value)
    return text if _is_plain(text) else _quoted(text)


def _is_plain(text: str) -> bool:
    letters = text.replace("-", "").replace("_", "").replace(".", "").replace("/", "")
    letters = letters.replace(" ", "")
    if not (letters.isascii() and letters.isalnum()) or text != text.strip():
        return False
    is_duration = text.endswith(" ms") and text[:-3].isdigit()
    return (text[0].isalpha() and text.lower() not in _RESERVED) or is_duration


def _quoted(text: str) -> str:
    escaped = (
        each if each.isprintable() else each.encode("unicode_escape").decode()
        for each in json.dumps(text, ensure_ascii=False)
    )  # fmt: skip
    return "".join(escaped)
