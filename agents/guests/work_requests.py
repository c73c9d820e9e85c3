"""Work that guests ask for, as work orders that people close."""

from collections.abc import Mapping
from datetime import timedelta

from handwheel.connectors.hints import did_you_mean
from handwheel.tools.errors import InvalidArguments, PolicyViolation
from handwheel.tools.maintenance.work_order_database import WorkOrder
from handwheel.tools.requests.ids import new_id
from handwheel.tools.requests.proposer import proposal_key_of
from handwheel.tools.requests.timestamps import stamp
from handwheel.tools.safe_text import quoted

from .guest import Guest
from .guest_context import GuestContext
from .messages import WorkRequest

MOST_OPEN = 20
"""Work orders of all guests together that may be open."""
_DUE_IN: Mapping[int, timedelta] = {
    1: timedelta(days=1), 2: timedelta(days=7), 3: timedelta(days=30), 4: timedelta(days=90),
}  # fmt: skip


def request_work(context: GuestContext, guest: Guest, asked: WorkRequest) -> str:
    """Stores a work order of a guest, and returns its id or that of the same one stored before.

    Raises:
        InvalidArguments: The site has no such equipment.
        PolicyViolation: Too many of guests are open.
        ToolFailed: It cannot be written.

    Effect: OBSERVE. Retry: with the same key, it counts once. Timeout: none.
    """
    site, store, now = context.site, context.workorders, context.clock().wall
    if asked.equipment not in site.equipment:
        hint = did_you_mean(asked.equipment, site.equipment)
        raise InvalidArguments(f"there is no equipment {asked.equipment!r}{hint}")
    key = proposal_key_of(guest.proposer, asked.key)
    known = [each for each in store.open_orders() if each.guest is not None]
    if len(known) >= MOST_OPEN and all(each.key != key for each in known):
        raise PolicyViolation(f"{MOST_OPEN} work orders of guests are open, and no more may be")
    order = WorkOrder.model_validate(
        {
            "workorder_id": new_id("W"),
            "key": key,
            "site": site.id,
            "asset": asked.equipment,
            "class": "inspection",
            "priority": asked.priority,
            "title": f"{guest.proposer.shown}: {quoted(asked.text)}",
            "due": stamp(now + _DUE_IN[asked.priority]),
            "opened_at": stamp(now),
            "guest": guest.proposer,
        }
    )
    return store.raise_order(order).workorder_id
