"""Lint rules on the site's roles, equipment and other playbooks."""

from collections.abc import Collection, Iterator, Mapping

from handwheel.connectors.config.yaml_documents import Path_
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.site_file import SITE_SCOPE
from handwheel.tools.guardrails.policy.policy import Policy

from ..binding.model import BoundPlaybook
from ..binding.step_model import Write
from ..language.errors import Finding
from ..language.loader import Playbook
from ..language.schema import PlaybookFile

_NAMED = 3  # playbooks in one finding


def check_roles(playbook: Playbook, policy: Policy | ConfigError) -> Iterator[Finding]:
    """Yields every approval role that the policy does not have."""
    if not isinstance(policy, Policy):
        return
    for path, role in _approval_roles(playbook.file):
        if not policy.has_role(role):
            text = f"the policy has no role {role!r}"
            hint = "write a role of the policy"
            yield playbook.finding("unknown-role", path, text, hint)


def _approval_roles(file: PlaybookFile) -> Iterator[tuple[Path_, str]]:
    if file.approval:
        yield ("approval", "role"), file.approval.role
    for n, step in enumerate(file.steps):
        if step.hold_point:
            yield ("steps", n, "hold_point", "role"), step.hold_point.role
        if step.approval:
            yield ("steps", n, "approval", "role"), step.approval.role
        if step.manual:
            yield ("steps", n, "manual", "role"), step.manual.role


def check_ownership(playbook: Playbook, plan: BoundPlaybook, site: Site) -> Iterator[Finding]:
    """Yields the writes to equipment that a run does not own."""
    open_ = [write for write in plan.writes if not _is_owned(write, plan, site)]
    if not open_:
        return
    named = dict.fromkeys(
        f"{each.tag.name} of {each.tag.equipment or 'no equipment'}" for each in open_
    )
    text = f"a run may write equipment that it does not own: {', '.join(named)}"
    yield playbook.key_finding("not-owned", _key_place(playbook.file), text, _owning(open_))


def _is_owned(write: Write, plan: BoundPlaybook, site: Site) -> bool:
    covering = set(site.scopes_of(write.tag.equipment)) - {SITE_SCOPE}
    return not covering.isdisjoint(plan.assets)


def _key_place(file: PlaybookFile) -> Path_:
    if file.concurrency:
        return ("concurrency", "key")
    writing = [n for n, step in enumerate(file.steps) if step.write]
    return ("steps", writing[0]) if writing else ("safe_state",)


def _owning(open_: Collection[Write]) -> str:
    missing = sorted({each.tag.equipment for each in open_} - {""})
    if missing:
        return f"name {', '.join(missing)}, or what it is part of, in the key of concurrency"
    return "give the tag an equipment in the site's tags, and name that in the key of concurrency"


def check_suggestions(playbook: Playbook, others: Collection[Playbook]) -> Iterator[Finding]:
    """Yields every suggestion of a playbook that the site does not have."""
    known = {playbook.id, "", "none", *(each.id for each in others)}
    diagnosis = playbook.file.diagnosis
    for side, checks in (("for", diagnosis.for_), ("against", diagnosis.against)):
        for n, each in enumerate(checks):
            if others and each.suggest not in known:
                text = f"the site has no playbook {each.suggest!r} to suggest"
                path = ("diagnosis", side, n, "suggest")
                yield playbook.finding("unknown-suggestion", path, text, severity="warning")


class Overlaps:
    """Tags that start several playbooks, by the tags that start each."""

    def __init__(self, starting: Mapping[str, frozenset[str]]) -> None:
        self._starting = starting
        self._started: dict[str, list[str]] = {}
        for id_, names in starting.items():
            for name in names:
                self._started.setdefault(name, []).append(id_)

    def check(self, playbook: Playbook) -> Iterator[Finding]:
        """Yields the playbooks that the same tags start. Call it for one without concurrency."""
        own = self._starting[playbook.id]
        others = {each for name in own for each in self._started[name]} - {playbook.id}
        if not others:
            return
        named = sorted(others)
        shared = own & frozenset[str]().union(*(self._starting[each] for each in named[:_NAMED]))
        who = ", ".join(named[:_NAMED])
        who += f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        text = f"{', '.join(sorted(shared))} starts {who} too, and both may run at once"
        hint = "write concurrency with the equipment that a run owns"
        yield playbook.key_finding("overlapping-triggers", ("trigger",), text, hint)
