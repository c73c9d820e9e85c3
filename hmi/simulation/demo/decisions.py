"""Decisions on the agents' requests, which the viewer, a script or nobody takes."""

import asyncio
import os
import re
import signal
import sys
import termios
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from enum import Enum, auto
from time import monotonic
from types import FrameType
from typing import TypeVar

from handwheel.connectors.model.site import Site
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.approval.cards.card_model import Card
from handwheel.tools.guardrails.approval.session import (
    ApprovalSession,
    check_approvable,
    current_card,
)
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_request
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.requests.timestamps import instant_now

from ...people.signing import Signer, open_context
from ...requests.approve import ask, show_card, sign_approval
from ...shell.terminal.cancellable_prompt import ask_in_thread
from ...shell.terminal.stdin import open_descriptor
from ..local_system.people import APPROVER

_LONGEST = 4096  # bytes; more than anybody types between two looks


def has_keys() -> bool:
    """Returns whether there is a terminal in the foreground, so that a person can type."""
    terminal = open_descriptor()
    return terminal is not None and os.isatty(terminal) and sys.stdout.isatty()


class Keys:
    """Keys that are typed while a `single_keys` context is open.

    Attributes:
        is_stopped: Whether Ctrl-Z was typed. The end of the context then stops this process.
    """

    def __init__(self, terminal: int | None) -> None:
        self.is_stopped = False
        self._terminal = terminal

    def typed(self) -> str:
        """Returns what was typed since the last call, without waiting."""
        if self._terminal is None:
            return ""
        try:
            return os.read(self._terminal, _LONGEST).decode(errors="replace")
        except OSError:  # the terminal has gone
            return ""

    def note_stop(self, number: int, frame: FrameType | None) -> None:
        """Notes Ctrl-Z, as a handler of its signal."""
        self.is_stopped = True


@contextmanager
def single_keys() -> Generator[Keys]:
    """Takes keys one by one until the context ends, and then restores the terminal.

    What was typed before is dropped, and so is what is left at the end. Without a terminal in the
    foreground nothing is typed. After Ctrl-Z the process stops when the terminal is restored, and
    the context ends when it is continued.
    """
    terminal = open_descriptor() if has_keys() else None
    keys = Keys(terminal)
    if terminal is None:
        yield keys
        return
    before = termios.tcgetattr(terminal)
    during = termios.tcgetattr(terminal)
    during[3] &= ~(termios.ICANON | termios.ECHO)  # Ctrl-C still interrupts
    during[6] = [*during[6]]
    during[6][termios.VMIN] = during[6][termios.VTIME] = 0
    handler = signal.signal(signal.SIGTSTP, keys.note_stop)
    try:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, during)
        yield keys
    finally:
        with suppress(termios.error):  # the terminal may have gone
            termios.tcsetattr(terminal, termios.TCSANOW, before)
            termios.tcflush(terminal, termios.TCIFLUSH)
        signal.signal(signal.SIGTSTP, handler)
    if keys.is_stopped:
        os.kill(os.getpid(), signal.SIGTSTP)


_SETTLE_S = 30.0  # a busy machine reads late, and old readings cannot be approved
_POLL_S = 0.1

_T = TypeVar("_T")


class DemoApprover:
    """Decides on requests as the demo's operator. Each method opens the ledger itself."""

    def __init__(self, site: Site, people: Mapping[str, Signer]) -> None:
        self._site = site
        self._viewer = people[APPROVER]

    def _with(self, request_id: str, work: Callable[[DecisionContext, RequestRecord], _T]) -> _T:
        with open_context(self._site) as context:
            return work(context, load_request(context.database, request_id))

    async def show(self, request_id: str) -> None:
        """Prints the card as soon as it can be approved, else after a while.

        Raises:
            PermitRefused: It cannot be approved now, for the reasons that it shows.
        """
        card = await self.settle(request_id)
        show_card(card)
        check_approvable(card)

    async def answer(self, request_id: str) -> RequestState | None:
        """Asks the viewer, who may take as long as the request waits.

        Returns:
            The new state of the request; `None` if the viewer has left it open.

        Raises:
            GuardrailError: It cannot be approved now.
        """
        await self.settle(request_id)
        print(f"You are the operator {APPROVER}. Read the card, then decide.\n", flush=True)
        return await ask_in_thread(lambda: self._ask(request_id))

    async def approve_unattended(self, request_id: str, after_s: float) -> RequestState:
        """Shows the card and signs an unattended approval, as `requests approve --digest` does.

        Raises:
            GuardrailError: It cannot be approved now.
        """
        await self.show(request_id)
        print(f"\nno operator is asked: a script signs as {APPROVER}", flush=True)
        await asyncio.sleep(after_s)
        return await asyncio.to_thread(self._approve_unattended, request_id)

    async def settle(self, request_id: str) -> Card:
        """Returns the card as `ApprovalSession.settled` does, but waits longer, until cancelled."""
        until_s = monotonic() + _SETTLE_S
        while True:
            card = self._with(
                request_id, lambda context, record: current_card(context, record, instant_now())
            )
            if card.is_approvable or monotonic() >= until_s:
                return card
            await asyncio.sleep(_POLL_S)

    def _ask(self, request_id: str) -> RequestState | None:
        """Asks for a decision as `requests approve` does. Blocks."""
        return self._with(
            request_id, lambda context, record: ask(context, record, lambda: self._viewer)
        )

    def _approve_unattended(self, request_id: str) -> RequestState:
        return self._with(
            request_id,
            lambda context, record: sign_approval(
                ApprovalSession.settled(context, record), self._viewer
            ),
        )


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
