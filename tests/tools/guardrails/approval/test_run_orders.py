"""What people tell a run: who may, on what they saw, once, and what a forged row is worth."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import pytest

from handwheel.connectors.model.site import load_site
from handwheel.tools.errors import GuardrailError, InvalidArguments, PermitRefused
from handwheel.tools.guardrails.approval.run_orders import (
    VERDICTS,
    FreeOrder,
    RunOrder,
    SignedOrder,
    ask_run,
    check_order,
    load_orders,
    newest_event,
    order_run,
)
from handwheel.tools.guardrails.audit.audit import audit
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.ledger.runs import ORDERED
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import (
    DecisionRefused,
    Reason,
    Signed,
    meaning_of_subject,
    run_subject,
)

from ....gate.testbed.authority_grant import signed_word
from ....sites.in_memory import POLICY, make_site
from ....sites.signed_requests import NOW, head_of, site_word

RUN, ROLES = "U-7K3MQ2XA", ("operator",)
SIGNED: tuple[SignedOrder, ...] = get_args(SignedOrder)
FREE: tuple[FreeOrder, ...] = get_args(FreeOrder)


@dataclass(frozen=True)
class Place:
    """A run that is held, and the people of its site."""

    decision_context: DecisionContext

    @property
    def database(self) -> Database:
        return self.decision_context.database

    def happen(self, kind: str = "held", run_id: str = RUN) -> None:
        with self.database.transaction(NOW) as transaction:
            transaction.record(f"run.{kind}", run_id, {})

    def sign(
        self, order: SignedOrder, by: str = "anna", *, attended: bool = True, **said: Any
    ) -> Signed:
        """What a person signs who sees the run as it is."""
        subject = run_subject(RUN, newest_event(self.database, RUN))
        verdict, context = VERDICTS[order], self.decision_context
        return signed_word(context, verdict, subject, NOW, by=by, attended=attended, **said)

    def give(self, order: SignedOrder, signed: Signed | None = None) -> RunOrder:
        seen = newest_event(self.database, RUN)
        return order_run(
            self.decision_context, RUN, order, seen, ROLES, signed or self.sign(order), NOW
        )

    def orders(self) -> list[RunOrder]:
        return load_orders(self.database, RUN)

    def check(self, given: RunOrder) -> None:
        check_order(self.decision_context, RUN, given, ROLES, NOW)

    def write(self, body: dict[str, object]) -> RunOrder:
        """Somebody who has the ledger's file writes an order."""
        with self.database.transaction(NOW) as transaction:
            transaction.record(ORDERED, RUN, body)
        return self.orders()[-1]


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


@pytest.mark.parametrize("order", FREE)
def test_anybody_may_hold_and_stop_a_run(place: Place, order: FreeOrder) -> None:
    given = ask_run(place.database, RUN, order, "\x1b[2Jcarl", NOW)
    assert place.orders() == [given]
    assert (given.order, given.person, given.signed) == (order, "\\x1b[2Jcarl", None)
    place.check(given)
    assert ask_run(place.database, RUN, order, "", NOW).person == "somebody"


@pytest.mark.parametrize("order", SIGNED)
def test_the_others_are_signed(place: Place, order: SignedOrder) -> None:
    with pytest.raises(InvalidArguments, match="must be signed"):
        ask_run(place.database, RUN, order, "carl", NOW)  # type: ignore[arg-type]
    seen = newest_event(place.database, RUN)
    given = place.give(order)
    assert place.orders() == [given]
    assert (given.order, given.person, given.seen) == (order, "anna", seen)
    place.check(given)
    head = head_of(place.database)
    assert (head.fields["kind"], head.fields["subject"], head.seq) == (ORDERED, RUN, given.number)
    assert set(head.fields["body"]) == {"order", "person", "seq", "text", "signature"}


def test_orders_come_in_order_and_a_run_reads_on_from_where_it_was(place: Place) -> None:
    first = ask_run(place.database, RUN, "hold", "carl", NOW)
    place.happen()
    second = place.give("resume")
    assert load_orders(place.database, RUN) == [first, second]
    assert load_orders(place.database, RUN, after=first.number) == [second]
    assert load_orders(place.database, "U-0") == []


@pytest.mark.parametrize("order", [*FREE, *SIGNED])
def test_there_must_be_such_a_run_and_it_must_not_be_over(place: Place, order: Any) -> None:
    def tell(run_id: str) -> None:
        if order in FREE:
            ask_run(place.database, run_id, order, "carl", NOW)
            return
        seen = newest_event(place.database, RUN)
        subject = run_subject(run_id, seen)
        meaning = meaning_of_subject(VERDICTS[order], subject)
        signed = place.sign(order, subject=subject, meaning=meaning)
        order_run(place.decision_context, run_id, order, seen, ROLES, signed, NOW)

    with pytest.raises(InvalidArguments, match="there is no run"):
        tell("U-0")
    with place.database.transaction(NOW) as transaction:
        transaction.change("UPDATE run SET is_open = 0 WHERE run_id = ?", (RUN,))
    with pytest.raises(PermitRefused, match="is over"):
        tell(RUN)
    assert place.orders() == []


