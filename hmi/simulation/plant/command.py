"""The commands `handwheel plants`."""

import json
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer

from handwheel.evaluation.plants.installed_plants import create_plant, plant_names
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.errors import ScenarioError
from handwheel.sim_plant.model import ChoiceParameter, FaultKind

from ...shell.cli.completion import complete_plant
from ...shell.cli.exits import fail
from ...shell.cli.field_lines import print_fields
from ...shell.cli.options import JsonOption
from ...shell.terminal.wrap import fold
from .run_commands import run_plant, serve
from .tag_tables import tags_csv, tags_fields, tags_markdown

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_INDENT = 14  # where the text of a fault's lines begins

ModelArgument = Annotated[
    str, typer.Argument(metavar="MODEL", help="Such as cw-100.", autocompletion=complete_plant)
]


class MapForm(StrEnum):
    """How `plants map` writes the tags."""

    YAML = "yaml"
    MARKDOWN = "markdown"
    CSV = "csv"


@app.command("models", hidden=True)
@app.command("list")
def models(as_json: JsonOption = False) -> None:
    """List the installed plants.

    Exit codes: 0 listed, 2 a plant cannot be loaded.
    """
    plants, problems = _load_all()
    if as_json:
        rows = [
            {"model": plant.model, "title": plant.title, "modes": list(plant.modes)}
            for plant in plants
        ]
        typer.echo(json.dumps(rows))
    else:
        for plant in plants:
            typer.echo(f"{plant.model:10} {plant.title}")
            if len(plant.modes) > 1:
                typer.echo(f"{'':10} modes: {', '.join(plant.modes)}")
    if problems:
        fail("\n".join(problems))


def _load_all() -> tuple[list[Plant], list[str]]:
    plants, problems = list[Plant](), list[str]()
    for name in plant_names():
        try:
            plants.append(create_plant(name))
        except ScenarioError as error:
            problems.append(str(error))
    return plants, problems


@app.command("show")
def show(model: ModelArgument, as_json: JsonOption = False) -> None:
    """Show a plant's title, modes and sizes.

    Exit codes: 0 shown, 2 there is no such plant.
    """
    plant = create_plant(model)
    fields = {
        "model": plant.model,
        "title": plant.title,
        "modes": list(plant.modes),
        "step_s": plant.step_s,
        "tags": len(plant.tags),
        "faults": list(plant.faults),
        "field_actions": list(plant.field_actions),
    }
    print_fields(fields, as_json=as_json)


@app.command("faults")
def faults(model: ModelArgument, as_json: JsonOption = False) -> None:
    """List a plant's faults, decoys and field actions.

    Exit codes: 0 listed, 2 there is no such plant.
    """
    plant = create_plant(model)
    if as_json:
        rows = [_fault_row(kind) for kind in plant.faults.values()]
        typer.echo(json.dumps({"faults": rows, "field_actions": dict(plant.field_actions)}))
        return
    for kind in plant.faults.values():
        typer.echo(f"{kind.id}  {kind.title}{' (decoy)' if kind.is_decoy else ''}")
        typer.echo(fold(f"     shows    {kind.symptoms}", _INDENT))
        typer.echo(fold(f"     answer   {kind.response}", _INDENT))
        for name, parameter in kind.parameters.items():
            if isinstance(parameter, ChoiceParameter):
                values = " or ".join(parameter.words)
                default = parameter.default
            else:
                values = f"{parameter.low:g} to {parameter.high:g}"
                default = f"{parameter.default:g}"
            line = f"     {name:8} {parameter.meaning}: {values}, usually {default}"
            typer.echo(fold(line, _INDENT))
    if plant.field_actions:
        typer.echo("field actions")
    for action, meaning in plant.field_actions.items():
        typer.echo(fold(f"     {action:15} {meaning}", 21))


def _fault_row(kind: FaultKind) -> dict[str, object]:
    return {
        "id": kind.id,
        "title": kind.title,
        "tell": kind.symptoms,
        "response": kind.response,
        "decoy": kind.is_decoy,
        "parameters": {name: asdict(parameter) for name, parameter in kind.parameters.items()},
    }


@app.command("map")
def show_map(
    model: ModelArgument,
    form: Annotated[
        MapForm, typer.Option("--format", help="A site's tags.yaml, or a table of everything.")
    ] = MapForm.YAML,
    as_json: JsonOption = False,
) -> None:
    """Print a plant's tags.

    Exit codes: 0 printed, 2 there is no such plant.
    """
    plant = create_plant(model)
    if as_json:
        typer.echo(json.dumps(tags_fields(plant)))
        return
    match form:
        case MapForm.YAML:
            # Not needed by a plant that runs, and slow to import.
            from ...site.files.site_template import tags_yaml

            text = tags_yaml(plant)
        case MapForm.MARKDOWN:
            text = tags_markdown(plant)
        case MapForm.CSV:
            text = tags_csv(plant)
    typer.echo(text, nl=False)


app.command("serve")(serve)
app.command("run")(run_plant)
