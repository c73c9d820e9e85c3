"""Session of `handwheel up`, from the start of the processes to the end of the console."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import typer

from handwheel.connectors.model.site import find_site, load_site
from handwheel.evaluation.plants.installed_plants import create_plant, parse_fault
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.requests.timestamps import instant_now

from ...people.signing import find_person
from ...shell.cli.field_lines import print_lines
from ...shift.console import run_console
from ..demo.scenarios import DEMO_SCENARIOS
from ..local_system.people import ADMIN, APPROVER, GRANTOR
from ..served_plant import ServedPlant, check_simulated, new_plant, plant_of
from .processes import LocalProcesses, StartedSite
from .simulated_site import PASSPHRASE, SimulatedSite, make_site, open_simulated_site
from .typed_commands import additions

MODEL = "cw-100"
"""Plant of a temporary site where none is named."""
_LOCK_AFTER_S = 300.0

OpenSite = Callable[[dict[str, int]], SimulatedSite]


def run_session(
    folder: Path, model: str | None, root: Path | None, fault: str | None, named: str | None = None
) -> None:
    """Runs plant, gate, agents and console until the person quits.

    Args:
        folder: Empty, for what is temporary.
        model: Plant of a temporary site; `None` for `cw-100`.
        root: Folder of an existing site; `None` for a temporary one.
        fault: As `plants serve` takes it, or the name of one of the demo's.
        named: Person at the console of a site where people are enrolled; `None` for the only one
            whose key is here.

    Raises:
        HandwheelError: Something of it cannot be used or does not start; says why.
        KeyboardInterrupt: Ctrl-C. Everything has ended then.
    """
    plant, open_site = _plant_and_site(folder, model or MODEL, root)
    faults, own = faults_of(plant.model, fault), _own_person(root, named)
    typer.echo("starting the plant, the gate and the agents…")
    with LocalProcesses(folder, plant, faults, open_site) as processes:
        started = processes.started()
        site, people = started.site, started.simulated.people
        print_lines(_introduction(plant.model, started, faults))
        # A lock that no passphrase opens keeps no one out.
        person, lock_after_s = (own, _LOCK_AFTER_S) if own else (APPROVER, math.inf)
        run_console(site, person, lock_after_s, additions(processes, people))


def _plant_and_site(folder: Path, model: str, root: Path | None) -> tuple[ServedPlant, OpenSite]:
    if root is None:
        plant = new_plant(model)
        create_plant(model)  # raises an error for an unknown one
        return plant, lambda ports: make_site(folder, model, ports, plant.secret)
    found = find_site(root)
    site = load_site(found)
    check_simulated(site)
    return plant_of(site), lambda ports: open_simulated_site(folder, found)


def _own_person(root: Path | None, named: str | None) -> str:
    """Returns the person at the console of a site with people, or an empty string."""
    site = load_site(find_site(root)) if root is not None else None
    roster = load_roster(site) if site is not None else None
    if site is None or roster is None or not roster.operators:
        if named is not None:
            raise InvalidArguments("--as goes with --site, and nobody is enrolled there")
        return ""
    return find_person(site, roster, named, instant_now().wall, administrator=False).person


def faults_of(model: str, fault: str | None) -> tuple[str, ...]:
    """Returns the faults of an option, as `plants serve` takes them."""
    if fault is None:
        return ()
    if model == MODEL and fault in DEMO_SCENARIOS:
        return DEMO_SCENARIOS[fault].faults
    parse_fault(fault, create_plant(model).faults)  # raises an error for a wrong spelling
    return (fault,)


def _introduction(model: str, started: StartedSite, faults: tuple[str, ...]) -> Iterator[str]:
    simulated = started.simulated
    yield f"Plant {model} is simulated here; gate and agents are at work."
    if simulated.original != simulated.root:
        yield f"Site: a copy of {simulated.original} (removed at the end), which has no people yet."
    else:
        yield f"Site: {simulated.root}{' (removed at the end)' if simulated.people else ''}"
    if simulated.people:
        who = f"{APPROVER}, who approves, {GRANTOR}, who proposes, since nobody approves their"
        yield f"You are {who}"
        yield f"own request, and {ADMIN}, the administrator. Passphrase of all three: {PASSPHRASE}"
    else:
        yield "You sign with your own key. Another person must approve what you propose."
    is_cooling = model == MODEL
    write = "P-101B.run_cmd=true" if is_cooling else "TAG=VALUE"
    yield "Try, one line at a time:"
    yield f"  propose {write:<23} then approve ID, with the ID that appears"
    if faults:
        yield f"  {'speed 20':<31} until {', '.join(faults)} shows"
    elif is_cooling:
        yield f"  {'fault F01,d0=0.5,tau=1h':<31} then speed 20, and the agents request"
    yield f"  {'status':<31} also: help, quit"
