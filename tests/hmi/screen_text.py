"""Screens as text, for the tests: steady readings, connections, and what a console draws."""

from collections.abc import Mapping, Sequence
from io import StringIO
from time import monotonic

from rich.console import Console, RenderableType

from handwheel.connectors.client.site_reader import SiteReader
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import GOOD, DataValue, StatusCode, Value
from handwheel.connectors.session.supervisor import Connection, ConnectionState
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.simulation import Simulation

from ..plants.served import warm

Readings = Mapping[str, DataValue]
STEADY: Mapping[str, Value] = Simulation(warm(), Scenario()).values()
LOST = "opc.tcp://127.0.0.1:4840: connection refused"
DOWN = {"dcs": LOST, "pkg": "modbus://127.0.0.1:5020/1: no answer within 2 s"}


def readings_of(
    names: Sequence[str], changed: Mapping[str, Value] | None = None, status: StatusCode = GOOD
) -> Readings:
    """The steady state, with some values changed."""
    values = {name: STEADY[name] for name in names} | dict(changed or {})
    now = monotonic()
    return {name: DataValue(value, status, None, None, now) for name, value in values.items()}


def connections_of(
    site: Site, names: Sequence[str], reasons: Mapping[str, str]
) -> list[Connection]:
    """Connections as they stand after a while; the ones with a reason are down."""
    reader = SiteReader(site, site.find_tags(names))
    for connection in reader.connections:
        connection.scans = 5
        connection.reason = reasons.get(connection.name, "")
        is_up = not connection.reason
        connection.state = ConnectionState.CONNECTED if is_up else ConnectionState.DISCONNECTED
    return reader.connections


def text_of(picture: RenderableType, width: int = 80, height: int = 24) -> str:
    """Plain text; every line that does not fit would wrap, and so be counted."""
    console = Console(width=width, height=height, file=StringIO(), record=True)
    console.print(picture)
    return "\n".join(line.rstrip() for line in console.export_text().splitlines())


def styled(picture: RenderableType) -> str:
    console = Console(width=80, file=StringIO(), force_terminal=True, color_system="standard")
    with console.capture() as captured:
        console.print(picture)
    return captured.get()
