"""Plant, gate and agents without a console, for a program that works with them."""

import json
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.model.site_file import SITE_SCOPE
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.tools.guardrails.approval.session import ApprovalSession
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_requests
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.requests.timestamps import instant_now
from handwheel.tools.safe_text import printable

from ...people.authority_command import grant_signed
from ...people.signing import Signer, open_context
from ...requests.approve import sign_approval
from ...shell.cli.ledger_wait import keep_up, wait_for_change
from ..local_system.people import APPROVER, GRANTOR
from ..served_plant import new_plant
from .processes import LocalProcesses, StartedSite
from .session import MODEL, faults_of
from .simulated_site import KEYS, PASSPHRASE, SimulatedSite, make_site

_GRANTED_FOR = timedelta(hours=10)
_POLL_S = 0.2


def run_headless(
    folder: Path, model: str | None, fault: str | None, approve_after_s: float | None
) -> None:
    """Runs plant, gate and agents until standard input ends, whose lines go to the plant.

    Agents and programs have authority over the whole site, which is a temporary one.

    Args:
        folder: Empty, for what is temporary.
        model: Plant; `None` for `cw-100`.
        fault: As `plants serve` takes it; `None` for none.
        approve_after_s: Age at which a script approves each request, which the journal records;
            `None` for no script.

    Raises:
        HandwheelError: Something of it does not start; says why.
    """
    name = model or MODEL
    plant = new_plant(name)
    create_plant(name)  # raises an error for an unknown one
    is_attended = approve_after_s is None

    def open_site(ports: dict[str, int]) -> SimulatedSite:
        return make_site(folder, name, ports, plant.secret, is_attended=is_attended)

    with LocalProcesses(folder, plant, faults_of(name, fault), open_site) as processes:
        started = processes.started()
        people = started.simulated.people
        with open_context(started.site) as context:
            grant_signed(context, SITE_SCOPE, _GRANTED_FOR, people[GRANTOR])
        place = {"site": str(started.simulated.root), "plant": name}
        if is_attended:  # so that a person can decide in another shell
            place |= {"approver": APPROVER, "passphrase": PASSPHRASE, "keys": str(folder / KEYS)}
        print(json.dumps(place), flush=True)
        Thread(target=_log, args=(processes,), name="log", daemon=True).start()
        if approve_after_s is None:
            _tell_plant(processes)
            return
        with _approving(started, people[APPROVER], approve_after_s):
            _tell_plant(processes)


def _log(processes: LocalProcesses) -> None:
    """Writes what the processes tell on standard error, such as that one of them has ended."""
    while True:
        line = processes.news.get()
        if isinstance(line, str):
            sys.stderr.write(f"handwheel: {line}\n")


def _tell_plant(processes: LocalProcesses) -> None:
    """Passes each line on to the plant until standard input ends."""
    for line in sys.stdin:
        processes.tell_plant(line.strip())
    sys.stderr.write("handwheel: standard input has ended, and with it plant, gate and agents\n")


@contextmanager
def _approving(started: StartedSite, signer: Signer, after_s: float) -> Generator[None]:
    """Approves each request by script once it has waited for a time, in a thread of its own."""
    ended = Event()
    thread = Thread(target=_approve, args=(started, signer, after_s, ended), name="approver")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _approve(started: StartedSite, signer: Signer, after_s: float, ended: Event) -> None:
    told = set[str]()
    with open_context(started.site) as context:
        keep_up(context.database)
        while not ended.is_set():
            for record in load_requests(context.database, WAITING_REQUESTS):
                since_s = record.waits_since_s(instant_now())
                if since_s is not None and since_s >= after_s:
                    line = _approve_one(context, record, signer)
                    if line not in told:
                        sys.stderr.write(f"handwheel: {line}\n")
                    told.add(line)
            wait_for_change(context.database, _POLL_S)


def _approve_one(context: DecisionContext, record: RequestRecord, signer: Signer) -> str:
    """Returns what came of it. One that is not approved is tried again while it waits."""
    name = record.request.request_id
    try:
        sign_approval(ApprovalSession.settled(context, record), signer)
    except HandwheelError as error:
        return f"{name} was not approved: {printable(str(error))}"
    return f"{name} was approved by script"
