"""Check whether the plan of a playbook may be requested now."""

from handwheel.connectors.denial import Denial
from handwheel.connectors.hints import NEXT, next_step
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.tools.errors import GuardrailError, LedgerError
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot
from handwheel.tools.guardrails.interlocks.blocking import check_files
from handwheel.tools.guardrails.interlocks.missing_authority import missing_authority
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.requests.timestamps import Instant


def check_plan(context: DecisionContext, plan: BoundPlaybook, now: Instant) -> Denial | None:
    """Returns why a plan may not be requested now, by the gate, the files and the authority.

    The gate checks the same again before it sends anything.
    """
    site = context.site
    try:
        snapshot = read_snapshot(context.database)
    except LedgerError as error:
        return Denial("no_gate", str(error))
    if snapshot is None:
        return Denial("no_gate", f"no gate is running; {next_step('gate')}")
    try:
        check_files(site, site.hashes, snapshot.hashes, "agents")
    except GuardrailError as refusal:
        return Denial("files", str(refusal))
    written = sorted({write.tag.equipment for write in plan.writes})
    scopes = {scope for each in written for scope in site.scopes_of(each)}
    for scope in sorted(scopes.intersection(snapshot.locked)):
        return Denial("lockout", f"locked out: {scope}; {next_step('release', scope)}")
    if missing := missing_authority(context, written, now):
        reasons = [each.text for each in missing]
        commands = [f"{NEXT}{each.command}" for each in missing if each.command]
        return Denial("authority", "; ".join([*reasons, *commands]), "an authority")
    return None
