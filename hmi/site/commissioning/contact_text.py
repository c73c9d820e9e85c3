"""First look at devices, which writes nothing to them, and its results as text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import get_args

from handwheel.connectors.client.browse import FoundVariables, find_variables
from handwheel.connectors.client.one_shot import open_session
from handwheel.connectors.client.register_scan import FoundRanges, find_ranges
from handwheel.connectors.client.registers import open_raw_tables
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.hints import next_step
from handwheel.connectors.modbus.transport import DeviceException
from handwheel.connectors.model.endpoints import ModbusConnection, OpcuaConnection, Security
from handwheel.connectors.model.tags import Table
from handwheel.connectors.session.protocols import Browses
from handwheel.tools.safe_text import printable

from ...shell.terminal.templates import render
from ..tags.device_types import has_parts
from ..tags.imported_tags import TagMerge, TagSource

MOST_VARIABLES = 1000
_TABLES: Sequence[Table] = get_args(Table)
_BITS = frozenset({"coil", "discrete"})

Report = Callable[[str], None]
"""Is told what is being done."""


@dataclass(frozen=True, slots=True)
class ServerContact:
    """Result for an OPC UA server that answers."""

    config: OpcuaConnection  # the strongest security that it offers
    offers: Sequence[Security]
    found: FoundVariables | None  # `None` if it opens no session with us
    refusal: str = ""  # its reason


@dataclass(frozen=True, slots=True)
class UnitContact:
    """Result for a Modbus unit that answers."""

    config: ModbusConnection  # with the limit of registers that was found
    identity: str  # vendor, product and revision; empty if it does not tell
    tables: Mapping[Table, FoundRanges] = field(default_factory=dict[Table, FoundRanges])


async def contact_server(
    name: str, config: OpcuaConnection, root: Path, site_id: str, report: Report
) -> ServerContact:
    """Asks a server for its securities, and browses it over the strongest one.

    Args:
        root: Folder of the site, where our key is made if the channel needs one.

    Raises:
        NotConnected: Nothing answers there.

    Effect: OBSERVE. Retry: none for the first answer. Timeout: the connection's `timeout`, for each
    request.
    """
    from handwheel.connectors.opcua.connector import OpcuaConnector
    from handwheel.connectors.opcua.discovery import discover_server
    from handwheel.connectors.opcua.security.application import make_application

    report("asking how to connect")
    server = await discover_server(OpcuaConnector(name, config, root))
    update = {"security": server.security, "application_uri": server.application_uri}
    config = config.model_copy(update=update)
    if config.is_secured:
        make_application(root, site_id)

    def count(number: int) -> None:
        report(f"browsing, {number} variables so far")

    try:
        async with open_session(OpcuaConnector(name, config, root)) as session:
            assert isinstance(session, Browses)
            found = await find_variables(session, "", MOST_VARIABLES, has_parts, count)
    except NotConnected as error:
        reason = "; ".join(error.endpoints.values()).removeprefix(f"{config.where}: ")
        return ServerContact(config, server.offers, None, reason)
    return ServerContact(config, server.offers, found)


async def contact_unit(name: str, config: ModbusConnection, report: Report) -> UnitContact:
    """Finds out which addresses of a unit answer, and what the unit calls itself.

    Raises:
        NotConnected: Nothing answers there, or no unit with this number.

    Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`, for each request.
    """
    report("connecting")
    await _check_unit(name, config)
    tables: dict[Table, FoundRanges] = {}
    for table in _TABLES:
        report(f"looking for addresses, {table}")
        async with open_raw_tables(name, config) as raw:  # a silence ends the connection
            tables[table] = await find_ranges(raw, table)
    async with open_raw_tables(name, config) as raw:
        identity = await raw.identify()
    limits = {"max_registers": _limit(tables, is_of_bits=False)}
    limits |= {"max_bits": _limit(tables, is_of_bits=True)}
    return UnitContact(config.model_copy(update=limits), identity, tables)


async def _check_unit(name: str, config: ModbusConnection) -> None:
    hint = f"is unit {config.unit} right? another one is named as modbus://HOST:PORT/UNIT"
    try:
        async with open_raw_tables(name, config) as raw:
            answer = await raw.ask("holding", 0, 1)
    except NotConnected as error:
        reason = error.endpoints[name]
        more = f"; {hint}" if "no answer" in reason else ""
        raise NotConnected({name: f"{reason}{more}"}) from None
    if isinstance(answer, DeviceException) and answer.is_of_gateway:
        raise NotConnected({name: f"{config.where}: {answer}, of a gateway; {hint}"})


def _limit(tables: Mapping[Table, FoundRanges], *, is_of_bits: bool) -> int:
    return min(found.most for table, found in tables.items() if (table in _BITS) == is_of_bits)


_PEEKED = 40
_BY_INTEREST: Sequence[Table] = ("holding", "input", "coil", "discrete")
_ABOUT_USERS = ("BadIdentityToken", "BadUserAccessDenied")  # codes of a server that wants a login

Contact = ServerContact | UnitContact


def contact_lines(
    contacts: Mapping[str, Contact],
    merged: Mapping[str, tuple[TagSource, TagMerge]],
    values: Mapping[str, Sequence[str]],
) -> list[str]:
    """Returns the result of each device with its first values."""
    shown = render(
        "handwheel.hmi.site.commissioning", "contact.txt.j2",
        contacts=contacts, merged=merged, values=values,
        tables=_BY_INTEREST, ranges=_ranges_text, most=MOST_VARIABLES,
        import_step=partial(next_step, "tags", "import"), is_of_login=_is_of_login,
    )  # fmt: skip
    return shown.splitlines()


def next_steps(contacts: Mapping[str, Contact]) -> list[str]:
    """Returns the next commands, each once."""
    steps: list[str] = []
    for name, contact in contacts.items():
        if isinstance(contact, UnitContact):
            steps.append(_peek_step(name, contact))
            continue
        if contact.config.is_secured:
            steps.append(next_step("connections", "trust", name))
        read, load = next_step("tags", "read"), next_step("tags", "import", name)
        steps.append(read if contact.found else load)
    return list(dict.fromkeys(steps))


def contact_fields(
    contact: Contact, imported: tuple[TagSource, TagMerge] | None
) -> dict[str, object]:
    """Returns the result of a device as JSON fields."""
    fields: dict[str, object] = {"kind": contact.config.kind, "where": contact.config.where}
    if isinstance(contact, UnitContact):
        ranges = {
            table: [[each[0], each[-1]] for each in found.ranges]
            for table, found in contact.tables.items()
        }
        return fields | {"identity": contact.identity, "answers": ranges}
    fields |= {
        "application_uri": contact.config.application_uri,
        "security": contact.config.security,
        "offers": list(contact.offers),
        "refused": contact.refusal or None,
    }
    if imported is not None:
        source, merged = imported
        fields |= {"tags": len(merged.added), "writable_there": merged.read_only_count}
        fields |= {"untyped": dict(source.untyped), "left_out": list(merged.left_out)}
    return fields


def _is_of_login(contact: ServerContact) -> bool:
    return any(code in contact.refusal for code in _ABOUT_USERS)


def _ranges_text(found: FoundRanges) -> str:
    if not found.ranges:
        return printable(found.reason) or "nowhere"
    spans = [f"{each[0]}..{each[-1]}" if len(each) > 1 else str(each[0]) for each in found.ranges]
    reason = f"; {printable(found.reason)}" if found.reason else ""
    return f"{', '.join(spans)}{reason}"


def _peek_step(name: str, contact: UnitContact) -> str:
    """Returns the command that shows the first addresses of the table with most of them."""
    has_registers = any(contact.tables[each].ranges for each in _BY_INTEREST[:2])
    likely = _BY_INTEREST[:2] if has_registers else _BY_INTEREST
    table = max(likely, key=lambda each: contact.tables[each].count)
    ranges = contact.tables[table].ranges or [range(_PEEKED + 1)]
    first = ranges[0].start
    last = min(ranges[-1][-1], first + _PEEKED)
    return next_step("tags", "peek", name, table, f"{first}..{last}")
