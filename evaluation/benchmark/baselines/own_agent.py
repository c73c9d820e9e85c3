"""Agent of a programmer as the benchmark asks it, and playbooks of its own that only write."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from handwheel.connectors.denial import Denial
from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.site import Site
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.binding.start import Concurrency
from handwheel.playbooks.binding.step_model import RequiredApproval, Step, Write
from handwheel.tools.guardrails.policy.policy import Policy

OWN_WRITES = "single/"
"""Beginning of the id of a playbook that has no file, before the tags that it writes."""
_WITHIN_S = 1800.0


def own_writes(writes: Sequence[Write], role: str) -> BoundPlaybook:
    """Returns an unreleased playbook that writes some values at once and takes nothing back.

    Args:
        writes: At least one.
        role: Who must approve.
    """
    tags = [each.tag for each in writes]
    name = f"{OWN_WRITES}{','.join(each.name for each in tags)}"
    title = f"Write {', '.join(each.name for each in tags)}"
    values = [each.value for each in writes]
    step = Step("write", title, name, tuple(writes), undo_reason="it stays")
    assets = dict.fromkeys(each.equipment for each in tags if each.equipment)
    return BoundPlaybook(
        id=name, version="0.0.0", title=title, file=name,
        digest=sha256(f"{name} {values}".encode()).hexdigest(), roles={}, parameters={}, given={},
        triggers=(), assets=tuple(assets), evidence_for=(), evidence_against=(), permissives=(),
        invariants=(), approval=RequiredApproval(role, _WITHIN_S, "stop"),
        covers=frozenset({"steps"}), steps=(step,), safe_state=(), escalations=(),
        max_writes=len(writes), max_duration_s=_WITHIN_S, lease_s=None, schedules=(),
        is_manual=False, style="computer-assisted", achieves=None, concurrency=Concurrency(),
        deadline_s=None,
    )  # fmt: skip


def written_tags(playbook: str) -> tuple[str, ...]:
    """Returns the tags of the id of `own_writes`, none of that of a playbook with a file."""
    is_own = playbook.startswith(OWN_WRITES)
    return tuple(playbook.removeprefix(OWN_WRITES).split(",")) if is_own else ()


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