@pytest.mark.parametrize("more", ["held", "ordered"])
@pytest.mark.parametrize("order", SIGNED)
def test_a_word_on_a_hold_lifts_not_the_next(place: Place, order: SignedOrder, more: str) -> None:
    seen, signed = newest_event(place.database, RUN), place.sign(order)
    if more == "held":
        place.happen()
    else:
        ask_run(place.database, RUN, "hold", "carl", NOW)
    if order == "abort":
        given = order_run(place.decision_context, RUN, order, seen, ROLES, signed, NOW)
        place.check(given)
        return
    with pytest.raises(PermitRefused, match="has gone on since; look again"):
        order_run(place.decision_context, RUN, order, seen, ROLES, signed, NOW)
    with pytest.raises(DecisionRefused, match=str(Reason.NOT_APPROVED)):
        place.give(order, signed)  # the number is signed
    place.give(order)


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


def test_what_anybody_may_say_is_not_signed(place: Place) -> None:
    for number, order in enumerate(FREE, start=1):
        with pytest.raises(DecisionRefused, match=str(Reason.NOT_APPROVED)):
            place.give(order, place.sign("resume"))  # type: ignore[arg-type]
        assert place.orders() == [], order
        rows = [row.fields for row in place.database.journal()]
        told = [row["body"]["reason"] for row in rows if row["kind"] == "decision.refused"]
        assert told == [str(Reason.NOT_APPROVED)] * number
    place.check(place.give("resume"))


def test_every_role_of_the_run_must_be_met_and_there_must_be_one(place: Place) -> None:
    seen = newest_event(place.database, RUN)
    for roles, reason in ((("operator", "shift-supervisor"), "lacks a role"), ((), "no role")):
        with pytest.raises(PermitRefused, match=reason):
            order_run(place.decision_context, RUN, "abort", seen, roles, place.sign("abort"), NOW)


def test_a_script_orders_where_the_policy_lets_it(tmp_path: Path, place: Place) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    policy = make_site(folder).root / "policy.yaml"
    policy.write_text(POLICY.replace("ttl_max", "unattended: simulated\nttl_max"), "utf-8")
    other = replace(
        place,
        decision_context=replace(place.decision_context, policy=load_policy(load_site(folder))),
    )
    other.give("resume", other.sign("resume", attended=False))


def test_an_order_counts_once(place: Place) -> None:
    seen, signed = newest_event(place.database, RUN), place.sign("abort")
    order_run(place.decision_context, RUN, "abort", seen, ROLES, signed, NOW)
    with pytest.raises(DecisionRefused, match=str(Reason.SAME_NONCE)):
        order_run(place.decision_context, RUN, "abort", seen, ROLES, signed, NOW)


@pytest.mark.parametrize("order", SIGNED)
def test_a_row_that_somebody_wrote_is_no_order(place: Place, order: SignedOrder) -> None:
    given = place.give(order)
    place.check(given)
    with pytest.raises(PermitRefused, match="is not signed"):
        place.check(place.write({"order": order, "person": "anna"}))
    assert given.signed is not None
    again: dict[str, object] = {
        "order": order, "person": "anna", "seq": given.seen, "text": given.signed.text,
        "signature": given.signed.signature_hex,
    }  # fmt: skip
    with pytest.raises(GuardrailError):
        place.check(place.write(again))
    with pytest.raises(DecisionRefused, match=str(Reason.BAD_SIGNATURE)):
        place.check(place.write(again | {"signature": "0" * 128}))
    other = "abort" if order == "resume" else "resume"
    with pytest.raises(DecisionRefused, match=str(Reason.NOT_APPROVED)):
        place.check(place.write(again | {"order": other}))
    place.check(given)  # the first still counts


def test_an_order_of_an_earlier_ledger_is_none(place: Place) -> None:
    seen = newest_event(place.database, RUN)
    subject = run_subject(RUN, seen)
    signed = site_word("resume-run", subject, head="0" * 64)
    given = place.write({
        "order": "resume", "person": "anna", "seq": seen, "text": signed.text,
        "signature": signed.signature_hex,
    })  # fmt: skip
    with pytest.raises(DecisionRefused, match=str(Reason.OTHER_LEDGER)):
        place.check(given)


def test_a_row_that_is_no_order_is_refused(place: Place) -> None:
    cases: list[dict[str, object]] = [{}, {"order": "start", "person": "anna"}, {"order": "hold"}]
    for body in cases:
        order = place.write(body)
        with pytest.raises(PermitRefused, match="is no order to a run"):
            place.check(order)
