"""What somebody does to a journal who has all the time in the world, each thing by itself."""

from collections.abc import Callable
from typing import Any

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


def without(kind: str, verdict: str = "") -> Tamper:
    return lambda rows: rows.remove(first(rows, kind, verdict))


_APPROVE = '"verdict":"approve"'
another_person = replaced("decision", _APPROVE, "text", '"person":"anna"', '"person":"bert"')
another_card = replaced("decision", _APPROVE, "card", "card/1", "card/2")
another_text = replaced("request.filed", "", "text", "a test asks", "a fest asks")
other_bytes = says("action.intent", wire="010500000000")
no_text = says("request.filed", text="nothing")
unknown_state = says("action.CLAIMED", to="TELEPORTED")
no_chain = silent("decision", '"verdict":"revoke-key"', "chain")
