"""What may move, told by what people did in the test; never by what the ledger says of approvals.

I1 each frame has a valid, unexpired, unrevoked quorum for exactly those bytes
I2 at most one frame per action
I3 a durable intent precedes each frame
I4 no state says "not sent" of a frame that was sent; VERIFIED implies frame and read-back
I5 nothing after a lockout is visible but the one frame in flight
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf

from handwheel.tools.guardrails.ledger.store.states import ActionState
from handwheel.tools.requests.request import Action, ActionRequest
from handwheel.tools.requests.timestamps import Instant, parse_stamp

from ...auditor.checks.decisions import FIRST_CLAIM_WITHIN
from ...auditor.checks.requests import LATER, NOT_SENT
from ...plants.in_memory import Frame
from ...sites.in_memory import COOLDOWN_S, COOLED
from .in_memory import Room

FIRST_S, LATER_S = FIRST_CLAIM_WITHIN.total_seconds(), LATER.total_seconds()
LOOK_S = 2.0  # from the fresh look to the frame
NEVER_SENT = {"PLANNED", "DUE", "CLAIMED"} | NOT_SENT
Objection = Callable[[ActionRequest, Action], str]

_INTENDED = (
    "SELECT 1 FROM intent JOIN action USING (action_id) JOIN request USING (request_id) "
    "WHERE run_id = ? AND action.kind = 'command'"
)


def nothing_else(request: ActionRequest, action: Action) -> str:
    """Objects to nothing."""
    return ""


@dataclass
class Told:
    """What people have said of one request.

    Attributes:
        approvals: Whose approval was taken, and when.
        end: Why nothing of it may leave any more; empty while it may.
        commands_end: Why no command of it may, while recovery still may.
        with_old_keys: Who has been given another key since: nothing begins on their approval.
    """

    request: ActionRequest
    approvals: dict[str, Instant] = field(default_factory=dict[str, Instant])
    end: str = ""
    commands_end: str = ""
    with_old_keys: set[str] = field(default_factory=set[str])

    @property
    def is_approved(self) -> bool:
        """Whether enough people have approved it."""
        return len(self.approvals) >= self.request.quorum

    def objection(self, action: Action, now: Instant, *, is_begun: bool = True) -> str:
        """Returns why this action may not leave now; empty if it may.

        Args:
            is_begun: Whether a command of its request has left before.
        """
        quorum, proposer = self.request.quorum, self.request.proposer
        people = self.approvals.keys() - {proposer.name if proposer.kind != "guest" else ""}
        is_first = action == self.request.commands[0] or not is_begun
        if self.end:
            return self.end
        if self.commands_end and action.kind == "command":
            return self.commands_end
        if is_first and action.kind == "command":
            people -= self.with_old_keys
        if len(people) < quorum:
            return f"{len(people)} of {quorum} people have approved"
        moments = sorted((self.approvals[each] for each in people), key=lambda each: each.boot_ms)
        last, filed = moments[quorum - 1], parse_stamp(self.request.filed_at)
        since_s = now.since_s(last)
        if since_s is None or since_s > self._limit_s(action, is_first=is_first) + LOOK_S:
            return f"its approval is {since_s} s old"
        return "" if (last.wall - filed).total_seconds() <= self.request.within_s else "too late"

    def _limit_s(self, action: Action, *, is_first: bool) -> float:
        if action.kind == "recovery":
            return inf  # as long as its request is approved
        if is_first:
            return FIRST_S
        return self.request.run.max_duration_s if self.request.run else LATER_S


class Oracle:
    """Judges every frame as it leaves, and every state after each step.

    Attributes:
        sent: How many frames each action has had.
        sent_at: When that was.
        are_agents_gone: Whether the process that works on the runs has died, as the test says.
        orphans: The requests whose process has died, where some have and others have not.
        due: The actions of runs whose time has come, as their runs have said.
        locked: The scopes that are locked out, from the file's first moment to the release.
        objects: Says what else stands in a frame's way.
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        self.told: dict[str, Told] = {}
        self.sent = Counter[str]()
        self.sent_at: dict[str, Instant] = {}
        self.are_agents_gone = False
        self.orphans, self.due = set[str](), set[str]()
        self.locked = set[str]()
        self.objects: Objection = nothing_else
        self._moved: dict[str, Instant] = {}
        room.plant.on_frame = self.judge_frame

    def note(self, request: ActionRequest) -> None:
        """Notes a request that was filed."""
        self.told.setdefault(request.request_id, Told(request))

    def approve(self, request: ActionRequest, person: str) -> None:
        """Lets a person approve, and notes it."""
        self._room.desk.approve(request, person)
        self.told[request.request_id].approvals[person] = self._room.clock.now()

    def ends(self, why: str, *, only_approved: bool = False) -> None:
        """Notes that requests are over, all or the approved ones; not one that is being sent."""
        for told in self.told.values():
            if told.is_approved or not only_approved:
                self.end(told.request, why)

    def end(self, request: ActionRequest, why: str) -> None:
        """Notes that a request is over, unless its frame is past the last word."""
        told = self.told[request.request_id]
        if "SENDING" not in self._room.desk.states(request):
            told.end = told.end or why

    def under_way(self) -> set[str]:
        """The actions that are past the last word: their intent is on disk."""
        rows = self._room.desk.database.all("SELECT action_id FROM action WHERE state = 'SENDING'")
        return {row[0] for row in rows}

    def revoke_key(self, person: str) -> None:
        """Notes that nothing counts any more that a person has signed."""
        for told in self.told.values():
            told.approvals.pop(person, None)

    def release(self) -> None:
        """Notes that every lockout is released; it brings back nothing of what it covers."""
        for told in self.told.values():
            if any(self.locked & set(self._scopes(each)) for each in told.request.actions):
                self.end(told.request, "it was locked out")
        self.locked.clear()

    def judge_frame(self, frame: Frame) -> None:
        """Judges a frame that is about to leave."""
        action = self._in_flight(frame)
        told = self.told[action.action_id.partition("/")[0]]
        is_begun = any(self.sent[each.action_id] for each in told.request.commands)
        objection = told.objection(action, self._room.clock.now(), is_begun=is_begun)
        assert not objection, f"I1: {action.action_id} leaves, but {objection}"
        objection = self.objects(told.request, action)
        assert not objection, f"{action.action_id} leaves, but {objection}"
        where = self._room.site.connections[frame.connection].write_where
        assert where == action.identity.where, f"I1: {action.action_id} leaves to {where}"
        assert not self.sent[action.action_id], f"I2: {action.action_id} leaves a second time"
        stops = self.locked & set(self._scopes(action))
        assert not stops, f"I5: {action.action_id} leaves, but {stops} is locked out"
        if action.kind == "command":
            self._judge_cooldown(action.tag, self._room.clock.now())
        else:
            self._judge_undo(told.request, action)
            self._judge_lease(told.request, action)
        self.sent[action.action_id] += 1
        self.sent_at[action.action_id] = self._room.clock.now()

    def _judge_undo(self, request: ActionRequest, action: Action) -> None:
        """What was not sent is not taken back; a safe state needs a run that may have sent.

        An intent is enough: after a crash behind it nobody knows whether its frame has left.
        """
        if action.undoes is not None:
            assert self.sent[action.undoes], f"I1: {action.undoes} is taken back, and was not sent"
            return
        assert request.run is not None, f"I1: {action.action_id} is no recovery of a run"
        rows = self._room.desk.database.all(_INTENDED, request.run.run_id)
        assert rows, f"I1: {action.action_id} leaves, and its run did nothing"

    def _judge_lease(self, request: ActionRequest, action: Action) -> None:
        """What a lease takes back waits for its end, or for the end of whoever looked after it."""
        is_asked = action.action_id in self.due
        if request.lease is None or (request.run is not None and is_asked):
            return
        last = max(
            (
                self.sent_at[each.action_id]
                for each in request.commands
                if self.sent[each.action_id]
            ),
            key=lambda each: each.boot_ms,
        )
        since_s = self._room.clock.now().since_s(last)
        is_over = since_s is not None and since_s >= request.lease.for_s
        is_whole = all(self.sent[each.action_id] for each in request.commands)
        is_ended = (
            self.are_agents_gone or request.request_id in self.orphans
            if request.run
            else not is_whole or self._is_refused(request)
        )
        assert is_over or is_ended, f"its lease is taken back after {since_s} s"

    def _is_refused(self, request: ActionRequest) -> bool:
        states = self._room.desk.states(request)[: len(request.commands)]
        return any(state != ActionState.VERIFIED for state in states)

    def _judge_cooldown(self, tag: str, now: Instant) -> None:
        last, self._moved[tag] = self._moved.get(tag), now
        if tag == COOLED and last is not None and last.boot_id == now.boot_id:
            since_s = (now.boot_ms - last.boot_ms) / 1000.0
            assert since_s >= COOLDOWN_S, f"{tag} is written again after {since_s} s"

    def _in_flight(self, frame: Frame) -> Action:
        """Finds whose frame it is, by an intent that is on the disk with exactly these bytes."""
        rows = self._room.desk.database.all(
            "SELECT action_id, seq FROM intent JOIN action USING (action_id) "
            "WHERE state = 'SENDING' AND wire = ?",
            frame.wire.hex(),
        )
        assert len(rows) == 1, f"I3: {len(rows)} intents for the frame {frame.wire.hex()}"
        action_id, seq = rows[0]
        # An anchor is written after the commit.
        anchored = {line.partition(" ")[0] for line in self._room.desk.database.anchors.lines()}
        assert str(seq) in anchored, f"I3: the intent of {action_id} is not anchored"
        request = self.told[action_id.partition("/")[0]].request
        action = next(each for each in request.actions if each.action_id == action_id)
        assert action.wire == frame.wire.hex(), f"I1: {action_id} leaves with other bytes"
        return action

    def _scopes(self, action: Action) -> tuple[str, ...]:
        return self._room.site.scopes_of(action.equipment)

    def judge_states(self) -> Counter[str]:
        """Compares what the ledger says with what arrived; returns how many stand where."""
        rows = self._room.desk.database.all("SELECT action_id, state FROM action")
        states = Counter[str](row[1] for row in rows)
        arrived = Counter(frame.wire.hex() for frame in self._room.plant.frames)
        wires = {each.action_id: each.wire for each in self._actions()}
        claimed = Counter(wires[action_id] for action_id in self.sent)
        assert arrived <= claimed, "I1: a frame arrived that should not have left"
        for action_id, state in rows:
            if state in NEVER_SENT:
                assert not self.sent[action_id], f"I4: {action_id} was sent and is {state}"
            if state == ActionState.VERIFIED:
                assert arrived[wires[action_id]], f"I4: {action_id} is VERIFIED without a frame"
        assert states["CLAIMED"] + states["SENDING"] <= 1, "two actions are in flight"
        return states

    def _actions(self) -> list[Action]:
        return [action for told in self.told.values() for action in told.request.actions]
