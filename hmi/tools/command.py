"""The commands `handwheel tools`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from handwheel.connectors.errors import ConfigError
from handwheel.errors import BadQuality
from handwheel.site import Site
from handwheel.site_tools import site_tools
from handwheel.tools.errors import ToolFailed
from handwheel.tools.safe_text import printable
from handwheel.tools.toolset.tool import Tool
from handwheel.tools.toolset.toolset import Toolset

from ..shell.cli.completion import complete_argument, complete_tool
from ..shell.cli.exits import NO, fail, report, run
from ..shell.cli.field_lines import print_result
from ..shell.cli.open_site import open_site
from ..shell.cli.options import JsonOption, SiteOption
from ..shell.terminal.columns import in_columns
from ..shell.terminal.show import Column
from ..shell.terminal.show import show as show_list
from ..shell.terminal.wrap import folded
from .argument_words import default_text, read_arguments, type_text

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
