"""The real agents, or their gate, are killed in the middle of a change-over, which goes on."""

from collections.abc import Callable, Sequence
from multiprocessing import active_children
from pathlib import Path
from time import monotonic, sleep

import pytest

from ...agents.testbed.round_faults import Death, faults_of_round
from ...command_line import HANDWHEEL
from ..process_group import ProcessGroup, gate_command
from .operator_actions import RunDesk
from .site import RunWorld

_WAIT_S = 60.0
_QUIET_S = 0.3
_WITHOUT_S = 11.0
"""Without a gate, longer than the agents' lock holds unless it is renewed."""


def _await(desk: RunDesk, is_so: Callable[[], object]) -> None:
    """Approves whatever waits until something is so."""
    until_s = monotonic() + _WAIT_S
    while not is_so():
        assert monotonic() < until_s, desk.rows()[-5:]
        desk.approve_all()
        sleep(0.1)


def _killed_and_resumed(
    world: RunWorld, processes: ProcessGroup, command: Sequence[str]
) -> Sequence[str]:
    """Kills the agents when the first write is due; returns what is wrong with the round."""
    desk = RunDesk(world)
    processes.start("run", command)
    _await(desk, lambda: any(row["kind"] == "action.DUE" for row in desk.rows()))
    assert processes.kill("run")
    flying, seq = desk.flying(), len(desk.rows())
    ((run_id, state),) = desk.states()
    shown = desk.shown()
    desk.approve_all()  # what was asked for and lives on: nothing may come of it
    sleep(_QUIET_S)
    processes.start("run", command)
    _await(desk, lambda: desk.states() == [(run_id, "HELD")])
    desk.order(run_id, "resume")
    _await(desk, lambda: not desk.states())
    processes.stop("run")
    assert desk.run(run_id).state == "COMPLETE"
    return faults_of_round(
        desk.rows(), [Death("due", state, shown, seq, tuple(flying))], "COMPLETE"
    )


def _goes_on_past_another_gate(
    world: RunWorld, processes: ProcessGroup, command: Sequence[str]
) -> Sequence[str]:
    """Kills the gate while a request waits; returns what is wrong with the round."""
    desk = RunDesk(world)
    processes.start("run", command)
    until_s = monotonic() + _WAIT_S
    while not (waiting := desk.waiting()):
        assert monotonic() < until_s, desk.rows()[-5:]
        sleep(0.1)
    (run_id,) = [each for each, _ in desk.states()]
    assert processes.kill("gate")
    sleep(_WITHOUT_S)
    processes.start("gate", gate_command(world.site))
    assert desk.waiting() == waiting
    _await(desk, lambda: not desk.states())
    processes.stop("run")
    assert desk.run(run_id).state == "COMPLETE"
    rows = desk.rows()
    held = [row["kind"] for row in rows if row["kind"] in {"run.holding", "run.held"}]
    return [*held, *faults_of_round(rows, [], "COMPLETE")]


@pytest.mark.way_in("D2")
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "course",
    [_killed_and_resumed, pytest.param(_goes_on_past_another_gate, marks=pytest.mark.soak)],
)
def test_a_run_survives_its_agents_by_a_persons_word_and_its_gate_by_itself(
    tmp_path: Path, course: Callable[[RunWorld, ProcessGroup, Sequence[str]], Sequence[str]]
) -> None:
    world = RunWorld(tmp_path / "world")
    with ProcessGroup(world) as processes:
        ports = processes.start("plant", [*HANDWHEEL, *world.plant_command()])["ports"]
        world.make_site(ports["opcua"], ports["modbus"], ports["modbus_gate"])
        processes.start("gate", gate_command(world.site))
        command = [*HANDWHEEL, "run", "--json", "--site", str(world.site)]
        assert course(world, processes, command) == []
        assert processes.kill("gate")
        processes.start("gate", gate_command(world.site))
        assert world.judged(world.export()).faults == ()
        assert world.audited() == []
    assert active_children() == []
