"""What a connector is tried on: a device that holds known values, and ways to disturb it."""

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
"""What a rig may be unable to do, or may not have; see the attributes of `Rig`."""


@dataclass(frozen=True, slots=True)
class Item:
    """A tag and what the device holds there.

    Attributes:
        value: What a reader finds, in the tag's kind; `None` where the status leaves none.
        status: With its information bits, such as a limit that is reached.
        source_time: When the device says that it sampled it, a minute ago or longer; `None`
            where the device says nothing or the rig does not set it.
    """

    tag: Tag
    value: Value | Array | None
    status: StatusCode = GOOD
    source_time: datetime | None = None

    @property
    def has_information(self) -> bool:
        """Whether its status has more bits than those that tell its quality and the reason."""
        return bool(self.status & 0xFFFF)


@dataclass(frozen=True, slots=True)
class AcceptedWrite:
    """A write that the device takes.

    Attributes:
        found: What a reader finds afterwards, such as 0.10000000149011612 after 0.1 in 32 bits.
    """

    tag: Tag
    value: Value
    found: Value


class Link(Protocol):
    """The way to the device; `handwheel.sim_plant.link.proxy.LinkProxy` is one for TCP."""

    def cut(self) -> None:
        """Resets every connection, and each new one, until mended."""
        ...

    def half_open(self) -> None:
        """Lets everything vanish that is sent, and tells nobody; new connections are accepted."""
        ...

    def delay(self, seconds: float) -> None:
        """Holds everything back for so long, each way."""
        ...

    def mend(self) -> None:
        """Ends all of that; a connection that has lost bytes is reset."""
        ...


@dataclass(frozen=True, kw_only=True)
class Rig:
    """One connector with the device that it is tried on, made anew for each check.

    A check that needs what is missing here fails, unless `cannot` says why it is missing.

    Attributes:
        connector: Has a `timeout` of about a second, so that the checks of silence are short.
        timeout_s: That time-out, seconds.
        items: At least three good ones with values that differ, one of each kind and encoding
            that the connector knows, and those of bad and of uncertain quality; one whose status
            has information bits, and one with a source time.
        unknown: A tag that the device does not have.
        link: The way to the device.
        change: Makes the device hold another value of a good item, and refuse it no longer.
        refuse: Makes the device refuse one item from now on, and no other; who has subscribed
            is told.
        writes: Counts the writes that have reached the device from its clients, however they end.
        secrets: Texts that must not show, such as the password that the connector logs in with.
        encode: Writes that the device takes; the connector is configured to write then.
        refused: Writes that an encoder made for the tags of `encode` must refuse, beside those
            of the wrong kind.
        apply: Puts the bytes of `Encoded.wire` into the device, past the connector.
        burst: An odd number of changes of one item that are made faster than a subscriber
            fetches them; the device keeps them all, or tells that its queue has run over. 0 if it
            samples.
        cannot: What is missing, and why.
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
    def good(self) -> Sequence[Item]:
        """The items of good quality, and nothing more to say of it."""
        return [item for item in self.items if item.status == GOOD]

    @property
    def tags(self) -> Sequence[Tag]:
        """All tags that the device has."""
        return [item.tag for item in self.items]

    def has(self, means: RigFeature) -> bool:
        """Whether it is there."""
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
        return there[means]
