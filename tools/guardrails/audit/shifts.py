"""Shift hand-overs in the journal, each with two signed decisions on one card."""

from collections.abc import Iterator, Mapping
from typing import Any

from ...requests.canonical import digest
from ..approval.shift_handover import PARTS
from ..signatures.decisions import (
    DecisionRefused,
    meaning_of_subject,
    parse_decision,
    shift_subject,
)


def shift_faults(subject: str, body: Mapping[str, Any]) -> Iterator[str]:
    """Yields the faults in the two decisions of a hand-over. Signatures are checked elsewhere.

    A part that is missing raises `KeyError`.
    """
    shown = digest("card", str(body["card"]))
    people: list[tuple[str, str]] = []
    for part, verdict in PARTS.items():
        try:
            decision = parse_decision(str(body[part].get("text")))
        except DecisionRefused:
            return  # the check of its signature tells
        people.append((decision.person, decision.key_id))
        said = decision.verdict, decision.subject, decision.meaning
        if said != (verdict, subject, meaning_of_subject(verdict, subject)):
            yield f"{subject} was handed over without a signed {verdict}"
        if decision.card != shown:
            yield f"{subject}: {decision.person} has signed another card"
    (leaving, first), (coming, second) = people
    if leaving == coming or first == second:
        yield f"{subject} was handed over by one person to themselves"
    seq = subject.rpartition(":")[2]
    if not seq.isdecimal() or subject != shift_subject(leaving, coming, int(seq)):
        yield f"{subject} was handed over by {leaving} to {coming}"
