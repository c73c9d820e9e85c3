"""Costs of the gate's checks, commits and lockout look from request to plant."""

from pathlib import Path
from tempfile import TemporaryDirectory

from . import approval_to_write, checks, ledger, lockout
from .site import make_site


def rows(repeats: int) -> list[tuple[str, str]]:
    """Returns the ratios with their targets, each part with a site of its own."""
    found: list[tuple[str, str]] = []
    with TemporaryDirectory() as folder:
        place = Path(folder)
        found += checks.rows(*make_site(place / "checks"), repeats)
        found += approval_to_write.rows(place, repeats)
        found += ledger.journal_rows(*make_site(place / "journal"), repeats)
        found += lockout.rows(make_site(place / "lockout")[0], repeats)
    return found
