"""The rules of the state machine: what people, agents, clocks, devices and crashes can do."""

from collections.abc import Callable, Mapping
from typing import cast

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from handwheel.tools.guardrails.interlocks.authority import TakenMode
from handwheel.tools.guardrails.ledger.latched_lockouts import locked_scopes
from handwheel.tools.guardrails.signatures.decisions import ActionVerdict
from handwheel.tools.requests.lease_and_effects import Terms
from handwheel.tools.requests.request import ActionRequest, ExpectedEffect, Lease

from ...plants.in_memory import FAULTS, Fault
from ...sites.in_memory import OPERATORS
from ..testbed.terminals import Writes
from .agents import WithAgents
from .blocking_reasons import STEADY_S

WRITES = st.lists(
    st.sampled_from([
        ("P-101A.run_cmd", True), ("P-101A.run_cmd", False), ("P-101B.run_cmd", True),
        ("P-101B.reset", True), ("P-101A.mode", 0), ("P-101A.mode", 1),
        ("PIC-102.sp", 360.0), ("PIC-102.sp", 340.1), ("PIC-102.sp", 410.0),
    ]),
    min_size=1, max_size=3, unique_by=lambda each: each[0],
)  # fmt: skip
SCOPES = st.sampled_from(["site", "PUMPS-101", "P-101A", "PIC-102"])
EQUIPMENT = st.sampled_from(["site", "PUMPS-101", "P-101A"])
LEASE_S = 30.0
LEASES = st.sampled_from([None, None, LEASE_S])
EFFECT = ExpectedEffect(text="PT-102.pv > 345 kPa", within_s=20.0)
TERMS = st.sampled_from([
    Terms(), Terms(), Terms(effects=(EFFECT,)),
    Terms(lease=Lease(for_s=LEASE_S), effects=(EFFECT,)),
])  # fmt: skip
PEOPLE = st.sampled_from(OPERATORS)
AGO = st.integers(0, 3)
# The way of an action through the gate has about 31 points.
POINTS = st.integers(1, 34)
FAULT = st.just("none") | st.sampled_from(FAULTS)
INTERRUPTION = st.just("nothing") | st.sampled_from([
    "crash", "crash", "lockout", "revoke", "step", "suspend", "wait", "plant", "take over",
])  # fmt: skip
Disturbance = Callable[["Works", float, str], object]
DISTURBANCES: Mapping[str, Disturbance] = {
    "wait": lambda works, seconds, scope: works.pass_time(seconds),
    "clock": lambda works, seconds, scope: works.set_clock(-seconds),
    "lockout": lambda works, seconds, scope: works.lock_out(scope),
    "restart": lambda works, seconds, scope: works.restart(),
    "edited file": lambda works, seconds, scope: works.edit_file(),
    "reboot": lambda works, seconds, scope: works.reboot(),
    "plant": lambda works, seconds, scope: works.lose_connection(),
    "key": lambda works, seconds, scope: works.revoke_key("bert"),
    "role": lambda works, seconds, scope: works.take_role_away("bert"),
    "rotate": lambda works, seconds, scope: works.rotate("anna"),
}
WHAT = st.sampled_from(list(DISTURBANCES))
SECONDS = st.sampled_from([1.0, 3.0, 11.0, 50.0, 400.0, 1900.0])


