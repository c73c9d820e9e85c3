"""Decisions on the agents' requests, which the viewer, a script or nobody takes."""

import re
from collections.abc import Sequence
from enum import Enum, auto

from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.ledger.store.states import RequestState

from .approver import DemoApprover
from .keys import has_keys

OPEN_KEY = "o"
"""Key that opens a request again that was left."""
_SEQUENCE = re.compile("\x1b(\\[[0-9;?]*.|O.)?")  # what keys without a letter send
_TRIES = 5  # of a script, at a request that cannot be approved at the moment


class Decider(Enum):
    """Decider on the requests."""

    VIEWER = auto()
    SCRIPT = auto()
    NOBODY = auto()


class Decisions:
    """Requests that were asked about, and what has become of them.

    Args:
        approve_after_s: Seconds after which the script approves; of no meaning for others.

    Attributes:
        is_declined: Whether a request is over without an approval, so that the interlocks act.
        refusal: Why the script could not approve; empty if it could.
    """

    def __init__(
        self, approver: DemoApprover, decider: Decider, approve_after_s: float = 0.0
    ) -> None:
        self._approver = approver
        self._decider = decider
        self._approve_after_s = approve_after_s
        self._asked: dict[str, int] = {}  # how often about each request
        self._left: set[str] = set()  # requests that can be opened again
        self._is_opened_again = False
        self.is_declined = False
        self.refusal = ""

    @property
    def is_scripted(self) -> bool:
        """Whether a script decides."""
        return self._decider is Decider.SCRIPT

    def question(self, waiting: Sequence[str]) -> str:
        """Returns the request to decide on, or an empty string."""
        again = self._left if self._is_opened_again else set[str]()
        return next((name for name in waiting if name in again or name not in self._asked), "")

    def left(self, waiting: Sequence[str]) -> str:
        """Returns the request that can be opened again by a key, or an empty string."""
        is_viewed = self._decider is Decider.VIEWER
        return next((name for name in waiting if is_viewed and name in self._left), "")

    def press(self, keys: str, waiting: Sequence[str]) -> None:
        """Takes typed keys. One that opens requests opens the one that was left."""
        if OPEN_KEY in _SEQUENCE.sub("", keys).lower() and self.left(waiting):
            self._is_opened_again = True

    def note_waiting(self, waiting: Sequence[str]) -> None:
        """Notes the requests that wait. One that was left and waits no more is declined."""
        over = self._left - set(waiting)
        self._left -= over
        self.is_declined = self.is_declined or bool(over)

    async def decide(self, name: str) -> None:
        """Asks for a decision, and prints it."""
        self._is_opened_again = False
        self._asked[name] = self._asked.get(name, 0) + 1
        self._left.discard(name)
        print(f"\nThe agents request: {name}", flush=True)
        state, refusal = None, ""
        try:
            state = await self._answer(name)
        except GuardrailError as error:
            refusal = str(error)
            print(f"handwheel: {refusal}", flush=True)
        if state is RequestState.APPROVED:
            print("Approved. The gate executes it.\n", flush=True)
        elif state is RequestState.REJECTED:
            self._decline("Rejected")
        else:
            self._leave(name, refusal)

    async def _answer(self, name: str) -> RequestState | None:
        if self._decider is Decider.VIEWER:
            return await self._approver.answer(name)
        if self._decider is Decider.SCRIPT:
            return await self._approver.approve_unattended(name, self._approve_after_s)
        await self._approver.show(name)
        print("\nnot approved: --headless asks no operator", flush=True)
        return None

    def _leave(self, name: str, refusal: str) -> None:
        """Leaves a request open, for the viewer to open it again or for the script's next try."""
        if self.is_scripted and self._asked[name] < _TRIES:
            self._left.add(name)
            self._is_opened_again = True
        elif self._decider is Decider.VIEWER and has_keys():
            self._left.add(name)
            print(f"{name} still waits: press {OPEN_KEY} to open it again.\n", flush=True)
        else:
            self.refusal = refusal if self.is_scripted else ""
            self._decline("Not approved")

    def _decline(self, outcome: str) -> None:
        self.is_declined = True
        print(f"{outcome}. Nothing is sent, and the demo continues.\n", flush=True)
