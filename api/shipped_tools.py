"""Tools that every site has. They read, and file what people decide; none decides."""

from collections.abc import Mapping
from typing import Literal

from handwheel.connectors.hints import did_you_mean
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.maintenance.work_order_database import WorkOrder
from handwheel.tools.plant_text import PlantText
from handwheel.tools.requests.timestamps import parse_stamp
from handwheel.tools.toolset.definition import tool
from handwheel.tools.toolset.effect import Effect, RetrySafety

from .site import Site

_MOST_TAGS = 200  # in one answer of `browse`


@tool(effect=Effect.OBSERVE, retry=RetrySafety.SAFE, timeout_s=35.0)
async def read(site: Site, tags: list[str], fresh: bool = False) -> object:
    """Read tags now.

    Each value comes with unit, quality and age. Rely on a value only if its quality is good.

    Args:
        tags: Names such as PT-102.pv. `browse` finds them.
        fresh: Read the plant itself, and not the latest scan.
    """
    return list((await site.read_all(tags, fresh=fresh)).values())


@tool(effect=Effect.OBSERVE, retry=RetrySafety.SAFE, timeout_s=35.0)
async def window(site: Site, tag: str, last: str = "30 min") -> object:
    """Sum up the course of a number over the last while.

    Mean, low and high are in the tag's unit, the slope is per hour. They are null where fewer than
    80 % of the time had good values.

    Args:
        tag: A name such as PT-102.pv.
        last: Process time, such as 30 min or 2 h.
    """
    return await site.window(tag, last)


@tool(effect=Effect.OBSERVE, retry=RetrySafety.SAFE, timeout_s=35.0)
async def alarms(site: Site) -> object:
    """List the alarms of the plant that are active, and those that cannot be read."""
    return [each._asdict() for each in await site.alarms()]


@tool(effect=Effect.OBSERVE, retry=RetrySafety.SAFE, timeout_s=5.0)
async def browse(site: Site, pattern: str = "*", equipment: str | None = None) -> object:
    """Find tags by name or equipment.

    Args:
        pattern: A name with wildcards, such as P-101?.* or *.sp.
        equipment: Only the tags of this piece of equipment.
    """
    if equipment is not None:
        _check_equipment(site, equipment)
    found = [each for each in site.tags(pattern) if equipment in {None, each.equipment}]
    tags = [
        {
            "tag": each.name, "label": each.label, "kind": each.kind, "unit": each.unit,
            "equipment": each.equipment, "span": each.span, "alarm": each.alarm,
            "trip": each.trip, "members": list(each.members),
            "may_be_proposed": site.files.is_writable(each),
        }
        for each in found[:_MOST_TAGS]
    ]  # fmt: skip
    return {"tags": tags, "left_out": len(found) - len(tags)}


@tool(effect=Effect.OBSERVE, retry=RetrySafety.SAFE, timeout_s=5.0)
async def equipment(site: Site) -> object:
    """List the equipment of the site, with class, members and the tags of its attributes."""
    return {
        name: {
            "class": each.class_, "path": each.path, "members": each.members,
            "attributes": dict(each.attributes),
        }
        for name, each in site.equipment.items()
    }  # fmt: skip


@tool(effect=Effect.OBSERVE, retry=RetrySafety.SAFE, timeout_s=35.0)
async def diagnose(site: Site) -> object:
    """Tell which deviations stand and what the site's diagnosis makes of them.

    Each case has its failure modes, the most probable first, with the evidence for and against in
    decibans. Only what is named may be relied on.
    """
    return await site.cases()


@tool(effect=Effect.ADVISE, retry=RetrySafety.BY_KEY, timeout_s=35.0)
async def request_work(
    site: Site,
    equipment: str,
    text: str,
    priority: Literal[1, 2, 3, 4] = 3,
    key: str | None = None,
) -> object:
    """Ask people for work on a piece of equipment.

    Args:
        equipment: Its name, such as P-101A.
        text: What to do and why.
        priority: 1 is the most urgent, 4 the least.
        key: Name of this request, 16 to 64 characters. The same key files it once.
    """
    found = await site.request_work(equipment, text, priority=priority, key=key)
    return {"work_order_id": found}


@tool(effect=Effect.OBSERVE, retry=RetrySafety.SAFE, timeout_s=35.0)
async def work_orders(site: Site) -> object:
    """List the open work orders."""
    return [_order_fields(each) for each in await site.work_orders()]


@tool(effect=Effect.ADVISE, retry=RetrySafety.BY_KEY, timeout_s=35.0)
async def propose(
    site: Site,
    writes: dict[str, str],
    reason: str,
    expect: list[str] | None = None,
    lease: str | None = None,
    key: str | None = None,
) -> object:
    """Propose writes to the plant. Nothing moves until people approve the request.

    Args:
        writes: Value of each tag with its unit, such as {"PIC-102.sp": "360 kPa"}.
        reason: Why, for the person who decides.
        expect: Effects that will show it was right, such as PT-102.pv > 352 kPa within 2 min.
        lease: Time after which the writes are undone, such as 2 h.
        key: Name of this proposal, 16 to 64 characters. The same key files it once.
    """
    return await site.propose(writes, reason=reason, expect=expect or (), lease=lease, key=key)


@tool(effect=Effect.OBSERVE, retry=RetrySafety.SAFE, timeout_s=35.0)
async def outcome(site: Site, request_id: str) -> object:
    """Tell what people and the plant made of a request.

    WAITING means that nobody has decided, RUNNING that it is approved and not all is judged.

    Args:
        request_id: Such as R-7K3MQ2XA, from `propose`.
    """
    return await site.request(request_id)


SHIPPED = (
    read, window, alarms, browse, equipment, diagnose, request_work, work_orders, propose, outcome,
)  # fmt: skip
"""Tools of every site."""


def _order_fields(order: WorkOrder) -> Mapping[str, object]:
    """Returns a work order, in which the words of runs and guests are not trusted."""
    at = parse_stamp(order.opened_at)

    def said(text: str) -> PlantText:
        return PlantText(text, f"work order {order.workorder_id}", at)

    guest = order.guest
    return order.model_dump(mode="json", by_alias=True) | {
        "title": said(order.title),
        "evidence": list(map(said, order.evidence)),
        "guest": said(guest.shown) if guest else None,
    }


def _check_equipment(site: Site, name: str) -> None:
    if name not in site.equipment:
        hint = did_you_mean(name, site.equipment)
        raise InvalidArguments(f"there is no equipment {name!r}{hint}")
