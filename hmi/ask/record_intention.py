"""Intention of a person, recorded with the agents after the answer to a plan."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from handwheel.agents.answering.moment import moment_of
from handwheel.agents.answering.sources import FoundPlans, PossiblePlan
from handwheel.connectors.hints import next_step
from handwheel.run_link import RunLink
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.requests.timestamps import parse_stamp, stamp
from handwheel.tools.safe_text import printable

from ..runs.planned import PATH, ask_agents, wall_text
from .ask_site import Told
from .site_sources import SiteSources

_SO = "nothing was recorded"


def record_intention(told: Told, sources: SiteSources) -> Mapping[str, Any]:
    """Records the first plan of an answer, of which the agents tell people at its time.

    Returns the intention, as the guests' socket has it.

    Raises:
        InvalidArguments: The question names no clear time, there is no plan to record, or only a
            model has understood it.
        NoAgents: No agents run.
        HandwheelError: They refuse it.

    Effect: people will be told. Retry and time-out: see `RunLink`.
    """
    plan, question = _plan(told, sources.found), told.question
    equipment = next(each.name for each in question.subjects if each.kind == "equipment")
    at = stamp(moment_of(question, sources.now.astimezone()))
    roles = dict(plan.roles)
    same = repr((equipment, plan.playbook, sorted(roles.items()), at, question.text))
    fields: dict[str, Any] = {
        "key": sha256(same.encode()).hexdigest(), "equipment": equipment,
        "playbook": plan.playbook, "roles": roles, "at": at, "text": question.text,
    }  # fmt: skip

    async def ask(link: RunLink) -> Mapping[str, Any]:
        recorded: Mapping[str, Any] = (await link.post(PATH, fields))["intention"]
        return recorded

    return ask_agents(sources.site, _SO, ask)


def recorded_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Yields what was recorded with its full date, and the command that ends it."""
    name, at = str(found["intention_id"]), wall_text(parse_stamp(str(found["at"])))
    yield f"{name}: recorded; at {at} the agents judge {found['playbook']} again and tell people"
    yield next_step("runs", "withdraw", name)


def offer_lines(told: Told, sources: SiteSources) -> Iterator[str]:
    """Yields the command that records the plan of an answer, if one can be recorded."""
    text = told.question.text
    try:
        plan = _plan(told, sources.found)
        moment_of(told.question, sources.now.astimezone())
    except InvalidArguments:
        return
    if not plan.is_composed and printable(text) == text:
        yield next_step("ask", "--record", text)


def _plan(told: Told, found: FoundPlans | None) -> PossiblePlan:
    """Returns the first plan. Raises `InvalidArguments` where none can be recorded."""
    if found is None or not found.plans:
        raise InvalidArguments(f"there is no plan, so {_SO}")
    if told.routed_by:
        raise InvalidArguments(f"only a model has understood the question, so {_SO}")
    return found.plans[0]
