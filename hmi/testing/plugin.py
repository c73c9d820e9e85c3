"""Hooks and fixtures of the plugin. Everything else is imported when one of them is used."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from handwheel.connectors.model.site import Site

    from .fixtures import Driver, Fault, Link, OperatorDesk, Runs, TestedPlant

_OPTION = "--handwheel"
_MARKER = (
    "plant(model=, seed=, speed=): the simulated plant of a test with Handwheel's fixtures; "
    "by default the site's, seed 1, and 10 plant seconds per second where it has processes"
)
_YAML = {".yaml", ".yml"}
_HEAD = 4096  # bytes in which the first key stands


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the choice of the kind of trial."""
    parser.getgroup("handwheel").addoption(
        _OPTION,
        choices=("stepped", "processes"),
        default="stepped",
        help="run plants, gate and agents in one process without sockets, or as processes",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker."""
    config.addinivalue_line("markers", _MARKER)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collects files whose first key is `schema: playbook-test/1`, and looks into no other."""
    if file_path.suffix not in _YAML:
        return None
    with file_path.open("rb") as file:
        if b"playbook-test/1" not in file.read(_HEAD):
            return None
    from .collected_cases import tests_file

    return tests_file(file_path, parent)


@pytest.fixture
def site(request: pytest.FixtureRequest) -> "Site":
    """The site of `HANDWHEEL_SITE` or above the test, else one as `handwheel init` writes it."""
    from handwheel.connectors.errors import ConfigError
    from handwheel.sim_plant.errors import ScenarioError

    from .collected_cases import site_for
    from .fixtures import wanted_plant

    try:
        return site_for(request.config, request.path, wanted_plant(request.node).model)
    except (ConfigError, ScenarioError) as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def handwheel_driver(request: pytest.FixtureRequest, site: "Site") -> Iterator["Driver"]:
    """The running plant, gate and agents behind the other fixtures."""
    from .fixtures import Driver, open_trial, setup_for, wanted_plant

    wanted = wanted_plant(request.node)
    kind = str(request.config.getoption(_OPTION))
    with Driver(open_trial(kind, setup_for(site, wanted), wanted.speed)) as driver:
        yield driver


@pytest.fixture
def plant(handwheel_driver: "Driver") -> "TestedPlant":
    """The simulated plant, whose time the test lets pass."""
    from .fixtures import TestedPlant

    return TestedPlant(handwheel_driver)


@pytest.fixture
def operator(handwheel_driver: "Driver") -> "OperatorDesk":
    """The operators, each with a key, and their decisions on requests."""
    from .fixtures import OperatorDesk

    return OperatorDesk(handwheel_driver)


@pytest.fixture
def fault(handwheel_driver: "Driver") -> "Fault":
    """Function that lets a fault of the plant begin."""
    from .fixtures import Fault

    return Fault(handwheel_driver)


@pytest.fixture
def link(handwheel_driver: "Driver") -> "Link":
    """Connections to the plant, which can be cut."""
    from .fixtures import Link

    return Link(handwheel_driver)


@pytest.fixture
def runs(handwheel_driver: "Driver") -> "Runs":
    """Runs as the ledger has them, the oldest first."""
    from .fixtures import Runs

    return Runs(handwheel_driver)
