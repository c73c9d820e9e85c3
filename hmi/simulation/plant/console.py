"""Console of a served plant, with its output and its input commands."""

import asyncio
import json
import sys
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import TypeVar

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.hints import shell_command
from handwheel.evaluation.plants.installed_plants import parse_fault, parse_field, parse_speed
from handwheel.sim_plant.errors import SimulationError
from handwheel.sim_plant.model import PlantEvent
from handwheel.sim_plant.scenario import FaultEvent, FieldEvent
from handwheel.sim_plant.server.plant_server import PlantServer

from ...shell.terminal.stdin import stdin_lines
from .event_text import event_line
from .snapshots import save_snapshot

HELP = """\
speed N|max            plant seconds per second; 0 pauses the plant
fault ID[,NAME=VALUE…] start a fault now; over=1h grows it, for=2h ends it
field ACTION           perform a field action now
status                 plant time, speed, active alarms and interlocks
save FILE              write a snapshot
quit                   stop the plant"""

_EVENT_POLL_S = 0.1

EventT = TypeVar("EventT", FaultEvent, FieldEvent)


class PlantConsole:
    """Serves a plant until a stop command or the end of its input, and then saves a snapshot.

    Args:
        as_json: Print one JSON object a line, the first when the plant is ready.
        note_start: Called when the servers have started.
    """

    def __init__(
        self,
        server: PlantServer,
        snapshot: Path | None,
        *,
        as_json: bool,
        note_start: Callable[[], None],
    ) -> None:
        self._server = server
        self._plant = server.simulation.plant
        self._snapshot = snapshot
        self._as_json = as_json
        self._note_start = note_start

    async def run(self) -> None:
        """Starts the servers, runs the plant and follows the commands on standard input."""
        async with self._server:
            self._note_start()
            self._announce()
            tasks = (
                asyncio.create_task(self._server.run()),
                asyncio.create_task(self._print_events()),
                asyncio.create_task(self._obey()),
            )
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                if self._snapshot is not None:  # first, since printing fails on a closed pipe
                    self._save(self._snapshot)
                self._flush_events()

    def _announce(self) -> None:
        server, plant = self._server, self._plant
        if self._as_json:
            ports = {
                "opcua": server.opcua.port,
                "modbus": server.modbus.port,
                "modbus_gate": server.modbus_gate.port,
            }
            self._say({"ready": True, "model": plant.model, "ports": ports})
            return
        print(f"{plant.model}, {plant.title}")
        rows = (
            ("OPC UA", f"opc.tcp://127.0.0.1:{server.opcua.port}", "anonymous reads"),
            ("Modbus", f"127.0.0.1:{server.modbus.port}", "reads, unit 1"),
            ("Modbus gate", f"127.0.0.1:{server.modbus_gate.port}", "reads and writes"),
        )
        for name, where, access in rows:
            print(f"  {name:<15}{where:<27}{access}")
        print("Type help for commands, Ctrl-C to stop.", flush=True)

    def _say(self, fields: dict[str, object]) -> None:
        print(json.dumps(fields), flush=True)

    async def _print_events(self) -> None:
        while True:
            await asyncio.sleep(_EVENT_POLL_S)
            self._flush_events()

    def _flush_events(self) -> None:
        for event in self._plant.drain_events():
            self._print_event(event)

    def _print_event(self, event: PlantEvent) -> None:
        if not self._as_json:
            print(event_line(event), flush=True)
            return
        self._say(
            {
                "plant_s": event.time_s,
                "event": event.kind,
                "tag": event.tag,
                "text": event.text,
            }
        )

    async def _obey(self) -> None:
        async for line in stdin_lines():
            words = line.strip().split(maxsplit=1)
            if not words:
                continue
            if words[0] in {"quit", "exit"}:
                return
            try:
                self._do(words[0], words[1] if len(words) > 1 else "")
            except SimulationError as error:
                sys.stderr.write(f"handwheel: {error}\n")

    def _do(self, verb: str, argument: str) -> None:
        simulation = self._server.simulation
        match verb:
            case "speed":
                self._set_speed(parse_speed(argument))
            case "fault":
                if not argument:
                    raise SimulationError("which fault? write fault F01, or fault F02,plug=28")
                simulation.apply(_immediate(parse_fault(argument, self._plant.faults)))
            case "field":
                if not argument:
                    raise SimulationError("which action? write field clean-strainer")
                simulation.apply(_immediate(parse_field(argument)))
            case "save":
                self._save(Path(argument))
            case "status":
                self._status()
            case "help":
                print(HELP, flush=True)
            case _:
                raise SimulationError(f"there is no command {verb!r}; type help")

    def _set_speed(self, speed: float) -> None:
        self._server.pacer.set_speed(speed)
        text = "as fast as it can" if speed == inf else f"{speed:g} plant seconds per second"
        self._print_event(PlantEvent(self._plant.time_s, "speed", "", text))

    def _save(self, path: Path) -> None:
        save_snapshot(self._plant, path)
        for fault in self._server.simulation.not_in_a_snapshot():
            sys.stderr.write(f"handwheel: {fault} still changes; {path} keeps its present size\n")

    def _status(self) -> None:
        simulation = self._server.simulation
        active = [
            name
            for name, value in simulation.values().items()
            if name.endswith(".active") and value
        ]
        if self._as_json:
            self._say({"plant_s": self._plant.time_s, "speed": simulation.speed, "active": active})
            return
        time = format_duration(self._plant.time_s)
        print(
            f"{time} of plant time at {simulation.speed:g}x; "
            f"alarms and interlocks: {', '.join(active) or 'none'}",
            flush=True,
        )


def _immediate(event: EventT) -> EventT:
    if event.at_s:
        serve = shell_command("plants", "serve")
        raise SimulationError(f"this happens now; leave out the time, or give it to {serve}")
    return event
