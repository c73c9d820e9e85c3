"""Deliveries of notices, as the state folder has them, as text and as JSON fields."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from handwheel.connectors.model.notice_spec import NoticeSpec
from handwheel.connectors.model.site import Site
from handwheel.tools.maintenance.work_order_database import WORKORDERS_FILE, WorkOrders
from handwheel.tools.notices.attempt_database import NOTICES_FILE, Attempts
from handwheel.tools.notices.deliveries import Delivery, deliveries
from handwheel.tools.requests.timestamps import parse_stamp
from handwheel.tools.safe_text import plain, printable

from ..shell.terminal.plural import counted

_RECENT = timedelta(hours=24)
_LONG = 300  # characters of a text


def delivery_line(delivery: Delivery, now: datetime) -> str:
    """Returns a delivery with its recipient, channel, state and text on one line."""
    notice = delivery.notice
    head = f"{notice.at[:10]} {notice.at[11:19]}  {printable(notice.to)}  {way(delivery)}"
    return f"{head}  {delivery_state(delivery, now)}: {printable(notice.text, _LONG)}"


def way(delivery: Delivery) -> str:
    """Returns the channel of a delivery."""
    return plain(delivery.channel) or "screens only"


def delivery_state(delivery: Delivery, now: datetime) -> str:
    """Returns how far a delivery has come, and why no further."""
    if not delivery.channel:
        return "no channel"
    state = delivery.state(now)
    if not delivery.attempts:
        return {"waiting": "waiting, not tried yet"}.get(state, "not delivered, too old")
    last = delivery.attempts[-1]
    answer = printable(last.answer)
    if state == "over":
        return f"not delivered, over: {answer}"
    if state == "delivered":
        return f"delivered {last.at[11:19]} UTC"
    times = f"tried {counted(len(delivery.attempts), 'time')}"
    if state == "waiting" and last.next_at:
        return f"waiting, {answer}, {times}, next at {last.next_at[11:19]} UTC"
    return f"not delivered, {answer}, {times}"


def delivery_fields(delivery: Delivery, now: datetime) -> dict[str, object]:
    """Returns a delivery as JSON fields."""
    notice = delivery.notice
    attempts = [each.model_dump(exclude={"notice", "channel"}) for each in delivery.attempts]
    return {
        "key": notice.key,
        "at": notice.at,
        "to": notice.to,
        "text": notice.text,
        "about": notice.run_id,
        "channel": delivery.channel or None,
        "address": delivery.address,
        "state": delivery.state(now) if delivery.channel else "no channel",
        "attempts": attempts,
    }


def recent_counts(found: Sequence[Delivery], now: datetime) -> dict[str, int]:
    """Returns the deliveries of the last 24 hours by state."""
    counts = {"delivered": 0, "waiting": 0, "failed": 0, "over": 0}
    for each in _recent(found, now):
        if (state := each.state(now)) in counts:
            counts[state] += 1
    return counts


def delivery_lines(found: Sequence[Delivery], now: datetime, *, has_agents: bool) -> Iterator[str]:
    """Yields the deliveries of the last 24 hours, each that is not delivered on a line."""
    counts: Mapping[str, int] = recent_counts(found, now)
    states = ", ".join(f"{number} {state}" for state, number in counts.items() if number)
    stopped = "" if has_agents else "; the agents are not running, so nothing is delivered"
    yield f"last 24 hours: {states or 'none'}{stopped}"
    for each in _recent(found, now):
        if each.state(now) != "delivered":
            yield f"{printable(each.notice.to)}  {way(each)}  {delivery_state(each, now)}"


def _recent(found: Sequence[Delivery], now: datetime) -> list[Delivery]:
    return [each for each in found if each.channel and now - parse_stamp(each.notice.at) <= _RECENT]


_NOWHERE = NoticeSpec(channels={}, to={})


def site_deliveries(site: Site) -> list[Delivery]:
    """Returns the deliveries of all notices of a site, oldest first.

    Raises:
        ToolFailed: Notices or attempts cannot be read.
    """
    if not (site.state / WORKORDERS_FILE).exists():
        return []
    with WorkOrders(site.state) as orders:
        notices = orders.notices()
    if not (site.state / NOTICES_FILE).exists():
        return list(deliveries(notices, [], site.notices or _NOWHERE))
    with Attempts(site.state) as attempts:
        return list(deliveries(notices, attempts.all(), site.notices or _NOWHERE))
