"""The one interface behind which both protocols stand. It can read and encode, and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from .tags import Tag
from .values import DataValue, Value

NO_WRITE = "the site file has no write: for it, so nobody writes there"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who would be written to.

    Attributes:
        kind: `opcua` or `modbus`.
        where: The endpoint of writes, such as `modbus://127.0.0.1:5021/1`.
        name: What the device says of itself: on OPC UA its application URI and, if it has
            one, its certificate's thumbprint; on Modbus vendor, product and revision
            (function 43/14). Empty if it says nothing.
        is_loopback: Whether `where` is on this machine.
        is_simulator: Whether it calls itself our simulated plant.
    """

    kind: str
    where: str
    name: str
    is_loopback: bool
    is_simulator: bool


@dataclass(frozen=True, slots=True)
class Encoded:
    """One write as it goes over the wire.

    Attributes:
        value: Coerced to the device's type: what will really be there. 0.1 in a Float is
            0.10000000149.
        wire: On Modbus the unit and the PDU (FC 5, 6, 16), on OPC UA the binary encoding of
            one WriteValue.
    """

    value: Value
    wire: bytes


class Encoder(Protocol):
    """Says which bytes would write a value, as the device was when it was asked; sends none."""

    @property
    def identity(self) -> Identity:
        """Who would be written to."""
        ...

    def encode(self, tag: Tag, value: Value) -> Encoded:
        """Encodes one write.

        Raises:
            ValueError: Says why not: out of the type's range, not a number, of the wrong
                kind, or a tag that this encoder was not made for.
        """
        ...


@dataclass(frozen=True, slots=True)
class Survey:
    """One fresh look at the plant, for filing and for the picture.

    Attributes:
        readings: By tag name.
        encoders: By connection name.
    """

    readings: Mapping[str, DataValue]
    encoders: Mapping[str, Encoder]


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

    async def encoder(self, tags: Sequence[Tag]) -> Encoder:
        """Asks the device who it is and what it takes, and returns an encoder for these tags.

        Args:
            tags: Writable tags of this connection; one that the device does not have, or
                whose type cannot be written, is refused by `Encoder.encode`.

        Raises:
            NotConnected: The session is lost, or the device is not the one configured.

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
