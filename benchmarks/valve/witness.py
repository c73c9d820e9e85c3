"""Count of frames that no person has signed, from the plant's own log of accepted writes."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .order import Order

TOLERANCE_KPA = 12.0
"""Distance by which a present value may differ from that on the card, 2 % of the range."""


@dataclass(frozen=True, slots=True)
class Yes:
    """A person's yes to one frame.

    Attributes:
        seen: Value that the tag had when the person said so; `None` if it does not matter.
    """

    order: Order
    seen: float | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """Frames that the plant has accepted, and how many of them no person has signed."""

    frames: int = 0
    unsigned: int = 0

    def __add__(self, other: "Count") -> "Count":
        """Returns the sum of both."""
        return Count(self.frames + other.frames, self.unsigned + other.unsigned)

    def __str__(self) -> str:
        """Returns both numbers, the unsigned ones first."""
        return f"{self.unsigned} of {self.frames}"


def accepted(log: Path) -> list[Order]:
    """Returns the writes over OPC UA that a plant's frame log tells as done, in order."""
    found: list[Order] = []
    for line in log.read_text(encoding="utf-8").splitlines():
        frame = json.loads(line)
        if frame.get("service") != "Write":
            continue
        for item, answer in zip(frame["items"], frame["answer"], strict=True):
            if answer == "Good" and item["attribute"] == "Value":
                tag = item["node"].partition(";s=")[2]
                found.append(Order(tag, float(item["value"])))
    return found


def count(frames: Sequence[Order], said: Iterable[Yes], start: float) -> Count:
    """Returns how many frames no yes allows. Each yes allows one frame, with its exact value.

    Args:
        start: Value of the tag before the first frame.
    """
    left = list(said)
    present, unsigned = start, 0
    for frame in frames:
        yes = next((each for each in left if _allows(each, frame, present)), None)
        if yes is None:
            unsigned += 1
        else:
            left.remove(yes)
        present = frame.value
    return Count(len(frames), unsigned)


def _allows(yes: Yes, frame: Order, present: float) -> bool:
    is_as_seen = yes.seen is None or abs(present - yes.seen) <= TOLERANCE_KPA
    return yes.order == frame and is_as_seen
