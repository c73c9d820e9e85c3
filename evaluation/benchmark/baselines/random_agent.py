"""Agent that asks for something at random times, whatever the plant shows."""

from random import Random

from handwheel.connectors.denial import Denial
from handwheel.connectors.model.values import Value
from handwheel.playbooks.binding.step_model import Write
from handwheel.tools.guardrails.policy.rules import TagRules

from .own_agent import Begin, Seen
from .own_writes import own_writes

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
