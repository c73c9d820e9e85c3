"""Guest of the agents' socket, and the dependencies of its server."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from aiohttp import web

from handwheel.connectors.historian.recorded_history import RecordedHistory
from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.site import Site
from handwheel.playbooks.execution.ledger_port import LedgerPort
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.client.guests_socket import MODEL_HEADER, NAME_HEADER
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.socket_server.peers import Peer
from handwheel.tools.maintenance.work_order_database import WorkOrders
from handwheel.tools.requests.proposer import Proposer, guest_proposer
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


@dataclass(frozen=True, slots=True)
class Guest:
    """Process that asks."""

    peer: Peer  # process and account, as the kernel names them
    proposer: Proposer  # with the account, and with name and model as it claims them

    @classmethod
    def of(cls, request: web.Request, peer: Peer) -> "Guest":
        """Returns the guest of a message. A name that could deceive raises `InvalidArguments`."""
        name = request.headers.get(NAME_HEADER, "")
        if not name:
            raise InvalidArguments(f"the message says no name; the header {NAME_HEADER} has it")
        return cls(peer, guest_proposer(name, peer.user, request.headers.get(MODEL_HEADER)))
