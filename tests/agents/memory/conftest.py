"""An empty ledger of a site, without gate and agents."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.ledger.store.database import Database


@pytest.fixture
def ledger(agents_site: Site, tmp_path: Path) -> Iterator[tuple[Database, Site]]:
    site = replace(agents_site, state=tmp_path)
    with Database(site.state, site.id) as database:
        yield database, site
