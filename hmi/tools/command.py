"""The commands `handwheel tools`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from handwheel.connectors.errors import ConfigError
from handwheel.errors import BadQuality
from handwheel.site import Site
from handwheel.site_tools import site_tools
from handwheel.tools.errors import InvalidArguments, ToolFailed
from handwheel.tools.safe_text import printable
from handwheel.tools.toolset.tool import Tool
from handwheel.tools.toolset.toolset import Toolset

from ..shell.cli.completion import complete_argument, complete_tool
from ..shell.cli.exits import NO, fail, report, run
from ..shell.cli.field_lines import print_result
from ..shell.cli.open_site import open_site
from ..shell.cli.options import JsonOption, SiteOption
from ..shell.terminal.show import Column, in_columns
from ..shell.terminal.show import show as show_list
from ..shell.terminal.wrap import folded

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


app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

PROGRAM = "tools command"
"""Name under which `tools call` files a request."""

ToolArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of a tool.", autocompletion=complete_tool)
]


@app.command("list")
def list_tools(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List the tools of the site.

    Exit codes: 0 listed, 2 wrong usage or configuration.
    """
    tools = _tools_of(site)
    columns: list[Column[Tool]] = [
        Column("tool", "name"),
        Column("effect", "effect.value"),
        Column("summary", "summary"),
    ]
    show_list(tools, columns, fields=_fields, as_json=as_json)


@app.command("show")
def show(name: ToolArgument, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Show what a tool does and which arguments it takes.

    Exit codes: 0 shown, 2 no such tool or wrong configuration.
    """
    tool = _tools_of(site).find(name)
    fields = {
        **_fields(tool), "docstring": tool.docstring, "schema": tool.schema, "file": tool.file,
        "line": tool.line,
    }  # fmt: skip
    print_result(fields, _lines(tool), as_json=as_json)


@app.command("call")
def call(
    name: ToolArgument,
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY=VALUE",
            help="Arguments; a value is JSON, or text where the tool takes text.",
            autocompletion=complete_argument,
        ),
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Call a tool and print its result. What it files, people decide.

    Exit codes: 0 called, 1 refused or failed, 2 wrong arguments or configuration, 3 not reachable,
    or no agents run.
    """
    opened = open_site(site)
    tool = _tools_of(site).find(name)
    given = read_arguments(tool, arguments or ())

    async def work() -> None:
        async with Site.open(opened.root, PROGRAM) as own:
            result = await tool.call(own, given)
        print_result(result, _result_lines(result), as_json=as_json)

    try:
        run(work())
    except (BadQuality, ToolFailed) as error:
        fail(str(error), NO)


def _tools_of(site: Path | None) -> Toolset:
    tools, problems = site_tools(open_site(site))
    if problems:
        report(str(ConfigError(problems)))
    return tools


def _fields(tool: Tool) -> dict[str, object]:
    return {
        "name": tool.name, "summary": tool.summary, "effect": tool.effect, "retry": tool.retry,
        "timeout_s": tool.timeout_s,
    }  # fmt: skip


def _lines(tool: Tool) -> Iterator[str]:
    yield from folded(map(printable, tool.docstring.splitlines()))
    yield ""
    rows = [
        (key, type_text(schema), default_text(tool, key))
        for key, schema in tool.schema["properties"].items()
    ]
    yield from map(printable, in_columns(rows, ("  ", "  "), set()))
    yield f"effect: {tool.effect}, again: {tool.retry}, at most {tool.timeout_s:g} s"


def _result_lines(result: Any) -> list[str]:
    return [*map(printable, json.dumps(result, indent=2, ensure_ascii=False).splitlines())]
