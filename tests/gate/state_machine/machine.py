"""One site with its people and its gate, to whom anything can happen, in any order and anywhere."""
# The gate's reader is put there by the test.
# pyright: reportPrivateUsage=false

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import ClassVar, cast

from hypothesis.stateful import RuleBasedStateMachine

from handwheel.connectors.model.site import Site
from handwheel.tools.errors import GuardrailError, InvalidArguments
from handwheel.tools.guardrails.gate.monitoring.scanner import Scanner
from handwheel.tools.guardrails.identity.operators_yaml import operators_text
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.requests.lease_and_effects import NO_TERMS, Terms
from handwheel.tools.requests.request import ActionRequest

from ...plants.fault_injection import Crash, crash
from ...plants.in_memory import Fault
from ...sites import people
from ...sites.audited import faults_in
from ..testbed.oracle import Told
from ..testbed.terminals import Writes
from ..testbed.with_oracle import Watched
from .blocking_reasons import LOST_S, Circumstances, MemoryConnection, MemoryReader, Outlook


class WithPeople(RuleBasedStateMachine):
    """What the rules are made of.

    Attributes:
        made: The site.
        numbers: For the state folders, one for each life.
        seen: How often what has happened.
    """

    made: ClassVar[Site]
    numbers: ClassVar[Iterator[int]]
    seen: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.site = replace(self.made, state=self.made.state / str(next(self.numbers)))
        self.room = Watched(self.site)
        self.oracle = self.room.oracle
        self.circumstances = Circumstances(self.site, self.oracle, self.room.clock.now())
        self.oracle.objects = self.circumstances.objection
        self.requests: list[ActionRequest] = []
        self.runner = asyncio.Runner()
        self.is_unverifiable = self.is_set_back = False
        self._records = {name: [people.record_of(name)] for name in ("anna", "gina")}
        self._records["bert"] = [people.record_of("bert", "shift-supervisor")]
        self.enrol()

    def teardown(self) -> None:
        try:
            self.count("frames", len(self.room.plant.frames))
            self.count("suspended by the ledger", len(self.room.suspended))
            self.count("taken back", sum("/r" in name for name in self.oracle.sent))
            faults = faults_in(self.room.desk.decision_context)
            assert faults == () or self.is_unverifiable, faults
        finally:
            self.room.close()
            self.runner.close()

    def count(self, what: str, times: int = 1) -> None:
        self.seen[what] += times

    def start_gate(self) -> None:
        """Starts a gate, which knows of nothing that it has not seen itself."""
        self.runner.run(self.room.start_gate())
        assert self.room.gate is not None
        connections = [MemoryConnection(each, self.room.plant) for each in self.site.connections]
        self.room.gate._reader = cast(Scanner, MemoryReader(connections))
        self.outlook = Outlook(self.room.plant, self.room.clock.now())
        self.circumstances.suspended = ""

    def restart(self) -> None:
        self.room.kill_gate()
        self.oracle.ends("the gate was started again", only_approved=True)
        self.start_gate()

    def reboot(self) -> None:
        self.room.kill_gate()
        self.room.clock.reboot()
        self.oracle.ends("the machine was restarted")
        self.restart()

    def watch(self) -> None:
        """One round of the gate's watching half; the test knows what it must find."""
        self.room.watch()
        found = self.outlook.look(self.room.clock.now())
        self.circumstances.suspended = found
        if found:
            self.count(f"suspended: {found.partition(',')[0]}")
            self.oracle.ends(found, only_approved=True)

    def file(self, writes: Writes, person: str, terms: Terms = NO_TERMS) -> ActionRequest | None:
        if not self.is_enrolled(person):
            return None
        try:
            request = self.room.desk.propose(*writes, person=person, terms=terms)
        except (GuardrailError, InvalidArguments):
            return None
        self.note(request)
        return request

    def note(self, request: ActionRequest) -> None:
        self.requests.append(request)
        self.oracle.told[request.request_id] = Told(request)

    def approve(self, request: ActionRequest, person: str) -> None:
        told = self.oracle.told[request.request_id]
        if not self.is_enrolled(person):
            return
        with suppress(GuardrailError):
            self.room.desk.say("approve", request, person)
            assert person != request.proposer.name
            assert not told.end, f"an approval was taken although {told.end}"
            told.approvals[person] = self.room.clock.now()
            told.with_old_keys.discard(person)

    def object_to(self, request: ActionRequest, person: str) -> None:
        """Lets a person reject or, once it is approved, take the approval back."""
        if not self.is_enrolled(person):
            return
        for verdict in ("reject", "revoke"):
            with suppress(GuardrailError):
                self.room.desk.say("reject" if verdict == "reject" else "revoke", request, person)
                self.oracle.end(request, f"{person} has objected")
                return

    def act(self, fault: Fault, what: str, point: int) -> None:
        """Lets the gate take up what is due, with a fault, and something that comes in between."""
        self.circumstances.began = self.room.clock.now()
        self.room.plant.fault = fault
        self.room.fuse.arm(point if what != "nothing" else 0, lambda: self.interrupt(what))
        if what == "crash":
            self.room.fuse.arm(point, crash)
        try:
            self.runner.run(self.room.act())
        except Crash:
            self.count(f"crash: {self.room.fuse.points[-1]}")
            self.restart()
        self.room.fuse.arm(0)
        self.room.plant.fault = "none"
        if what == "suspend":
            self.suspend("")  # its end resumes nothing

    def interrupt(self, what: str) -> None:
        """What others do while an action is on its way."""
        self.count(f"interrupted by: {what}")
        match what:
            case "lockout":
                self.lock_out("site")
            case "revoke":
                for request in self.requests:
                    self.object_to(request, "gina")
            case "step":
                self.set_clock(-60.0)
                self.watch()
            case "suspend":
                self.suspend("something cannot be relied on")
                self.oracle.ends("it was suspended", only_approved=True)
            case "wait":
                self.pass_time(61.0)
            case _:
                self.room.plant.values["P-101A.run_cmd"] ^= True  # type: ignore[operator]

    def suspend(self, reason: str) -> None:
        self.room.context.suspensions.note("site", "test", reason, self.room.clock.now())
        self.watch()

    def pass_time(self, seconds: float) -> None:
        self.room.clock.forward(seconds)

    def set_clock(self, seconds: float) -> None:
        self.room.clock.set(seconds)
        self.is_set_back |= seconds < 0.0
        if abs(seconds) > 2.0:
            self.oracle.ends("the clock was set")

    def lock_out(self, scope: str) -> None:
        self.room.desk.lock_out(scope)
        self.oracle.locked.add(scope if scope in self.site.equipment else "site")

    def lose_connection(self) -> None:
        """Nothing can be reached any more; it suspends once that has lasted."""
        self.watch()
        self.room.plant.is_down = True
        self.watch()
        self.pass_time(LOST_S + 1.0)

    def revoke_key(self, person: str) -> None:
        with suppress(GuardrailError):
            self.room.desk.revoke_key(person)
        self.oracle.revoke_key(person)

    def take_role_away(self, person: str) -> None:
        self.is_unverifiable = True  # `journal verify` judges by the list as it stands at the end
        self._records[person] = [people.record_of(person, "viewer")]
        self.enrol()
        self.oracle.revoke_key(person)

    def rotate(self, person: str) -> None:
        """Gives a person another key; the old one is still that of what was signed before."""
        if person in self.room.desk.keys:
            return
        self.room.clock.forward(1.0)
        now = self.room.clock.now().wall.replace(microsecond=0)
        old = people.record_of(person, valid=now - people.START)
        end, key = people.START + people.YEAR, f"{person}'s other key"
        # What was signed before the clock was set back may lie after the end of the old record.
        self.is_unverifiable |= self.is_set_back
        self._records[person] = [old, people.record_of(person, start=now, valid=end - now, key=key)]
        self.room.desk.keys[person] = key
        self.enrol()
        for told in self.oracle.told.values():
            told.with_old_keys.add(person)

    def is_enrolled(self, person: str) -> bool:
        """Whether a person can sign now: a key that was given later is none before."""
        desk = self.room.desk
        found = desk.decision_context.roster.by_name(person, self.room.clock.now().wall)
        key = people.key_id(desk.keys.get(person, person))
        return found is not None and found.key_id == key

    def enrol(self) -> None:
        """Writes the list of people, and lets everybody read it."""
        found = [people.boss(), *(each for one in self._records.values() for each in one)]
        text = operators_text([*found, people.record_of("max", "viewer")])
        (self.site.root / "operators.yaml").write_text(text, encoding="utf-8")
        desk = self.room.desk
        desk.decision_context = replace(desk.decision_context, roster=load_roster(self.site))
