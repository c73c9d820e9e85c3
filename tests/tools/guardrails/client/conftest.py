"""A ledger behind its server, and clients of it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.client.gate_client import GateClient

from ....gate.server.served_ledger import ServedLedger, served
from ....sites.in_memory import make_site


@pytest.fixture(scope="module")
def quiet_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return make_site(tmp_path_factory.mktemp("site"))


@pytest.fixture
def ledger(quiet_site: Site, tmp_path: Path) -> Iterator[ServedLedger]:
    with served(replace(quiet_site, state=tmp_path)) as ledger:
        yield ledger


@pytest.fixture
def client(ledger: ServedLedger) -> Iterator[GateClient]:
    with GateClient(ledger.site.state, ledger.site.id) as client:
        yield client
