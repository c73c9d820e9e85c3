"""Kills `handwheel run` at chosen moments of a change-over, and follows what people make of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import monotonic, sleep
from typing import Any, Literal, Self

from handwheel.tools.errors import GuardrailError

from ...command_line import HANDWHEEL
from ..process_group import GivenUp, ProcessGroup, gate_command, python
from .checks import Death, faults_of_round
from .operator_actions import RunDesk
from .site import RunWorld

Order = Literal["resume", "abort", "stop"]

_LIFE_S = 60.0
_POLL_S = 0.1
_QUIET_S = 0.3
_KILLED = -9
_APPROVED_ALL_THE_SAME = 0.5


@dataclass(frozen=True)
class Life:
    """One process of the agents: what it is told about a run that it finds held, and its end.

    Attributes:
        moment: At which it kills itself; empty for never. See `dying_agents`.
    """

    order: Order = "resume"
    moment: str = ""


@dataclass(frozen=True)
class Played:
    """What came of a round.

    Attributes:
        unreached: Moments that never came.
        end: The state in which the run ended.
    """

    deaths: Sequence[Death]
    unreached: Sequence[str]
    end: str
    faults: Sequence[str]


@dataclass
class Trial:
    """A plant, a gate and a desk; the agents come and go. `with` ends them all.

    Attributes:
        defect: Of the agents; see `dying_agents`.
        is_late: What waits when they die is always approved all the same, and not half the time.
    """

    root: Path
    seed: int = 1
    defect: str = ""
    is_late: bool = False
    _processes: ProcessGroup = field(init=False)
    _world: RunWorld = field(init=False)
    _desk: RunDesk = field(init=False)
    _random: Random = field(init=False)

    def __enter__(self) -> Self:
        self._world, self._random = RunWorld(self.root), Random(self.seed)
        self._processes = ProcessGroup(self._world).__enter__()
        ports = self._processes.start("plant", [*HANDWHEEL, *self._world.plant_command()])["ports"]
        self._world.make_site(ports["opcua"], ports["modbus"], ports["modbus_gate"])
        self._processes.start("gate", gate_command(self._world.site))
        self._desk = RunDesk(self._world)
        return self

    def __exit__(self, *error: object) -> None:
        self._processes.__exit__(*error)

    # --- one round ------------------------------------------------------------------------

    def play(self, lives: Sequence[Life]) -> Played:
        """Plays one change-over through several lives of the agents, and resets the plant."""
        after, deaths, unreached = len(self.rows()), list[Death](), list[str]()
        for life in lives:
            self._launch(life.moment)
            if self._live(life):
                deaths.append(self._look_at_death(life.moment))
                if self._is_over(after):
                    break
            elif life.moment:
                unreached.append(life.moment)
                self._processes.kill("run")  # it lives on, and the next ones need its lease
        end = self._ended()
        faults = faults_of_round(self.rows()[after:], deaths, end)
        self._processes.stop("run")
        self._desk.hand_over()
        self._processes.say("plant", "field remote-P-101A")
        self._desk.reset()
        return Played(deaths, unreached, end, faults)

    def _is_over(self, after: int) -> bool:
        """Whether the run that began behind a row has come to its end."""
        has_begun = any(row["kind"] == "run.opened" for row in self.rows()[after:])
        return has_begun and not self._states()

    def _launch(self, moment: str) -> None:
        self._world.trace.write_text("", encoding="utf-8")
        site, trace = str(self._world.site), str(self._world.trace)
        more = [*(("--moment", moment) if moment else ())]
        more += ["--defect", self.defect] if self.defect else []
        self._processes.launch(
            "run", python("kill.agent_kills.dying_agents", "--site", site, "--trace", trace, *more)
        )

    def _live(self, life: Life) -> bool:
        """Tends the agents until their run is over; returns whether they died before."""
        until_s, told = monotonic() + _LIFE_S, set[str]()
        while monotonic() < until_s:
            code = self._processes.code("run")
            if code is not None:
                if code != _KILLED:
                    raise GivenUp(f"the agents ended with {code}: {self._processes.errors('run')}")
                return True
            if self._processes.code("gate") is not None:
                raise GivenUp(f"the gate ended: {self._processes.errors('gate')}")
            self._desk.approve_all()
            wanted = {run_id for run_id in told if self._is_wanted(run_id)}  # before the states
            for run_id, state in self._states():
                if state == "HELD" and run_id not in told and self._has_taken_up():
                    told.add(run_id)
                    self._order(run_id, life.order)
                elif state == "HELD" and run_id in told - wanted:
                    return False  # it was told, and holds again
            if self._passed() and not self._states(only_at_work=True):
                sleep(0.2)  # what it does after its last event
                return self._processes.code("run") == _KILLED
            sleep(_POLL_S)
        raise GivenUp(f"no end: {self._states()}: {self._world.trace.read_text()}")

    def _order(self, run_id: str, order: Order) -> None:
        try:
            if order == "stop":
                self._desk.stop(run_id)
            else:
                self._desk.order(run_id, order)
        except GuardrailError as refusal:
            raise GivenUp(f"{order} {run_id}: {refusal}") from None

    def _is_wanted(self, run_id: str) -> bool:
        """Whether an order to a run waits to be taken up."""
        rows = [row for row in self.rows() if row["subject"] == run_id]
        return str(rows[-1]["kind"]) == "run.ordered"

    def _has_taken_up(self) -> bool:
        """Whether these agents have looked at what was there: only then do they obey."""
        return any(line.startswith(("held", "checkpoint")) for line in self._passed())

    def _passed(self) -> list[str]:
        return self._world.trace.read_text(encoding="utf-8").splitlines()

    def _states(self, *, only_at_work: bool = False) -> list[tuple[str, str]]:
        found = self._desk.states()
        return [each for each in found if each[1] != "ABORTED"] if only_at_work else found

    def _look_at_death(self, moment: str) -> Death:
        """Notes how a death left the ledger; nobody works now, and the gate is still there."""
        self._processes.kill("run")
        flying = self._desk.flying()
        seq, states = len(self.rows()), self._desk.shown()
        state, shown = states[0] if states else ("no run", "no run")
        if self.is_late or self._random.random() < _APPROVED_ALL_THE_SAME:
            self._desk.approve_all()  # what was asked for and lives on: nothing may come of it
        sleep(_QUIET_S)
        return Death(moment, state, shown, seq, tuple(flying))

    def _ended(self) -> str:
        """Ends what is left of a run that was taken back, as a person does who has looked."""
        open_ = self._states()
        if not open_:
            last = self._desk.runs(only_open=False)
            return self._desk.run(last[-1].run_id).state.value if last else "no run"
        run_id, state = open_[0]
        self._desk.take_over()  # else the agents may begin anew, for the plant is as it was
        if state == "ABORTED":
            self._desk.order(run_id, "clear")
        else:
            self._desk.stop(run_id)
        until_s = monotonic() + _LIFE_S
        while self._states():
            if monotonic() > until_s:
                raise GivenUp(f"{run_id} does not end: {self._states()}")
            sleep(_POLL_S)
        return state

    # --- the whole ------------------------------------------------------------------------

    def rows(self) -> list[dict[str, Any]]:
        """Returns the journal."""
        return self._desk.rows()

    def judged(self) -> list[str]:
        """Returns what witness and auditor have against the whole trial."""
        return [*self._world.judged(self._world.export()).faults, *self._world.audited()]

    def moments(self) -> list[str]:
        """Returns the moments that the latest life has passed."""
        return self._passed()
