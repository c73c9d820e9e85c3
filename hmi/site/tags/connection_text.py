"""Readings and the state of connections as text and JSON."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from handwheel.connectors.model.tags import Tag, as_plain
from handwheel.connectors.model.values import DataValue
from handwheel.connectors.session.supervisor import Connection, ConnectionState, Gap
from handwheel.tools.safe_text import printable

from ...shell.terminal.plural import age_text
from ...shell.terminal.show import Column, table_lines
from ...shell.terminal.truncate import short_value

_WIDTH = 60  # of a text or an array


def reading_lines(
    tags: Sequence[Tag], readings: Mapping[str, DataValue], now_s: float
) -> Iterator[str]:
    """Yields one line for each tag with value, unit, status and age at this monotonic time."""
    return table_lines(
        tags,
        [
            Column("tag", "name"),
            Column("value", lambda tag: short_value(tag, readings[tag.name], _WIDTH), True, gap=1),
            Column("unit", "unit"),
            Column("status", lambda tag: readings[tag.name].status.name),
            Column("age", lambda tag: f"{readings[tag.name].age_s(now_s):.2f} s old", True),
        ],
    )


def reading_fields(reading: DataValue, now_s: float) -> dict[str, Any]:
    """Returns a reading as JSON fields, an array as a list."""
    return {
        "value": as_plain(reading.value),
        "status": reading.status.name,
        "quality": reading.quality.value,
        "source_time": reading.source_time.isoformat() if reading.source_time else None,
        "age_s": round(reading.age_s(now_s), 3),
    }


_RATE_OVER_S = 10.0


def is_starting(connection: Connection) -> bool:
    """Returns whether the connection has neither delivered a scan nor failed yet."""
    return not connection.scans and not connection.reason


def connection_text(connection: Connection) -> str:
    """Returns a connection's state and reason."""
    state = ConnectionState.CONNECTING if is_starting(connection) else connection.state
    reason = f": {printable(connection.reason)}" if connection.reason else ""
    return f"{connection.name} {state.value}{reason}"


class ConnectionChanges:
    """Reports each change of a connection's state or reason once."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}

    def news(self, connections: Sequence[Connection]) -> Iterator[str]:
        """Yields a line for each connection that has changed since the last call."""
        for connection in connections:
            text = connection_text(connection)
            if self._told.get(connection.name) != text:
                self._told[connection.name] = text
                yield text


class ScanRates:
    """Scan rates of connections over the last ten seconds."""

    def __init__(self) -> None:
        self._counts: dict[str, deque[tuple[float, int]]] = {}

    def add(self, connections: Sequence[Connection], now_s: float) -> None:
        """Records the present number of scans at this monotonic time."""
        for connection in connections:
            counts = self._counts.setdefault(connection.name, deque())
            counts.append((now_s, connection.scans))
            while now_s - counts[0][0] > _RATE_OVER_S:
                counts.popleft()

    def text(self, connection: Connection) -> str:
        """Returns the number of scans, and the rate once it is known."""
        counts = self._counts.get(connection.name)
        if not counts:
            return f"{connection.scans} scans"
        seconds, scans = counts[-1][0] - counts[0][0], counts[-1][1] - counts[0][1]
        rate = f", {scans / seconds:.1f} a second" if scans > 1 and seconds >= 1.0 else ""
        return f"{connection.scans} scans{rate}"


def live_lines(connection: Connection, rates: ScanRates) -> Iterator[str]:
    """Yields a connection's state, and a second line for lost data."""
    if connection.is_connected:
        name, reason = f"{connection.name} {connection.state.value}", printable(connection.reason)
        yield "  ".join(filter(None, (name, rates.text(connection), reason)))
    else:
        yield connection_text(connection)
    lost: list[str] = []
    if connection.overflows:
        lost.append(f"{connection.overflows} lost by overflow")
    if connection.gaps:
        lost.append(_gaps_text(connection))
    if lost:
        yield f"  {'; '.join(lost)}"


def _gaps_text(connection: Connection) -> str:
    count = len(connection.gaps)
    most = connection.gaps.maxlen
    number = f"{count} or more gaps" if count == most else f"{count} gap{'s' * (count > 1)}"
    last = ", the last" * (count > 1)
    return f"{number}{last} of {_gap_text(connection.gaps[-1], connection.where)}"


def _gap_text(gap: Gap, where: str) -> str:
    now = datetime.now(UTC)
    long = age_text(max(((gap.end or now) - gap.start).total_seconds(), 0.0))
    ago = 0.0 if gap.end is None else max((now - gap.end).total_seconds(), 0.0)
    when = " so far" if gap.end is None else f", {age_text(ago)} ago"
    return f"{long}{when}: {printable(gap.reason.removeprefix(f'{where}: '))}"
