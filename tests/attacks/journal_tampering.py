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


def first(rows: Rows, kind: str, verdict: str = "") -> dict[str, Any]:
    return next(row for row in rows if row["kind"] == kind and verdict in str(row["body"]))


def another_signature(rows: Rows) -> None:
    body = first(rows, "decision", '"verdict":"approve"')["body"]
    body["signature"] = f"{int(body['signature'][:2], 16) ^ 1:02x}{body['signature'][2:]}"


def another_person(rows: Rows) -> None:
    body = first(rows, "decision", '"verdict":"approve"')["body"]
    body["text"] = body["text"].replace('"person":"anna"', '"person":"bert"')


def another_card(rows: Rows) -> None:
    body = first(rows, "decision", '"verdict":"approve"')["body"]
    body["card"] = body["card"].replace("card/1", "card/2")


def other_bytes(rows: Rows) -> None:
    first(rows, "action.intent")["body"]["wire"] = "010500000000"


def without(kind: str, verdict: str = "") -> Callable[[Rows], None]:
    return lambda rows: rows.remove(first(rows, kind, verdict))


def a_shortcut(rows: Rows) -> None:
    rows.remove(first(rows, "action.CLAIMED"))


def not_read(rows: Rows) -> None:
    first(rows, "action.VERIFIED")["body"]["readback"] = ACKNOWLEDGED


def no_readback(rows: Rows) -> None:
    del first(rows, "action.VERIFIED")["body"]["readback"]


def another_text(rows: Rows) -> None:
    body = first(rows, "request.filed")["body"]
    body["text"] = body["text"].replace("a test asks", "a fest asks")


def no_text(rows: Rows) -> None:
    first(rows, "request.filed")["body"]["text"] = "nothing"


def twice(rows: Rows) -> None:
    row = first(rows, "action.intent")
    rows.insert(rows.index(row), json.loads(json.dumps(row)))


def unreadable(key: str, value: object) -> Callable[[Rows], None]:
    def tamper(rows: Rows) -> None:
        first(rows, "action.CLAIMED")[key] = value

    return tamper


def unknown_state(rows: Rows) -> None:
    first(rows, "action.CLAIMED")["body"]["to"] = "TELEPORTED"


def no_chain(rows: Rows) -> None:
    del first(rows, "decision", '"verdict":"revoke-key"')["body"]["chain"]


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


def twice_locked_out(rows: Rows) -> None:
    row = first(rows, "lockout.latched")
    rows.insert(rows.index(row), json.loads(json.dumps(row)))


def said_of_authority(kind: str, scope: str, **body: object) -> Callable[[Rows], None]:
    """A row about authority, right before the first action is sent."""

    def tamper(rows: Rows) -> None:
        row = first(rows, "action.intent")
        said = {"generation": 1, "person": "anna", **body}
        rows.insert(rows.index(row), row | {"kind": kind, "subject": scope, "body": said})

    return tamper


def twice_started(rows: Rows) -> None:
    row = first(rows, "gate.started")
    rows.insert(rows.index(row), json.loads(json.dumps(row)))


def claimed(command: str, seconds: float) -> Callable[[Rows], None]:
    """The action is taken up so long after its approval, on both clocks."""

    def tamper(rows: Rows) -> None:
        claims = [row for row in rows if row["kind"] == "action.CLAIMED"]
        row = next(row for row in claims if row["subject"].endswith(command))
        row["at"] = stamp(parse_stamp(row["at"]) + timedelta(seconds=seconds))
        row["boot_s"] += seconds

    return tamper


def rebooted(rows: Rows) -> None:
    first(rows, "action.CLAIMED")["boot_id"] = "another"


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
