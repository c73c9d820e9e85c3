"""The state of connections in words, for a screen and for a pipe."""

from collections.abc import Iterator, Sequence

from handwheel.connectors.connection import Connection, State


def is_starting(connection: Connection) -> bool:
    """Whether it has neither delivered a scan nor failed yet."""
    return not connection.scans and not connection.reason


def connection_text(connection: Connection) -> str:
    """Returns a connection's state in words; nothing was lost before it has stood once."""
    state = State.CONNECTING if is_starting(connection) else connection.state
    reason = f": {connection.reason}" if connection.reason else ""
    return f"{connection.name} {state.value}{reason}"


class ConnectionChanges:
    """Tells each change of a connection's state or reason once."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}

    def news(self, connections: Sequence[Connection]) -> Iterator[str]:
        """Yields a line for each connection that has changed since the last call."""
        for connection in connections:
            text = connection_text(connection)
            if self._told.get(connection.name) != text:
                self._told[connection.name] = text
                yield text
