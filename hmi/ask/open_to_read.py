"""Ledger, policy and people of a site, for a question that changes nothing."""

from collections.abc import Generator
from contextlib import contextmanager

from handwheel.connectors.config.yaml_documents import Document
from handwheel.connectors.model.site import POLICY_FILE, Site
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.policy.policy import Policy, build_policy, load_policy
from handwheel.tools.guardrails.signatures.context import DecisionContext


@contextmanager
def open_to_read(site: Site) -> Generator[DecisionContext]:
    """Opens the ledger, with a policy that allows nothing where the site has none yet.

    Raises:
        ConfigError: One of the files is wrong.
        LedgerError: The ledger cannot be used.
    """
    policy, roster = _policy(site), load_roster(site)
    with connect.open_ledger(site) as database:
        yield DecisionContext(site, database, policy, roster)


def _policy(site: Site) -> Policy:
    path = site.root / POLICY_FILE
    if path.exists():
        return load_policy(site)
    return build_policy(Document(str(path), {"schema": "policy/1", "roles": {}}), site)
