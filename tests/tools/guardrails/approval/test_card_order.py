"""Who ordered the run of a request, as its card tells it."""

from pathlib import Path

import pytest

from handwheel.tools.guardrails.approval.cards.card_order import order_of
from handwheel.tools.guardrails.approval.start_orders import OrderStart, StartOrder
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.context import DecisionContext

from ....gate.testbed.authority_grant import signed_word
from ....hmi.requests.sample_card import RUN, asked_by_run
from ....sites.in_memory import make_site
from ....sites.signed_requests import NOW

ORDER = StartOrder("C-7K3MQ2XA", RUN["playbook"], RUN["digest"], {"high": "0.5 cm/s"})


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        ({}, ("anna", "operator")),
        ({"run_id": "U-00000002"}, None),  # the case has a run already
        ({"digest": "cd" * 32}, None),
        ({"parameters": {"standby": "P-101B", "high": "6 mm/s"}}, None),
    ],
)
def test_order_of_a_run_shows_only_what_the_signature_covers(
    tmp_path: Path, changed: dict[str, object], shown: tuple[str, str] | None
) -> None:
    site = make_site(tmp_path)
    with Database(site.state, site.id) as database:
        context = DecisionContext(site, database, load_policy(site), load_roster(site))
        request = asked_by_run(run={**RUN, **changed})
        forged = StartOrder("C-FORGED00", ORDER.playbook, ORDER.digest, {})
        signed = signed_word(context, "start-run", ORDER.subject, NOW)
        OrderStart.of(site.id, ORDER, (["operator"], []), signed).apply(context, NOW)
        (row,) = database.find_rows(ORDER.case_id, "case.ordered")
        with database.transaction(NOW) as transaction:
            transaction.record("case.ordered", forged.case_id, row.fields["body"])
            transaction.change(
                "INSERT INTO decision(verdict, subject, nonce, text, signature) "
                "SELECT verdict, ?, 'other', text || ' ', signature FROM decision",
                (forged.subject,),
            )
            transaction.record("case.judged", ORDER.case_id, {"run_id": RUN["run_id"]})
            transaction.record("case.judged", ORDER.case_id, {"run_id": "U-00000002"})
            transaction.record("case.judged", forged.case_id, {"run_id": "U-00000002"})
        found = order_of(context, request, NOW)
        assert (found and (found.person, found.role)) == shown
