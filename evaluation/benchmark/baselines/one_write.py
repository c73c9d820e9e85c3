"""Playbook of a single write, which nobody has released."""

from hashlib import sha256

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Value
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.binding.start import Concurrency
from handwheel.playbooks.binding.step_model import RequiredApproval, Step, Write

_WITHIN_S = 1800.0


def one_write(tag: Tag, value: Value, role: str) -> BoundPlaybook:
    """Returns a playbook that writes one value to one tag, and takes nothing back."""
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
