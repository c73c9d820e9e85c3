"""Notices of a shift, with their delivery."""

from collections.abc import Iterator

from handwheel.tools.errors import ToolFailed
from handwheel.tools.requests.timestamps import parse_stamp

from ...notices.deliveries import delivery_line, site_deliveries
from .model import Item, Shift, section


@section("Notices", place=50)
def notice_items(shift: Shift) -> Iterator[Item]:
    """Yields each delivery of the notices of the shift."""
    try:
        told = site_deliveries(shift.site)
    except ToolFailed as error:
        yield Item(f"not known: {error}")
        return
    for each in told:
        if shift.since <= parse_stamp(each.notice.at) < shift.until:
            yield Item(delivery_line(each, shift.now))
