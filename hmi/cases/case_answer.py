"""Answer of a person to a question of a case, which is found by its id."""

from functools import partial
from pathlib import Path

import typer

from handwheel.agents.cases.field_answers import make_answer
from handwheel.agents.deviations.case import case_ids
from handwheel.agents.diagnosis.check_names import check_key
from handwheel.agents.diagnosis.load import load_hypotheses
from handwheel.connectors.hints import next_step
from handwheel.connectors.model.site import Site
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

from ..people.signer_choice import find_operator
from ..people.signing import open_context, open_signer, sign_subject
from ..shell.cli.json_result import tell_result
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


def answer_question(
    site: Site,
    words: tuple[str, str, str],
    note: str | None,
    person: str | None,
    passphrase_file: Path | None,
) -> None:
    """Signs the answer to a question, and records it.

    Args:
        words: Case or its beginning, question, and answer.

    Raises:
        GuardrailError: There is no such case, question or answer, or the person may not.
        LedgerError: Nothing was recorded.
    """
    if note is not None and (fault := reason_fault(note)):
        raise typer.BadParameter(fault.reason, param_hint="--note")
    name, check, said = words
    questions = load_hypotheses(site)[0].questions
    with open_context(site) as context:
        case_id = find_case(context.database, name)
        check_case_open(context.database, case_id)
        answer = make_answer(site.id, case_id, questions, check_key(check), said, note)
        refuse = partial(check_answerer, context, answer.check, answer.equipment, answer.role)
        operator = find_operator(context, person, refuse)
        refuse(operator)
        typer.echo(fold(f"{case_id}  {printable(answer.question)}"))
        typer.echo(f"answer: {plain(answer.answer)}; it is evidence, and approves nothing")
        signer, now = open_signer(site, operator, passphrase_file), instant_now()
        subject, card = answer.subject, answer.digest
        signed = sign_subject(context, signer, "answer-check", subject, now, card=card)
        message = AnswerCheck(site=site.id, answer=answer, signed=signed)
        submit(context, message, now)
        tell_result(case_id=case_id, check=check, answer=said, person=operator.person)
        is_read = is_runner_alive(context.database, instant_now())
        then = "the agents weigh it now" if is_read else next_step("run")
        typer.echo(f"{case_id}: answered by {operator.person}; {then}")
