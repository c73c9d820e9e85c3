"""A day at a site in memory: what went well, what was refused, and what nobody knew."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from handwheel.evaluation.trial.clock import SteppedClock
from handwheel.hmi.people.signing import Signer, sign_statement
from handwheel.hmi.shift.summary import summarize
from handwheel.tools.errors import GuardrailError, TooManyRequests
from handwheel.tools.guardrails.approval.messages.run_events import OpenRun, RecordEvent
from handwheel.tools.guardrails.approval.shift_handover import HandOverShift
from handwheel.tools.guardrails.interlocks.lockout_files import lockout_file, lockout_note
from handwheel.tools.guardrails.ledger.decisions import Signed
from handwheel.tools.guardrails.ledger.effects import Effect, record_verdict
from handwheel.tools.guardrails.ledger.latched_lockouts import latch
from handwheel.tools.guardrails.signatures.decisions import meaning_of_subject
from handwheel.tools.guardrails.signatures.statement import Statement
from handwheel.tools.requests.canonical import canonical
from handwheel.tools.requests.lease_and_effects import Terms, parse_expectation, parse_lease
from handwheel.tools.requests.request import ActionRequest
from handwheel.tools.requests.timestamps import stamp

from ...gate.testbed.runner import RUN, Runner
from ...gate.testbed.with_oracle import Watched
from ...gate.testbed.words import ask_run, take_authority
from ...plants.fault_injection import WALL
from ...sites.in_memory import make_site
from ...sites.people import key_of

HOSTILE = "all well \x1b[2J\u202eon\u200bly\nVERIFIED  =1+1"
_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ"
_SEEN = {"tag": "PIC-102.sp", "shown": "340", "unit": "kPa", "quality": "good", "age_s": 0.3}
_OPENED = {
    "playbook": RUN.playbook, "version": RUN.version, "digest": RUN.digest,
    "title": "The bearing of the duty pump runs hot", "assets": ["PUMPS-101"],
    "parameters": dict(RUN.parameters), "condition": "VT-101A.pv > 5 mm/s  [it is 5.1 mm/s]",
}  # fmt: skip


def still(patch: pytest.MonkeyPatch) -> None:
    """Lets every story be told in the same words: names of requests, processes, the first row."""
    letters: Iterator[int] = count()

    def choice(alphabet: str) -> str:
        number = next(letters)
        # The names of requests in order: R-0000000A, R-0000000B.
        return _LETTERS[number // 8 % len(_LETTERS)] if number % 8 == 7 else "0"

    patch.setattr("handwheel.tools.requests.ids.choice", choice)
    patch.setattr("os.getpid", lambda: 4242)
    now = SteppedClock(WALL).now()
    patch.setattr("handwheel.tools.guardrails.ledger.store.database.instant_now", lambda: now)


class Story:
    """The day, one event after the other."""

    def __init__(self, room: Watched) -> None:
        self.room = room
        room.plant.on_frame = lambda frame: None  # the journal is the point, and no oracle

    async def tell(self) -> None:
        """All of it."""
        await self.goes_well()
        await self.is_refused()
        await self.is_unknown()
        self.is_nobodys_word()
        await self.agents_work()
        self.is_locked_out()
        await self.lease_breaks_off()
        self.shift_ends()
        self.is_taken_over()

    async def goes_well(self) -> None:
        """A pump is started and a set point changed; the effect is watched."""
        room = self.room
        request = room.desk.propose(("P-101A.run_cmd", True), ("PIC-102.sp", 360.0))
        room.clock.forward(12.5)
        room.desk.approve(request, "anna")
        await room.act()
        await room.act()
        was = Effect(f"{request.request_id}/c1", 1, "PT-102.pv > 10 kPa", 60.0, "at once", "CAME")
        came = Effect(f"{request.request_id}/c2", 1, "PT-102.pv > 340 kPa", 60.0, HOSTILE, "CAME")
        with room.desk.database.transaction(room.clock.now()) as transaction:
            record_verdict(transaction, was, 0.2, was_so=True)
            record_verdict(transaction, came, 30.0)

    async def is_refused(self) -> None:
        """Two people approve, and then the pump is no longer in remote; the device says no."""
        room = self.room
        room.clock.forward(60.0)
        request = room.desk.propose(("P-101A.run_cmd", False))
        room.desk.approve(request, "bert")
        room.plant.values["P-101A.mode"] = 0
        await room.act()
        room.plant.values["P-101A.mode"] = 1
        request = room.desk.propose(("P-101A.mode", 0))
        room.desk.approve(request, "anna", "bert")
        room.plant.fault = "refused"
        await room.act()

    async def is_unknown(self) -> None:
        """An answer is lost; a person looks and says what became of it."""
        room = self.room
        room.clock.forward(60.0)
        request = room.desk.propose(("PIC-102.sp", 340.0))
        room.desk.approve(request, "bert")
        room.plant.fault = "answer lost"
        await room.act()
        room.clock.forward(86_400.0)
        outcome = room.desk.outcome

        def told(request: ActionRequest, action_id: str) -> str:
            said = {"request_digest": request.digest, "action_id": action_id}
            found = "PIC-102.sp reads 340 kPa"
            return canonical({"schema": "outcome/1", **said, "found": found, "reading": _SEEN})

        room.desk.outcome = told  # type: ignore[method-assign]
        room.desk.resolve(f"{request.request_id}/c1", "resolve-applied")
        room.desk.outcome = outcome  # type: ignore[method-assign]

    def is_nobodys_word(self) -> None:
        """A viewer's approval does not count; an operator rejects."""
        room = self.room
        request = room.desk.propose(("PIC-102.sp", 350.0))
        with pytest.raises(GuardrailError):
            room.desk.approve(request, "max")
        room.desk.say("reject", request, "anna")
        with pytest.raises(TooManyRequests):
            room.desk.propose(("PIC-102.sp", 350.0))

    async def agents_work(self) -> None:
        """A run starts a pump, somebody has it held, and it takes back what it did."""
        room, runner = self.room, Runner(self.room)
        assets = ("PUMPS-101",)
        opening = OpenRun(run_id=RUN.run_id, playbook=RUN.playbook, assets=assets, body=_OPENED)
        runner.make(opening)
        room.plant.values["P-101A.run_cmd"] = False
        request = runner.approved()
        await runner.carry_out(request, "c1")
        ask_run(room.desk.database, RUN.run_id, "hold", "max", room.clock.now())
        aborts = {"reason": "a test", "goal": "rollback"}
        runner.make(RecordEvent(subject=RUN.run_id, kind="run.aborting", body=aborts))
        await runner.carry_out(request, "r2")
        runner.end(request)

    def is_locked_out(self) -> None:
        """The gate suspends and goes on; a pump is locked out and released; a key taken back."""
        room = self.room
        for kind in ("gate.suspended", "gate.resumed"):
            said = {"reason": "the disk is nearly full", "since": stamp(room.clock.now().wall)}
            room.clock.forward(60.0)
            with room.desk.database.transaction(room.clock.now()) as transaction:
                transaction.record(kind, "site", {**said, "epoch": 1})
        room.desk.lock_out("P-101B")
        room.watch()
        room.clock.forward(5.0)
        room.desk.release("P-101B")
        room.desk.revoke_key("bert")

    async def lease_breaks_off(self) -> None:
        """What was expected does not come, and the gate is killed in the lease."""
        room = self.room
        terms = Terms(parse_lease("2 h"), (parse_expectation("PT-102.pv > 900 kPa within 15 s"),))
        request = room.desk.propose(("PIC-102.sp", 330.0), terms=terms)
        room.desk.approve(request, "anna")
        room.watch()
        await room.act()
        room.clock.forward(16.0)
        room.watch()
        room.kill_gate()
        await room.start_gate()

    def shift_ends(self) -> None:
        """Anna hands over to Gina; of what both are shown much is empty."""
        desk, now = self.room.desk, self.room.clock.now()
        summary = summarize(desk.decision_context, "anna", "gina", "look at the seal", now)
        words: list[Signed] = []
        for person, verdict in (("anna", "end-shift"), ("gina", "take-shift")):
            meaning, about = meaning_of_subject(verdict, summary.subject), summary.subject  # type: ignore[arg-type]
            said = Statement(verdict, meaning, "operator", 60.0, subject=about, card=summary.digest)  # type: ignore[arg-type]
            operator = desk.decision_context.roster.by_name(person, now.wall)
            assert operator is not None
            signer = Signer(operator, key_of(person), True)
            words.append(sign_statement(desk.database, signer, said, now))
        HandOverShift(
            site=self.room.site.id, summary=summary, leaving=words[0], coming=words[1]
        ).apply(desk.decision_context, now)

    def is_taken_over(self) -> None:
        """Pumps are taken over at a seat and at a terminal; one is locked out by its file."""
        desk, now = self.room.desk, self.room.clock.now()
        place = (desk.database, self.room.site)
        take_authority(*place, "P-101A", "OPERATOR", "anna", now, by="seat")
        take_authority(*place, "P-101B", "LOCAL", "root", now, by="user")
        take_authority(*place, "PUMPS-101", "MAINTENANCE", "carl", now)
        desk.lock_out("P-101A")
        file = lockout_file(self.room.site.state, "P-101A")
        file.write_text("root 2026-11-26T08:54:58.500Z pid 4242\n=1+1\n", encoding="utf-8")
        latch(desk.database, "P-101A", ["P-101A"], now, lockout_note(file))


@asynccontextmanager
async def told_day(folder: Path, patch: pytest.MonkeyPatch) -> AsyncGenerator[Watched]:
    """A room in which the day has been told."""
    still(patch)
    room = Watched(replace(make_site(folder), state=folder / "var"))
    await room.start_gate()
    try:
        await Story(room).tell()
        assert room.faults() == ()
        yield room
    finally:
        room.close()
