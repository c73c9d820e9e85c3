"""Run of a case in the stepped room."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import replace

from handwheel.connectors.model.site import Site

from ..room.room import Model, Room
from .case import PlaybookCase
from .engine import CaseResult, play, setup_of
from .stepped_engine import SteppedEngine


async def run_case(
    case: PlaybookCase,
    site: Site,
    on_scan: Callable[[Room], None] | None = None,
    *,
    model: Model | None = None,
    revoked_keys: AbstractSet[str] | None = None,
    is_over: Callable[[Room], bool] = lambda _: False,
) -> CaseResult:
    """Runs a case in a room of its own, at full speed, up to its end.

    The playbook under test and those that it starts are released in the room, and no other is
    there.

    Args:
        on_scan: Called after each scan, such as to note values or to show the time.
        model: Creates the plant instead, at any state.
        revoked_keys: As of `Room.open`.
        is_over: Whether the case ends with this scan, before its time.

    Raises:
        ConfigError: The site has changed since it was read, or a playbook does not fit it.
        LedgerError: The room's ledger cannot be used.
        OSError: There is no space for a temporary folder.

    Effect: ACTUATE on the model only. Retry: none. Timeout: 15 s of the computer's time for the
    agents at each scan.
    """
    setup = replace(setup_of(case, site), create=model, revoked_keys=revoked_keys)
    async with SteppedEngine.open(setup) as engine:

        def is_last() -> bool:
            if on_scan is not None:
                on_scan(engine.room)
            return is_over(engine.room)

        return await play(case, engine, is_last)
