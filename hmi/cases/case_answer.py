"""The command `handwheel cases answer`, and cases by their ids."""

from functools import partial
from typing import Annotated

import typer

from handwheel.agents.cases.field_answers import make_answer
from handwheel.agents.deviations.case import case_ids
from handwheel.agents.diagnosis.check_names import check_key
from handwheel.agents.diagnosis.load import load_hypotheses
from handwheel.connectors.hints import next_step
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.ledger.runner_lock import is_runner_alive
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.signatures.check_answers import (
    AnswerCheck,
    check_answerer,
    check_case_open,
)
from handwheel.tools.guardrails.signatures.message import submit
from handwheel.tools.requests.reasons import reason_fault
from handwheel.tools.requests.timestamps import instant_now
from handwheel.tools.safe_text import plain, printable

from ..people.signing import find_operator, open_context, open_signer, sign_subject
from ..shell.cli.json_result import ResultOption, tell_result
from ..shell.cli.open_site import open_site
from ..shell.cli.options import CaseArgument, SiteOption
from ..shell.cli.signer_options import AsOption, PassphraseOption
from ..shell.terminal.wrap import fold


def list_all(*, shadow: bool = False) -> str:
    """Returns the next step that lists every case."""
    return next_step("cases", "list", "--all", *(["--shadow"] if shadow else []))


def why_of(case_id: str, *, shadow: bool = False) -> str:
    """Returns the next step that shows how a case was judged."""
    return next_step("cases", "show", case_id, "--why", *(["--shadow"] if shadow else []))


def find_case(database: Ledger, name: str, *, shadow: bool = False) -> str:
    """Returns the id of a case. Raises `InvalidArguments` if none, or several, begin so."""
    known = case_ids(database, only_open=False)
    found = [each for each in known if each.startswith(name)]
    if name in known or len(found) == 1:
        return name if name in known else found[0]
    problem = "begins several cases" if found else "is no case of this site"
    raise InvalidArguments(f"{plain(name)!r} {problem}; {list_all(shadow=shadow)}")


def answer(
    name: CaseArgument,
    check: Annotated[
        str, typer.Argument(metavar="CHECK", help="The question, as cases show names it.")
    ],
    said: Annotated[str, typer.Argument(metavar="ANSWER", help="One of its answers.")],
    note: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What else was seen, for the journal.")
    ] = None,
    person: AsOption = None,
    passphrase_file: PassphraseOption = None,
    site: SiteOption = None,
    as_json: ResultOption = False,
) -> None:
    """Answer a question that would decide an open case, signed.

    The answer is evidence for the diagnosis of this case, and approves nothing. A later answer to
    the same question replaces it.

    Exit codes: 0 answered, 1 refused, 2 no passphrase, wrong usage or configuration.
    """
    if note is not None and (fault := reason_fault(note)):
        raise typer.BadParameter(fault.reason, param_hint="--note")
    opened = open_site(site)
    questions = load_hypotheses(opened)[0].questions
    with open_context(opened) as context:
        case_id = find_case(context.database, name)
        check_case_open(context.database, case_id)
        answer = make_answer(opened.id, case_id, questions, check_key(check), said, note)
        refuse = partial(check_answerer, context, answer.check, answer.equipment, answer.role)
        operator = find_operator(context, person, refuse)
        refuse(operator)
        typer.echo(fold(f"{case_id}  {printable(answer.question)}"))
        typer.echo(f"answer: {plain(answer.answer)}; it is evidence, and approves nothing")
        signer, now = open_signer(opened, operator, passphrase_file), instant_now()
        subject, card = answer.subject, answer.digest
        signed = sign_subject(context, signer, "answer-check", subject, now, card=card)
        message = AnswerCheck(site=opened.id, answer=answer, signed=signed)
        submit(context, message, now)
        tell_result(case_id=case_id, check=check, answer=said, person=operator.person)
        is_read = is_runner_alive(context.database, instant_now())
        then = "the agents weigh it now" if is_read else next_step("run")
        typer.echo(f"{case_id}: answered by {operator.person}; {then}")
