"""The one interface behind which both protocols stand. It can read, and nothing else."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from .tags import Tag
from .values import DataValue


class Session(Protocol):
    """One open session with one device."""

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        """Reads the tags in as few requests as the device allows.

        Args:
            tags: Any number of tags of this connection, in any order.

        Returns:
            One value per tag. Bad or uncertain quality is returned, not raised;
            a tag that the device does not know comes back with `BadNodeIdUnknown`.

        Raises:
            NotConnected: The session is lost; it must be closed and a new one opened.

        Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`, for each request.
        """
        ...

    async def close(self) -> None:
        """Ends the session within about 1 s, whatever the device does; raises no error."""
        ...


class Connector(Protocol):
    """Opens sessions with one device. What it learned about the device outlives a session."""

    @property
    def name(self) -> str:
        """The connection's name in the site file."""
        ...

    @property
    def where(self) -> str:
        """The endpoint for people."""
        ...

    @property
    def scan_s(self) -> float:
        """Seconds between two scans."""
        ...

    @property
    def has_cyclic_stamps(self) -> bool:
        """Whether the device samples every value anew in its cycle, changed or not."""
        ...

    async def open(self) -> Session:
        """Opens a session with a client object of its own.

        Raises:
            NotConnected: The device cannot be reached or refuses the session.

        Effect: OBSERVE. Retry: none, the supervisor does it. Timeout: the connection's
        `timeout` for all of it; giving up may take 1 s more, in which the session is closed.
        """
        ...
