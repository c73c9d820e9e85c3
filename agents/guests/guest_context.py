"""Dependencies of the guests' server, all of them of the agents' process."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from handwheel.connectors.historian.recorded_history import RecordedHistory
from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.site import Site
from handwheel.playbooks.execution.ledger_port import LedgerPort
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.maintenance.work_order_database import WorkOrders
from handwheel.tools.requests.timestamps import Instant

from ..cases.intentions import Intentions
from ..deviations.case import Case


@dataclass(frozen=True, slots=True)
class GuestContext:
    """Dependencies of the guests' server."""

    ledger: LedgerPort
    workorders: WorkOrders
    clock: Callable[[], Instant]
    latest: Callable[[], Readings]  # returns the readings of the latest scan
    recorded: RecordedHistory
    cases: Callable[[], Collection[Case]]  # returns the open cases
    wait: Callable[[float], Awaitable[None]]  # waits for a change of the ledger, at most so long, s
    intentions: Intentions
    has_gate: Callable[[], bool]  # returns whether a gate answers

    @property
    def site(self) -> Site:
        """The site."""
        return self.ledger.context.site

    @property
    def is_gate_hanging(self) -> bool:
        """Whether the gate has not answered what the agents have asked last."""
        return getattr(self.database, "is_hanging", False)

    @property
    def database(self) -> Ledger:
        """The ledger, which guests only read."""
        return self.ledger.context.database
