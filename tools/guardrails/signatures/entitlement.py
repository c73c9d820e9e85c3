"""Checks whether a person may sign, before and after they sign.

`approval.decide` alone decides whether a signature counts. Where no request is decided on,
`check_roles` does. A refusal is a `PermitRefused`.
"""

from collections.abc import Collection

from handwheel.connectors.model.site import Site

from ...errors import PermitRefused
from ...requests.request import ActionRequest
from ...requests.timestamps import Instant
from ..identity.roster import AGENT, Operator
from ..ledger.decisions import load_decisions
from ..ledger.records import RequestRecord
from ..policy.policy import Policy
from .context import DecisionContext
from .decisions import Reason
from .quorum import Satisfies, check_quorum, fault_of_person, may_object, missing_of, missing_roles


def check_approver(
    context: DecisionContext, record: RequestRecord, operator: Operator, now: Instant
) -> None:
    """Refuses a person whose approval could not count.

    Own request, revoked key, a role that is missing, or signed already.
    """
    fault = (
        _fault_of_key(context, operator)
        or fault_of_person(record.request, operator, context.policy.satisfies)
        or _fault_of_repetition(context, record, operator, now)
    )
    if fault:
        raise PermitRefused(refusal(fault, record.request, operator, context.policy))


def check_objector(context: DecisionContext, request: ActionRequest, operator: Operator) -> None:
    """Refuses a person whose rejection or revocation could not count."""
    satisfies = context.policy.satisfies
    fault = _fault_of_key(context, operator)
    if fault is None and not may_object(request, operator, satisfies):
        fault = Reason.ROLE_DOES_NOT_SATISFY
    if fault:
        raise PermitRefused(refusal(fault, request, operator, context.policy))


def check_resolver(context: DecisionContext, request: ActionRequest, operator: Operator) -> None:
    """Refuses a person who may not resolve the outcome of a write."""
    if fault := _fault_of_key(context, operator):
        raise PermitRefused(refusal(fault, request, operator, context.policy))
    if not may_resolve(context.site, context.policy, request, operator, context.policy.satisfies):
        asked = ", ".join(_roles_to_resolve(context.site, context.policy, request))
        raise PermitRefused(
            f"{operator.person} has none of the roles that {request.risk_class} asks for: {asked}"
            f"{_areas(context.policy, operator)}"
        )


def may_resolve(
    site: Site, policy: Policy, request: ActionRequest, operator: Operator, satisfies: Satisfies
) -> bool:
    """Whether a person holds one of the roles that may resolve a request's writes.

    They are those that it asked for, and those that its tags ask for now: the request is fixed,
    and the policy may have other roles by now, but some person must be able to resolve it.
    """
    asked = _roles_to_resolve(site, policy, request)
    return len(missing_of(asked, request.written, operator, satisfies)) < len(asked)


def _roles_to_resolve(site: Site, policy: Policy, request: ActionRequest) -> list[str]:
    tags = [site.tags[each.tag] for each in request.actions if each.tag in site.tags]
    now = [role for tag in tags for role in policy.roles_for(tag)]
    return list(dict.fromkeys((*request.roles, *now)))


def check_roles(
    context: DecisionContext,
    operator: Operator,
    roles: Collection[str],
    what: str,
    tags: Collection[str] | None = None,
) -> None:
    """Refuses a person who does not stand in for every role that something asks for.

    An administrator does for none. If no role is required, no person is entitled.

    Args:
        what: What the roles are needed for, in words: `to abort U-7K3MQ2XA`.
        tags: The tags that it is about; without any, a role that is bound to areas counts for
            nothing.
    """
    fault = _fault_of_key(context, operator)
    if operator.is_administrator:
        fault = Reason.ADMINISTRATOR
    elif AGENT in operator.roles:
        fault = Reason.AGENT
    if fault:
        raise PermitRefused(f"{operator.person}: {fault}")
    if not roles:
        raise PermitRefused(f"no role is named that is needed {what}, so no person is entitled")
    if missing := missing_of(sorted(roles), tags or (), operator, context.policy.satisfies):
        raise PermitRefused(
            f"{operator.person} lacks a role that is needed {what}: {', '.join(missing)}"
            f"{_areas(context.policy, operator)}"
        )


def is_unattended_allowed(policy: Policy, request: ActionRequest) -> bool:
    """Whether a script may approve it, by the policy and only against the simulator."""
    return policy.unattended and all(
        action.identity.is_loopback and action.identity.is_simulator for action in request.actions
    )


def refusal(reason: Reason, request: ActionRequest, operator: Operator, policy: Policy) -> str:
    """Returns why a person's decision on a request does not count, as one sentence."""
    if reason is not Reason.ROLE_DOES_NOT_SATISFY:
        return f"{operator.person}: {reason}"
    missing = missing_roles(request, operator, policy.satisfies)
    if not missing:  # the role that the signature names, or no role is required
        return f"{operator.person}: {reason}"
    has = "has none of the roles" if len(missing) == len(request.roles) else "lacks a role"
    asked = f"that {request.risk_class} asks for: {', '.join(missing)}"
    return f"{operator.person} {has} {asked}{_areas(policy, operator)}"


def _areas(policy: Policy, operator: Operator) -> str:
    bound = {role: policy.areas_of(role) for role in sorted(operator.roles)}
    areas_of = [f"{role} counts in {' and '.join(areas)}" for role, areas in bound.items() if areas]
    return f" ({', '.join(areas_of)})" if areas_of else ""


def _fault_of_key(context: DecisionContext, operator: Operator) -> Reason | None:
    revoked = context.revoked_keys()
    if operator.key_id in revoked:
        return Reason.REVOKED_KEY
    return None if revoked.isdisjoint(operator.chain) else Reason.REVOKED_ISSUER


def _fault_of_repetition(
    context: DecisionContext, record: RequestRecord, operator: Operator, now: Instant
) -> Reason | None:
    decisions = load_decisions(context.database, record.request.request_id)
    verdict = check_quorum(
        record.request,
        [each.signed for each in decisions],
        context.roster,
        context.policy.satisfies,
        context.revoked_keys(),
        now,
    )
    is_there = any(each.operator.person == operator.person for each in verdict.approvals)
    return Reason.SAME_PERSON if is_there else None
