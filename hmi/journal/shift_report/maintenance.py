"""Work orders of a shift, and those that stand open with their due times."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from handwheel.connectors.model.site import Site
from handwheel.tools.errors import ToolFailed
from handwheel.tools.maintenance.work_order_database import (
    WORKORDERS_FILE,
    Addition,
    Closing,
    WorkOrder,
    WorkOrders,
)
from handwheel.tools.requests.timestamps import parse_stamp
from handwheel.tools.safe_text import plain, printable

from .model import Item, Shift, section

_LONG = 300  # characters


@dataclass(frozen=True, slots=True)
class Work:
    """Work orders of a site up to a moment."""

    orders: list[WorkOrder]
    closings: dict[str, Closing]
    additions: dict[str, list[Addition]]
    unread: str = ""  # why they cannot be read

    def items(self, since: datetime) -> Iterator[Item]:
        """Yields the orders that were raised, added to or closed since a time."""
        if self.unread:
            yield Item(f"not known: {self.unread}")
        for each in self.orders:
            lines: list[str] = []
            if parse_stamp(each.opened_at) >= since:
                lines.append(f"{each.opened_at[11:16]} raised, due {each.due[:10]}")
            for added in self.additions.get(each.workorder_id, []):
                if parse_stamp(added.at) >= since:
                    by = f"{plain(added.run_id)} of {plain(added.playbook)}"
                    lines.append(f"{added.at[11:16]} added by {by}, instead of a second order")
            closed = self.closings.get(each.workorder_id)
            if closed and parse_stamp(closed.at) >= since:
                lines.append(f"{closed.at[11:16]} closed by {plain(closed.by)}{_found(closed)}")
            if lines:
                yield Item(_order(each), lines)

    def open_lines(self, now: datetime) -> Iterator[str]:
        """Yields the orders that are not closed, the one that is due first ahead."""
        if self.unread:
            yield f"not known: {self.unread}"
        for each in sorted(self.orders, key=lambda one: parse_stamp(one.due)):
            if each.workorder_id not in self.closings:
                late = ", OVERDUE" if parse_stamp(each.due) < now else ""
                yield f"{_order(each)}, due {each.due[:10]}{late}"


def read_work(site: Site, until: datetime) -> Work:
    """Returns the work orders of a site as they were at a time, or why they cannot be read."""
    if not (site.state / WORKORDERS_FILE).exists():
        return Work([], {}, {})
    try:
        with WorkOrders(site.state) as store:
            closings = {k: v for k, v in store.closings().items() if parse_stamp(v.at) < until}
            return Work(store.all(until), closings, store.additions(until))
    except ToolFailed as error:
        return Work([], {}, {}, unread=printable(str(error)))


@section("Work orders", place=30)
def work_order_items(shift: Shift) -> Iterator[Item]:
    """Yields the orders that were raised, added to or closed."""
    return read_work(shift.site, shift.until).items(shift.since)


def _order(order: WorkOrder) -> str:
    name, title = plain(order.workorder_id), printable(order.title, _LONG)
    return f"{name}, {order.class_}, priority {order.priority}, {plain(order.asset)}: {title}"


def _found(closed: Closing) -> str:
    found = f", found: {plain(closed.found)}" if closed.found else ""
    return f"{found}{f': {printable(closed.note, _LONG)}' if closed.note else ''}"
