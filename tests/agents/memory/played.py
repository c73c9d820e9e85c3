"""Rows of cases as agents write them, without a plant."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.maintenance.work_order_database import Closing, WorkOrder, WorkOrders
from handwheel.tools.requests.timestamps import Instant, stamp

START = datetime(2026, 1, 5, 8, tzinfo=UTC)


def at(minutes: float) -> Instant:
    return Instant(START + timedelta(minutes=minutes), "boot-1", round(minutes * 60_000))


def hypothesis(name: str, total_db: float = 15.0, **weights: float) -> dict[str, Any]:
    """A hypothesis with its signs: above 0 one is met, below 0 it is not, 0 is unknown."""
    truth = {1: "true", -1: "false", 0: "unknown"}
    evidence = [
        {"id": each, "text": f"{each} is so", "weight_db": db,
         "truth": truth[(db > 0.0) - (db < 0.0)]}
        for each, db in weights.items()
    ]  # fmt: skip
    return {
        "id": name, "title": f"{name} is so", "playbook": f"cw/{name.partition(' ')[0]}",
        "total_db": total_db, "prior_db": -10.0, "coverage": 1.0, "evidence": evidence,
        "ahead_db": total_db,
    }  # fmt: skip


def diagnosis(*hypotheses: Mapping[str, Any], named: bool = True) -> dict[str, Any]:
    names = [each["id"] for each in hypotheses]
    return {
        "verdict": "named" if named else "abstain", "named": names[:1] if named else [],
        "suspected": [] if named else names, "hypotheses": list(hypotheses), "line": "",
        "others": {}, "checks": [], "faults": {},
    }  # fmt: skip


def play(
    database: Database,
    n: int,
    diagnosed: Mapping[str, Any],
    *,
    minutes: float = 0.0,
    is_closed: bool = True,
) -> str:
    """Writes the rows of case n, which the work order of its only run answers."""
    case_id, run_id, now = f"C-{n:08}", f"U-{n:08}", at(minutes)
    playbook = str(diagnosed["hypotheses"][0]["playbook"])
    rows: list[tuple[str, str, dict[str, object]]] = [
        ("case.opened", case_id,
         {"condition": "it vibrates", "playbook": "", "deviation": "alarm VAH", "place": ""}),
        ("run.opened", run_id, {"playbook": playbook, "assets": ["P-101A"]}),
        ("case.judged", case_id,
         {"choice": playbook, "candidates": [], "reason": "so", "run_id": run_id,
          "diagnosis": diagnosed}),
        ("run.started", run_id, {}),
        ("run.raised", run_id, {"workorder": f"W-{n:08}", "step": "order"}),
        ("run.expected", run_id, {"step": "s", "text": "it falls", "kept": True}),
        ("run.completing", run_id, {}),
        ("run.completed", run_id, {}),
        ("case.returned", case_id,
         {"run_id": run_id, "playbook": playbook, "state": "COMPLETE", "reason": ""}),
    ]  # fmt: skip
    if is_closed:
        rows.append(("case.closed", case_id, {"reason": f"answered by {run_id}"}))
    with database.transaction(now) as transaction:
        for kind, subject, body in rows:
            transaction.record(kind, subject, body)
    return case_id


def raise_order(site: Site, n: int, found: str | None = None, by: str = "ben") -> None:
    """Raises the work order of case n, and closes it with what was found."""
    order = WorkOrder.model_validate(
        {"workorder_id": f"W-{n:08}", "key": f"U-{n:08}/order", "site": site.id,
         "asset": "P-101A", "class": "corrective", "priority": 2, "title": "Look at it",
         "due": stamp(at(60).wall), "opened_at": stamp(at(n).wall), "run_id": f"U-{n:08}",
         "playbook": "cw/x 1.0.0"}
    )  # fmt: skip
    with WorkOrders(site.state) as store:
        store.raise_order(order)
        if found is not None:
            closed = Closing(key=order.workorder_id, at=stamp(at(90).wall), by=by, note="done")
            store.close_order(closed)
