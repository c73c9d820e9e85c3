"""Reason for the risk class of a request, in the words of the policy's rules."""

from collections.abc import Mapping

from handwheel.connectors.model.tags import Tag

from ....requests.request import Action, ActionRequest
from ...policy.policy import Policy, Ruling
from ...signatures.request_class import RequestClass


def class_reason(
    policy: Policy, tags: Mapping[str, Tag], request: ActionRequest, found: RequestClass
) -> str:
    """Returns why a request has its class, from its plan or the first write that has it.

    Empty if neither gives it that class any more.
    """
    if found.unreleased:
        return "it is unreleased"
    for each in request.actions:
        tag = tags.get(each.tag)
        ruling = policy.judge(tag, each.value, None, from_anywhere=True) if tag else None
        if ruling and ruling.is_allowed and ruling.risk_class == request.risk_class:
            return _reason(policy, each, ruling)
    return ""


def _reason(policy: Policy, action: Action, ruling: Ruling) -> str:
    places = policy.deciders(action.tag)
    raised = dict(reason.split(": ", 1) for reason in ruling.reasons).get(ruling.risk_class)
    if raised is None:
        return f"{', '.join(places['class'])} sets it for {action.tag}"
    if raised.startswith("outside"):
        owner = "" if action.kind == "command" else _owner(action)
        return owner + f"{action.tag} {action.shown} {action.unit}".rstrip() + f" lies {raised}"
    if raised.startswith("it has"):
        return action.tag + raised.removeprefix("it")
    return f"{', '.join(places['commissioned'])} is not commissioned"


def _owner(recovery: Action) -> str:
    return "the undo's " if recovery.undoes else "the safe state's "
