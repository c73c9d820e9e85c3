"""Requests and decisions about them, signed by people with keys in memory."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from handwheel.tools.guardrails.ledger.decisions import Signed
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.guardrails.signatures.decisions import (
    Decision,
    SubjectVerdict,
    meaning_of,
    meaning_of_subject,
    new_nonce,
    sign,
)
from handwheel.tools.requests.request import ActionRequest
from handwheel.tools.requests.timestamps import Instant, stamp

from .people import SITE, START, boss, key_id, key_of, record_of, roster_of

NOW = Instant(datetime(2026, 11, 25, 8, 50, 25, tzinfo=UTC), "this boot", 1_000_000)
AGO = timedelta(seconds=1)

ROSTER = roster_of(
    boss(),
    record_of("deputy", "administrator"),
    record_of("anna"),
    record_of("bert", "shift-supervisor", "fitter"),
    record_of("carl", issuer="deputy"),
    record_of("dora", "viewer"),
    record_of("emil", valid=NOW.wall - START),
    record_of("fred", start=NOW.wall, valid=timedelta(days=9)),
)


def acts_as(held: str, required: str, tags: Collection[str]) -> bool:
    return held == required or (held, required) == ("shift-supervisor", "operator")


def request_of(**changes: object) -> ActionRequest:
    device = {
        "kind": "modbus", "where": "modbus://127.0.0.1:5021/1", "name": "", "is_loopback": True,
        "is_simulator": True,
    }  # fmt: skip
    action: dict[str, object] = {
        "action_id": "R-7K3MQ2XA/c1", "kind": "command", "equipment": "P-101B",
        "tag": "P-101B.run_cmd", "connection": "pkg", "identity": device,
        "address": "coil 16 bit", "wire": "01050010ff00", "type": "bool", "value": True,
        "shown": "true", "expected": [], "requires": [], "within_s": 2.0,
    }  # fmt: skip
    document: dict[str, object] = {
        "request_id": "R-7K3MQ2XA", "proposal_key": "0" * 64, "site": SITE,
        "proposer": {"kind": "person", "name": "gina", "key_id": key_id("gina")},
        "reason": "change over", "risk_class": "R2", "roles": ["operator"], "quorum": 1,
        "within_s": 1800.0, "filed_at": stamp(NOW.wall - timedelta(minutes=10)),
        "locks": {"site": 0}, "hashes": dict.fromkeys(("site", "tags", "policy"), "0" * 64),
        "commands": [action], "recovery": [],
    }  # fmt: skip
    return ActionRequest.model_validate({**document, **changes})


REQUEST = request_of()
TWO = request_of(quorum=2)


def decision_of(
    person: str = "anna", request: ActionRequest = REQUEST, **changes: object
) -> Decision:
    document: dict[str, object] = {
        "site": SITE, "digest": request.digest, "verdict": "approve",
        "meaning": meaning_of("approve", request), "person": person, "key_id": key_id(person),
        "role": "shift-supervisor" if person == "bert" else "operator", "nonce": new_nonce(),
        "signed_at": stamp(NOW.wall - AGO), "valid_until": stamp(NOW.wall + timedelta(minutes=5)),
        "boot_id": NOW.boot_id, "boot_ms": NOW.boot_ms - 1000, "head": "0" * 64, "attended": True,
    }  # fmt: skip
    return Decision.model_validate({**document, **changes})


def signed_by(person: str = "anna", request: ActionRequest = REQUEST, **changes: object) -> Signed:
    return sign(decision_of(person, request, **changes), key_of(person))


def site_word(verdict: SubjectVerdict, subject: str, by: str = "anna", /, **changes: Any) -> Signed:
    """A signed word about something else than a request, in the words that it has."""
    said: dict[str, Any] = {"digest": None, "verdict": verdict, "subject": subject}
    said["meaning"] = meaning_of_subject(verdict, subject)
    return signed_by(by, **said | changes)


def head_of(database: Ledger) -> JournalRow:
    head = database.head()
    assert head is not None
    return head


def seconds_ago(seconds: float, **more: object) -> Mapping[str, Any]:
    """A signature of some seconds ago, on both clocks."""
    signed_at = stamp(NOW.wall - timedelta(seconds=seconds))
    return {"signed_at": signed_at, "boot_ms": NOW.boot_ms - int(seconds * 1000), **more}
