"""The processes of a kill run: device, gate and terminal, each started by a command."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from ..command_line import HANDWHEEL
from .child_process import Child, GivenUp, python
from .site import World

_READY_S = 120.0
_ORDER_S = 60.0


def gate_command(site: Path) -> Sequence[str]:
    """A gate that says when it is ready with one JSON line, and ends with its standard input."""
    return [*HANDWHEEL, "gate", "--json", "--site", str(site)]


class ProcessGroup:
    """Who is running, by name; `with` ends them all."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._children: dict[str, Child] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for child in self._children.values():
            child.kill()

    def launch(self, name: str, command: Sequence[str]) -> None:
        """Starts a process without waiting until it is ready."""
        self._children[name] = Child(command, self._errors(name))

    def ready(self, name: str) -> Mapping[str, Any]:
        """Returns the line with which a process says that it is ready."""
        line = self._children[name].line(_READY_S)
        if line is None:
            raise GivenUp(f"{name} did not start: {self.errors(name)[-2000:]}")
        return line

    def start(self, name: str, command: Sequence[str]) -> Mapping[str, Any]:
        self.launch(name, command)
        return self.ready(name)

    def _errors(self, name: str) -> Path:
        return self._world.root / f"{name}.log"

    def errors(self, name: str) -> str:
        """Returns what processes of this name have written to standard error."""
        return self._errors(name).read_text(encoding="utf-8")

    def make_world(self, *device: str) -> None:
        """Starts the device with these options, and writes a site for it."""
        self._world.root.mkdir(parents=True, exist_ok=True)
        command = python(
            "plants.devices.lossy_pumps", "--frame-log", str(self._world.frames), *device
        )
        ports = self.start("device", command)["ports"]
        self._world.make(ports["modbus"], ports["modbus_gate"])

    def launch_gate(self) -> None:
        self.launch("gate", gate_command(self._world.site))

    def launch_terminal(self) -> None:
        self.launch("terminal", python("kill.operator_terminal", str(self._world.root)))

    def kill(self, name: str) -> bool:
        """Kills a process; says whether it died of that."""
        return self._children[name].kill()

    def code(self, name: str) -> int | None:
        """Returns with what a process has ended; `None` while it is there."""
        return self._children[name].code

    def stop(self, *names: str) -> None:
        """Has processes end by themselves, one after the other."""
        for name in names:
            self._children.pop(name).stop()

    def say(self, name: str, line: str) -> None:
        """Types a line into a process."""
        self._children[name].say(line)

    def tell(self, order: Mapping[str, Any]) -> None:
        """Gives the terminal an order."""
        self._children["terminal"].tell(order)

    def answer(self) -> str:
        """Waits for the terminal's answer; returns what it was refused, empty if nothing."""
        line = self._children["terminal"].line(_ORDER_S)
        if line is None:
            raise GivenUp(f"the terminal ended: {self.errors('terminal')[-2000:]}")
        return str(line["problem"])

    def order(self, order: Mapping[str, Any]) -> str:
        """Gives the terminal an order and waits until it is done."""
        self.tell(order)
        return self.answer()
