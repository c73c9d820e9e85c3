"""The product's own audit of a site's ledger."""

from handwheel.tools.guardrails.audit.audit import audit
from handwheel.tools.guardrails.signatures.context import DecisionContext


def faults_in(context: DecisionContext) -> tuple[str, ...]:
    """Returns what `handwheel journal verify` finds."""
    return audit(context.database, context.site, context.roster, context.policy.satisfies).faults
