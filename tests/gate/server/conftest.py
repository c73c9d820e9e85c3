"""A ledger behind its server."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.connectors.model.site import Site

from .served_ledger import ServedLedger, served


@pytest.fixture
def ledger(memory_site: Site, tmp_path: Path) -> Iterator[ServedLedger]:
    with served(replace(memory_site, state=tmp_path)) as ledger:
        yield ledger
