"""Ten minutes of cuts, stalls and restarts: nothing old is good, nothing is lost in silence."""

import asyncio
import gc
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from time import monotonic

import pytest

from handwheel.connectors.modbus.connector import ModbusConnector
from handwheel.connectors.model.endpoints import ModbusConnection, OpcuaConnection, ReadPort
from handwheel.connectors.model.tags import NodeAddress, RegisterAddress, Tag
from handwheel.connectors.model.values import GOOD, DataValue, Quality
from handwheel.connectors.opcua.connector import OpcuaConnector
from handwheel.connectors.session.protocols import Sample
from handwheel.connectors.session.supervisor import Connection, Gap
from handwheel.sim_plant.link.framing import modbus_frames, opcua_messages
from handwheel.sim_plant.link.proxy import LinkProxy

from ..plants.devices.misbehaving import free_port
from .clock_device import CLOCKS, URI

EVENTS = 200
SECONDS = 600.0
SEED = 20261126
NOTICES = 10
SCAN_S = 0.25
SELDOM_S = 600.0
SLOW_S = 2.0  # so late an answer is no loss
TIMEOUT_S = 3.0
BACK_WITHIN_S = 1.5
NOTICED_WITHIN_S = 5.0
SLOPE_MB_PER_MIN = 1.0


