"""A control room in memory: plant, desk and ledger, and a gate that can be killed."""
# The gate's two halves are driven one round at a time.
# pyright: reportPrivateUsage=false

from handwheel.connectors.model.site import Site
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.gate.gate import Gate
from handwheel.tools.guardrails.gate.monitoring.crash_recovery import recover, recover_in_flight
from handwheel.tools.guardrails.gate.state.execution import Execution, GateContext
from handwheel.tools.guardrails.gate.state.lock import GateLock
from handwheel.tools.guardrails.gate.steps.execute import execute_action
from handwheel.tools.guardrails.interlocks.lockout_files import make_lockout_folder
from handwheel.tools.guardrails.ledger.intents import start_epoch
from handwheel.tools.guardrails.ledger.lifecycle import sweep
from handwheel.tools.guardrails.ledger.records import ActionRecord
from handwheel.tools.guardrails.policy.cross_limits import cross_limits

from ...plants.fault_injection import Fuse, FusedDatabase, SteppedClock
from ...plants.in_memory import MemoryPlant
from ...sites.in_memory import VALUES
from .terminals import Desk


class Room:
    """Everything around one ledger.

    Args:
        site: From `make_site`; its state folder is the room's own.

    Attributes:
        gate: `None` while none is running.
        suspended: What stopped the gate's turns.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self.fuse = Fuse()
        self.clock = SteppedClock(self.fuse)
        self.plant = MemoryPlant(site, self.fuse, VALUES)
        make_lockout_folder(site.state)
        self.desk = Desk(site, self.clock, self.plant)
        self.gate: Gate | None = None
        self.suspended: list[str] = []
        self._context: GateContext | None = None

    def close(self) -> None:
        self.kill_gate()
        self.desk.database.close()

    async def start_gate(self) -> None:
        """Takes the post as `open_gate` does, without reading the files again."""
        decision_context = self.desk.decision_context
        lock = GateLock(self.site.state)
        lock.__enter__()
        ledger = FusedDatabase(self.site.state, self.site.id, self.fuse)
        across = cross_limits(self.site, decision_context.policy)
        epoch = start_epoch(ledger, self.clock())
        self._context = GateContext(
            self.site, decision_context.policy, across, ledger, lock, epoch, self.clock,
            lambda: self.desk.decision_context.roster, self.plant.open_write_session,
            self.plant.connector,
        )  # fmt: skip
        await recover(self._context)
        self.gate = Gate(self._context)

    @property
    def context(self) -> GateContext:
        assert self._context is not None
        return self._context

    @property
    def running(self) -> Gate:
        """The gate at its post."""
        assert self.gate is not None
        return self.gate

    def kill_gate(self) -> None:
        """What is left of a gate that was killed: nothing but what is on the disk."""
        self.fuse.arm(0)
        if self._context is not None:
            self._context.database.close()
            self._context.lock.__exit__()
        self.gate = self._context = None

    async def restart_gate(self) -> None:
        """Starts a gate anew after the one at its post was killed."""
        self.kill_gate()
        await self.start_gate()

    def watch(self, rounds: int = 1) -> None:
        """Some rounds of the gate's watching half."""
        assert self.gate is not None
        for _ in range(rounds):
            self.gate._look_out()
            self.gate._check_clock()
            self.gate._latch()
            self.gate._lookout.tell()
            sweep(self.context.database, self.clock())
            self.gate._look_on(self.plant.read(list(self.site.tags.values())))

    def reason_of(self, found: ActionRecord) -> str:
        """Why an action stands where it does; the journal says the same."""
        rows = [row.fields for row in self.desk.database.journal()]
        about = [row for row in rows if row["subject"] == found.action_id]
        kind = f"action.{found.state}"
        told = [row["body"]["reason"] for row in about if row["kind"] == kind]
        assert told[-1:] == [found.reason], (kind, told, found.reason)
        return found.reason

    def execution(self) -> Execution | None:
        """The next due action."""
        assert self.gate is not None
        return self.gate._next()

    async def act(self, rounds: int = 1) -> None:
        """Some rounds of the gate's acting half: one action at most in each."""
        for _ in range(rounds):
            try:
                await recover_in_flight(self.context)
                if execution := self.execution():
                    await execute_action(execution)
            except LedgerError as error:
                self.suspended.append(str(error))

    async def go_round(self, rounds: int = 1) -> None:
        """Some rounds of both of the gate's halves."""
        for _ in range(rounds):
            self.watch()
            await self.act()
