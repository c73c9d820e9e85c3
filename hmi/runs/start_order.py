"""Order of a person that a playbook starts a run."""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import typer

from handwheel.connectors.hints import did_you_mean, next_step
from handwheel.connectors.model.site import Site
from handwheel.playbooks.binding.bind import bind
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.binding.start import split_given
from handwheel.playbooks.language.errors import PlaybookError
from handwheel.playbooks.language.loader import Playbook, load_library
from handwheel.playbooks.lint.lint import lint
from handwheel.tools.errors import InvalidArguments, PermitRefused
from handwheel.tools.guardrails.approval.start_orders import OrderStart, StartOrder
from handwheel.tools.guardrails.ledger.runner_lock import is_runner_alive
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.signatures.entitlement import check_roles
from handwheel.tools.guardrails.signatures.message import submit
from handwheel.tools.requests.ids import new_id
from handwheel.tools.requests.timestamps import instant_now
from handwheel.tools.safe_text import printable

from ..people.signing import find_operator, open_context, open_signer, sign_subject
from ..shell.cli.exits import WAITING
from ..shell.cli.json_result import tell_result
from ..shell.cli.ledger_wait import wait_for_change

_FOLLOWED_S = 5.0
_POLL_S = 0.1


def start_playbook(
    site: Site, name: str, given: Sequence[str], person: str | None, passphrase_file: Path | None
) -> None:
    """Signs the order, records it, and waits a few seconds for the agents.

    Raises:
        PlaybookError: The playbook has errors at this site.
        GuardrailError: The person may not, or the agents have refused.
        LedgerError: Nothing was recorded.
    """
    playbook = _find(site, name)
    if errors := [each for each in lint(playbook, site) if each.is_error]:
        raise PlaybookError(errors)
    chosen = _chosen(playbook, given)
    plan = bind(playbook, site, *split_given(chosen, playbook.file.roles))
    if not plan.is_manual:
        raise PermitRefused(f"{plan.id} has no trigger with manual: true for this equipment")
    with open_context(site) as context:
        roles, tags = plan.order_needs
        check = partial(check_roles, context, roles=roles, what=f"to start {plan.id}", tags=tags)
        operator = find_operator(context, person, check)
        check(operator)
        _explain(plan)
        order = StartOrder(new_id("C"), plan.id, plan.digest, chosen)
        signer = open_signer(site, operator, passphrase_file)
        now = instant_now()
        signed = sign_subject(context, signer, "start-run", order.subject, now)
        submit(context, OrderStart.of(site.id, order, (roles, tags), signed), now)
        if not _follow(context.database, order.case_id):
            raise SystemExit(WAITING)


def _find(site: Site, name: str) -> Playbook:
    library, broken = load_library(site)
    if wrong := [each for each in broken if each.playbook == name]:
        raise PlaybookError(wrong)
    found = next((each for each in library if each.id == name), None)
    if found is None:
        hint = did_you_mean(name, (each.id for each in library))
        hint = hint or f"; {next_step('playbooks', 'list')}"
        raise InvalidArguments(f"there is no playbook {name!r}{hint}")
    return found


def _chosen(playbook: Playbook, given: Sequence[str]) -> Mapping[str, str]:
    known, chosen = playbook.file.parameters, dict[str, str]()
    for each in given:
        name, equals, value = (part.strip() for part in each.partition("="))
        if not equals or not value or name not in known:
            text = f"{each!r}: write NAME=VALUE; parameters: {', '.join(known) or 'none'}"
            raise typer.BadParameter(text, param_hint="--param")
        chosen[name] = value
    return chosen


def _explain(plan: BoundPlaybook) -> None:
    typer.echo(f"{plan.id} {plan.version}  {printable(plan.title)}")
    bound = ", ".join(f"{name} {value}" for name, value in plan.parameters.items())
    typer.echo(f"with {printable(bound)}" if bound else "with no parameters")
    typer.echo("start: the agents judge it and ask; nothing is written before an approval")


def _follow(database: Ledger, case_id: str) -> bool:
    """Waits a few seconds for the agents, prints what they did, and returns whether they did it.

    Raises `PermitRefused` if they have refused the order.
    """
    tell_result(case_id=case_id, followed=False)
    show = next_step("cases", "show", case_id)
    until_s = time.monotonic() + (_FOLLOWED_S if is_runner_alive(database, instant_now()) else 0.0)
    while True:
        for row in database.find_rows(case_id):
            fields = row.fields
            if fields["kind"] == "case.opened":
                typer.echo(f"{case_id}: taken up; {show}")
                tell_result(followed=True)
                return True
            if fields["kind"] == "case.closed":
                raise PermitRefused(f"{case_id}: {printable(str(fields['body']['reason']))}")
        if time.monotonic() >= until_s:
            break
        wait_for_change(database, _POLL_S)
    is_alive = is_runner_alive(database, instant_now())
    why = "the agents have not taken it up yet" if is_alive else next_step("run")
    typer.echo(f"{case_id}: recorded; {why}")
    return False
