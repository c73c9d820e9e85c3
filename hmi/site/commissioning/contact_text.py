"""Results of a first look at devices as text."""

from collections.abc import Iterator, Mapping, Sequence

from handwheel.connectors.client.register_scan import FoundRanges
from handwheel.connectors.hints import next_step
from handwheel.connectors.model.tags import Table
from handwheel.tools.safe_text import printable

from ...shell.terminal.plural import counted
from ..tags.imported_tags import TagMerge, TagSource
from .first_contact import MOST_VARIABLES, ServerContact, UnitContact

_PEEKED = 40
_BY_INTEREST: Sequence[Table] = ("holding", "input", "coil", "discrete")
_ABOUT_USERS = ("BadIdentityToken", "BadUserAccessDenied")  # codes of a server that wants a login

Contact = ServerContact | UnitContact


def contact_lines(
    contacts: Mapping[str, Contact],
    merged: Mapping[str, tuple[TagSource, TagMerge]],
    values: Mapping[str, Sequence[str]],
) -> Iterator[str]:
    """Yields the result of each device with its first values."""
    for name, contact in contacts.items():
        yield f"{name}  {contact.config.where}"
        if isinstance(contact, UnitContact):
            yield from (f"  {line}" for line in _unit_lines(contact))
        else:
            yield from (f"  {line}" for line in _server_lines(name, contact, merged.get(name)))
            yield from (f"    {line}" for line in values[name])


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


def _server_lines(
    name: str, contact: ServerContact, imported: tuple[TagSource, TagMerge] | None
) -> Iterator[str]:
    security = contact.config.security
    yield f"server    {printable(contact.config.application_uri) or 'without an application URI'}"
    if security == "None":
        yield "security  None: it offers no encryption that is supported here"
    else:
        yield f"security  {security}; its certificate is not verified yet"
    if imported is None or contact.found is None:
        yield f"refused   {printable(contact.refusal)}"
        if any(code in contact.refusal for code in _ABOUT_USERS):
            yield f"          write an account in site.yaml under {name}: such as"
            yield '          read: {user: NAME, secret: "env:VARIABLE"}'
        return
    source, merged = imported
    yield f"tags      {len(merged.added)} in tags.yaml, read only"
    yield "          named after their nodes, as EQUIPMENT.attribute; rename them there"
    if merged.read_only_count:
        verb = "is" if merged.read_only_count == 1 else "are"
        yield f"          {merged.read_only_count} of them {verb} writable at the server"
    if source.untyped:
        types = ", ".join(printable(each) for each in source.untyped)
        count = counted(sum(source.untyped.values()), "variable")
        yield f"          {count} left out, of a type that no tag has: {types}"
    if merged.left_out:
        yield f"          left out: {'; '.join(printable(each) for each in merged.left_out)}"
    if not contact.found.is_all:
        more = next_step("tags", "import", name)
        yield f"          there are more than {MOST_VARIABLES} variables; {more}"


def _unit_lines(contact: UnitContact) -> Iterator[str]:
    yield f"device    {contact.identity or 'does not tell what it is'}"
    if not any(each.ranges for each in contact.tables.values()):
        yield "answers   to no address that was asked: are unit and port right?"
    else:
        yield "answers   where it was asked; other addresses may answer too"
    for table in _BY_INTEREST:
        yield f"  {table:<10}{_ranges_text(contact.tables[table])}"
    yield "tags      none, because Modbus does not tell what its registers hold"


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
