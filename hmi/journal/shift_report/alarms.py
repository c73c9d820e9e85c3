"""Alarms of a shift, from the recorded values of the tags `*.active`."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from handwheel.connectors.historian.errors import HistoryError
from handwheel.connectors.historian.reader import HistoryReader
from handwheel.connectors.historian.time_slots import Slot
from handwheel.connectors.model.tags import Tag
from handwheel.tools.safe_text import plain, printable

from ...shell.terminal.plural import counted
from .model import Item, Shift, section

_SLOT_S = 60.0
_MOST_SLOTS = 1440


@section("Alarms", place=20)
def alarm_items(shift: Shift) -> Iterator[Item]:
    """Yields each time in which an alarm was active, and how many alarms nobody recorded."""
    since, until = shift.since, shift.until
    tags = [each for each in shift.site.tags.values() if each.is_alarm]
    found: list[tuple[float, Item]] = []
    unknown = len(tags)
    with suppress(HistoryError), HistoryReader.of(shift.site) as reader:
        seconds = (until - since).total_seconds()
        count = max(1, min(round(seconds / _SLOT_S), _MOST_SLOTS))
        for tag in tags:
            slots = reader.trend(tag.name, since.timestamp(), until.timestamp(), count)
            unknown -= any(each.high is not None for each in slots)
            found += [(begin_s, _item(tag, begin_s, end)) for begin_s, end in _times(slots)]
    yield from (item for _, item in sorted(found, key=lambda each: each[0]))
    if unknown:
        of_all = f"{unknown} of {counted(len(tags), 'alarm')}"
        yield Item(f"not known: {of_all}, because they were not recorded")
    elif not tags:
        yield Item("not known: tags.yaml has no tag NAME.active, which would be an alarm")


def _times(slots: Sequence[Slot]) -> Iterator[tuple[float, float | None]]:
    """Yields beginning and end of each active time to within a slot, `None` for no end."""
    begin_s: float | None = None
    for each in slots:
        is_active = each.high is not None and each.high > 0.0
        if is_active and begin_s is None:
            begin_s = max(each.high_at_s, each.at_s)
        elif begin_s is not None and not is_active:
            yield begin_s, each.at_s
            begin_s = None
    if begin_s is not None:
        yield begin_s, None


def _item(tag: Tag, begin_s: float, end_s: float | None) -> Item:
    label = f"  {printable(tag.label)}" if tag.label else ""
    until = f"to {_clock(end_s)}" if end_s is not None else "to the end of the shift"
    return Item(f"{_clock(begin_s)} {until}: {plain(tag.name)}{label}")


def _clock(at_s: float) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%H:%M}"
