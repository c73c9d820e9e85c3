"""The desk of a run: it approves, and orders runs about."""

from handwheel.hmi.people.signing import sign_statement
from handwheel.hmi.requests.approve import sign_approval
from handwheel.hmi.runs.run_view import view_run
from handwheel.playbooks.engine.run import Run
from handwheel.playbooks.execution.event_log import load_run
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.approval.run_orders import (
    VERDICTS,
    SignedOrder,
    newest_event,
    order_run,
)
from handwheel.tools.guardrails.approval.session import ApprovalSession
from handwheel.tools.guardrails.ledger.records import load_requests
from handwheel.tools.guardrails.ledger.runs import RunEntry, load_runs
from handwheel.tools.guardrails.signatures.decisions import run_subject
from handwheel.tools.requests.timestamps import instant_now

from ..operator_actions import Desk, said_of
from ..site import APPROVER, World


class RunDesk(Desk):
    """A desk that approves whatever waits, and orders runs about."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.hand_over()

    def order(self, run_id: str, order: SignedOrder) -> None:
        """Tells a run to go on, to take back, or that it was looked at; signed."""
        with self.opened() as context:
            now, seen = instant_now(), newest_event(context.database, run_id)
            said = said_of(VERDICTS[order], run_subject(run_id, seen))
            signed = sign_statement(context.database, self.signers[APPROVER], said, now)
            order_run(context, run_id, order, seen, ["operator"], signed, now)

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

    def shown(self) -> str:
        """Returns the state of the open run that people are told."""
        with self.opened() as context:
            (run,) = load_runs(context.database, only_open=True)
            return view_run(context.database, run, instant_now()).run.state.value

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
        """Signs whatever waits; returns what was approved. What has ended meanwhile is left."""
        done: list[str] = []
        with self.opened() as context:
            for each in load_requests(context.database):
                if each.state != "PENDING":
                    continue
                try:
                    sign_approval(ApprovalSession.settled(context, each), self.signers[APPROVER])
                except GuardrailError:
                    continue
                done.append(each.request.request_id)
        return done
