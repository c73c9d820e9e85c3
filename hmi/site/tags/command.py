"""The commands `handwheel tags`."""

import json
from collections.abc import Sequence
from fnmatch import fnmatchcase
from time import monotonic
from typing import Annotated

import typer

from handwheel.connectors.client.site_reader import read_reachable
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Quality

from ...shell.cli.exits import NO, run
from ...shell.cli.interrupts import uninterrupted_import
from ...shell.cli.open_site import open_site
from ...shell.cli.options import JsonOption, SiteOption
from ..files.first_tags import check_has_tags
from .reading_text import reading_fields, reading_lines

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

TagArguments = Annotated[
    list[str] | None,
    typer.Argument(metavar="TAG", help="Names or patterns such as 'P-101?.*'. Default: all."),
]


def select(site: Site, patterns: Sequence[str] | None) -> list[Tag]:
    """Returns the tags that match the patterns, in their order, or all without a pattern.

    Raises:
        ConfigError: A pattern without wildcards names no tag, or one with wildcards matches none;
            or the site has no tags yet.
    """
    check_has_tags(site)
    if not patterns:
        return list(site.tags.values())
    found: dict[str, Tag] = {}
    for pattern in patterns:
        matches = [tag for name, tag in site.tags.items() if fnmatchcase(name, pattern)]
        for tag in matches or site.find_tags([pattern]):
            found[tag.name] = tag
    return list(found.values())


@app.command("list")
def list_tags(
    patterns: TagArguments = None, site: SiteOption = None, as_json: JsonOption = False
) -> None:
    """List the site's tags, their types, units, ranges and addresses."""
    tags = select(open_site(site), patterns)
    if as_json:
        typer.echo(json.dumps([_description(tag) for tag in tags]))
        return
    width = max((len(tag.name) for tag in tags), default=0)
    for tag in tags:
        span = f"{tag.span[0]:g}..{tag.span[1]:g}" if tag.span else ""
        typer.echo(
            f"{tag.name:<{width}}  {tag.kind:<6}{tag.unit:<6}{span:<9}"
            f"{'w ' if tag.writable else '  '}{tag.connection:<5}{tag.address.identifier}"
        )


def _description(tag: Tag) -> dict[str, object]:
    return {
        "name": tag.name,
        "type": tag.kind,
        "unit": tag.unit,
        "range": tag.span,
        "writable": tag.writable,
        "connection": tag.connection,
        "address": str(tag.address),
        "equipment": tag.equipment,
    }


@app.command("read")
def read(
    patterns: TagArguments = None, site: SiteOption = None, as_json: JsonOption = False
) -> None:
    """Read tags once, with quality and age.

    Where a device is down, the tags of the others are shown.
    Exit codes: 0 all good, 1 a tag's quality is not good, 3 a device is not reachable.
    """
    opened = open_site(site)
    tags = select(opened, patterns)
    run(_read(opened, tags, as_json=as_json))


async def _read(site: Site, tags: Sequence[Tag], *, as_json: bool) -> None:
    readings, down = await read_reachable(site, tags)
    now, read = monotonic(), [tag for tag in tags if tag.name in readings]
    if as_json:
        typer.echo(json.dumps({tag.name: reading_fields(readings[tag.name], now) for tag in read}))
    else:
        for line in reading_lines(read, readings, now):
            typer.echo(line)
    if down:
        raise NotConnected(down)
    if any(reading.quality is not Quality.GOOD for reading in readings.values()):
        raise SystemExit(NO)


@app.command("watch")
def watch(
    patterns: TagArguments = None, site: SiteOption = None, as_json: JsonOption = False
) -> None:
    """Watch tags until Ctrl-C.

    A live table in a terminal, a line for each change in a pipe. Where not all tags fit,
    those that are not good come first. Exit codes: 2 configuration, 130 stopped by Ctrl-C.
    """
    with uninterrupted_import():
        from .watch import watch_tags

    opened = open_site(site)
    run(watch_tags(opened, select(opened, patterns), as_json=as_json))


@app.command("browse")
def browse(
    connection: Annotated[
        str, typer.Argument(metavar="CONNECTION", help="A connection of site.yaml.")
    ],
    node: Annotated[
        str,
        typer.Argument(
            metavar="NODE",
            help="First node, such as nsu=URI;s=NAME. Default: the top.",
            show_default=False,
        ),
    ] = "",
    depth: Annotated[
        int, typer.Option("--depth", metavar="N", min=1, max=100, help="How many levels down.")
    ] = 1,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the nodes of a device as lines for tags.yaml.

    Variables become entries with proposed names, other nodes become comments.
    Exit codes: 0 shown, 2 no such connection or node, or it cannot be browsed, 3 not reachable.
    """
    with uninterrupted_import():
        from .browse import browse as browse_device

    run(browse_device(open_site(site), connection, node, depth, as_json=as_json))
