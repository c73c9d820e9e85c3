"""Ways through gate, ledger and write session on which a process dies at each statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ...plants.devices.lossy_pumps import Always

Start = Literal[
    "nothing", "empty", "asked", "leased", "due", "claimed", "intended", "sent", "unknown"
]
"""The ledger at the beginning: none; an empty one; one request that waits, or one with a lease;
one whose gate has died with it in this state, `sent` after the frame; one whose outcome nobody
knows, and a gate has said so."""
Victim = Literal["gate", "terminal"]
Part = Literal["asks", "approves", "resolves", "takes back", "orders", "nothing"]
Lockout = Literal["never", "before", "at the intent"]


@dataclass(frozen=True)
class Scenario:
    """One way.

    Attributes:
        always: What the device does to every write.
        part: What the people at the terminal do; with nothing to do, there is no terminal.
        frames: How many writes may reach the device at most.
        asks_for: How many writes are asked for, where there is no request at the beginning.
        is_leased: Whether they are asked for a while only.
        message: Path of the message between whose arrival and answer the gate dies, at every
            statement there is; empty if it may die anywhere.
        few: How many kills of it belong to a short run.
    """

    name: str
    always: Always = ""
    start: Start = "asked"
    victim: Victim = "gate"
    part: Part = "approves"
    lockout: Lockout = "never"
    frames: int = 1
    asks_for: int = 0
    is_leased: bool = False
    message: str = ""
    few: int = 0


PLAIN = Scenario("it goes well", few=4)
LOST = Scenario("the answer is lost", "lose", few=2)
SCENARIOS: Sequence[Scenario] = (
    PLAIN,
    Scenario("two commands", start="empty", asks_for=2, frames=2, few=2),
    LOST,
    Scenario("the device refuses", "refuse"),
    Scenario("the device applies it late", "late"),
    Scenario("the answer is another", "echo"),
    Scenario("the device does not do it", "ignore", few=1),
    Scenario("the frame is lost", "swallow"),
    Scenario("a run takes it back", start="empty", part="takes back", frames=2),
    Scenario("a lease ends", start="leased", frames=2),
    Scenario("a check refuses", "rename", frames=0),
    Scenario("locked out at the intent", lockout="at the intent", frames=0),
    Scenario("locked out before", lockout="before", part="nothing", frames=0),
    Scenario("nothing is there", start="nothing", part="nothing", frames=0),
    Scenario("found due", start="due", part="nothing", frames=0),
    Scenario("found claimed", start="claimed", part="nothing", frames=0),
    Scenario("found intended", start="intended", part="nothing", frames=0),
    Scenario("found sent", start="sent", part="nothing", few=1),
    Scenario(
        "people ask and approve", start="empty", victim="terminal", asks_for=2, frames=2, few=2
    ),
    Scenario("people resolve", start="unknown", victim="terminal", part="resolves"),
    Scenario(
        "a request arrives",
        start="empty",
        part="asks",
        asks_for=2,
        message="requests",
        frames=0,
        few=2,
    ),
    Scenario("an approval arrives", message="decisions", few=2),
    Scenario("an order arrives", start="empty", part="orders", message="orders", frames=0, few=2),
    Scenario("a resolution arrives", start="unknown", part="resolves", message="decisions"),
    Scenario(
        "the agents' word arrives",
        start="empty",
        part="orders",
        message="runs/effects",
        frames=0,
    ),
)
