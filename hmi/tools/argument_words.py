"""Arguments of a tool, from the words of a command line and for people."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from handwheel.tools.errors import InvalidArguments
from handwheel.tools.toolset.tool import Tool

_WORDS = {"string": "text", "integer": "whole number", "boolean": "true or false", "null": "none"}


def read_arguments(tool: Tool, words: Sequence[str]) -> dict[str, Any]:
    """Returns the arguments of words such as `last='2 h'`.

    A value is JSON, and plain text where the tool takes text.

    Raises:
        InvalidArguments: A word is no KEY=VALUE, or the tool takes no such key or value; all.
    """
    given: dict[str, Any] = {}
    faults: list[str] = []
    for word in words:
        key, mark, text = word.partition("=")
        if not mark or not key:
            faults.append(f"{word!r} is no KEY=VALUE")
        elif key in given:
            faults.append(f"{key}: is given twice")
        else:
            given[key] = _value(text, tool.schema["properties"].get(key, {}))
    try:
        tool.arguments.checked(given)
    except InvalidArguments as error:
        faults += str(error).splitlines()
    if faults:
        raise InvalidArguments("\n".join(f"{tool.name}: {each}" for each in faults))
    return given


def type_text(schema: Mapping[str, Any]) -> str:
    """Returns what an argument may be, such as `number in kPa`, by its JSON schema."""
    kind = schema.get("type", "")
    if members := schema.get("anyOf"):
        text = " or ".join(map(type_text, members))
    elif "const" in schema:
        text = str(schema["const"])
    elif "enum" in schema:
        text = " or ".join(map(str, schema["enum"]))
    elif kind == "array":
        text = f"list of {type_text(schema['items'])}"
    elif kind == "object":
        text = f"table of {type_text(schema['additionalProperties'])}"
    else:
        text = _WORDS.get(kind, kind)
    return " ".join(filter(None, (text, schema.get("description", ""))))


def default_text(tool: Tool, key: str) -> str:
    """Returns `required`, or the default of an argument, empty for none."""
    if key in tool.schema.get("required", ()):
        return "required"
    default = tool.schema["properties"][key].get("default")
    return "" if default is None else f"default {json.dumps(default, ensure_ascii=False)}"


def _value(text: str, schema: Mapping[str, Any]) -> Any:
    members = schema.get("anyOf", (schema,))
    if any(each.get("type") == "string" for each in members):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
