"""Lint of playbooks at a site."""

from collections.abc import Iterable, Iterator, Sequence

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import Site
from handwheel.tools.conditions import Truth
from handwheel.tools.guardrails.policy.policy import Policy, load_policy

from ..binding.bind import BindingResult, try_bind
from ..binding.model import BoundPlaybook
from ..language.errors import Finding
from ..language.loader import Playbook
from ..language.names import every_role_binding
from .constants import check_constants, check_limits
from .key_rules import check_form, check_placeholders, check_start
from .nested import Nesting
from .noise import MeasuredNoise
from .plan import check_dead_band, check_verify_windows, check_writes
from .segments import check_lease, check_segments
from .site import Overlaps, check_ownership, check_roles, check_suggestions


def lint(playbook: Playbook, site: Site, others: Iterable[Playbook] = ()) -> list[Finding]:
    """Returns the findings of a playbook at a site, in the order of the file.

    Without the other playbooks of the site, those that it suggests or runs are not checked.
    """
    return _lint([playbook], site, tuple(others))


def lint_all(
    playbooks: Sequence[Playbook], site: Site, others: Iterable[Playbook] = ()
) -> list[Finding]:
    """Returns the findings of several playbooks of one site, beside others that it has."""
    beside = {each.id: each for each in (*others, *playbooks)}
    return _lint(playbooks, site, tuple(beside.values()))


def _lint(playbooks: Sequence[Playbook], site: Site, others: Sequence[Playbook]) -> list[Finding]:
    policy, noise, nesting = _policy(site), MeasuredNoise(site), Nesting(site, others)
    truths: dict[str, Truth] = {}
    starting: dict[str, frozenset[str]] = {}  # the tags that start each playbook
    found: list[list[Finding]] = []
    for playbook in playbooks:
        bindings = _bindings(playbook, site)
        plans = _plans(bindings)
        starting[playbook.id] = _trigger_tags(plans)
        findings = [finding for each in bindings for finding in each.findings]
        findings += check_form(playbook, bindings[0].texts)
        findings += check_roles(playbook, policy)
        findings += check_suggestions(playbook, others)
        findings += check_placeholders(playbook)
        findings += check_start(playbook, others)
        for plan in plans:
            findings += _check_plan(playbook, plan, site, policy, noise)
            findings += check_constants(playbook, plan, site, truths)
            findings += nesting.check(playbook, plan)
        found.append(findings)
    free = [n for n, each in enumerate(playbooks) if each.file.concurrency is None]
    if free:
        starting = {
            each.id: _trigger_tags(_plans(_bindings(each, site)))
            for each in others
            if each.id not in starting
        } | starting
        overlaps = Overlaps(starting)
        for n in free:
            found[n] += overlaps.check(playbooks[n])
    return [finding for findings in found for finding in _once(findings)]


def _once(findings: Iterable[Finding]) -> list[Finding]:
    """Returns the findings in order. Two role bindings cause the same one at the same place."""
    by_place = {(each.line, each.column, each.code): each for each in reversed([*findings])}
    return sorted(by_place.values())


def _check_plan(
    playbook: Playbook,
    plan: BoundPlaybook,
    site: Site,
    policy: Policy | ConfigError,
    noise: MeasuredNoise,
) -> Iterator[Finding]:
    yield from check_writes(playbook, plan, site, policy)
    yield from check_verify_windows(playbook, plan, site)
    yield from check_ownership(playbook, plan, site)
    yield from check_segments(playbook, plan)
    yield from check_lease(playbook, plan)
    yield from check_limits(playbook, plan, site)
    yield from check_dead_band(playbook, plan, site, noise)


def _policy(site: Site) -> Policy | ConfigError:
    try:
        return load_policy(site)
    except ConfigError as error:
        return error


def _bindings(playbook: Playbook, site: Site) -> list[BindingResult]:
    """Binds with the default roles first, then with each other binding of a trigger."""
    return [try_bind(playbook, site, each) for each in every_role_binding(playbook)]


def _plans(bindings: Iterable[BindingResult]) -> list[BoundPlaybook]:
    return [each.plan for each in bindings if not each.findings]


def _trigger_tags(plans: Iterable[BoundPlaybook]) -> frozenset[str]:
    triggers = (trigger for plan in plans for trigger in plan.triggers)
    return frozenset(name for trigger in triggers for name in trigger.condition.tags)
