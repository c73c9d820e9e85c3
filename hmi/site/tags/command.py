"""The commands `handwheel tags`."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer

from handwheel.connectors.client.site_reader import read_reachable
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import BAD_NO_DATA, DataValue, Quality

from ...shell.cli.completion import complete_connection, complete_tag
from ...shell.cli.exits import NO, run
from ...shell.cli.field_lines import print_fields, print_lines, print_result
from ...shell.cli.interrupts import uninterrupted_import
from ...shell.cli.open_site import open_site
from ...shell.cli.options import ConnectionArgument, JsonOption, SiteOption
from ...shell.terminal.show import Column
from ...shell.terminal.show import show as show_list
from ..files.device_site import check_has_tags
from .connection_text import reading_fields, reading_lines

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_COMPUTED = "computed"
_COLUMNS: list[Column[Tag]] = [
    Column("tag", "name"),
    Column("type", "kind"),
    Column("unit", "unit"),
    Column("range", lambda tag: f"{tag.span[0]:g}..{tag.span[1]:g}" if tag.span else ""),
    Column("writable", lambda tag: "w" if tag.writable else ""),
    Column("connection", lambda tag: tag.connection or _COMPUTED),
    Column("address", "address.identifier"),
]

TagArguments = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TAG",
        help="Names or patterns such as 'P-101?.*'. Default: all.",
        autocompletion=complete_tag,
    ),
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
    """List the site's tags, their types, units, ranges and addresses.

    Exit codes: 0 listed, 2 no such tag or wrong configuration.
    """
    tags = select(open_site(site), patterns)
    show_list(tags, _COLUMNS, fields=_description, as_json=as_json)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="TAG", autocompletion=complete_tag)],
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a tag of the site, without reading it.

    Exit codes: 0 shown, 2 no such tag or wrong configuration.
    """
    print_fields(_description(open_site(site).find_tags([name])[0]), as_json=as_json)


def _description(tag: Tag) -> dict[str, object]:
    return {
        "name": tag.name,
        "type": tag.kind,
        "unit": tag.unit,
        "range": tag.span,
        "writable": tag.writable,
        "connection": tag.connection or _COMPUTED,
        "address": str(tag.address),
        "equipment": tag.equipment,
        "label": tag.label,
        "verbs": dict(tag.verbs),
        "states": dict(tag.states),
    }


@app.command("read")
def read(
    patterns: TagArguments = None, site: SiteOption = None, as_json: JsonOption = False
) -> None:
    """Read tags once, with quality and age.

    Where a device is down, the tags of the others are shown.
    Exit codes: 0 all good, 1 a tag's quality is not good, 2 wrong usage or configuration, 3 a
    device is not reachable. A computed tag that has no value now (BadNoData) counts as good.
    """
    opened = open_site(site)
    tags = select(opened, patterns)
    run(_read(opened, tags, as_json=as_json))


async def _read(site: Site, tags: Sequence[Tag], *, as_json: bool) -> None:
    readings, down = await read_reachable(site, tags)
    now, read = monotonic(), [tag for tag in tags if tag.name in readings]
    print_result(
        {tag.name: reading_fields(readings[tag.name], now) for tag in read},
        reading_lines(read, readings, now),
        as_json=as_json,
    )
    if down:
        raise NotConnected(down)
    if any(not _is_usable(reading) for reading in readings.values()):
        raise SystemExit(NO)


def _is_usable(reading: DataValue) -> bool:
    """Whether a reading is good, or a computed one whose method has no result now."""
    return reading.quality is Quality.GOOD or reading.status == BAD_NO_DATA


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
    connection: ConnectionArgument,
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


@app.command("peek")
def peek(
    device: Annotated[
        str,
        typer.Argument(
            metavar="CONNECTION",
            autocompletion=complete_connection,
            help="A Modbus connection of site.yaml, or modbus://HOST:PORT/UNIT.",
        ),
    ],
    table: Annotated[
        str, typer.Argument(metavar="TABLE", help="holding, input, coil or discrete.")
    ],
    addresses: Annotated[
        str, typer.Argument(metavar="ADDRESSES", help="Zero-based, such as 0..40, or 17.")
    ],
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the registers or bits of a Modbus device.

    Each register is shown as a word, as int16, and with the next one as float and int of
    32 bits in the four orders. The order in which a value makes sense is what tags.yaml needs.
    Exit codes: 0 shown, 1 no address answers, 2 no such connection, or it is not Modbus, 3 not
    reachable.
    """
    with uninterrupted_import():
        from . import peek as peeking

    wanted, of = peeking.address_range(addresses), peeking.table_named(table)
    if device.startswith("modbus://"):
        run(peeking.peek("device", peeking.device_at(device), of, wanted, as_json=as_json))
        return
    opened = open_site(site)
    config = peeking.modbus_connection(opened, device)
    run(peeking.peek(device, config, of, wanted, as_json=as_json))
    if not as_json:
        print_lines(peeking.csv_lines(opened, device, of, wanted.start))


@app.command("import")
def import_(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="An OPC UA connection of site.yaml, a CSV file, or a NodeSet2 file (.xml).",
        ),
    ],
    connection: Annotated[
        str,
        typer.Option(
            "--connection",
            metavar="NAME",
            help="Connection of a file's tags. Default: the only one of their protocol.",
            show_default=False,
        ),
    ] = "",
    below: Annotated[
        str,
        typer.Option(
            "--below",
            metavar="NODE",
            help="First node of a server. Default: the top.",
            show_default=False,
        ),
    ] = "",
    writable: Annotated[
        bool,
        typer.Option("--writable", help="Make new tags writable where the source says so."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be added, and add nothing.")
    ] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add the tags of a device or file to tags.yaml.

    No tag that is there is changed; differences are shown. New tags are read only unless
    --writable is given, and then a write still needs the policy and an approval.
    Exit codes: 0 done, 2 the source or a tag is wrong, and nothing is added, 3 not reachable.
    """
    with uninterrupted_import():
        from . import tag_import

    opened = open_site(site)
    options = {"is_writable": writable, "is_dry": dry_run, "as_json": as_json}
    if source not in opened.connections:
        found = tag_import.file_source(opened, Path(source), connection)
        tag_import.import_tags(opened, found, **options)
        return

    async def from_device() -> None:
        found = await tag_import.browsed_source(opened, source, below)
        tag_import.import_tags(opened, found, **options)

    run(from_device())
