"""Rig for a connector, with a device that holds known values and can be disturbed."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from ..model.tags import Tag
from ..model.values import GOOD, Array, StatusCode, Value
from ..session.protocols import Connector

RigFeature = Literal[
    "change", "refuse", "link", "bad", "uncertain", "information", "times", "writes", "secrets",
    "encode",
]  # fmt: skip
"""Features that a rig may lack. See the attributes of `Rig`."""


@dataclass(frozen=True, slots=True)
class Item:
    """A tag and the device's value.

    Attributes:
        value: Value read, in the tag's kind; `None` where the status leaves none.
        status: With information bits, such as a limit.
        source_time: The device's time of sampling, at least a minute ago; `None` where the device
            has none or the rig does not set it.
    """

    tag: Tag
    value: Value | Array | None
    status: StatusCode = GOOD
    source_time: datetime | None = None

    @property
    def has_information(self) -> bool:
        """Whether its status has bits beyond quality and reason."""
        return bool(self.status & 0xFFFF)


@dataclass(frozen=True, slots=True)
class AcceptedWrite:
    """A write that the device accepts."""

    tag: Tag
    value: Value
    found: Value  # value read afterwards, such as 0.10000000149011612 after 0.1 in 32 bits


class Link(Protocol):
    """The connection to the device, for TCP `handwheel.sim_plant.link.proxy.LinkProxy`."""

    def cut(self) -> None:
        """Resets every connection, and each new one until mended."""
        ...

    def half_open(self) -> None:
        """Discards all data silently, and accepts new connections."""
        ...

    def delay(self, seconds: float) -> None:
        """Delays all data by this time, each way."""
        ...

    def mend(self) -> None:
        """Ends all disturbances. A connection that has lost data is reset."""
        ...


@dataclass(frozen=True, kw_only=True)
class Rig:
    """One connector with its device, made anew for each check.

    A check that needs something missing fails, unless `cannot` tells why it is missing.

    Attributes:
        connector: Its `timeout` is about a second, so that the checks of silence are short.
        timeout_s: That time-out, seconds.
        items: At least three good items with different values, one of each kind and encoding of the
            connector, items of bad and of uncertain quality, one with information bits, one with a
            source time.
        unknown: A tag that the device does not have.
        link: The connection to the device.
        change: Sets another value of a good item and ends its refusal.
        refuse: Makes the device refuse one item. Subscribers are notified.
        writes: Counts the writes of clients that have reached the device, whatever their outcome.
        secrets: Texts that must not be shown, such as the connector's password.
        encode: Writes that the device accepts, for which the connector is configured.
        refused: Writes that an encoder for the tags of `encode` must refuse, beside those of the
            wrong kind.
        apply: Puts the bytes of `Encoded.wire` into the device without the connector.
        burst: An odd number of changes of one item, made faster than a subscriber fetches them. The
            device keeps all or reports an overflow. 0 if it samples.
        cannot: Missing features, with the reasons.
    """

    connector: Connector
    timeout_s: float
    items: Sequence[Item]
    unknown: Tag
    link: Link | None = None
    change: Callable[[Tag, Value], Awaitable[None]] | None = None
    refuse: Callable[[Tag], Awaitable[None]] | None = None
    writes: Callable[[], int] | None = None
    secrets: Sequence[str] = ()
    encode: Sequence[AcceptedWrite] = ()
    refused: Sequence[tuple[Tag, Value]] = ()
    apply: Callable[[bytes], Awaitable[None]] | None = None
    burst: int = 0
    cannot: Mapping[RigFeature, str] = field(default_factory=dict[RigFeature, str])

    @property
    def wire(self) -> Link:
        """The connection to the device, for a check that needs a `link`."""
        assert self.link is not None
        return self.link

    @property
    def good(self) -> Sequence[Item]:
        """The items of good quality without information bits."""
        return [item for item in self.items if item.status == GOOD]

    @property
    def tags(self) -> Sequence[Tag]:
        """All tags that the device has."""
        return [item.tag for item in self.items]

    def has(self, feature: RigFeature) -> bool:
        """Whether the rig has a feature."""
        grades = {item.status.quality.value for item in self.items}
        there: Mapping[RigFeature, bool] = {
            "change": self.change is not None,
            "refuse": self.refuse is not None,
            "link": self.link is not None,
            "bad": "bad" in grades,
            "uncertain": "uncertain" in grades,
            "information": any(item.has_information for item in self.items),
            "times": any(item.source_time is not None for item in self.items),
            "writes": self.writes is not None,
            "secrets": bool(self.secrets),
            "encode": bool(self.encode) and self.apply is not None,
        }
        return there[feature]