class Clockwork:
    """The device in a process of its own, on ports that stay."""

    def __init__(self) -> None:
        self.ports = free_port(), free_port()
        self._process: subprocess.Popen[str] | None = None

    async def start(self) -> None:
        await asyncio.to_thread(self._start)  # the readers must go on trying meanwhile

    def _start(self) -> None:
        program = str(Path(__file__).with_name("clock_device.py"))
        command = [sys.executable, program, *map(str, self.ports)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "opcua\n"

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


class Ear:
    """Hears one connection, and whether a count was skipped without a word."""

    def __init__(self) -> None:
        self.heard: Counter[str] = Counter()
        self.skipped: list[tuple[object, object]] = []
        self._last: dict[str, DataValue] = {}
        self._is_told_of: dict[str, bool] = defaultdict(bool)

    def arrived(self, samples: Sequence[Sample]) -> None:
        for name, reading in samples:
            assert isinstance(reading, DataValue)
            self.heard[reading.quality.value] += 1
            if name == "COUNT.pv":
                self._follow(reading)

    def gap(self, connection: str, gap: Gap) -> None:
        self.heard["gap begins" if gap.end is None else "gap ends"] += 1

    def _follow(self, reading: DataValue) -> None:
        before, self._last["COUNT.pv"] = self._last.get("COUNT.pv"), reading
        is_told = reading.status.has_overflow or reading.quality is not Quality.GOOD
        if before is None or is_told or before.quality is not Quality.GOOD:
            return
        assert isinstance(before.value, int)
        if reading.value not in {before.value, before.value + 1}:
            self.skipped.append((before.value, reading.value))


class Watch:
    """Looks at everything that is shown, many times a second; the device's clock is ours."""

    def __init__(self, connections: Sequence[Connection]) -> None:
        self.connections = connections
        self.disturbed_s = 0.0
        self.faults: list[str] = []

    async def look(self) -> None:
        while True:
            for connection in self.connections:
                self._look_at(connection)
            await asyncio.sleep(0.02)

    def _look_at(self, connection: Connection) -> None:
        readings, now_s = connection.latest(), monotonic()
        # What was on its way while something was slow may be older by as much.
        late_s = TIMEOUT_S if now_s - self.disturbed_s < 2.0 * TIMEOUT_S else 0.0
        scans_s = {"told": 3.0, "seldom": 3.0 * SELDOM_S}.get(connection.name, 3.0 * SCAN_S)
        limit_s = scans_s + late_s + 0.5
        for name, reading in readings.items():
            if reading.quality is not Quality.GOOD or name == "COUNT.pv":
                continue
            assert isinstance(reading.value, float)
            age_s = now_s - reading.value
            if age_s > limit_s and len(self.faults) < 20:
                self.faults.append(f"{connection.name} {name}: good, and {age_s:.2f} s old")

    def is_good(self) -> bool:
        return all(
            each.status == GOOD
            for connection in self.connections
            for each in connection.latest().values()
        )


@pytest.mark.soak
@pytest.mark.timeout(1500)
async def test_ten_minutes_of_cuts_stalls_and_restarts() -> None:
    random, device, ears = Random(SEED), Clockwork(), [Ear() for _ in range(4)]
    backs: dict[str, list[float]] = defaultdict(list)
    memory: list[tuple[float, float]] = []
    await device.start()
    try:
        async with _readers(device, ears) as (watch, links):
            await _until_good(watch)
            gc.collect()
            before = _tasks(), _descriptors()
            begin_s, events = monotonic(), 0
            while events < EVENTS or monotonic() - begin_s < SECONDS:
                name, back_s = await _disturb(random, device, links, watch)
                backs[name].append(back_s)
                events += 1
                memory.append((monotonic(), _resident_mb()))
            for _ in range(NOTICES):
                backs["noticed"].append(await _half_open_until_noticed(random, links, watch))
            await asyncio.sleep(2.0)
            gc.collect()
            after = _tasks(), _descriptors()
    finally:
        device.kill()
    slope = _slope([each for each in memory if each[0] > memory[-1][0] - 300.0])
    assert watch.faults == []
    assert [ear.skipped for ear in ears] == [[], [], [], []]
    assert all(ear.heard["good"] > 1000 for ear in ears[:3])
    assert all(ear.heard["gap begins"] == ear.heard["gap ends"] > EVENTS / 10 for ear in ears)
    assert after == before
    assert slope < SLOPE_MB_PER_MIN
    assert max(backs["cut"] + backs["restart"]) < BACK_WITHIN_S
    assert max(backs["noticed"]) < NOTICED_WITHIN_S


@asynccontextmanager
async def _readers(
    device: Clockwork, ears: Sequence[Ear]
) -> AsyncGenerator[tuple[Watch, Sequence[LinkProxy]]]:
    opcua_port, modbus_port = device.ports
    async with AsyncExitStack() as stack:
        dcs = await stack.enter_async_context(LinkProxy(opcua_port, opcua_messages))
        pkg = await stack.enter_async_context(LinkProxy(modbus_port, modbus_frames))
        endpoint = f"opc.tcp://127.0.0.1:{dcs.port}/"
        times = {"scan": SCAN_S, "timeout": TIMEOUT_S}
        scanned = OpcuaConnection(kind="opcua", endpoint=endpoint).model_copy(update=times)
        told = scanned.model_copy(update={"updates": "subscribe", "scan": 0.1})
        seldom = scanned.model_copy(update={"scan": SELDOM_S})
        port = ReadPort(port=pkg.port)
        modbus = ModbusConnection(kind="modbus", host="127.0.0.1", read=port)
        modbus = modbus.model_copy(update=times)
        connections = [
            Connection(OpcuaConnector("dcs", scanned, Path()), _nodes("dcs"), [ears[0]]),
            Connection(OpcuaConnector("told", told, Path()), _nodes("told", "count"), [ears[1]]),
            Connection(ModbusConnector("pkg", modbus), _registers(), [ears[2]]),
            Connection(OpcuaConnector("seldom", seldom, Path()), _nodes("seldom"), [ears[3]]),
        ]
        for each in connections:
            await stack.enter_async_context(each)
        watch = Watch(connections)
        looking = asyncio.create_task(watch.look())
        try:
            yield watch, [dcs, pkg]
        finally:
            looking.cancel()
            await asyncio.wait([looking])


def _nodes(connection: str, *more: str) -> list[Tag]:
    clocks = [
        Tag(f"C-{n}.pv", connection, "float", NodeAddress(f"nsu={URI};s=clock-{n}"), "s")
        for n in range(CLOCKS)
    ]
    count = Tag("COUNT.pv", connection, "int", NodeAddress(f"nsu={URI};s=count"))
    return [*clocks, *([count] if more else [])]


def _registers() -> list[Tag]:
    return [
        Tag(f"M-{n}.pv", "pkg", "float", RegisterAddress("holding", 2 * n, "uint32"), scale=0.001)
        for n in range(300)
    ]


async def _disturb(
    random: Random, device: Clockwork, links: Sequence[LinkProxy], watch: Watch
) -> tuple[str, float]:
    """Does one thing, and returns its name and how long everything took to be good again."""
    name = random.choice(["cut", "half-open", "slow", "stop", "restart"])
    await asyncio.sleep(random.uniform(0.0, 0.5))
    chosen = random.choice([links, links[:1], links[1:]])
    match name:
        case "cut":
            for link in chosen:
                link.cut()
            await asyncio.sleep(random.uniform(0.0, 2.0))
        case "half-open":
            for link in chosen:
                link.half_open(random.choice(["up", "down", "both"]))
            await asyncio.sleep(random.uniform(0.1, 4.0))
        case "slow":
            watch.disturbed_s = monotonic() + SLOW_S
            for link in chosen:
                link.delay(SLOW_S / 2.0)  # on the way there, and on the way back
            await asyncio.sleep(random.uniform(0.1, 2.0))
        case "stop":
            device.send(signal.SIGSTOP)
            await asyncio.sleep(random.uniform(0.1, 4.0))
            watch.disturbed_s = monotonic()
            device.send(signal.SIGCONT)
        case _:
            device.kill()
            await asyncio.sleep(random.uniform(0.0, 1.0))
            await device.start()
    for link in links:
        link.mend()
    return name, await _until_good(watch)


async def _half_open_until_noticed(
    random: Random, links: Sequence[LinkProxy], watch: Watch
) -> float:
    """Returns how long it took until every connection had noticed, the idle one too."""
    await asyncio.sleep(random.uniform(0.0, 1.5))
    start_s = monotonic()
    for link in links:
        link.half_open(random.choice(["up", "down", "both"]))
    while any(each.is_connected for each in watch.connections):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    noticed_s = monotonic() - start_s
    for link in links:
        link.mend()
    await _until_good(watch)
    return noticed_s


async def _until_good(watch: Watch) -> float:
    start_s = monotonic()
    async with asyncio.timeout(60.0):
        while not watch.is_good():  # noqa: ASYNC110 (quality changes with age too)
            await asyncio.sleep(0.01)
    return monotonic() - start_s


def _tasks() -> int:
    return len(asyncio.all_tasks())


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """Returns MB a minute, by least squares."""
    n = len(points)
    mean_s, mean_mb = (sum(each[i] for each in points) / n for i in (0, 1))
    above = sum((s - mean_s) * (mb - mean_mb) for s, mb in points)
    return 60.0 * above / sum((s - mean_s) ** 2 for s, _ in points)
