"""Section of the shift report about all that stands open and waits at its end."""

from collections.abc import Iterator

from handwheel.tools.safe_text import plain

from ..report.open_items import open_at_end
from .cases import case_histories
from .maintenance import read_work
from .model import Item, Shift, section


@section("Open and waiting at the end", place=40)
def open_section(shift: Shift) -> Iterator[Item]:
    """Yields the kinds of what is open, as it was at the end."""
    cases = [
        f"{plain(each.case_id)}: {each.condition}; {each.cause or 'cause not named'}"
        for each in case_histories(shift.journal)
        if not each.is_closed
    ]
    orders = list(read_work(shift.site, shift.until).open_lines(shift.until))
    found = {"cases": cases, **open_at_end(shift.journal, shift.until), "work orders": orders}
    yield from (Item(name, lines) for name, lines in found.items() if lines)
