"""A room in which an oracle judges every frame, and people's usual words in one call."""

from collections.abc import Mapping
from typing import Any

import pytest

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import Value
from handwheel.tools.guardrails.ledger.lifecycle import file_request, move_action
from handwheel.tools.guardrails.ledger.store.states import ActionState
from handwheel.tools.requests.lease_and_effects import NO_TERMS, Terms
from handwheel.tools.requests.request import ActionRequest

from ...plants.fault_injection import Crash
from ...plants.in_memory import Fault
from ...sites.audited import faults_in
from .in_memory import Room
from .oracle import Oracle, Told

START = ("P-101A.run_cmd", True)
STOP = ("P-101A.run_cmd", False)
START_B = ("P-101B.run_cmd", True)
SETPOINT = ("PIC-102.sp", 360.0)


class Watched(Room):
    """A room in which an oracle judges every frame."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.oracle = Oracle(self)

    def approved(self, *writes: tuple[str, Value], terms: Terms = NO_TERMS) -> ActionRequest:
        """Returns a request that anna has approved; to start a pump if nothing else is said."""
        request = self.desk.propose(*(writes or (START,)), terms=terms)
        self.note(request)
        self.desk.approve(request)
        self.note(request, "anna")
        return request

    async def carried_out(
        self, *writes: tuple[str, Value], terms: Terms = NO_TERMS, fault: Fault = "none"
    ) -> ActionRequest:
        """Returns a request that anna has approved, after the gate has taken up one command.

        Args:
            fault: What goes wrong with its frame, if the test has not said so before.
        """
        request = self.approved(*writes, terms=terms)
        if fault != "none":
            self.plant.fault = fault
        await self.act()
        return request

    def note(self, request: ActionRequest, *people: str) -> None:
        """Tells the oracle of a request, and who has approved it."""
        self.oracle.told[request.request_id] = Told(
            request, dict.fromkeys(people, self.clock.now())
        )

    def signed_through(self, request: ActionRequest) -> None:
        """Lets gina file and others approve whatever a request says."""
        people = ["anna", "bert"][: request.quorum]
        self.desk.file(request)
        self.desk.approve(request, *people)
        self.note(request, *people)

    @property
    def wires(self) -> list[str]:
        """The bytes of every frame that has arrived."""
        return [frame.wire.hex() for frame in self.plant.frames]

    def expect(
        self,
        request: ActionRequest,
        state: str,
        reason: str = "",
        *,
        part: str = "",
        frames: int | None = None,
    ) -> None:
        """Expects where the only command of a request stands, why, and how many frames arrived."""
        assert self.desk.states(request) == [state]
        assert self.reason(request) == reason or not reason
        assert part in self.reason(request)
        assert frames is None or len(self.plant.frames) == frames

    def reason(self, request: ActionRequest, number: int = 1) -> str:
        """Why a command stands where it does; the journal says the same."""
        return self.reason_of(self.desk.record(request.request_id).actions[number - 1])

    async def go_through(self, *writes: tuple[str, Value]) -> None:
        """Asks and approves with nothing altered: one more frame for each write, all verified."""
        before = len(self.plant.frames)
        request = self.approved(*(writes or (START_B,)))
        for _ in request.commands:
            self.watch()
            await self.act()
        assert self.desk.states(request) == ["VERIFIED"] * len(request.commands)
        sent = [frame.wire.hex() for frame in self.plant.frames[before:]]
        assert sent == [each.wire for each in request.commands]

    async def way(self, *writes: tuple[str, Value]) -> list[str]:
        """Lets one action go through; returns the points of its way."""
        request = self.approved(*writes)
        self.fuse.arm(0)
        await self.act()
        assert self.desk.states(request) == ["VERIFIED"]
        return self.fuse.points

    async def end_at(self, last: str) -> None:
        """Lets the gate end, killed, as it comes to a point of an action's way."""
        reach = self.fuse.reach

        def reach_or_end(point: str) -> None:
            reach(point)
            if point == last:
                raise Crash

        self.fuse.reach = reach_or_end  # type: ignore[method-assign]
        with pytest.raises(Crash):
            await self.act()
        self.fuse.reach = reach  # type: ignore[method-assign]
        self.kill_gate()

    def rows(self, kind: str) -> list[Mapping[str, Any]]:
        """The bodies of the journal's rows of a kind, with their subjects as `of`."""
        rows = [row.fields for row in self.desk.database.journal()]
        return [row["body"] | {"of": row["subject"]} for row in rows if row["kind"] == kind]

    def faults(self) -> tuple[str, ...]:
        return faults_in(self.desk.decision_context)

    def force_filed(self, request: ActionRequest) -> None:
        """Files a request past everything that looks at it first."""
        now = self.clock.now()
        assert file_request(self.desk.database, request, "", now)

    def force_due(self, action_id: str) -> None:
        """Says that an action is due, as somebody could who writes into the ledger."""
        with self.desk.database.transaction(self.clock.now()) as transaction:
            move_action(transaction, action_id, ActionState.PLANNED, ActionState.DUE, "forged")


def nth(way: list[str], point: str, number: int = 1) -> int:
    """Where on a way a point comes for the n-th time, counted from one."""
    return [at for at, each in enumerate(way, 1) if each == point][number - 1]
