"""Twenty terminals, five agents and a tail at one gate: each has every row once.

`pytest -m soak tests/soak/test_many_clients.py -s` prints the figures.
"""

import json
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from time import monotonic, sleep

import pytest

from handwheel.connectors.model.site import Site, load_site
from handwheel.tools.guardrails.approval.messages.agents import RenewRunnerLock, TakeRunnerLock
from handwheel.tools.guardrails.client.gate_client import GateClient

from ..kill.operator_actions import Desk
from ..kill.process_group import ProcessGroup, gate_command, python
from ..kill.site import World

TERMINALS, AGENTS = 20, 5
SECONDS = 600.0
BUSY = 0.10  # of a core
_RENEW_S = 2.0
_WRITE_S = 20.0  # between two writes of people


class _Clients:
    """Processes at a gate, with the lock of the runs for the agents among them."""

    def __init__(self, processes: ProcessGroup, world: World, client: GateClient) -> None:
        self._processes, self._world, self._client = processes, world, client
        self._holder = token_hex(16)
        self.names: list[str] = []

    def start(self, terminals: int, agents: int) -> None:
        for name in ("tail", *(f"terminal-{number}" for number in range(terminals))):
            self._start(name)
        site = self._client.site
        self._client.submit(TakeRunnerLock(site=site, holder=self._holder, pid=os.getpid()))
        for number in range(agents):
            self._start(f"agent-{number}")
            self.renew()

    def _start(self, name: str) -> None:
        kind, _, number = name.partition("-")
        words = (kind, str(self._world.site), str(self._file(name)), self._holder, number)
        self._processes.start(name, python("soak.ledger_clients", *words))
        self.names.append(name)

    def _file(self, name: str) -> Path:
        return self._world.root / f"{name}.json"

    def renew(self) -> None:
        self._client.submit(RenewRunnerLock(site=self._client.site, holder=self._holder))

    def stop(self) -> None:
        """Ends them, the agents first."""
        for name in reversed(self.names):
            self._processes.stop(name)

    def rows(self, name: str) -> list[tuple[int, str]]:
        """Number and hash of each row that it has had."""
        return [(seq, mark) for seq, mark in json.loads(self._file(name).read_text())]


@contextmanager
def _gate(world: World) -> Generator[tuple[ProcessGroup, Site, int]]:
    """Runs device and gate, and yields the gate's process as well."""
    world.root.mkdir()
    with ProcessGroup(world) as processes:
        device = python("plants.devices.lossy_pumps", "--frame-log", str(world.frames))
        ports = processes.start("device", device)["ports"]
        world.make(ports["modbus"], ports["modbus_gate"])
        gate = int(processes.start("gate", gate_command(world.site))["pid"])
        yield processes, load_site(world.site), gate


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _work(clients: _Clients, desk: Desk, seconds: float) -> None:
    """Renews the agents' lock, and has people write now and then."""
    until_s = monotonic() + seconds
    write_s, value = monotonic(), True
    while monotonic() < until_s:
        clients.renew()
        if monotonic() >= write_s:
            desk.approve(desk.propose([("P-101A.run_cmd", value)]))
            write_s, value = write_s + _WRITE_S, not value
        sleep(min(_RENEW_S, max(until_s - monotonic(), 0.0)))


def _soak(root: Path, terminals: int, agents: int, seconds: float) -> tuple[float, int]:
    """Returns the gate's share of a core, and how many rows came meanwhile."""
    world = World(root)
    with _gate(world) as (processes, site, gate):
        desk = Desk(world)
        desk.hand_over()
        with GateClient(site.state, site.id) as client:
            clients = _Clients(processes, world, client)
            clients.start(terminals, agents)
            first, begun_s, spent_s = client.status()["head"], monotonic(), _cpu_s(gate)
            _work(clients, desk, seconds)
            share = (_cpu_s(gate) - spent_s) / (monotonic() - begun_s)
            last = client.status()["head"]
            clients.stop()
            client.catch_up()
            journal = [(row.seq, row.hash) for row in client.journal()]
    for name in clients.names:
        _check(name, clients.rows(name), journal, last)
    return share, last - first


def _check(
    name: str, rows: Sequence[tuple[int, str]], journal: Sequence[tuple[int, str]], last: int
) -> None:
    begin = rows[0][0] - 1
    assert rows == journal[begin : begin + len(rows)], f"{name} has lost or doubled a row"
    assert rows[-1][0] >= last, f"{name} has not come to the end"


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_many_clients_at_once_have_each_row_once_and_leave_the_gate_idle(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    share, count = _soak(tmp_path / "world", TERMINALS, AGENTS, SECONDS)
    with capsys.disabled():
        print(f"\n{TERMINALS} terminals, {AGENTS} agents and a tail, {SECONDS:.0f} s:", end=" ")
        print(f"{count} rows, the gate {share:.1%} of a core")
    assert share < BUSY
