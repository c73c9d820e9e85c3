"""Process that serves the plant of a test."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from math import isfinite
from pathlib import Path

from handwheel.evaluation.plants.warm_plant import warm_plant
from handwheel.evaluation.playbook_tests.engine import Setup
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.errors import ScenarioError
from handwheel.sim_plant.link.proxy import LinkProxy
from handwheel.sim_plant.scenario import FaultEvent, FieldEvent, ScenarioEvent, WriteEvent

from ..simulation.local_system.child_process import ChildProcess
from ..simulation.plant.snapshots import save_snapshot
from ..simulation.served_plant import ServedPlant, plant_of


class ServedModel:
    """Process that serves a warmed-up plant at rest, behind links that can be cut.

    Attributes:
        model: The same plant in this process, at the beginning.
        links: By port: `opcua`, `modbus` and `modbus_gate`.
        zero_s: Plant time at the beginning, seconds.
    """

    def __init__(self, model: Plant, process: ChildProcess, links: Mapping[str, LinkProxy]) -> None:
        self.model, self.process, self.links = model, process, links
        self.zero_s = model.time_s

    @property
    def ports(self) -> dict[str, int]:
        """Ports of the links."""
        return {name: each.port for name, each in self.links.items()}

    @classmethod
    @asynccontextmanager
    async def open(cls, setup: Setup, folder: Path) -> AsyncGenerator["ServedModel"]:
        """Starts the process and the links. Raises `ServeError` and `ScenarioError`."""
        model = warm_plant(setup.model, setup.seed, setup.warmup_s)
        snapshot = folder / "plant.json"
        save_snapshot(model, snapshot)
        more = ["--snapshot", str(snapshot), "--seed", str(setup.seed or 0)]
        more += ["--no-noise"] if setup.seed is None else []
        more += [word for each in setup.faults for word in _words(each, model.time_s)]
        served = ServedPlant(setup.model, plant_of(setup.site).secret)
        words = served.words(folder, (), *more, speed="0")
        async with AsyncExitStack() as opened:
            process = ChildProcess("the plant", words, folder / "plant.log")
            await opened.enter_async_context(process)
            links = {
                name: await opened.enter_async_context(LinkProxy(port))
                for name, port in process.ready["ports"].items()
            }
            yield cls(model, process, links)


def _words(event: ScenarioEvent, zero_s: float) -> Sequence[str]:
    """Returns the words of the command line for an event after a plant time."""
    at_s = zero_s + event.at_s
    match event:
        case FaultEvent():
            return "--fault", fault_text(event, at_s)
        case FieldEvent(action=action):
            return "--field", f"{action}@{at_s!r}s"
        case WriteEvent(tag=tag):
            raise ScenarioError(f"{tag}: the server of a plant is started without timed writes")


def fault_text(fault: FaultEvent, at_s: float | None = None) -> str:
    """Returns a fault as the command line and the console of a plant take it.

    Args:
        at_s: When it begins, seconds; `None` for now.
    """
    words = [fault.fault if at_s is None else f"{fault.fault}@{at_s!r}s"]
    words += [f"{name}={value}" for name, value in fault.parameters.items()]
    if fault.over_s:
        words.append(f"over={fault.over_s!r}s")
    if isfinite(fault.for_s):
        words.append(f"for={fault.for_s!r}s")
    return ",".join(words)
