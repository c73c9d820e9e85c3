"""Agents without a diagnosis, on alarms and at random, and agents by their name."""

from collections.abc import Iterator
from random import Random

from handwheel.agents.site_agents import SiteAgents
from handwheel.connectors.denial import Denial
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Quality, Value
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.binding.step_model import Write
from handwheel.tools.guardrails.policy.rules import TagRules

from ...trial.agents import CreateAgents
from ..episodes import Episode
from .agent_loop import AgentLoop
from .agent_name import AgentName
from .own_agent import Begin, Seen, own_writes

_ACTIVE = ".active"
_AGAIN_S = 60.0
"""Process time after which an alarm that nothing could be done about is tried again."""


class EachAlarm:
    """Begins one playbook for each alarm, the first that nothing prevents.

    First come those with the alarm as a trigger, then those over its equipment, in the order of
    the library. An alarm that has gone and comes again is a new one.
    """

    def __init__(self) -> None:
        self._answered = set[str]()
        self._next_s: dict[str, float] = {}

    async def act(self, seen: Seen, begin: Begin) -> None:
        """Acts on the alarms that stand. See `OwnAgent.act`."""
        standing = [each for each in seen.site.tags.values() if _is_active(each, seen)]
        names = {each.name for each in standing}
        self._answered &= names
        self._next_s = {name: at_s for name, at_s in self._next_s.items() if name in names}
        for alarm in standing:
            if alarm.name in self._answered or seen.now_s < self._next_s.get(alarm.name, 0.0):
                continue
            for plan in _answers(alarm, seen):
                if not isinstance(await begin(plan), Denial):
                    self._answered.add(alarm.name)
                    break
            self._next_s[alarm.name] = seen.now_s + _AGAIN_S


def _is_active(tag: Tag, seen: Seen) -> bool:
    if tag.kind != "bool" or not tag.name.endswith(_ACTIVE):
        return False
    reading = seen.readings.get(tag.name)
    if reading is None or reading.quality is not Quality.GOOD:
        return False
    return reading.scalar is True


def _answers(alarm: Tag, seen: Seen) -> Iterator[BoundPlaybook]:
    triggered = [each for each in seen.plans if _is_trigger(alarm, each)]
    yield from triggered
    equipment = _equipment(alarm, seen.site)
    yield from (each for each in seen.plans if equipment in each.assets and each not in triggered)


def _is_trigger(alarm: Tag, plan: BoundPlaybook) -> bool:
    parts = (part for trigger in plan.triggers for part in trigger.parts)
    return any(alarm.name in part.condition.tags for part in parts)


def _equipment(alarm: Tag, site: Site) -> str:
    """Returns the equipment of an alarm, else that of the tag that its description begins with."""
    measured = site.tags.get(f"{alarm.label.partition(' ')[0]}.pv")
    return alarm.equipment or (measured.equipment if measured else "")


_EVERY_S = 1800.0
"""Mean time from one attempt to the next, process time."""
_TRIES = 20


class RandomAgent:
    """Begins a random playbook of the library, or as often a random write that policy allows.

    Args:
        draw: Decides about times, playbooks, tags and values.
    """

    def __init__(self, draw: Random) -> None:
        self._draw = draw
        self._next_s = draw.expovariate(1.0 / _EVERY_S)

    async def act(self, seen: Seen, begin: Begin) -> None:
        """Asks for something if its time has come. See `OwnAgent.act`."""
        if seen.now_s < self._next_s:
            return
        self._next_s = seen.now_s + self._draw.expovariate(1.0 / _EVERY_S)
        for _ in range(_TRIES):
            plan = self._draw.choice(seen.plans)
            if self._draw.random() < 0.5:
                rules = self._draw.choice(seen.policy.allowed())
                value = random_value(rules, self._draw)
                present = seen.readings.get(rules.tag.name)
                if not seen.policy.judge(rules.tag, value, present).is_allowed:
                    continue
                plan = own_writes([Write(rules.tag, value)], rules.roles[0])
            if not isinstance(await begin(plan), Denial):
                return


def random_value(rules: TagRules, draw: Random) -> Value:
    """Returns a value inside the limits of a tag, of an enumeration one of its numbers."""
    tag = rules.tag
    if tag.kind == "bool":
        return draw.random() < 0.5
    if tag.kind == "enum":
        return draw.choice(sorted(tag.members.values()))
    low, high = (rules.limits.low, rules.limits.high) if rules.limits else tag.span or (0.0, 1.0)
    return float(f"{draw.uniform(low, high):.3g}")


def creator(name: AgentName, episode: Episode) -> CreateAgents:
    """Returns what creates the agents of a room for an episode. `none` has no room."""
    if name is AgentName.EACH_ALARM:
        return lambda context: AgentLoop(context, EachAlarm())
    if name is AgentName.RANDOM:
        draw = Random(f"random {episode.plant} {episode.case} {episode.seed}")
        return lambda context: AgentLoop(context, RandomAgent(draw))
    return SiteAgents
