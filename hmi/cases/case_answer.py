"""Answer of a person to a question of a case."""

from functools import partial
from pathlib import Path

import typer

from handwheel.agents.cases.field_answers import make_answer
from handwheel.agents.diagnosis.check_names import check_key
from handwheel.agents.diagnosis.load import load_hypotheses
from handwheel.connectors.hints import next_step
from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.ledger.runner_lock import is_runner_alive
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
from .find_case import find_case


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
