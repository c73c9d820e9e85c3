"""The way from a request to the plant: what the gate's checks, commits and looks cost."""

from pathlib import Path
from tempfile import TemporaryDirectory

from . import approval_to_write as actuation_paths
from . import checks as actuation_checks
from . import ledger as actuation_ledger
from . import lockout as actuation_lockout
from .site import make_site


def rows(repeats: int) -> list[tuple[str, str]]:
    """Returns the ratios, each with what it is to be; a site of its own for each part."""
    found: list[tuple[str, str]] = []
    with TemporaryDirectory() as folder:
        place = Path(folder)
        found += actuation_checks.rows(*make_site(place / "checks"), repeats)
        found += actuation_paths.rows(place, repeats)
        for name, is_agents in (("person", False), ("agent", True)):
            made = make_site(place / name)
            found += actuation_ledger.list_rows(*made, repeats, is_agents=is_agents)
        found += actuation_ledger.journal_rows(*make_site(place / "journal"), repeats)
        found += actuation_lockout.rows(make_site(place / "lockout")[0], repeats)
    return found
