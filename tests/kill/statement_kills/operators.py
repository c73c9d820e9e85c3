"""The people of a kill run at each statement: they ask, approve, and resolve by what was read."""

import select
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from time import monotonic, sleep
from typing import TypeVar, cast

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.values import Value
from handwheel.hmi.requests.approve import sign_approval
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.approval.cards.outcome_card import Outcome
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot
from handwheel.tools.guardrails.approval.session import ApprovalSession, current_card
from handwheel.tools.guardrails.ledger.records import load_request
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.requests.lease_and_effects import NO_TERMS, Terms
from handwheel.tools.requests.request import Lease
from handwheel.tools.requests.timestamps import instant_now

from ..operator_actions import Desk
from ..site import APPROVER, World
from .sender import Sender

Result = TypeVar("Result")
Writes = Sequence[tuple[str, Value]]

POLL_S = 0.006
LIFE_S = 15.0
"""After which a wait is given up."""
_LEASE_S = 1.0


def has_left(pipe: int, within_s: float = 0.0) -> bool:
    """Whether nobody holds the other end of a pipe any more."""
    return bool(select.select([pipe], [], [], within_s)[0])


def patiently(ask: Callable[[], Result]) -> Result:
    """Asks the plant again where a busy machine has not let it answer in time."""
    until_s = monotonic() + LIFE_S
    while True:
        try:
            return ask()
        except NotConnected:
            if monotonic() > until_s:
                raise
            sleep(POLL_S)


class People(Desk):
    """They sit at one terminal each, which is connected to the gate from its first word on.

    They never wait for a picture: a gate that was killed will show nothing.

    Attributes:
        writes: What is asked for: start the standby, stop the duty pump.
        kept: The file of the message that has no answer yet.
    """

    writes: Writes = (("P-101B.run_cmd", True), ("P-101A.run_cmd", False))

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.kept = world.root / "unanswered.json"
        self._gate = -1
        self._client: Sender | None = None

    def sit_down(self, gate: int) -> None:
        """Goes to a terminal of a process of its own.

        Args:
            gate: A pipe that the gate holds the other end of.
        """
        self._gate = gate

    @property
    def client(self) -> Sender:
        """The terminal's connection. Raises `NoGate` if the gate has left before it could be."""
        until_s = monotonic() + LIFE_S
        while self._client is None:
            try:
                self._client = Sender(self.site, self.kept)
            except LedgerError:
                if has_left(self._gate) or monotonic() > until_s:
                    raise
                sleep(POLL_S)
            else:
                self._client.follow()
        return self._client

    @contextmanager
    def connected(self) -> Generator[Database]:
        """Goes on with the connection that there is."""
        yield cast(Database, self.client)

    def ask(self, count: int, *, is_leased: bool = False) -> str:
        """Files a request of so many writes; returns its id."""
        terms = Terms(Lease(for_s=_LEASE_S)) if is_leased else NO_TERMS
        return patiently(lambda: self.propose(self.writes[:count], terms))

    def is_approved(self, request_id: str) -> bool:
        """Approves a request if the gate's picture allows it by now; says whether it did."""
        picture = read_snapshot(self.client)
        if picture is None or self.writes[0][0] not in picture.readings:
            return False  # to draw a card is slow
        with self.opened() as context:
            record = load_request(context.database, request_id)
            card = current_card(context, record, instant_now())
            if card.is_approvable:
                sign_approval(ApprovalSession(context, record, card), self.signers[APPROVER])
            return card.is_approvable

    def resolve_by(self, known: Outcome) -> None:
        """Says what became of a write, by what the tag reads."""
        is_read = known.reading.quality == "good" and known.reading.shown == known.after
        self.resolve(known, applied=is_read)
