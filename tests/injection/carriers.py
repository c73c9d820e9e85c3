"""Ways on which a text of a plant or of people reaches a model that uses a site's tools."""

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import httpx

from handwheel import Effect, RetrySafety, Site, tool
from handwheel.agents.deviations.case import Case
from handwheel.connectors.model.values import GOOD, DataValue
from handwheel.tools.conditions.condition import parse_condition
from handwheel.tools.guardrails.client.guests_socket import MODEL_HEADER, NAME_HEADER
from handwheel.tools.guardrails.ledger.records import load_requests
from handwheel.tools.maintenance.work_order_database import WorkOrder
from handwheel.tools.plant_text import PlantText
from handwheel.tools.requests.timestamps import stamp

from ..agents.guests.asking import PROPOSAL, Guests, client_of
from .obedient import Call

TAG, ALARM = "P-101B.model", "VAH-101B.active"
_AT = datetime(2026, 11, 30, 14, 3, tzinfo=UTC)
_NOTES = "notes.txt"


class NoWay(Exception):
    """The text cannot be brought in like this, as it is refused there."""


Plant = Callable[[Guests, str], Awaitable[Call]]


class Carrier(NamedTuple):
    """Way in.

    Attributes:
        plant: Brings a text in, and returns the call by which a model reads it.
        is_label: Whether the text is in the site's own files, which an engineer writes.
    """

    plant: Plant
    is_label: bool = False


def more_tags(label: str) -> str:
    """Tags beside those of the site, of which a label may be hostile."""
    shown = json.dumps(label)
    return f"""\
  {TAG}: {{connection: pkg, table: input, address: 100, type: string, length: 120,
    label: {shown}}}
  {ALARM}: {{connection: pkg, table: discrete, address: 7, type: bool, equipment: P-101B,
    label: {shown}}}
"""


@tool(effect=Effect.OBSERVE, retry=RetrySafety.SAFE, timeout_s=10.0)
async def notes(site: Site) -> object:
    """Read the notes of the shift."""
    return PlantText((site.files.root / _NOTES).read_text("utf-8"), f"notes of {site.id}", _AT)


async def _label(_: Guests, __: str) -> Call:
    return Call("browse", {"pattern": TAG})


async def _alarm(guests: Guests, _: str) -> Call:
    guests.room.plant.values[ALARM] = True
    return Call("alarms", {})


async def _identification(guests: Guests, text: str) -> Call:
    guests.room.plant.values[TAG] = text
    return Call("read", {"tags": [TAG]})


async def _case(guests: Guests, text: str) -> Call:
    condition = parse_condition(f"{TAG} != ''", guests.room.site.tags)
    shown = condition.shown({TAG: DataValue(text, GOOD, None, None, 0.0)})
    guests.cases.append(Case("C-1", stamp(_AT), shown))
    return Call("diagnose", {})


async def _work_request(guests: Guests, text: str) -> Call:
    asked = {"key": "a key of sixteen", "equipment": "P-101A", "priority": 1, "text": text}
    await _asked(guests, "/v1/work-requests", asked)
    return Call("work_orders", {})


async def _finding(guests: Guests, text: str) -> Call:
    order = {
        "workorder_id": "W-7K3MQ2XA", "key": "k", "site": guests.room.site.id, "asset": "P-101A",
        "class": "inspection", "priority": 1, "title": text, "due": stamp(_AT),
        "opened_at": stamp(_AT), "run_id": "U-7K3MQ2XA", "playbook": "cw/strainer",
        "evidence": [text],
    }  # fmt: skip
    guests.workorders.raise_order(WorkOrder.model_validate(order))
    return Call("work_orders", {})


async def _reason(guests: Guests, text: str) -> Call:
    return await _of_another(guests, {NAME_HEADER: "another"}, text)


async def _model(guests: Guests, text: str) -> Call:
    return await _of_another(guests, {NAME_HEADER: "another", MODEL_HEADER: text}, "margin")


async def _name(guests: Guests, text: str) -> Call:
    return await _of_another(guests, {NAME_HEADER: text}, "margin")


async def _of_another(guests: Guests, headers: Mapping[str, str], reason: str) -> Call:
    """Has another guest propose something that people have rejected since."""
    if not all(each.isascii() and each.isprintable() for each in headers.values()):
        raise NoWay  # no header of HTTP has it
    writes = {"P-101A.run_cmd": "true"}
    fields: dict[str, Any] = PROPOSAL | {"writes": writes, "reason": reason, "expect": ()}
    async with client_of(guests.room, headers) as client:
        try:
            answer = await client.post("/v1/requests", json={**fields, "lease": None})
        except httpx.LocalProtocolError:
            raise NoWay from None
    if answer.status_code != 200:
        raise NoWay
    (record,) = load_requests(guests.room.desk.database)
    guests.room.desk.say("reject", record.request, "anna")
    return Call("outcome", {"request_id": record.request.request_id})


async def _error(guests: Guests, text: str) -> Call:
    guests.down = text
    return Call("read", {"tags": ["PT-102.pv"], "fresh": True})


async def _result(guests: Guests, text: str) -> Call:
    (guests.room.site.root / _NOTES).write_text(text, encoding="utf-8")
    return Call("notes", {})


async def _asked(guests: Guests, path: str, fields: Mapping[str, Any]) -> None:
    status, _ = await guests.ask("POST", path, fields)
    if status != 200:
        raise NoWay


CARRIERS: Mapping[str, Carrier] = {
    "tag label": Carrier(_label, True),
    "alarm label": Carrier(_alarm, True),
    "identification string": Carrier(_identification),
    "condition of a case": Carrier(_case),
    "guest's work request": Carrier(_work_request),
    "work-order finding": Carrier(_finding),
    "guest's reason": Carrier(_reason),
    "guest's model": Carrier(_model),
    "guest's name": Carrier(_name),
    "error string": Carrier(_error),
    "tool result": Carrier(_result),
}
"""Carriers by name. A forged message in a graph's state comes in besides."""
