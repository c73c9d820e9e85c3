"""What people tell a run: who may, on what they saw, once, and what a forged row is worth."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from handwheel.tools.errors import GuardrailError, InvalidArguments, PermitRefused
from handwheel.tools.guardrails.approval.run_orders import (
    VERDICTS,
    FreeOrder,
    OrderRun,
    RunOrder,
    SignedOrder,
    check_order,
    load_orders,
)
from handwheel.tools.guardrails.audit.audit import audit
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.ledger.decisions import Signed
from handwheel.tools.guardrails.ledger.runs import ORDERED, newest_event
from handwheel.tools.guardrails.ledger.store.database import Database, Ledger
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import (
    DecisionRefused,
    Reason,
    meaning_of_subject,
    run_subject,
)

from ....gate.testbed.authority_grant import signed_word
from ....gate.testbed.words import ask_run
from ....sites.in_memory import make_site
from ....sites.signed_requests import NOW, head_of

RUN, ROLES = "U-7K3MQ2XA", ("operator",)
SIGNED: tuple[SignedOrder, ...] = get_args(SignedOrder)
FREE: tuple[FreeOrder, ...] = get_args(FreeOrder)


@dataclass(frozen=True)
class Place:
    """A run that is held, and the people of its site."""

    decision_context: DecisionContext

    @property
    def database(self) -> Ledger:
        return self.decision_context.database

    def happen(self, kind: str = "held", run_id: str = RUN) -> None:
        with self.database.transaction(NOW) as transaction:
            transaction.record(f"run.{kind}", run_id, {})

    def sign(
        self, order: SignedOrder, by: str = "anna", *, attended: bool = True, **said: Any
    ) -> Signed:
        subject = run_subject(RUN, newest_event(self.database, RUN))
        verdict, context = VERDICTS[order], self.decision_context
        return signed_word(context, verdict, subject, NOW, by=by, attended=attended, **said)

    def give(
        self, order: SignedOrder, signed: Signed | None = None, seen: int = 0, roles: Any = ROLES
    ) -> RunOrder:
        seen = seen or newest_event(self.database, RUN)
        word = signed or self.sign(order)
        return self.order(RUN, order, seen, roles, word)

    def order(
        self, run_id: str, order: SignedOrder, seen: int, roles: Any, signed: Signed
    ) -> RunOrder:
        OrderRun.model_construct(
            run_id=run_id, order=order, seq=seen, roles=roles, signed=signed
        ).apply(self.decision_context, NOW)
        return load_orders(self.database, run_id)[-1]

    def orders(self) -> list[RunOrder]:
        return load_orders(self.database, RUN)

    def check(self, given: RunOrder) -> None:
        check_order(self.decision_context, RUN, given, ROLES, NOW)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    site = make_site(tmp_path)
    with Database(site.state, site.id) as database:
        place = Place(DecisionContext(site, database, load_policy(site), load_roster(site)))
        with database.transaction(NOW) as transaction:
            transaction.change("INSERT INTO run(run_id, playbook) VALUES (?, 'p')", (RUN,))
        place.happen()
        yield place
        context = place.decision_context
        assert audit(database, site, context.roster, context.policy.satisfies).faults == ()


def test_anybody_may_hold_and_stop_a_run_unsigned(place: Place) -> None:
    for number, order in enumerate(FREE, start=1):
        with pytest.raises(DecisionRefused, match=str(Reason.NOT_APPROVED)):
            place.give(order, place.sign("resume"))  # type: ignore[arg-type]
        assert place.orders() == [], order
        rows = [row.fields for row in place.database.journal()]
        told = [row["body"]["reason"] for row in rows if row["kind"] == "decision.refused"]
        assert told == [str(Reason.NOT_APPROVED)] * number
    for order in FREE:
        given = ask_run(place.database, RUN, order, "\x1b[2Jcarl", NOW)
        assert place.orders()[-1] == given
        assert (given.order, given.person, given.signed) == (order, "\\x1b[2Jcarl", None)
        place.check(given)
    assert ask_run(place.database, RUN, "hold", "", NOW).person == "somebody"


@pytest.mark.parametrize("order", SIGNED)
def test_the_others_are_signed(place: Place, order: SignedOrder) -> None:
    with pytest.raises(ValidationError, match="'hold' or 'stop'"):
        ask_run(place.database, RUN, order, "carl", NOW)  # type: ignore[arg-type]
    seen = newest_event(place.database, RUN)
    given = place.give(order)
    assert place.orders() == [given]
    assert (given.order, given.person, given.seen) == (order, "anna", seen)
    place.check(given)
    head = head_of(place.database)
    assert (head.fields["kind"], head.fields["subject"], head.seq) == (ORDERED, RUN, given.number)
    assert set(head.fields["body"]) == {"order", "person", "seq", "text", "signature"}
    assert given.signed is not None
    with pytest.raises(DecisionRefused, match=str(Reason.SAME_NONCE)):
        place.give(order, given.signed, seen=seen)  # it counts once
    place.happen()
    after = ask_run(place.database, RUN, "hold", "carl", NOW)
    assert load_orders(place.database, RUN) == [given, after]
    assert load_orders(place.database, RUN, after=given.number) == [after]
    assert load_orders(place.database, "U-0") == []


@pytest.mark.parametrize("more", ["held", "ordered"])
@pytest.mark.parametrize("order", SIGNED)
def test_a_word_on_a_hold_lifts_not_the_next(place: Place, order: SignedOrder, more: str) -> None:
    seen, signed = newest_event(place.database, RUN), place.sign(order)
    if more == "held":
        place.happen()
    else:
        ask_run(place.database, RUN, "hold", "carl", NOW)
    if order == "abort":
        place.check(place.give(order, signed, seen=seen))
        return
    with pytest.raises(PermitRefused, match="has gone on since; next: handwheel runs show"):
        place.give(order, signed, seen=seen)
    with pytest.raises(DecisionRefused, match=str(Reason.NOT_APPROVED)):
        place.give(order, signed)  # the number is signed
    place.give(order)


@pytest.mark.parametrize("order", ["hold", "resume"])
def test_there_must_be_such_a_run_and_it_must_not_be_over(place: Place, order: Any) -> None:
    def tell(run_id: str) -> None:
        if order in FREE:
            ask_run(place.database, run_id, order, "carl", NOW)
            return
        seen = newest_event(place.database, RUN)
        subject = run_subject(run_id, seen)
        meaning = meaning_of_subject(VERDICTS[order], subject)
        signed = place.sign(order, subject=subject, meaning=meaning)
        place.order(run_id, order, seen, ROLES, signed)

    with pytest.raises(InvalidArguments, match="is no run of this site"):
        tell("U-0")
    with place.database.transaction(NOW) as transaction:
        transaction.change("UPDATE run SET is_open = 0 WHERE run_id = ?", (RUN,))
    with pytest.raises(PermitRefused, match="is over"):
        tell(RUN)
    assert place.orders() == []


def test_whose_word_counts(place: Place) -> None:
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("max", {}, f"max lacks a role that is needed to resume {RUN}: operator"),
        ("boss", {}, str(Reason.ADMINISTRATOR)),
        ("anna", {"attended": False}, str(Reason.UNATTENDED)),
        ("anna", {"verdict": "abort-run"}, str(Reason.NOT_APPROVED)),
        ("anna", {"meaning": "I resume something"}, str(Reason.OTHER_MEANING)),
        ("bert", {}, ""),
    ]
    for by, more, reason in cases:
        signed = place.sign("resume", by, **more)
        if not reason:
            place.check(place.give("resume", signed))
            continue
        with pytest.raises(GuardrailError, match=reason):
            place.give("resume", signed)
        head = head_of(place.database)
        assert (head.fields["kind"], head.fields["body"]["person"]) == ("decision.refused", by), by
        assert place.orders() == [], by
    for roles, reason in ((("operator", "shift-supervisor"), "lacks a role"), ((), "no role")):
        with pytest.raises(PermitRefused, match=reason):
            place.give("abort", roles=roles)
