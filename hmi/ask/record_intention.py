"""Intention of a person, recorded with the agents after the answer to a plan."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Any

from handwheel.agents.questions.question import Answer
from handwheel.agents.questions.sources import FoundPlans, PossiblePlan
from handwheel.connectors.hints import next_step
from handwheel.connectors.model.site import Site
from handwheel.run_link import RunLink
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.requests.timestamps import parse_stamp, stamp
from handwheel.tools.safe_text import printable

from ..runs.planned import PATH, ask_agents, wall_text

_SO = "nothing was recorded"


def record_intention(
    answer: Answer, found: FoundPlans | None, site: Site, now: datetime
) -> Mapping[str, Any]:
    """Records the first plan of an answer, of which the agents tell people at its time.

    Args:
        now: By the clock on the wall of this machine, with its zone.

    Returns the intention, as the guests' socket has it.

    Raises:
        InvalidArguments: The question names no clear time, or there is no plan to record.
        NoAgents: No agents run.
        HandwheelError: They refuse it.

    Effect: people will be told. Retry and time-out: see `RunLink`.
    """
    plan, equipment = _plan(found), answer.parameters["equipment"]
    at, text = stamp(moment_of(answer.parameters["at"], now)), text_of(answer)
    roles = dict(plan.roles)
    same = repr((equipment, plan.playbook, sorted(roles.items()), at, text))
    fields: dict[str, Any] = {
        "key": sha256(same.encode()).hexdigest(), "equipment": equipment,
        "playbook": plan.playbook, "roles": roles, "at": at, "text": text,
    }  # fmt: skip

    async def ask(link: RunLink) -> Mapping[str, Any]:
        recorded: Mapping[str, Any] = (await link.post(PATH, fields))["intention"]
        return recorded

    return ask_agents(site, _SO, ask)


def recorded_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Yields what was recorded with its full date, and the command that ends it."""
    name, at = str(found["intention_id"]), wall_text(parse_stamp(str(found["at"])))
    yield f"{name}: recorded; at {at} the agents judge {found['playbook']} again and tell people"
    yield next_step("runs", "withdraw", name)


def offer_lines(answer: Answer, found: FoundPlans | None, now: datetime) -> Iterator[str]:
    """Yields the command that records the plan of an answer, if one can be recorded."""
    try:
        plan = _plan(found)
        moment_of(answer.parameters["at"], now)
    except InvalidArguments:
        return
    if not plan.is_composed:
        yield next_step("ask", "--record", *text_of(answer).split(" ", 2))


def text_of(answer: Answer) -> str:
    """Returns a question as it was typed."""
    return printable(" ".join([answer.question.id, *answer.parameters.values()]).strip())


def moment_of(text: str, now: datetime) -> datetime:
    """Returns a moment such as `14:00`, `tomorrow 14:00` and `2026-12-03 14:00`.

    A time without a day is on the day of `now`, or the next one if it is past.

    Raises:
        InvalidArguments: It is no such time, or past.
    """
    day, _, clock = text.rpartition(" ")
    days = {"": now.date(), "today": now.date(), "tomorrow": now.date() + timedelta(days=1)}
    try:
        if len(clock) > len("14:00"):  # seconds, or a zone
            raise ValueError(clock)
        on = days[day] if day in days else date.fromisoformat(day)
        # A time without its zone follows the wall over a change to summer time.
        at = datetime.combine(on, time.fromisoformat(f"{clock:0>5}")).astimezone()
    except ValueError:
        form = f"14:00, 'tomorrow 14:00' or '{now:%Y-%m-%d} 14:00'"
        raise InvalidArguments(f"{text!r} is no time; write one such as at {form}") from None
    if at > now:
        return at
    if day:
        raise InvalidArguments(f"{at:%Y-%m-%d %H:%M} is past")
    return datetime.combine(on + timedelta(days=1), at.time()).astimezone()


def _plan(found: FoundPlans | None) -> PossiblePlan:
    """Returns the first plan. Raises `InvalidArguments` where none can be recorded."""
    if found is None or not found.plans:
        raise InvalidArguments(f"there is no plan, so {_SO}")
    return found.plans[0]
