"""A control room in memory: plant, desk and ledger, and a gate that can be killed."""

from dataclasses import replace

from handwheel.connectors.model.site import Site
from handwheel.evaluation.trial.gate import SteppedGate
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.approval.plant_snapshot import GateLedger
from handwheel.tools.guardrails.gate.gate import Gate
from handwheel.tools.guardrails.gate.state.execution import Execution, GateContext
from handwheel.tools.guardrails.identity.roster import Roster
from handwheel.tools.guardrails.interlocks.lockout_files import make_lockout_folder
from handwheel.tools.guardrails.ledger.store.states import ActionRecord

from ...plants.fault_injection import Fuse, FusedClock, FusedDatabase, reopen
from ...plants.in_memory import MemoryPlant
from ...sites.in_memory import VALUES
from .terminals import Desk


class FusedGate(SteppedGate):
    """A gate whose ledger passes the fuse, and that goes by the people of the desk."""

    def __init__(self, room: "Room") -> None:
        context = replace(room.desk.decision_context, site=room.site)
        super().__init__(context, room.plant, room.clock)
        self._room = room

    def open_ledger(self) -> GateLedger:
        reopen(self._room.desk.database)
        return FusedDatabase(self._room.desk.database, self._room.fuse)

    def people(self) -> Roster:
        return self._room.desk.decision_context.roster


class Room:
    """Everything around one ledger.

    Args:
        site: From `make_site`; its state folder is the room's own.

    Attributes:
        suspended: What stopped the gate's turns.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self.fuse = Fuse()
        self.clock = FusedClock(self.fuse)
        self.plant = MemoryPlant(site, self.fuse, VALUES)
        make_lockout_folder(site.state)
        self.desk = Desk(site, self.clock, self.plant)
        self.suspended: list[str] = []
        self._stepped: FusedGate | None = None

    def close(self) -> None:
        self.kill_gate()
        self.desk.database.close()

    async def start_gate(self) -> None:
        """Takes the post as `open_gate` does, without reading the files again."""
        self._stepped = FusedGate(self)
        await self._stepped.start()

    @property
    def stepped(self) -> SteppedGate:
        assert self._stepped is not None
        return self._stepped

    @property
    def context(self) -> GateContext:
        return self.stepped.context

    @property
    def gate(self) -> Gate | None:
        """`None` while none is running."""
        return self._stepped.running if self._stepped and self._stepped.is_running else None

    @property
    def running(self) -> Gate:
        """The gate at its post."""
        return self.stepped.running

    def kill_gate(self) -> None:
        """What is left of a gate that was killed: nothing but what is on the disk."""
        self.fuse.arm(0)
        if self._stepped is not None:
            self._stepped.kill()

    async def restart_gate(self) -> None:
        """Starts a gate anew after the one at its post was killed."""
        self.kill_gate()
        await self.start_gate()

    def watch(self, rounds: int = 1) -> None:
        """Some whole rounds of the gate's watching half, even where nothing has changed."""
        for _ in range(rounds):
            self.running.watch_once(self.plant.read_all())

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
        return self.stepped.next_due()

    async def act(self, rounds: int = 1) -> None:
        """Some rounds of the gate's acting half: one action at most in each."""
        for _ in range(rounds):
            try:
                await self.stepped.act()
            except LedgerError as error:
                self.suspended.append(str(error))

    async def go_round(self, rounds: int = 1) -> None:
        """Some rounds of both of the gate's halves."""
        for _ in range(rounds):
            self.watch()
            await self.act()
