"""Registers and bits of a Modbus device as they are, before there are tags."""

import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

import typer

from handwheel.connectors.client.registers import open_raw_tables
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.hints import next_step
from handwheel.connectors.modbus.codec import RegisterLayout, register_layout
from handwheel.connectors.modbus.request import BIT_TABLES
from handwheel.connectors.modbus.transport import DeviceException
from handwheel.connectors.model.endpoints import ModbusConnection
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Encoding, Kind, Order, RegisterAddress, Table, Tag
from handwheel.connectors.model.values import Value

from ...shell.cli.exits import NO, fail
from ...shell.cli.field_lines import print_result
from ...shell.terminal.progress import reporting_progress
from ..files.device_site import parse_device_url

_ORDERS: Sequence[Order] = get_args(Order)
_PLAUSIBLE = (1e-6, 1e9)  # sizes of a measured value; others are mostly another type's bits
_BITS_IN_ROW = 10
_ZEROS = 3  # so many zeros in a row become one line
_REASONS = {
    1: "illegal function", 2: "illegal data address", 3: "illegal data value",
    4: "device failure", 5: "acknowledge", 6: "device busy", 8: "memory parity error",
    10: "gateway path unavailable", 11: "gateway target device failed to respond",
}  # fmt: skip

Cells = Mapping[int, int | DeviceException]
"""What a device answered for each address, in ascending order."""


def _layouts(encoding: Encoding) -> Mapping[Order, RegisterLayout]:
    # Those of tags, so that a value seen here is the value of a tag with this order.
    kind: Kind = "float" if encoding == "float32" else "int"
    tag = Tag("", "", kind, RegisterAddress("holding", 0, encoding))
    return {order: register_layout(tag, order) for order in _ORDERS}


_WIDE: Mapping[Encoding, Mapping[Order, RegisterLayout]] = {
    each: _layouts(each) for each in ("float32", "int32", "uint32")
}


def refusal_text(refusal: DeviceException) -> str:
    """Returns an exception as the Modbus specification names it."""
    reason = _REASONS.get(refusal.code)
    return f"{refusal}{f', {reason}' * bool(reason)}"


def peek_lines(where: str, table: Table, cells: Cells) -> Iterator[str]:
    """Yields the table of what a device has at some addresses, at most 78 columns wide."""
    yield f"{where} {table}"
    if table in BIT_TABLES:
        yield from _bit_lines(cells)
    else:
        yield from _word_lines(cells)


def _word_lines(cells: Cells) -> Iterator[str]:
    yield f" addr  hex uint16  int16  32 bit{''.join(f'{each:>11} ' for each in _ORDERS)}".rstrip()
    hides = False
    for first, last in _runs(cells):
        cell = cells[first]
        if isinstance(cell, DeviceException):
            yield f"{_span(first, last)}  {refusal_text(cell)}"
            continue
        if first != last:
            yield f"{_span(first, last)}  all zero"
            continue
        following = cells.get(first + 1)
        floats = ints = ""
        if isinstance(following, int):
            numbers = [_wide(cell, following, "float32", order) for order in _ORDERS]
            hides |= not all(map(_is_plausible, numbers))
            floats = "  float" + "".join(f"{_float_text(each):>12}" for each in numbers)
            whole = (_wide(cell, following, "int32", order) for order in _ORDERS)
            ints = "  int  " + "".join(f"{each:>12}" for each in whole)
        yield f"{first:>5} {cell:04X} {cell:>6} {_signed(cell):>6}{floats}"
        if ints:
            yield f"{'':24}{ints}"
    if hides:
        yield "- is no number, or smaller than 1e-6 or larger than 1e9; --json tells it."


def _bit_lines(cells: Cells) -> Iterator[str]:
    yield f" addr {''.join(f' +{n}' for n in range(_BITS_IN_ROW))}"
    rows = sorted({address - address % _BITS_IN_ROW for address in cells})
    for row in rows:
        held = (cells.get(address) for address in range(row, row + _BITS_IN_ROW))
        yield f"{row:>5} {''.join(f'{_bit_text(each):>3}' for each in held)}".rstrip()
    for first, last in _runs(cells):
        cell = cells[first]
        if isinstance(cell, DeviceException):
            yield f"{_span(first, last)}  x: {refusal_text(cell)}"


def _bit_text(cell: int | DeviceException | None) -> str:
    return "" if cell is None else "x" if isinstance(cell, DeviceException) else str(cell)


def _runs(cells: Cells) -> Iterator[tuple[int, int]]:
    """Yields the first and last address of each line, for refusals alike and for zeros.

    The last zero before another value stands alone, since it may be the value's high word.
    """
    addresses = sorted(cells)
    at = 0
    while at < len(addresses):
        first = last = addresses[at]
        while last + 1 in cells and _is_alike(cells[first], cells[last + 1]):
            last += 1
        if cells[first] == 0:
            following = cells.get(last + 1)
            last -= isinstance(following, int) and following != 0
            if last - first + 1 < _ZEROS:
                last = first
        at += last - first + 1
        yield first, last


def _is_alike(one: int | DeviceException, other: int | DeviceException) -> bool:
    if isinstance(one, DeviceException):
        return isinstance(other, DeviceException) and one.code == other.code
    return one == other == 0


def _span(first: int, last: int) -> str:
    return f"{first:>5}" if first == last else f"{first:>5}..{last}"


def _signed(word: int) -> int:
    return word - 0x10000 if word >= 0x8000 else word


def _wide(high: int, low: int, encoding: Encoding, order: Order) -> Value | None:
    return _WIDE[encoding][order].decode(struct.pack(">HH", high, low))[0]


def _is_plausible(number: Value | None) -> bool:
    low, high = _PLAUSIBLE
    return number is not None and (number == 0 or low <= abs(float(number)) <= high)


def _float_text(number: Value | None) -> str:
    return f"{number:.5g}" if _is_plausible(number) else "-"


def cell_fields(table: Table, cells: Cells) -> Iterator[dict[str, Any]]:
    """Yields the same as JSON fields, with each number of two registers whatever its size."""
    for address, cell in sorted(cells.items()):
        if isinstance(cell, DeviceException):
            yield {"address": address, "exception": cell.code, "reason": refusal_text(cell)}
        elif table in BIT_TABLES:
            yield {"address": address, "bit": cell}
        else:
            fields: dict[str, Any] = {"address": address, "uint16": cell, "int16": _signed(cell)}
            following = cells.get(address + 1)
            if isinstance(following, int):
                fields |= {
                    encoding: {order: _wide(cell, following, encoding, order) for order in layouts}
                    for encoding, layouts in _WIDE.items()
                }
            yield fields


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
