"""Text of a request as programs get it, the same that people decide on, without its frames."""

from collections.abc import Iterator

from ...plant_text import PlantText
from ...requests.duration_text import exact_span
from ...requests.request import Action, ActionRequest
from ...safe_text import LONG, plain, printable
from ..ledger.write_leases import shown_value


def request_lines(request: ActionRequest) -> list[str]:
    """Returns the lines of a request, with the values that were read when it was filed."""
    return list(_lines(request))


def _lines(request: ActionRequest) -> Iterator[str]:
    people = "one person" if request.quorum == 1 else f"{request.quorum} different people"
    roles = " and ".join(map(plain, request.roles)) or "no role may sign"
    yield f"{request.request_id}  {request.risk_class}, needs approval by {people}: {roles}"
    for each in request.commands:
        yield f"{plain(each.tag)}: {_now(each)} → {printable(shown_value(each))}"
    for each in request.recovery:
        span = f"for {exact_span(request.lease.for_s)}, then" if request.lease else "on failure"
        yield f"{span} {plain(each.tag)} → {printable(shown_value(each))}"
    for command in request.commands:
        for effect in command.effects:
            yield f"expected: {printable(effect.text, LONG)} within {exact_span(effect.within_s)}"
    yield f"proposed by {request.proposer.shown}{_account(request)}"
    yield f"reason, not checked: {_quoted(request, request.reason)}"


def _now(action: Action) -> str:
    """Returns what a tag read when the request was filed."""
    found = (each.shown for each in action.expected if each.tag == action.tag)
    return printable(next(found, "-"))


def _account(request: ActionRequest) -> str:
    proposer = request.proposer
    account = f", account {plain(proposer.os_user)}" if proposer.os_user else ""
    model = f", unverified model {_quoted(request, proposer.model)}" if proposer.model else ""
    return f"{account}{model}"


def _quoted(request: ActionRequest, text: str) -> str:
    return PlantText(text, request.request_id).for_screen()
