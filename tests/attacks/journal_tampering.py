"""What somebody does to a journal who has all the time in the world, each thing by itself."""

import json
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from handwheel.tools.guardrails.ledger.store.journal import FIRST
from handwheel.tools.guardrails.ledger.store.states import ACKNOWLEDGED
from handwheel.tools.guardrails.signatures.decisions import key_subject, meaning_of_subject
from handwheel.tools.requests.canonical import canonical, digest
from handwheel.tools.requests.timestamps import parse_stamp, stamp

from ..sites.people import key_id
from ..sites.signed_requests import signed_by
from .sql_shell import without_triggers

Rows = list[dict[str, Any]]
Tamper = Callable[[Rows], object]


def first(rows: Rows, kind: str, verdict: str = "") -> dict[str, Any]:
    return next(row for row in rows if row["kind"] == kind and verdict in str(row["body"]))


def another_signature(rows: Rows) -> None:
    body = first(rows, "decision", '"verdict":"approve"')["body"]
    body["signature"] = f"{int(body['signature'][:2], 16) ^ 1:02x}{body['signature'][2:]}"


def says(kind: str, **changes: object) -> Tamper:
    """The first row of a kind says something else."""
    return lambda rows: first(rows, kind)["body"].update(changes)


def silent(kind: str, verdict: str, key: str) -> Tamper:
    """The first such row leaves something out."""
    return lambda rows: first(rows, kind, verdict)["body"].pop(key)


def replaced(kind: str, verdict: str, key: str, old: str, new: str) -> Tamper:
    """The first such row has another text."""

    def tamper(rows: Rows) -> None:
        body = first(rows, kind, verdict)["body"]
        body[key] = body[key].replace(old, new)

    return tamper


def doubled(kind: str) -> Tamper:
    """The first row of a kind stands twice."""

    def tamper(rows: Rows) -> None:
        row = first(rows, kind)
        rows.insert(rows.index(row), json.loads(json.dumps(row)))

    return tamper


def without(kind: str, verdict: str = "") -> Tamper:
    return lambda rows: rows.remove(first(rows, kind, verdict))


def unreadable(key: str, value: object) -> Tamper:
    return lambda rows: first(rows, "action.CLAIMED").update({key: value})


_APPROVE = '"verdict":"approve"'
another_person = replaced("decision", _APPROVE, "text", '"person":"anna"', '"person":"bert"')
another_card = replaced("decision", _APPROVE, "card", "card/1", "card/2")
another_text = replaced("request.filed", "", "text", "a test asks", "a fest asks")
other_bytes = says("action.intent", wire="010500000000")
no_text = says("request.filed", text="nothing")
not_read = says("action.VERIFIED", readback=ACKNOWLEDGED)
unknown_state = says("action.CLAIMED", to="TELEPORTED")
no_readback = silent("action.VERIFIED", "", "readback")
no_chain = silent("decision", '"verdict":"revoke-key"', "chain")
a_shortcut = without("action.CLAIMED")
rebooted = unreadable("boot_id", "another")
twice = doubled("action.intent")
twice_locked_out = doubled("lockout.latched")
twice_started = doubled("gate.started")


def administrator_revoked(rows: Rows) -> None:
    """The administrator takes back their own key, before anything else."""
    body = first(rows, "decision", '"verdict":"revoke-key"')["body"]
    subject = key_subject(key_id("boss"))
    signed = signed_by(
        "boss", digest=None, verdict="revoke-key", subject=subject, role="administrator",
        meaning=meaning_of_subject("revoke-key", subject),
    )  # fmt: skip
    said = {"text": signed.text, "signature": signed.signature_hex, "chain": body["chain"]}
    row = first(rows, "decision")
    rows.insert(rows.index(row), row | {"subject": subject, "body": said})


def locked_out(rows: Rows) -> None:
    row = first(rows, "action.intent")
    body = {"scope": "site", "generation": 1}
    rows.insert(rows.index(row), row | {"kind": "lockout.latched", "subject": "site", "body": body})


def locked_out_and_released(rows: Rows) -> None:
    locked_out(rows)
    row = first(rows, "lockout.latched", "'site'")
    rows.insert(rows.index(row) + 1, row | {"kind": "lockout.released"})


def said_of_authority(kind: str, scope: str, **body: object) -> Tamper:
    """A row about authority, right before the first action is sent."""

    def tamper(rows: Rows) -> None:
        row = first(rows, "action.intent")
        said = {"generation": 1, "person": "anna", **body}
        rows.insert(rows.index(row), row | {"kind": kind, "subject": scope, "body": said})

    return tamper


def claimed(command: str, seconds: float) -> Tamper:
    """The action is taken up so long after its approval, on both clocks."""

    def tamper(rows: Rows) -> None:
        claims = [row for row in rows if row["kind"] == "action.CLAIMED"]
        row = next(row for row in claims if row["subject"].endswith(command))
        row["at"] = stamp(parse_stamp(row["at"]) + timedelta(seconds=seconds))
        row["boot_s"] += seconds

    return tamper


def write_anew(folder: Path, shell: sqlite3.Connection, rows: Rows) -> None:
    prev, anchors = FIRST, ""
    with without_triggers(shell):
        shell.execute("DELETE FROM journal")
        for seq, row in enumerate(rows, start=1):
            text = canonical(row | {"seq": seq, "prev": prev})
            prev = digest("journal", text)
            anchors += f"{seq} {prev}\n"
            shell.execute(
                "INSERT INTO journal(seq, hash, text) VALUES (?, ?, ?)", (seq, prev, text)
            )
    (folder / "anchors").write_text(anchors, encoding="ascii")
