"""Agent that asks for something at random times, whatever the plant shows."""

from hashlib import sha256
from random import Random

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Value
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.binding.start import Concurrency
from handwheel.playbooks.binding.step_model import RequiredApproval, Step, Write
from handwheel.tools.guardrails.policy.rules import TagRules

from .own_agent import Begin, Seen

_EVERY_S = 1800.0
"""Mean time from one attempt to the next, process time."""
_TRIES = 20
_WITHIN_S = 1800.0


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
                plan = one_write(rules.tag, value, rules.roles[0])
            if await begin(plan):
                return


def one_write(tag: Tag, value: Value, role: str) -> BoundPlaybook:
    """Returns an unreleased playbook that writes one value to one tag and takes nothing back."""
    name = f"single/{tag.name}"
    write = Step("write", f"Write {tag.name}", name, (Write(tag, value),), undo_reason="it stays")
    return BoundPlaybook(
        id=name, version="0.0.0", title=f"Write {tag.name}", file=name,
        digest=sha256(f"{name} {value}".encode()).hexdigest(), roles={}, parameters={}, given={},
        triggers=(), assets=tuple(filter(None, [tag.equipment])), evidence_for=(),
        evidence_against=(), permissives=(), invariants=(),
        approval=RequiredApproval(role, _WITHIN_S, "stop"), covers=frozenset({"steps"}),
        steps=(write,), safe_state=(), escalations=(), max_writes=1, max_duration_s=_WITHIN_S,
        lease_s=None, schedules=(), is_manual=False, style="computer-assisted", achieves=None,
        concurrency=Concurrency(), deadline_s=None,
    )  # fmt: skip


def random_value(rules: TagRules, draw: Random) -> Value:
    """Returns a value inside the limits of a tag, of an enumeration one of its numbers."""
    tag = rules.tag
    if tag.kind == "bool":
        return draw.random() < 0.5
    if tag.kind == "enum":
        return draw.choice(sorted(tag.members.values()))
    low, high = (rules.limits.low, rules.limits.high) if rules.limits else tag.span or (0.0, 1.0)
    return float(f"{draw.uniform(low, high):.3g}")
