"""Agent of a programmer, as the benchmark asks it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from handwheel.connectors.denial import Denial
from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.site import Site
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.tools.guardrails.policy.policy import Policy

Begin = Callable[[BoundPlaybook], Awaitable[str | Denial]]
"""Begins a run of a playbook. Returns its ID, or what prevents it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """View of an agent at a scan."""

    now_s: float  # process time since the beginning
    readings: Readings
    site: Site
    policy: Policy
    plans: Sequence[BoundPlaybook]  # the library in its order, bound as its triggers bind it


class OwnAgent(Protocol):
    """Chooses what to ask for. It writes nothing, and approves nothing."""

    async def act(self, seen: Seen, begin: Begin) -> None:
        """Takes a scan, and begins what it wants."""
        ...
