"""Costs of a terminal's copy of the tables, and of listing many open requests."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from time import perf_counter, process_time

from handwheel.connectors.model.site import Site
from handwheel.hmi.requests.request_text import request_line
from handwheel.hmi.shell.cli.gc_freeze import freeze_heap
from handwheel.tools.guardrails.client.gate_client import GateClient
from handwheel.tools.guardrails.client.gate_connection import GateConnection
from handwheel.tools.guardrails.ledger.listing import load_listed
from handwheel.tools.requests.timestamps import instant_now

from ..actuation.desk import open_desk
from ..actuation.site import People, make_site
from .events import gate_with_source

COUNT, MANY = 1000, 5000


def rows(place: Path, repeats: int) -> list[tuple[str, str]]:
    """Returns the times to list, and the sizes of the tables' image."""
    found: list[tuple[str, str]] = []
    for whose, is_agents in (("a person", False), ("an agent", True)):
        site, people = make_site(place / whose.replace(" ", "-"))
        found += _listed(site, people, whose, repeats, is_agents=is_agents)
    return found


def _listed(
    site: Site, people: People, whose: str, repeats: int, *, is_agents: bool
) -> list[tuple[str, str]]:
    command = [sys.executable, "-m", "handwheel.hmi", "requests", "list", "--site", str(site.root)]
    few = max(repeats // 3, 1)
    with gate_with_source(site):
        none_s = _median(lambda: _run(command), few, _children_s)
    _file(site, people, COUNT, is_agents=is_agents)
    with gate_with_source(site):
        freeze_heap()
        with GateClient(site.state, site.id) as client:
            list_s = _median(lambda: _show(client), repeats, process_time)
        whole_s = _median(lambda: _from_nothing(site), repeats, perf_counter)
        command_s = _median(lambda: _run(command), few, _children_s)
        image = f"{_image_size(site) / 1e6:.1f} MB"
    if not is_agents:
        _file(site, people, MANY - COUNT, is_agents=False)
        with gate_with_source(site):
            image += f", {_image_size(site) / 1e6:.1f} MB of {MANY:,}"
    what = f"gate: {COUNT:,} open requests of {whose}"
    more = 1e3 * max(command_s - none_s, 0.0)
    return [
        (f"{what}, listed in at most 50 ms of CPU", f"{1e3 * list_s:.0f} ms"),
        (f"{what}, listed from nothing, with connection and state", f"{1e3 * whole_s:.0f} ms"),
        (
            f"{what}, CPU time of the command requests list, more than with none",
            f"{more:.0f} ms ({1e3 * none_s:.0f} ms with none)",
        ),
        (f"{what}, image of the tables", image),
    ]


def _file(site: Site, people: People, count: int, *, is_agents: bool) -> None:
    with open_desk(site, people) as desk:
        desk.file_many(count, is_agents=is_agents)


def _image_size(site: Site) -> int:
    with closing(GateConnection(site.state)) as gate:
        return len(gate.get("/v1/state").body)


def _from_nothing(site: Site) -> None:
    with GateClient(site.state, site.id) as client:
        _show(client)


def _show(client: GateClient) -> None:
    now = instant_now()
    found = load_listed(client, every=False)
    assert len([request_line(each, now) for each in found]) == COUNT


def _median(act: Callable[[], object], repeats: int, clock: Callable[[], float]) -> float:
    times: list[float] = []
    act()
    for _ in range(repeats):
        start_s = clock()
        act()
        times.append(clock() - start_s)
    return median(times)


def _children_s() -> float:
    """Returns the CPU time of children that have ended, seconds."""
    children = getrusage(RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def _run(command: list[str]) -> None:
    environment = {**os.environ, "NO_COLOR": "1"}
    subprocess.run(command, capture_output=True, check=True, env=environment)
