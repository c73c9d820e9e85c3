"""The agents of a site: they ask for runs, say when, and die."""

from contextlib import suppress

from handwheel.connectors.errors import HandwheelError
from handwheel.tools.errors import GuardrailError, LedgerError
from handwheel.tools.guardrails.approval.build_segment import (
    make_segment,
    scopes_of_segment,
    tags_of_segment,
)
from handwheel.tools.guardrails.approval.messages.agents import Operation
from handwheel.tools.guardrails.approval.messages.run_requests import (
    EndRequest,
    FileSegment,
    SetDue,
)
from handwheel.tools.guardrails.interlocks.authority import TakenMode
from handwheel.tools.guardrails.ledger.latched_lockouts import lockout_generations
from handwheel.tools.guardrails.ledger.runner_lock import RUNNER_LOCK_S, renew_runner_lock
from handwheel.tools.requests.request import ActionRequest
from handwheel.tools.requests.timestamps import Instant

from ..testbed import effects
from ..testbed.authority_grant import give
from ..testbed.effects import take_runner_lock
from ..testbed.runner import AGENT, segment_of
from ..testbed.words import take_authority
from .gate_deaths import WithDeaths

KEPT_S = RUNNER_LOCK_S - 1.0
LONGEST_S = 61.0  # a process that lives on renews its lease so long, while time passes


class WithAgents(WithDeaths):
    """A site whose equipment people hand over to agents, and take back.

    Attributes:
        holder: Of the lease; empty while no process works on the runs.
    """

    def __init__(self) -> None:
        super().__init__()
        self.holder = ""
        self.renewed: Instant | None = None

    def hand_over(self, scope: str, lasts_s: float) -> None:
        now = self.room.clock.now()
        with suppress(GuardrailError):
            give(self.room.desk.decision_context, scope, now, lasts_s=lasts_s, by="gina")
            self.circumstances.hand_over(scope, now, lasts_s)

    def take_over(self, scope: str, mode: TakenMode) -> None:
        now = self.room.clock.now()
        take_authority(self.room.desk.database, self.site, scope, mode, "max", now)
        self.circumstances.take_over(scope, mode, now)

    def start_agents(self) -> None:
        """Starts the process that works on the runs, unless one is at it."""
        with suppress(GuardrailError):
            self.holder = take_runner_lock(self.room.desk.database, self.room.clock.now())
            self.renewed = self.room.clock.now()
            self._orphan()

    def agents_die(self) -> None:
        """Ends the process without a word; that it is gone shows when its lease is over."""
        self.holder = ""

    def reboot(self) -> None:
        self.holder = ""
        super().reboot()
        self._note_lapse()

    def pass_time(self, seconds: float) -> None:
        """Lets time pass, in which agents that live renew their lease, unless it is too long."""
        left_s = seconds
        while self.holder and seconds <= LONGEST_S and left_s > 0.0:
            self.room.clock.forward(min(left_s, KEPT_S))
            left_s -= KEPT_S
            self._renew()
        self.room.clock.forward(max(left_s, 0.0))
        self._note_lapse()

    def _renew(self) -> None:
        with suppress(LedgerError):
            renew_runner_lock(self.room.desk.database, self.holder, self.room.clock.now())
            self.renewed = self.room.clock.now()

    def _note_lapse(self) -> None:
        now, last = self.room.clock.now(), self.renewed
        if (
            last is None
            or last.boot_id != now.boot_id
            or (now.boot_ms - last.boot_ms > 1000.0 * RUNNER_LOCK_S)
        ):
            self.holder = ""
            self._orphan()

    def _orphan(self) -> None:
        self.oracle.orphans |= {each.request_id for each in self.requests if each.run is not None}

    def _make(self, operation: Operation) -> None:
        desk, now = self.room.desk, self.room.clock.now()
        effects.make(desk.decision_context, self.holder, now, operation)

    def file_run(self, lease_s: float | None) -> ActionRequest | None:
        """An agent asks for a run's two commands, with what takes them back and a safe state."""
        desk, now = self.room.desk, self.room.clock.now()
        key = f"segment {len(self.requests)} of U-00000001"
        segment = segment_of(self.site, proposal_key=key, lease_s=lease_s)
        writes = [write.tag for write in segment.writes]
        seen = self.room.plant.survey(tags_of_segment(desk.context, segment), writes)
        locks = lockout_generations(desk.database, scopes_of_segment(self.site, segment))
        request, denial = make_segment(desk.context, segment, seen, AGENT, locks, now)
        try:
            self._make(FileSegment(request=request, denial=str(denial or "")))
        except HandwheelError:
            return None
        self.note(request)
        return request

    def say_due(self, request: ActionRequest, name: str) -> bool:
        """The run says that it is time for one of its actions."""
        action_id = f"{request.request_id}/{name}"
        try:
            self._make(SetDue(action_id=action_id))
        except HandwheelError:
            return False
        assert self.holder, "nobody works on the runs, and something was set due"
        self.oracle.due.add(action_id)
        if name.startswith("r"):
            self.oracle.told[request.request_id].commands_end = "the run takes things back"
        return True

    def end_run(self, request: ActionRequest) -> None:
        """The run says that a request of it is over; what a lease is to take back stays."""
        with suppress(HandwheelError):
            self._make(EndRequest(request_id=request.request_id, reason="over"))
            told = self.oracle.told[request.request_id]
            told.commands_end = "the run has ended"
            if request.lease is None or not told.is_approved:
                self.oracle.end(request, "the run has ended")
