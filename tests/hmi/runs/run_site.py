"""A site with a ledger in which runs are made up, event by event."""

from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from handwheel.connectors.model.site import Site, load_site
from handwheel.hmi.runs.run_view import RunView, find_run, view_run
from handwheel.playbooks.engine.states import EventKind
from handwheel.playbooks.execution.event_log import RunLog
from handwheel.playbooks.execution.ledger_writer import LedgerWriter
from handwheel.tools.guardrails.client.gate_client import GateClient
from handwheel.tools.guardrails.gate.server.registry import MESSAGES
from handwheel.tools.guardrails.identity.enrolment import Enrolment, make_record
from handwheel.tools.guardrails.identity.keys import create_key, key_path
from handwheel.tools.guardrails.identity.operators_yaml import operators_text
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.ledger.lifecycle import file_request
from handwheel.tools.guardrails.ledger.store.database import Database, LostRace
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.requests.timestamps import Instant, instant_now, stamp

from ...gate.server.served_ledger import ServedLedger, served
from ...sites import people
from ...sites.in_memory import make_site
from ...sites.signed_requests import request_of

RUN = "U-7K3MQ2XA"
FIRST, SECOND = "R-00000001", "R-00000002"
PASSPHRASE = "battery staple"
_SHOWN = "PT-102.pv > 300 kPa  [PT-102.pv is 349 kPa]"
OPENING: dict[str, Any] = {
    "playbook": "test/pumps", "version": "1.2.0", "digest": "d" * 64,
    "title": "The duty pump shakes", "roles": {"duty": "P-101A"},
    "parameters": {"duty": "P-101A", "high": "5 mm/s"}, "assets": ["PUMPS-101"],
    "trigger": "pumps.yaml:12", "condition": "VT-101A.pv > 5 mm/s  [VT-101A.pv is 5.4 mm/s]",
    "hashes": {}, "snapshot": {},
}  # fmt: skip
JUDGED: dict[str, Any] = {
    "findings": [
        {"id": "shakes", "side": "for", "truth": "true",
         "shown": "VT-101A.pv > 5 mm/s  [VT-101A.pv is 5.4 mm/s]"},
        {"id": "strainer", "side": "against", "truth": "unknown",
         "shown": "PDT-101.pv > 25 kPa  [PDT-101.pv was not read]"},
        {"id": "header", "side": "permissive", "truth": "true", "shown": _SHOWN},
    ],
    "blocked_by": [], "suggests": [],
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """One run, and the lease under which it is written.

    Attributes:
        database: The ledger as the process has it that works on the runs.
        gate: The ledger itself; `None` if this process has it.
    """

    site: Site
    database: Database
    writer: LedgerWriter
    clock: Callable[[], Instant]
    gate: ServedLedger | None = None

    def log(self, run_id: str = RUN) -> RunLog:
        return RunLog(self.writer, run_id)

    def do(self, work: Callable[[Database], object]) -> None:
        """Does something with the ledger itself, past every message."""
        if self.gate is None:
            work(self.database)
        else:
            self.gate.do(work)
            self.catch_up()

    def catch_up(self) -> None:
        """Takes in what other processes have done."""
        if self.gate is not None:
            cast(GateClient, self.database).catch_up()

    def record(self, kind: str, subject: str, body: Any) -> None:
        """Adds a row to the journal."""

        def work(ledger: Database) -> None:
            with ledger.transaction(self.clock()) as transaction:
                transaction.record(kind, subject, body)

        self.do(work)

    def open(self, run_id: str = RUN, asset: str = "PUMPS-101") -> RunLog:
        log = self.log(run_id)
        body: dict[str, object] = {**OPENING, "assets": [asset]}
        log.open("test/pumps", (asset,), body)
        log.record(EventKind.JUDGED, **JUDGED)
        return log

    def file(self, name: str, run_id: str = RUN, *roles: str) -> None:
        """A request of the run, which nobody has approved."""
        now = self.clock()
        command = request_of().commands[0].model_dump(by_alias=True, exclude_none=True)
        origin: dict[str, object] = {
            "run_id": run_id, "playbook": "test/pumps", "version": "1.2.0", "digest": "d" * 64,
            "parameters": {}, "segment": 1, "max_duration_s": 600.0,
        }  # fmt: skip
        asked = request_of(
            request_id=name, proposal_key=name * 2, filed_at=stamp(now.wall), run=origin,
            commands=[command | {"action_id": f"{name}/c1", "step": "start"}],
            proposer={"kind": "agent", "name": "control-agent"}, roles=list(roles or ("operator",)),
        )  # fmt: skip
        self.do(lambda ledger: file_request(ledger, asked, "", now))

    def ask(self, log: RunLog, name: str = FIRST, *roles: str) -> None:
        """The run asks for its step `start`."""
        self.file(name, log.run_id, *roles)
        log.record(EventKind.FILED, request_id=name, steps=["start", "stop"], within_s=1800.0)

    def held(self) -> RunLog:
        """A run that a person has held while it waited."""
        log = self.open()
        self.ask(log)
        log.record(EventKind.HOLDING, reason="hold ordered by carl", at_once=True)
        log.record(EventKind.HELD, reason="hold ordered by carl")
        return log

    def view(self, run_id: str = RUN) -> RunView:
        return view_run(self.database, find_run(self.database, run_id), self.clock())


@contextmanager
def opened(folder: Path, now: Instant | None = None) -> Generator[Place]:
    """A site with people and a ledger, and this process at work on its runs.

    Args:
        now: A moment that stands still; else it is the real one.
    """
    site = make_site(folder)
    text = (folder / "policy.yaml").read_text(encoding="utf-8")
    (folder / "policy.yaml").write_text(
        text.replace("ttl_max", "unattended: simulated\nttl_max"), encoding="utf-8"
    )
    clock = instant_now if now is None else lambda: now
    site = load_site(site.root)  # whose policy has changed
    with served(site, clock, MESSAGES) as gate, GateClient(site.state, site.id) as client:
        database = cast(Database, client)
        context = DecisionContext(site, database, load_policy(site), load_roster(site))
        writer = LedgerWriter.take(context, clock)
        client.follow()
        yield Place(site, database, writer, clock, gate)


def stay(place: Place) -> None:
    """The process that works on the runs is still there, however long another one has taken."""
    with suppress(LostRace):  # it has left, or somebody else has come
        place.writer.renew()


def leave(place: Place) -> None:
    """The process that works on the runs ends."""
    place.writer.release()


def enrol(folder: Path, person: str, *roles: str) -> str:
    """A person with a key on this machine; returns the file with its passphrase."""
    private = create_key(key_path(people.SITE, person), PASSPHRASE)
    enrolment = Enrolment(person, roles, people.START, people.START + people.YEAR)
    issuer = people.key_of("boss")
    record = make_record(people.SITE, enrolment, private, issuer)
    (folder / "operators.yaml").write_text(
        operators_text([people.boss(), record]), encoding="utf-8"
    )
    file = folder / f"{person}.pass"
    file.touch(0o600)
    file.write_text(f"{PASSPHRASE}\n", encoding="utf-8")
    return str(file)