class Works(WithAgents):
    """Its rules: what people, agents and the world do."""

    @initialize()
    def start(self) -> None:
        self.start_gate()
        self.hand_over("site", 3600.0)
        self.start_agents()

    @rule(writes=WRITES, person=PEOPLE, terms=TERMS)
    def propose(self, writes: Writes, person: str, terms: Terms) -> None:
        self.step("propose")
        self.file(writes, person, terms)

    @precondition(lambda self: self.requests)
    @rule(ago=AGO, person=PEOPLE)
    def approves(self, ago: int, person: str) -> None:
        self.step("approve")
        self.approve(self._request(ago), person)

    @precondition(lambda self: self.requests)
    @rule(ago=AGO, person=PEOPLE, point=st.integers(0, 4))
    def approves_twice(self, ago: int, person: str, point: int) -> None:
        self.step("approve twice")
        self.approve_by_message(self._request(ago), person, point)

    @precondition(lambda self: self.requests)
    @rule(ago=AGO, person=PEOPLE)
    def objects(self, ago: int, person: str) -> None:
        self.step("object")
        self.object_to(self._request(ago), person)

    @rule(what=WHAT, seconds=SECONDS, scope=SCOPES)
    def disturb(self, what: str, seconds: float, scope: str) -> None:
        self.step(f"disturb: {what}")
        DISTURBANCES[what](self, seconds, scope)

    @rule(
        writes=WRITES, what=WHAT, seconds=SECONDS, scope=SCOPES, first=st.booleans(),
        looks=st.booleans(),
    )  # fmt: skip
    def ask_and_disturb(
        self, writes: Writes, what: str, seconds: float, scope: str, *, first: bool, looks: bool
    ) -> None:
        """Something comes before the approval, or between it and the gate."""
        self.step(f"ask and disturb: {what}")
        self._tidy_up("resolve-applied")
        self.take_over("site", "OPERATOR")  # whoever works there has left
        self.take_over("PUMPS-101", "OPERATOR")
        self.take_over("P-101A", "OPERATOR")
        if first:
            DISTURBANCES[what](self, seconds, scope)
            self.watch()
        request = self.file(writes, "gina")
        if request is not None:
            for person in ("anna", "bert")[: request.quorum]:
                self.approve(request, person)
        if not first:
            DISTURBANCES[what](self, seconds, scope)
        if looks:
            self.watch()
        self.act("none", "nothing", 1)

    @rule(scope=EQUIPMENT, what=st.sampled_from(["AGENT", "AGENT", "OPERATOR", "LOCAL"]))
    def authority(self, scope: str, what: str) -> None:
        self.step(f"authority: {what}")
        if what == "AGENT":
            self.take_over(scope, "OPERATOR")  # else whoever works there is in the way
            self.hand_over(scope, 120.0 if scope == "P-101A" else 3600.0)
        else:
            self.take_over(scope, cast(TakenMode, what))

    @rule(verdict=st.sampled_from(["resolve-applied", "resolve-not-applied"]))
    def tidy_up(self, verdict: ActionVerdict) -> None:
        """People look after everything that is locked out, unknown or down."""
        self.step("tidy up")
        self._tidy_up(verdict)

    def _tidy_up(self, verdict: ActionVerdict) -> None:
        desk, self.room.plant.is_down = self.room.desk, False
        self.watch()
        self.pass_time(STEADY_S)  # since the clock was set
        self.watch()
        for scope in locked_scopes(desk.database):
            desk.release(scope)
        self.oracle.release()
        for row in desk.database.all(
            "SELECT action_id FROM action WHERE state IN ('UNKNOWN', 'MISMATCH')"
        ):
            desk.resolve(row[0], verdict, "gina")

    @rule()
    def looks(self) -> None:
        self.step("watch")
        self.watch()

    @rule(fault=FAULT, what=INTERRUPTION, point=POINTS)
    def acts(self, fault: Fault, what: str, point: int) -> None:
        self.step("act")
        self.act(fault, what, point)

    @rule(writes=WRITES, terms=TERMS, fault=FAULT, what=INTERRUPTION, point=POINTS)
    def ask_and_act(
        self, writes: Writes, terms: Terms, fault: Fault, what: str, point: int
    ) -> None:
        """The usual course, so that enough is sent."""
        self.step("ask and act")
        if point % 2:
            self._tidy_up("resolve-applied")
        if self._approved(self.file(writes, "gina", terms)):
            self.act(fault, what, point)

    @rule(writes=WRITES, fault=FAULT, what=INTERRUPTION, point=POINTS)
    def ask_for_a_while(self, writes: Writes, fault: Fault, what: str, point: int) -> None:
        """The usual course of a lease, up to what is taken back."""
        self.step("ask for a while")
        self._approved(self.file(writes, "gina", Terms(Lease(for_s=LEASE_S))))
        for _ in writes:
            self.act("none", "nothing", 1)
        self.pass_time(LEASE_S + 1.0)
        self.watch()
        self.act(fault, what, point)

    @rule(
        lease_s=LEASES,
        until=st.sampled_from(["c1", "c2", "r1", "r2", "r3", "end", "death"]),
        idle_s=st.sampled_from([0.0, 0.0, 0.0, 61.0]),
        fault=FAULT,
        what=INTERRUPTION,
        point=POINTS,
    )
    def run(
        self, lease_s: float | None, until: str, idle_s: float, fault: Fault, what: str, point: int
    ) -> None:
        """The usual course of a run; what is done last can go wrong."""
        self.step(f"run until: {until}")
        self.start_agents()
        for scope in ("site", "PUMPS-101", "P-101A")[: 3 * (point % 2)]:
            self.hand_over(scope, 3600.0)
        request = self._approved(self.file_run(lease_s))
        if request is None:
            return
        self.pass_time(idle_s)
        for name in ("c1", "c2", "r1", "r2", "r3"):
            if until == name or not self.say_due(request, name):
                break
            self.act("none", "nothing", 1)
            if name == "c2" and until in {"end", "death"}:
                break
        if until == "end":
            self.end_run(request)
        elif until == "death":
            self.agents_die()
            self.say_due(request, "r1")
            self.pass_time(11.0)
        else:
            self.say_due(request, until)
        self.watch()
        self.act(fault, what, point)

    @precondition(lambda self: self.requests)
    @rule(ago=AGO, name=st.sampled_from(["c1", "c2", "r1", "r2", "r3"]))
    def says_due(self, ago: int, name: str) -> None:
        self.step("say due")
        self.say_due(self._request(ago), name)

    @invariant()
    def holds(self) -> None:
        """I1 to I5 hold after every step; the rest is judged as a frame leaves."""
        for state, number in self.oracle.judge_states().items():
            self.seen[f"state: {state}"] = max(self.seen[f"state: {state}"], number)

    def step(self, name: str) -> None:
        self.count("steps")
        self.count(f"rule: {name}")

    def interrupt(self, what: str) -> None:
        if what != "take over":
            super().interrupt(what)
            return
        self.count("interrupted by: take over")
        self.take_over("PUMPS-101", "OPERATOR")

    def _request(self, ago: int) -> ActionRequest:
        return self.requests[max(len(self.requests) - 1 - ago, 0)]

    def _approved(self, request: ActionRequest | None) -> ActionRequest | None:
        if request is not None:
            for person in ("anna", "bert")[: request.quorum]:
                self.approve(request, person)
            self.watch()
        return request
