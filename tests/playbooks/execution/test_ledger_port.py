"""People of a site, as runs that began before the first enrolment find them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.session.protocols import Survey
from handwheel.playbooks.execution.ledger_port import LedgerPort
from handwheel.playbooks.execution.ledger_writer import LedgerWriter
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.context import DecisionContext

from ...sites.in_memory import build_context, make_site
from ...sites.people import key_id
from ...sites.signed_requests import NOW


async def _no_survey(_read: Sequence[Tag], _write: Sequence[Tag]) -> Survey:
    raise AssertionError("nothing is read")


def test_renewed_when_the_trust_root_changes_again_keeps_the_first_one(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    before = replace(site, trust_root="")
    with Database(site.state, site.id) as database:
        context = DecisionContext(before, database, load_policy(site), load_roster(before))
        writer = LedgerWriter(context, "0" * 32, lambda: NOW)
        port = LedgerPort(writer, build_context(site), _no_survey)
        assert port.renewed().roster.operators
        file = site.root / "site.yaml"
        file.write_text(file.read_text("utf-8").replace(site.trust_root, key_id("anna")), "utf-8")
        assert port.renewed().site.trust_root == site.trust_root
