"""The commands `handwheel plants serve` and `handwheel plants run`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from handwheel.connectors.errors import os_reason
from handwheel.evaluation.plants.installed_plants import parse_speed

from ...shell.cli.completion import complete_plant
from ...shell.cli.exits import fail, run
from ...shell.cli.interrupts import uninterrupted_import
from ...shell.cli.json_result import ResultOption
from ...shell.cli.options import JsonOption, option_s
from ...shell.terminal.stdin import end_with_pipe
from .plant_setup import SEED, PlantOptions, PlantSetup, past_events, set_up_plant
from .snapshots import load_snapshot

ModelArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="MODEL",
        help="Such as cw-100; not needed with --scenario.",
        autocompletion=complete_plant,
    ),
]
ScenarioOption = Annotated[
    Path | None, typer.Option("--scenario", metavar="FILE", help="Scenario as a YAML file.")
]
ModeOption = Annotated[
    str | None, typer.Option(help="The operating mode to start in; 'plants list' lists them.")
]
FaultOption = Annotated[
    list[str] | None,
    typer.Option(
        "--fault",
        metavar="ID@TIME",
        help="A fault and when: F01@10min, or with parameters F02@1min,plug=28,over=2h,for=5h.",
    ),
]
FieldOption = Annotated[
    list[str] | None,
    typer.Option("--field", metavar="ACTION@TIME", help="A field action: clean-strainer@7min."),
]
SeedOption = Annotated[
    int | None, typer.Option(min=0, help=f"Seed of noise and disturbances. Default: {SEED}.")
]
FrameLogOption = Annotated[
    Path | None, typer.Option(help="Append every write that arrives to this file.")
]
QuietOption = Annotated[bool, typer.Option("--no-noise", help="Measure without noise.")]


def serve(
    model: ModelArgument = None,
    scenario: ScenarioOption = None,
    mode: ModeOption = None,
    fault: FaultOption = None,
    field: FieldOption = None,
    seed: SeedOption = None,
    no_noise: QuietOption = False,
    opcua_port: Annotated[
        int, typer.Option(min=0, max=65535, help="OPC UA port; 0 lets the kernel choose.")
    ] = 4840,
    modbus_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Modbus port for reads only.")
    ] = 5020,
    modbus_gate_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Modbus port for the gate.")
    ] = 5021,
    speed: Annotated[str, typer.Option(help="Plant seconds per second, or max.")] = "1",
    snapshot: Annotated[
        Path | None, typer.Option(help="Start from this file if it exists; save to it at the end.")
    ] = None,
    gate_secret: Annotated[
        Path | None,
        typer.Option(help="File with the password of the OPC UA user 'gate', who may write."),
    ] = None,
    identity: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder of the server's certificate, key, passwords and trusted client "
            "certificates; made at the first start.",
        ),
    ] = None,
    frame_log: FrameLogOption = None,
    as_json: JsonOption = False,
) -> None:
    """Serve a plant on loopback over OPC UA and Modbus.

    Anonymous OPC UA users and the Modbus viewers' port can read, and nothing else.
    Type 'help' for the console's commands. If standard input is a pipe, its end stops the plant.

    Exit codes: 0 ended by quit or a pipe's end, 2 wrong usage or configuration or a port in use,
    130 stopped by Ctrl-C.
    """
    wanted = PlantOptions(model, scenario, mode, seed, no_noise, fault or (), field or ())
    setup = set_up_plant(wanted)
    secret = _read_secret(gate_secret) if gate_secret else None
    pace = parse_speed(speed)
    _continue_from(snapshot, setup)
    with end_with_pipe() as note_start:
        with uninterrupted_import():
            from handwheel.sim_plant.server.plant_server import Options, PlantServer
            from handwheel.sim_plant.simulation import Simulation

            from .console import PlantConsole

        ports = (opcua_port, modbus_port, modbus_gate_port)
        options = Options(*ports, pace, secret, frame_log, identity)
        server = PlantServer(Simulation(setup.plant, setup.scenario), options)
        run(PlantConsole(server, snapshot, as_json=as_json, note_start=note_start).run())


def run_plant(
    model: ModelArgument = None,
    scenario: ScenarioOption = None,
    mode: ModeOption = None,
    fault: FaultOption = None,
    field: FieldOption = None,
    seed: SeedOption = None,
    no_noise: QuietOption = False,
    duration: Annotated[
        str | None,
        typer.Option("--for", metavar="TIME", help="How long: 5h, unless a scenario says."),
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write every tag to this file.")] = None,
    parquet: Annotated[
        Path | None, typer.Option(help="The same as columns; needs the extra parquet.")
    ] = None,
    every: Annotated[
        str | None,
        typer.Option(help="Interval of samples. Default: 10s, less for trends of a short run."),
    ] = None,
    plot: Annotated[bool, typer.Option("--plot", help="Draw trends in the terminal.")] = False,
    png: Annotated[Path | None, typer.Option(help="Draw trends into this PNG file.")] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(
            "--tag",
            metavar="TAG[=LOW..HIGH]",
            help="A tag to draw, with its scale. Default: tags with alarms or large changes.",
        ),
    ] = None,
    as_json: ResultOption = False,
) -> None:
    """Run a plant without sockets, as fast as the machine can.

    The last line says 'tripped at ... by ...' or 'rode through'.

    Exit codes: 0 ran to the end, tripped or not, 2 wrong usage or configuration.
    """
    with uninterrupted_import():
        from .recorded_run import RunOutput, run_recorded, sample_interval
        from .trend_tags import parse_trend_tag

    shown = tuple(parse_trend_tag(text) for text in tag or ())
    if shown and not plot and png is None:
        fail("--tag: say also where to draw, with --plot or --png FILE")
    given_s = None if duration is None else _duration(duration, "--for")
    every_s = None if every is None else _duration(every, "--every")
    setup = set_up_plant(
        PlantOptions(model, scenario, mode, seed, no_noise, fault or (), field or ())
    )
    seconds = given_s or setup.for_s
    if seconds is None:
        fail("--for: say how long, such as 5h, here or as 'for' in the scenario")
    if every_s is None:
        every_s = sample_interval(setup.plant, seconds, is_filed=bool(csv or parquet))
    output = RunOutput(csv, parquet, png, every_s, plot, shown)
    run_recorded(setup.plant, setup.scenario, seconds, output)


def _duration(text: str, option: str) -> float:
    seconds = option_s(text, option)
    if seconds <= 0.0:
        fail(f"{option}: {text!r} must be longer than 0 s")
    return seconds


def _continue_from(snapshot: Path | None, setup: PlantSetup) -> None:
    """Loads the snapshot, and tells which events of the scenario are over."""
    if snapshot is not None:
        load_snapshot(setup.plant, snapshot)
    for line in past_events(setup.plant, setup.scenario):
        sys.stderr.write(f"handwheel: {line}\n")


def _read_secret(path: Path) -> str:
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        fail(f"{path}: {os_reason(error)}")
    except UnicodeDecodeError as error:
        fail(f"{path}: not UTF-8 at byte {error.start}")
    if not secret:
        fail(f"{path} is empty")
    return secret
