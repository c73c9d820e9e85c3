"""Registers and bits of a Modbus device as they are, before there are tags."""

import re
from collections.abc import Iterator, Sequence
from typing import get_args

import typer

from handwheel.connectors.client.registers import open_raw_tables
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.hints import next_step
from handwheel.connectors.modbus.request import BIT_TABLES
from handwheel.connectors.modbus.transport import DeviceException
from handwheel.connectors.model.endpoints import ModbusConnection
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Table

from ...shell.cli.exits import NO, fail
from ...shell.cli.field_lines import print_result
from ...shell.terminal.progress import reporting_progress
from ..files.device_url import parse_device_url
from .peek_text import cell_fields, peek_lines

_LAST = 65535
_NO_ANSWER = (
    "no address answers: are unit and addresses right? Addresses count from 0, so that 40001 is "
    "holding 0"
)
_MOST_ADDRESSES = 2000
_TABLES: Sequence[Table] = get_args(Table)


def table_named(text: str) -> Table:
    """Returns the table with this name. Raises `typer.BadParameter` if there is none."""
    for table in _TABLES:
        if table == text:
            return table
    raise typer.BadParameter(f"{text!r} is no table; write holding, input, coil or discrete")


def address_range(text: str) -> range:
    """Returns the addresses of a range such as `0..40`, or the one of `17`.

    Raises:
        typer.BadParameter: It is no range, too long, or beyond the last address.
    """
    found = re.fullmatch(r"(\d{1,6})(?:\.\.(\d{1,6}))?", text, re.ASCII)
    if found is None:
        raise typer.BadParameter(f"{text!r} is no range of addresses; write 0..40, or 17 for one")
    addresses = range(int(found[1]), int(found[2] or found[1]) + 1)
    if not 0 < len(addresses) <= _MOST_ADDRESSES or addresses[-1] > _LAST:
        raise typer.BadParameter(
            f"{text}: write the lower address first, none above {_LAST}, "
            f"and at most {_MOST_ADDRESSES} in all"
        )
    return addresses


def device_at(url: str) -> ModbusConnection:
    """Returns the Modbus device at an address such as `modbus://HOST:502/1`.

    Raises:
        ConfigError: It is no such address.
    """
    config = parse_device_url(url)
    assert isinstance(config, ModbusConnection)
    return config


def modbus_connection(site: Site, name: str) -> ModbusConnection:
    """Returns a connection to a Modbus device by its name.

    Raises:
        ConfigError: There is none, or it is OPC UA, which has no registers.
    """
    config = site.connections.get(name)
    if isinstance(config, ModbusConnection):
        return config
    if config is None:
        known = ", ".join(site.connections) or "none"
        raise ConfigError.of(f"there is no connection {name!r}; known: {known}")
    kind = "OPC UA" if config.kind == "opcua" else config.kind
    raise ConfigError.of(f"{name}: {kind} has no registers; {next_step('tags', 'browse', name)}")


async def peek(
    name: str, config: ModbusConnection, table: Table, addresses: range, *, as_json: bool
) -> None:
    """Prints the contents of the addresses, and progress on standard error.

    If the device refuses all of them, the process ends with exit code 1.

    Raises:
        NotConnected: The device cannot be reached, or does not answer.
    """
    doing = {name: "connecting"}
    async with reporting_progress(doing), open_raw_tables(name, config) as tables:
        doing[name] = "reading"
        cells = await tables.read(table, addresses.start, len(addresses))
    print_result(
        list(cell_fields(table, cells)), peek_lines(config.where, table, cells), as_json=as_json
    )
    if all(isinstance(each, DeviceException) for each in cells.values()):
        fail(_NO_ANSWER, NO)


def csv_lines(site: Site, connection: str, table: Table, address: int) -> Iterator[str]:
    """Yields how the values are listed in a CSV file and imported."""
    yield "write what you recognise into a file such as map.csv, and import it:"
    yield "  name,table,address,type,encoding,order,scale,unit"
    if table in BIT_TABLES:
        yield f"  E-1.on,{table},{address},bool"
    else:
        yield f"  E-1.power,{table},{address},float,float32,ABCD,,kW"
        yield f"  E-1.temp,{table},{address},float,int16,,0.1,degC"
    kinds = [each.kind for each in site.connections.values()]
    of = ("--connection", connection) if kinds.count("modbus") > 1 else ()
    yield next_step("tags", "import", "map.csv", *of)
