"""`handwheel plant`: serves, runs and describes the simulated plants."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from handwheel.connectors.durations import parse_duration
from handwheel.connectors.errors import os_reason
from handwheel.sim_plant.model import Choice, FaultKind
from handwheel.sim_plant.scenario import FaultEvent, FieldEvent, Scenario

from ..exits import CONFIGURATION, fail, run
from ..interrupts import uninterrupted_import
from ..options import JsonOption
from ..plants import create_plant, parse_fault, parse_field, parse_speed, plant_names
from ..sitefiles import tags_yaml
from ..snapshots import load_snapshot
from ..standard_input import end_with_pipe

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

ModelArgument = Annotated[str, typer.Argument(metavar="MODEL", help="Such as cw-100.")]
FaultOption = Annotated[
    list[str] | None,
    typer.Option(
        "--fault",
        metavar="ID@TIME",
        help="A fault and when: F01@10min, or with parameters F01@1min,d0=0.3,tau=1h.",
    ),
]
FieldOption = Annotated[
    list[str] | None,
    typer.Option("--field", metavar="ACTION@TIME", help="A field action: clean-strainer@7min."),
]
SeedOption = Annotated[int, typer.Option(help="Seed of the measurement noise.")]
QuietOption = Annotated[bool, typer.Option("--no-noise", help="Measure without noise.")]


@app.command("models")
def models(as_json: JsonOption = False) -> None:
    """List the installed plants."""
    titles = {name: create_plant(name).title for name in plant_names()}
    if as_json:
        typer.echo(json.dumps([{"model": name, "title": text} for name, text in titles.items()]))
        return
    for name, text in titles.items():
        typer.echo(f"{name:10} {text}")


@app.command("faults")
def faults(model: ModelArgument, as_json: JsonOption = False) -> None:
    """List a plant's faults, decoys and field actions."""
    plant = create_plant(model)
    if as_json:
        rows = [_fault_row(kind) for kind in plant.faults.values()]
        typer.echo(json.dumps({"faults": rows, "field_actions": dict(plant.field_actions)}))
        return
    for kind in plant.faults.values():
        typer.echo(f"{kind.id}  {kind.title}{' (decoy)' if kind.is_decoy else ''}")
        typer.echo(f"     shows    {kind.tell}")
        typer.echo(f"     answer   {kind.response}")
        for name, parameter in kind.parameters.items():
            if isinstance(parameter, Choice):
                values = " or ".join(parameter.words)
                default = parameter.default
            else:
                values = f"{parameter.low:g} to {parameter.high:g}"
                default = f"{parameter.default:g}"
            typer.echo(f"     {name:8} {parameter.meaning}: {values}, usually {default}")
    typer.echo("field actions")
    for action, meaning in plant.field_actions.items():
        typer.echo(f"     {action:15} {meaning}")


def _fault_row(kind: FaultKind) -> dict[str, object]:
    return {
        "id": kind.id,
        "title": kind.title,
        "tell": kind.tell,
        "response": kind.response,
        "decoy": kind.is_decoy,
        "parameters": {name: asdict(parameter) for name, parameter in kind.parameters.items()},
    }


@app.command("map")
def show_map(model: ModelArgument) -> None:
    """Print a plant's tags as tags.yaml."""
    plant = create_plant(model)
    typer.echo(tags_yaml(plant), nl=False)


@app.command("serve")
def serve(
    model: ModelArgument,
    opcua_port: Annotated[
        int, typer.Option(min=0, max=65535, help="OPC UA; 0 lets the kernel choose.")
    ] = 4840,
    modbus_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Modbus for viewers: reads only.")
    ] = 5020,
    modbus_gate_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Modbus for the gate.")
    ] = 5021,
    speed: Annotated[str, typer.Option(help="Plant seconds per second, or max.")] = "1",
    seed: SeedOption = 1,
    no_noise: QuietOption = False,
    fault: FaultOption = None,
    field: FieldOption = None,
    snapshot: Annotated[
        Path | None, typer.Option(help="Start from this file if it exists; save to it at the end.")
    ] = None,
    gate_secret: Annotated[
        Path | None,
        typer.Option(help="File with the password of the OPC UA user 'gate', who may write."),
    ] = None,
    frame_log: Annotated[
        Path | None, typer.Option(help="Append every write that arrives to this file.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Serve a plant on loopback over OPC UA and Modbus.

    Anonymous OPC UA users and the Modbus viewers' port can read, and nothing else.
    Type 'help' for what standard input takes. If standard input is a pipe, its end ends the plant.
    """
    plant = create_plant(model, None if no_noise else seed)
    scenario = _scenario(fault, field)
    secret = _read_secret(gate_secret) if gate_secret else None
    pace = parse_speed(speed)
    if snapshot is not None:
        load_snapshot(plant, snapshot)
    note_start = end_with_pipe()
    with uninterrupted_import():
        from handwheel.sim_plant.serve import Options, PlantServer
        from handwheel.sim_plant.simulation import Simulation

        from ..plant_console import PlantConsole

    options = Options(opcua_port, modbus_port, modbus_gate_port, pace, secret, frame_log)
    server = PlantServer(Simulation(plant, scenario), options)
    run(PlantConsole(server, snapshot, as_json=as_json, note_start=note_start).run())


@app.command("run")
def run_plant(
    model: ModelArgument,
    duration: Annotated[str, typer.Option("--for", metavar="TIME", help="Such as 5h.")],
    fault: FaultOption = None,
    field: FieldOption = None,
    seed: SeedOption = 1,
    no_noise: QuietOption = False,
    csv: Annotated[Path | None, typer.Option(help="Write every tag to this file.")] = None,
    every: Annotated[str, typer.Option(help="Interval of the file and the plot.")] = "10s",
    plot: Annotated[
        list[str] | None, typer.Option("--plot", metavar="TAG", help="Plot a tag; repeat for more.")
    ] = None,
) -> None:
    """Run a plant without sockets, as fast as the machine can.

    The last line says 'tripped at ... by ...' or 'rode through'.
    """
    with uninterrupted_import():
        from ..plant_run import Recording, run_recorded

    plant = create_plant(model, None if no_noise else seed)
    scenario = _scenario(fault, field)
    run_recorded(
        plant,
        scenario,
        _duration(duration, "--for"),
        Recording(csv, _duration(every, "--every"), tuple(plot or ())),
    )


def _duration(text: str, option: str) -> float:
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        fail(f"{option}: {error}", CONFIGURATION)
    if seconds <= 0.0:
        fail(f"{option}: {text!r} is no time at all", CONFIGURATION)
    return seconds


def _scenario(faults: list[str] | None, fields: list[str] | None) -> Scenario:
    events: list[FaultEvent | FieldEvent] = [
        *(parse_fault(text) for text in faults or ()),
        *(parse_field(text) for text in fields or ()),
    ]
    return Scenario(tuple(events))


def _read_secret(path: Path) -> str:
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        fail(f"{path}: {os_reason(error)}", CONFIGURATION)
    except UnicodeDecodeError as error:
        fail(f"{path}: not UTF-8 at byte {error.start}", CONFIGURATION)
    if not secret:
        fail(f"{path} is empty", CONFIGURATION)
    return secret
