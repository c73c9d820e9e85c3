"""Orders that a playbook starts, as agents take them up that were there before the people."""

from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.connectors.errors import ConfigError
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.approval.start_orders import (
    OrderStart,
    StartOrder,
    check_start,
    load_start_order,
)
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.context import DecisionContext

from ....gate.testbed.authority_grant import signed_word
from ....sites.in_memory import make_site
from ....sites.people import key_id
from ....sites.signed_requests import NOW

NEEDS = (["operator"], list[str]())


def test_an_order_when_people_were_enrolled_since_counts_as_of_the_roster_now(
    tmp_path: Path,
) -> None:
    site = make_site(tmp_path)
    with Database(site.state, site.id) as database:
        people = DecisionContext(site, database, load_policy(site), load_roster(site))
        order = StartOrder("C-7K3MQ2XA", "cw/start-up", "ab" * 32, {})
        signed = signed_word(people, "start-run", order.subject, NOW)
        OrderStart.of(site.id, order, NEEDS, signed).apply(people, NOW)
        found = load_start_order(database, order.case_id)
        assert found
        before = replace(site, trust_root="")
        agents = DecisionContext(before, database, people.policy, load_roster(before))
        with pytest.raises(GuardrailError, match="no valid record"):
            check_start(agents, found, NEEDS, NOW)
        check_start(agents.renewed(), found, NEEDS, NOW)
        pinned = replace(agents, site=replace(site, trust_root=key_id("anna")))
        for each in (pinned, replace(agents, site=replace(before, id="other"))):
            assert each.renewed().roster.operators == ()
        (site.root / "site.yaml").write_text("schema: site/1\n", encoding="utf-8")
        with pytest.raises(ConfigError):
            agents.renewed()
