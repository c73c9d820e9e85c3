"""Order of a person that started the run of a request, for its card.

The agents say to which case a run belongs. Who ordered the case is checked by its signature.
"""

from collections.abc import Mapping
from typing import Any

from ....conditions import ConditionError, parse_expression
from ....errors import GuardrailError
from ....requests.request import ActionRequest, RunOrigin
from ....requests.timestamps import Instant
from ....safe_text import plain, printable
from ...ledger.decisions import load_start_orders
from ...ledger.store.database import Ledger
from ...signatures.context import DecisionContext
from ..start_orders import StartOrder, check_signed, load_start_order
from .card_model import CardOrder


def order_of(context: DecisionContext, request: ActionRequest, now: Instant) -> CardOrder | None:
    """Returns who ordered the run of a request, or `None` if that cannot be checked.

    An order counts for the first run of its case, and for the playbook's file and the values that
    were signed. A ledger that cannot be read raises `LedgerError`.
    """
    run = request.run
    if run is None:
        return None
    for each in load_start_orders(context.database, run.playbook, run.digest):
        order = load_start_order(context.database, each.subject.split(":")[1])
        if order is None or not _is_of(context.database, order, run):
            continue
        try:
            decision = check_signed(context, order, now)
        except GuardrailError:
            continue
        return CardOrder(
            person=printable(decision.person),
            role=plain(decision.role),
            ordered_at=decision.signed_at,
            given={plain(name): printable(text) for name, text in order.given.items()},
        )
    return None


def _is_of(database: Ledger, order: StartOrder, run: RunOrigin) -> bool:
    """Whether a run is the first of an order's case, with the playbook and the values ordered."""
    if (order.playbook, order.digest) != (run.playbook, run.digest):
        return False
    if not all(_is_bound(text, run.parameters.get(name)) for name, text in order.given.items()):
        return False
    return _first_run(database, order.case_id) == run.run_id


def _first_run(database: Ledger, case_id: str) -> str:
    """Returns the first run of a case, empty without one or if its rows are damaged."""
    try:
        bodies: list[Mapping[str, Any]] = [
            row.fields["body"] for row in database.find_rows(case_id, "case.judged")
        ]
        return next((str(each["run_id"]) for each in bodies if "run_id" in each), "")
    except (LookupError, TypeError, ValueError):
        return ""


def _is_bound(text: str, bound: str | None) -> bool:
    """Whether a parameter has the value that was given, which may be in another unit."""
    if bound is None or text == bound:
        return bound is not None
    number, _, unit = bound.partition(" ")
    try:
        value = parse_expression(text, {}, unit=unit).value({})
    except ConditionError:
        return False
    return isinstance(value, float | int) and f"{value:g}" == number
