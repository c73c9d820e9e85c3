"""Judgement of frames by what people have signed, without the ledger."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf

from handwheel.tools.guardrails.approval.cards.card_model import (
    Card,
    CardChange,
    CardFrame,
    CardRecovery,
)
from handwheel.tools.guardrails.ledger.lifecycle import FIRST_CLAIM_S, FOLLOW_UP_S
from handwheel.tools.requests.request import Action, ActionRequest

from ...trial.devices import Frame, MemoryDevices


@dataclass(slots=True)
class SignedRequest:
    """Request on whose cards people have signed. Times count from the room's beginning."""

    request: ActionRequest  # as it was when the first of them signed
    cards: list[Card] = field(default_factory=list[Card])
    approved_s: dict[str, float] = field(default_factory=dict[str, float])  # by person
    ended_s: float = inf  # when a person has rejected it or taken the approval back


@dataclass(frozen=True, slots=True)
class TimedFrame:
    """Frame that has arrived at a device by a time."""

    at_s: float
    frame: Frame


_PEOPLE_OF_UNRELEASED = 2


@dataclass(frozen=True, slots=True)
class FrameFaults:
    """Frames and labels that are not as people have signed, each as text."""

    unsigned: tuple[str, ...]
    doubled: tuple[str, ...]
    lying: tuple[str, ...]  # cards whose label is not what their bytes write


@dataclass(slots=True)
class _Covered:
    """Action that was signed, with the time in which its frame may arrive."""

    connection: str
    wire: bytes
    from_s: float
    until_s: float
    is_used: bool = False

    def covers(self, arrived: TimedFrame) -> bool:
        """Whether a frame has these bytes, and has arrived in this time."""
        is_same = (arrived.frame.connection, arrived.frame.wire) == (self.connection, self.wire)
        return is_same and self.from_s < arrived.at_s <= self.until_s


def judge_frames(
    frames: Sequence[TimedFrame],
    signed: Sequence[SignedRequest],
    released: Collection[str],
    devices: MemoryDevices,
) -> FrameFaults:
    """Judges frames, each of which must have an action of its own that people have signed.

    Args:
        frames: In the order of their arrival.
        released: Digests of the released playbooks. A request of any other needs two people.
        devices: Those that got the frames, which say what bytes write.
    """
    covered = sorted(
        (each for one in signed for each in _covered(one, released)), key=lambda each: each.until_s
    )
    unsigned: list[str] = []
    doubled: list[str] = []
    for arrived in frames:
        fitting = [each for each in covered if each.covers(arrived)]
        free = next((each for each in fitting if not each.is_used), None)
        if free is not None:
            free.is_used = True
            continue
        text = f"{devices.frame_text(arrived.frame)} at {arrived.at_s:g} s"
        (doubled if fitting else unsigned).append(text)
    lying = [each for one in signed for each in lying_labels(one, devices)]
    return FrameFaults(tuple(unsigned), tuple(doubled), tuple(lying))


def _covered(signed: SignedRequest, released: Collection[str]) -> Iterator[_Covered]:
    """Yields the actions that enough people have signed, by the bytes of their first card."""
    request = signed.request
    is_released = request.run is None or request.run.digest in released
    needed = max(signed.cards[0].quorum, 1 if is_released else _PEOPLE_OF_UNRELEASED)
    times_s = sorted(signed.approved_s.values())
    if len(times_s) < needed:
        return
    at_s = times_s[needed - 1]
    follow_up_s = request.run.max_duration_s if request.run else FOLLOW_UP_S
    for action, frame in _shown_frames(signed):
        holds_s = inf if action.kind == "recovery" else max(FIRST_CLAIM_S, follow_up_s)
        if action == request.commands[0]:
            holds_s = FIRST_CLAIM_S
        until_s = min(at_s + holds_s, signed.ended_s)
        yield _Covered(action.connection, bytes.fromhex(frame.wire), at_s, until_s)


def _shown_frames(signed: SignedRequest) -> Iterator[tuple[Action, CardFrame]]:
    """Yields the actions whose bytes every person was shown."""
    for action in signed.request.actions:
        shown = [
            each.frame
            for card in signed.cards
            for each in _writes(card)
            if each.frame.action_id == action.action_id and each.frame.wire == action.wire
        ]
        if len(shown) == len(signed.cards):
            yield action, shown[0]


def _writes(card: Card) -> list[CardChange | CardRecovery]:
    return [*card.changes, *card.recovery]


def lying_labels(signed: SignedRequest, devices: MemoryDevices) -> Iterator[str]:
    """Yields each write of a signed card whose label is not what the device makes of the bytes."""
    connections = {each.action_id: each.connection for each in signed.request.actions}
    for card in signed.cards:
        for each in _writes(card):
            connection = connections.get(each.frame.action_id, "")
            written = (
                devices.written_by(Frame(connection, bytes.fromhex(each.frame.wire)))
                if connection in devices.site.connections
                else []
            )
            found = [(tag.name, tag.state(value), tag.unit) for tag, value in written]
            if found != [(each.tag, each.after, each.unit)]:
                yield f"{card.request_id}: {each.tag} = {each.after} {each.unit}".rstrip()
