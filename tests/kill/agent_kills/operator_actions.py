"""The desk of a run, which approves whatever waits."""

from handwheel.hmi.requests.approve import sign_approval
from handwheel.hmi.runs.run_view import view_run
from handwheel.playbooks.engine.run import Run
from handwheel.playbooks.execution.event_log import load_run
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.approval.session import ApprovalSession
from handwheel.tools.guardrails.ledger.records import load_requests
from handwheel.tools.guardrails.ledger.runs import RunEntry, load_runs
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.requests.timestamps import instant_now

from ..operator_actions import Desk
from ..site import APPROVER, World


class RunDesk(Desk):
    """A desk that approves whatever waits, and looks at the runs."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.hand_over()

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

    def waiting(self) -> list[str]:
        """Returns the requests that wait for an approval."""
        with self.opened() as context:
            requests = load_requests(context.database)
            return [each.request.request_id for each in requests if each.state == "PENDING"]

    def approve_all(self) -> list[str]:
        """Signs whatever waits; returns what was approved. What has ended meanwhile is left."""
        done: list[str] = []
        with self.opened() as context:
            for each in load_requests(context.database, {RequestState.PENDING}):
                try:
                    sign_approval(ApprovalSession.settled(context, each), self.signers[APPROVER])
                except GuardrailError:
                    continue
                done.append(each.request.request_id)
        return done
