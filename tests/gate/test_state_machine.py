"""Everything that people, clocks, devices and crashes can do, in any order, against I1 to I5."""

import asyncio
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from handwheel.connectors.site import Site
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.audit import audit
from handwheel.tools.guardrails.decisions import ActionVerdict
from handwheel.tools.guardrails.ledger.stops import locked_scopes
from handwheel.tools.guardrails.ledger.transitions import RequestState
from handwheel.tools.requests.request import ActionRequest

from .desk import Writes
from .forgery import forge_approvals
from .fuse import Crash, crash
from .oracle import Oracle, Told
from .paper_plant import FAULTS, Fault
from .paper_site import OPERATORS, make_site
from .room import Room

WRITES = st.lists(
    st.sampled_from([
        ("P-101A.run_cmd", True), ("P-101A.run_cmd", False), ("P-101B.run_cmd", True),
        ("P-101B.reset", True), ("P-101A.mode", 0), ("P-101A.mode", 1),
        ("PIC-102.sp", 360.0), ("PIC-102.sp", 340.1), ("PIC-102.sp", 410.0),
    ]),
    min_size=1, max_size=3, unique_by=lambda each: each[0],
)  # fmt: skip
SCOPES = st.sampled_from(["site", "PUMPS-101", "P-101A", "PIC-102"])
PEOPLE = st.sampled_from(OPERATORS)
AGO = st.integers(0, 3)
# The way of an action through the gate has about 31 points.
POINTS = st.integers(1, 34)
FAULT = st.just("none") | st.sampled_from(FAULTS)
INTERRUPTION = st.just("nothing") | st.sampled_from([
    "crash", "lockout", "revoke", "step", "wait", "plant",
])  # fmt: skip


