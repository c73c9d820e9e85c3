"""The desk of a trial in which the agents die: it approves, orders runs about, and resets."""

import asyncio
from collections.abc import Sequence
from time import monotonic, sleep

from handwheel.connectors.client.site_reader import survey
from handwheel.connectors.model.values import Value
from handwheel.hmi.people.signing import sign_statement
from handwheel.hmi.requests.approve import sign_approval
from handwheel.hmi.runs.run_view import view_run
from handwheel.playbooks.run.event_log import load_run
from handwheel.playbooks.run.states import Run
from handwheel.tools.errors import GuardrailError, PermitRefused
from handwheel.tools.guardrails.approval.run_orders import (
    VERDICTS,
    SignedOrder,
    ask_run,
    newest_event,
    order_run,
)
from handwheel.tools.guardrails.approval.session import ApprovalSession
from handwheel.tools.guardrails.interlocks.authority import (
    take_authority,
)
from handwheel.tools.guardrails.ledger.records import load_request, load_requests
from handwheel.tools.guardrails.ledger.runs import RunEntry, load_runs
from handwheel.tools.guardrails.ledger.store.states import OPEN_REQUESTS
from handwheel.tools.guardrails.signatures.decisions import (
    run_subject,
)
from handwheel.tools.requests.timestamps import instant_now

from ..operator_actions import PUMPS, Desk, said_of
from ..process_group import GivenUp
from ..site import APPROVER, World

_WAIT_S = 50.0
_AGAINST_S = 10.0
_REMOTE = 1
_START: Sequence[tuple[str, bool]] = (("P-101A", True), ("P-101B", False))


class RunDesk(Desk):
    """A desk that approves whatever waits, and orders runs about."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._refused_s: dict[str, float] = {}
        self.hand_over()

    def take_over(self) -> None:
        """Lets agents act on the pumps no more; it needs no key."""
        with self.opened() as context:
            now = instant_now()
            take_authority(context.database, self.site, PUMPS, "OPERATOR", APPROVER, now)

    def order(self, run_id: str, order: SignedOrder) -> None:
        """Tells a run to go on, to take back, or that it was looked at; signed."""
        with self.opened() as context:
            now, seen = instant_now(), newest_event(context.database, run_id)
            said = said_of(VERDICTS[order], run_subject(run_id, seen))
            signed = sign_statement(context.database, self.signers[APPROVER], said, now)
            order_run(context, run_id, order, seen, ["operator"], signed, now)

    def stop(self, run_id: str) -> None:
        """Tells a run to stop; anybody may."""
        with self.opened() as context:
            ask_run(context.database, run_id, "stop", APPROVER, instant_now())

    def runs(self, *, only_open: bool = True) -> list[RunEntry]:
        with self.opened() as context:
            return load_runs(context.database, only_open=only_open)

    def states(self) -> list[tuple[str, str]]:
        """Returns each open run, and its state by its events."""
        with self.opened() as context:
            runs = [each.run_id for each in load_runs(context.database, only_open=True)]
            return [(each, load_run(context.database, each).state.value) for each in runs]

    def run(self, run_id: str) -> Run:
        with self.opened() as context:
            return load_run(context.database, run_id)

    def shown(self) -> list[tuple[str, str]]:
        """Returns of each open run its state by its events, and the one that people are told."""
        with self.opened() as context:
            runs = load_runs(context.database, only_open=True)
            views = [view_run(context.database, each, instant_now()) for each in runs]
        return [(each.recorded.value, each.run.state.value) for each in views]

    def flying(self) -> list[str]:
        """Returns the actions that the gate has in hand, or is to take up."""
        with self.opened() as context:
            return [
                each.action_id
                for record in load_requests(context.database)
                for each in record.actions
                if each.state in {"DUE", "CLAIMED", "SENDING"}
            ]

    def approve_all(self) -> list[str]:
        """Signs whatever waits; returns what was approved. What has ended meanwhile is left.

        What the card has spoken against for a while is rejected: it would wait until its time is
        over, as a taking back does that needs a pump somebody has turned to maintenance.
        """
        done: list[str] = []
        hopeless: list[str] = []
        with self.opened() as context:
            for each in load_requests(context.database):
                name = each.request.request_id
                if each.state != "PENDING":
                    continue
                record = load_request(context.database, name)
                try:
                    sign_approval(ApprovalSession.settled(context, record), self.signers[APPROVER])
                except GuardrailError:
                    first_s = self._refused_s.setdefault(name, monotonic())
                    if monotonic() - first_s > _AGAINST_S:
                        hopeless.append(name)
                    continue
                done.append(name)
        for name in hopeless:
            self.reject(name)
        return done

    def reset(self) -> list[str]:
        """Brings the pumps to where a change-over begins, by requests of people, one by one.

        Returns:
            The requests that it took.
        """
        self._await_value("P-101A.mode", _REMOTE)  # turned in the field: no request can
        names: list[str] = []
        for pump, value in _START:
            if self.read(f"{pump}.run_cmd") != value:
                names.append(self.propose([(f"{pump}.run_cmd", value)]))
                self._approve_patiently(names[-1])
                self._await_end(names[-1])
            self._await_value(f"{pump}.running", value)  # the last pump that runs is not stopped
        return names

    def _approve_patiently(self, name: str) -> None:
        """Approves once the readings are fresh: on a busy machine that may take a while."""
        until_s = monotonic() + _WAIT_S
        while True:
            try:
                self.approve(name)
            except PermitRefused:
                if monotonic() > until_s:
                    raise
                sleep(0.2)
            else:
                return

    def read(self, tag: str) -> Value | None:
        """Returns what a tag reads now."""
        seen = asyncio.run(survey(self.site, self.site.find_tags([tag]), []))
        return seen.readings[tag].scalar

    def _await_value(self, tag: str, value: Value) -> None:
        until_s = monotonic() + _WAIT_S
        while self.read(tag) != value:
            if monotonic() > until_s:
                raise GivenUp(f"{tag} never was {value}")
            sleep(0.05)

    def _await_end(self, name: str) -> None:
        until_s = monotonic() + _WAIT_S
        while True:
            with self.opened() as context:
                record = load_request(context.database, name)
            if record.state == "CLOSED":
                return
            if record.state not in OPEN_REQUESTS or monotonic() > until_s:
                raise GivenUp(f"the reset failed: {name} is {record.status}")
            sleep(0.02)
