"""Search for the addresses of a Modbus table that a device answers for."""

from dataclasses import dataclass, field
from time import monotonic

from ..errors import NotConnected
from ..modbus.transport import DeviceException
from ..model.tags import Table
from .registers import RawTables

TRIED = (
    0,
    1,
    *range(10, 100, 10),
    *range(100, 1000, 100),
    *range(1000, 10000, 1000),
    *range(10000, 60001, 10000),
)
"""Addresses that are tried first; behind each that answers, the following ones."""

_LONGEST = 1000  # so far behind each place; the next place may continue
_ENOUGH_S = 15.0
_NO_FUNCTION = 1


@dataclass(slots=True)
class FoundRanges:
    """Addresses of one table that answered."""

    most: int  # items that the device gives in one request
    ranges: list[range] = field(default_factory=list[range])  # ascending, none touches another
    # why the search ended before its end, or why there is no such table; empty if it did not
    reason: str = ""

    def add(self, start: int, count: int) -> None:
        """Adds addresses behind those that are known."""
        end = start + count
        if self.ranges and self.ranges[-1].stop == start:
            start = self.ranges.pop().start
        self.ranges.append(range(start, end))

    @property
    def count(self) -> int:
        """Number of addresses."""
        return sum(map(len, self.ranges))

    def has(self, address: int) -> bool:
        """Whether an address is known to answer."""
        return any(address in each for each in self.ranges)


async def find_ranges(tables: RawTables, table: Table) -> FoundRanges:
    """Asks for single addresses, and from each that answers for the following ones.

    It ends after about 15 s, or where the device does not answer at all.

    Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`, for each request.
    """
    found, end_s = FoundRanges(tables.most(table)), monotonic() + _ENOUGH_S
    try:
        for start in TRIED:
            if monotonic() > end_s:
                found.reason = f"stopped before {start}, because it takes long"
                break
            if found.has(start):
                continue
            answer = await tables.ask(table, start, 1)
            if not isinstance(answer, DeviceException):
                found.add(start, 1)
                await _extend(tables, table, found)
            elif answer.code == _NO_FUNCTION:
                found.reason = "the device has no such table"
                break
    except NotConnected as error:
        found.reason = "; ".join(each.partition(": ")[2] for each in error.endpoints.values())
    return found


async def _extend(tables: RawTables, table: Table, found: FoundRanges) -> None:
    """Adds the addresses behind the last one, as far as they answer and at most 1000."""
    end = found.ranges[-1].stop
    limit = min(end + _LONGEST - 1, 65536)
    while end < limit:
        wanted = min(found.most, limit - end)
        accepted = await _accepted(tables, table, end, wanted)
        found.add(end, accepted)
        end += accepted
        if accepted < wanted:
            if not accepted or isinstance(await tables.ask(table, end, 1), DeviceException):
                break
            found.most = accepted  # there is more, so that the request was too long


async def _accepted(tables: RawTables, table: Table, start: int, wanted: int) -> int:
    """Returns how many items behind an address the device gives in one request."""
    accepted, refused, size = 0, wanted + 1, wanted
    while accepted < refused - 1:  # the first request asks for all; then the gap is halved
        if isinstance(await tables.ask(table, start, size), DeviceException):
            refused = size
        else:
            accepted = size
        size = (accepted + refused) // 2
    return accepted
