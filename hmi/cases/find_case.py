"""Case that a person names by its id, or by the beginning of it."""

from handwheel.agents.deviations.case import case_ids
from handwheel.connectors.hints import next_step
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.safe_text import plain


def list_all(*, shadow: bool = False) -> str:
    """Returns the next step that lists every case."""
    return next_step("cases", "list", "--all", *(["--shadow"] if shadow else []))


def why_of(case_id: str, *, shadow: bool = False) -> str:
    """Returns the next step that shows how a case was judged."""
    return next_step("cases", "show", case_id, "--why", *(["--shadow"] if shadow else []))


def find_case(database: Ledger, name: str, *, shadow: bool = False) -> str:
    """Returns the id of a case. Raises `InvalidArguments` if none, or several, begin so."""
    known = case_ids(database, only_open=False)
    found = [each for each in known if each.startswith(name)]
    if name in known or len(found) == 1:
        return name if name in known else found[0]
    problem = "begins several cases" if found else "is no case of this site"
    raise InvalidArguments(f"{plain(name)!r} {problem}; {list_all(shadow=shadow)}")
