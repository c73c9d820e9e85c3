"""Explanation of one write, with the plant read as for a proposal."""

from handwheel.connectors.client.site_reader import survey
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Value
from handwheel.connectors.session.protocols import Survey
from handwheel.tools.guardrails.approval.explain import (
    ExplainContext,
    Explanation,
    Question,
    coerced,
    explain,
)
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot
from handwheel.tools.guardrails.policy.cross_limits import cross_limits, cross_tags
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.requests.timestamps import instant_now

ANYBODY = "person"
"""Proposer that is any person."""


def explain_context(context: DecisionContext) -> ExplainContext:
    """Returns what an explanation is made from, of an open ledger."""
    site, policy, database = context.site, context.policy, context.database
    across, snapshot = cross_limits(site, policy), read_snapshot(database)
    return ExplainContext(site, policy, across, database, context.roster, snapshot)


async def explain_write(
    context: ExplainContext, tag: Tag, asked: Value, person: str
) -> tuple[Question, Explanation]:
    """Returns a write as the device would hold it, and its explanation.

    Args:
        person: The proposer; empty for an agent, `ANYBODY` for any person.

    Effect: OBSERVE. Retry and time-out: see `survey`. A plant that does not answer is no error.
    """
    plant = await _survey_plant(context, tag)
    sent = coerced(tag, asked, plant)
    value = asked if sent is None else sent
    question = Question(tag, value, person, plant.readings if plant else {})
    return question, explain(context, question, instant_now())


async def _survey_plant(context: ExplainContext, tag: Tag) -> Survey | None:
    """Reads the plant once. Returns `None` if it does not answer."""
    read = context.site.find_tags(sorted({tag.name, *cross_tags(context.across, tag)}))
    try:
        return await survey(context.site, read, [tag] if context.site.is_writable(tag) else [])
    except NotConnected:
        return None