class Works(RuleBasedStateMachine):
    """One site, its people and its gate."""

    site: ClassVar[Site]
    numbers: ClassVar[Iterator[int]]
    seen: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        state = self.site.state / str(next(self.numbers))
        self.room = Room(replace(self.site, state=state))
        self.oracle = Oracle(self.room)
        self.requests: list[ActionRequest] = []
        self.runner = asyncio.Runner()
        self.is_forged = False

    def teardown(self) -> None:
        desk = self.room.desk
        try:
            self.seen["frames"] += len(self.room.plant.frames)
            self.seen["suspended"] += len(self.room.suspended)
            found = audit(desk.database, desk.site, desk.bench.roster, desk.bench.policy.satisfies)
            assert (found.faults == ()) != self.is_forged
        finally:
            self.room.close()
            self.runner.close()

    @initialize()
    def start(self) -> None:
        self.runner.run(self.room.start_gate())

    @rule(writes=WRITES, person=PEOPLE)
    def propose(self, writes: Writes, person: str) -> None:
        with suppress(GuardrailError):
            request = self.room.desk.propose(*writes, person=person)
            self.requests.append(request)
            self.oracle.told[request.request_id] = Told(request)

    @precondition(lambda self: self.requests)
    @rule(ago=AGO, person=PEOPLE)
    def approve(self, ago: int, person: str) -> None:
        self._approve(self._request(ago), person)

    @precondition(lambda self: self.requests)
    @rule(ago=AGO, person=PEOPLE)
    def object_(self, ago: int, person: str) -> None:
        request = self._request(ago)
        is_approved = self.room.desk.record(request.request_id).state is RequestState.APPROVED
        self._object(request, person, is_approved=is_approved)

    @rule(
        what=st.sampled_from(
            [
                "wait",
                "clock",
                "lockout",
                "restart",
                "reboot",
                "plant",
                "key",
                "forgery",
            ]
        ),
        seconds=st.sampled_from([1.0, 3.0, 11.0, 50.0, 400.0, 1900.0]),
        scope=SCOPES,
    )
    def disturb(self, what: str, seconds: float, scope: str) -> None:
        match what:
            case "clock":
                self._set_clock(-seconds)
            case "wait":
                self.room.clock.forward(seconds)
            case "lockout":
                self._lock_out(scope)
            case "plant":
                self.room.plant.is_down = True
            case "key":
                with suppress(GuardrailError):
                    self.room.desk.revoke_key("bert")
                self.oracle.revoke_key("bert")
            case "forgery":
                ledger = self.room.site.state / "ledger.db"
                self.is_forged |= forge_approvals(ledger, self.room.clock.now())
            case "reboot":
                self.room.kill_gate()
                self.room.clock.reboot()
                self.oracle.ends("the machine was restarted")
                self._restart()
            case _:
                self._restart()

    @rule(verdict=st.sampled_from(["resolve-applied", "resolve-not-applied"]))
    def tidy_up(self, verdict: ActionVerdict) -> None:
        """People look after everything that is locked out, unknown or down."""
        desk, self.room.plant.is_down = self.room.desk, False
        self.room.watch()
        for scope in locked_scopes(desk.database):
            desk.release(scope)
        self.oracle.release()
        for row in desk.database.all(
            "SELECT action_id FROM action WHERE state IN ('UNKNOWN', 'MISMATCH')"
        ):
            desk.resolve(row[0], verdict)

    @rule()
    def watch(self) -> None:
        self.room.watch()

    @rule(fault=FAULT, what=INTERRUPTION, point=POINTS)
    def act(self, fault: Fault, what: str, point: int) -> None:
        self._act(fault, what, point)

    @rule(writes=WRITES, fault=FAULT, what=INTERRUPTION, point=POINTS)
    def ask_and_act(self, writes: Writes, fault: Fault, what: str, point: int) -> None:
        """The usual course, so that enough is sent."""
        before = len(self.requests)
        self.propose(writes, "gina")
        if len(self.requests) == before:  # locked out
            return
        for person in ("anna", "bert")[: self.requests[-1].quorum]:
            self._approve(self.requests[-1], person)
        self.room.watch()
        self._act(fault, what, point)

    @invariant()
    def holds(self) -> None:
        """I1 to I5 hold after every step; the rest is judged as a frame leaves."""
        for state, number in self.oracle.judge_states().items():
            self.seen[state] = max(self.seen[state], number)

    def _request(self, ago: int) -> ActionRequest:
        return self.requests[max(len(self.requests) - 1 - ago, 0)]

    def _approve(self, request: ActionRequest, person: str) -> None:
        told = self.oracle.told[request.request_id]
        with suppress(GuardrailError):
            self.room.desk.say("approve", request, person)
            assert person != request.proposer.name
            assert not told.end, f"an approval was taken although {told.end}"
            told.approvals[person] = self.room.clock.now()

    def _object(self, request: ActionRequest, person: str, *, is_approved: bool) -> None:
        with suppress(GuardrailError):
            self.room.desk.say("revoke" if is_approved else "reject", request, person)
            self.oracle.end(request, f"{person} has objected")

    def _act(self, fault: Fault, what: str, point: int) -> None:
        self.room.plant.fault = fault
        self.room.fuse.arm(point if what != "nothing" else 0, lambda: self._interrupt(what))
        if what == "crash":
            self.room.fuse.arm(point, crash)
        try:
            self.runner.run(self.room.act())
        except Crash:
            self.seen[f"crash: {self.room.fuse.points[-1]}"] += 1
            self._restart()
        self.room.fuse.arm(0)
        self.room.plant.fault = "none"

    def _interrupt(self, what: str) -> None:
        """What others do while an action is on its way."""
        match what:
            case "lockout":
                self._lock_out("site")
            case "revoke":
                for request in [
                    each
                    for each in self.requests
                    if self.room.desk.record(each.request_id).state is RequestState.APPROVED
                ]:
                    self._object(request, "gina", is_approved=True)
            case "step":
                self._set_clock(-60.0)
                self.room.watch()
            case "wait":
                self.room.clock.forward(61.0)
            case _:
                self.room.plant.values["P-101A.run_cmd"] ^= True  # type: ignore[operator]

    def _set_clock(self, seconds: float) -> None:
        self.room.clock.set(seconds)
        if abs(seconds) > 2.0:
            self.oracle.ends("the clock was set")

    def _lock_out(self, scope: str) -> None:
        self.room.desk.lock_out(scope)
        self.oracle.locked.add(scope if scope in self.site.equipment else "site")

    def _restart(self) -> None:
        self.room.kill_gate()
        self.oracle.ends("the gate was started again", only_approved=True)
        self.runner.run(self.room.start_gate())


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Generator[type[Works]]:
    """The machine at a site of its own, on a disk in memory where there is one."""
    memory = Path("/dev/shm")
    folder = memory if memory.is_dir() else tmp_path_factory.mktemp("works")
    with TemporaryDirectory(dir=folder) as name, pytest.MonkeyPatch.context() as patch:
        sleep = asyncio.sleep

        async def no_pause(_: float) -> None:
            await sleep(0)

        patch.setattr(asyncio, "sleep", no_pause)
        Works.site, Works.numbers, Works.seen = make_site(Path(name)), count(), Counter()
        yield Works


def _run(works: type[Works], examples: int, *, is_fixed: bool) -> None:
    works.seen.clear()
    run_state_machine_as_test(
        works,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            derandomize=is_fixed,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
    print(dict(works.seen))
    for state in ("VERIFIED", "UNKNOWN", "REFUSED", "INVALIDATED", "CANCELLED"):
        assert works.seen[state], f"no action was ever {state}"


@pytest.mark.timeout(120)
def test_nothing_moves_but_what_was_approved_and_once(works: type[Works]) -> None:
    _run(works, 100, is_fixed=True)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_nothing_moves_but_what_was_approved_in_a_thousand_lives(works: type[Works]) -> None:
    _run(works, 1000, is_fixed=False)
