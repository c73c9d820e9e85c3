"""Answers of people to the questions of a case, as evidence of its diagnosis."""

from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from handwheel.connectors.errors import HandwheelError
from handwheel.playbooks.execution.ledger_port import LedgerPort
from handwheel.tools.conditions import Truth
from handwheel.tools.errors import InvalidArguments, LedgerError, PermitRefused
from handwheel.tools.guardrails.signatures.check_answers import (
    CheckAnswer,
    check_answer,
    load_answers,
)
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import Decision
from handwheel.tools.requests.timestamps import Instant

from ..deviations.continuous_diagnosis import ContinuousDiagnosis
from ..diagnosis.check_names import CheckKey, about_piece, check_name
from ..diagnosis.evidence import Evidence
from ..diagnosis.failure_modes import CheckSpec

Questions = Mapping[CheckKey, CheckSpec]
"""Questions of a site, each about a piece of equipment; see `Hypotheses.questions`."""


@dataclass(frozen=True, slots=True)
class FieldAnswers:
    """Answers of one case.

    Attributes:
        evidence: The newest valid answer to each question.
        refused: Sentences about the answers that count nothing.
    """

    evidence: Mapping[CheckKey, Evidence] = field(default_factory=dict[CheckKey, Evidence])
    refused: tuple[str, ...] = ()


class OpenAnswers:
    """Answers of the open cases of a site, which its diagnosis weighs as long as each is open."""

    def __init__(
        self,
        ledger: LedgerPort,
        diagnosis: ContinuousDiagnosis,
        clock: Callable[[], Instant],
        report: Callable[[str, str], None],
    ) -> None:
        self._ledger, self._diagnosis = ledger, diagnosis
        self._clock, self._report = clock, report
        self._questions = diagnosis.hypotheses.questions
        self._found: dict[str, FieldAnswers] = {}  # by case

    def take(self, cases: Collection[str], subjects: AbstractSet[str]) -> None:
        """Takes the answers of the open cases, anew for those that new rows are about.

        Raises `LedgerError` if the ledger cannot be read.
        """
        self._found = {each: self._found[each] for each in cases if each in self._found}
        for each in cases:
            if each in subjects or each not in self._found:
                self._found.pop(each, None)  # it is read again if the ledger cannot be read now
                context, now = self._ledger.renewed(), self._clock()
                found = read_field_answers(context, self._questions, each, now)
                self._found[each] = found
                self._report(f"answers of {each}", "; ".join(found.refused))
        self._diagnosis.answers = {
            key: each for found in self._found.values() for key, each in found.evidence.items()
        }


def read_field_answers(
    context: DecisionContext, questions: Questions, case_id: str, now: Instant
) -> FieldAnswers:
    """Reads and checks the answers of a case. A later answer to a question replaces the earlier.

    Args:
        context: With the people who are enrolled now.

    Raises `LedgerError` if the ledger cannot be read.
    """
    evidence: dict[CheckKey, Evidence] = {}
    refused: list[str] = []
    for each in load_answers(context.database, case_id):
        try:
            answer, decision = check_answer(context, case_id, each, now)
            key = answer.check, answer.equipment
            now_asked = make_answer(
                answer.site, case_id, questions, key, answer.answer, answer.note
            )
            if now_asked != answer:
                raise PermitRefused(f"the question {check_name(key)} has changed since")
        except LedgerError:
            raise
        except HandwheelError as refusal:
            refused.append(f"the answer in row {each.number} counts nothing: {refusal}")
            continue
        evidence[key] = _evidence(answer, decision, questions[key].weight_db)
    return FieldAnswers(evidence, tuple(refused))


def make_answer(
    site_id: str,
    case_id: str,
    questions: Questions,
    key: CheckKey,
    answer: str,
    note: str | None = None,
) -> CheckAnswer:
    """Returns the answer to a question, before it is signed.

    Raises `InvalidArguments` if there is no such question, or this is none of its answers.
    """
    spec = questions.get(key)
    if spec is None:
        known = ", ".join(map(check_name, sorted(questions))) or "none"
        raise InvalidArguments(f"there is no question {check_name(key)!r}; known: {known}")
    if answer not in spec.answers:
        known = ", ".join(spec.answers)
        raise InvalidArguments(f"{answer!r} is no answer to {check_name(key)}; known: {known}")
    check, equipment = key
    return CheckAnswer(
        site=site_id, case_id=case_id, check=check, equipment=equipment,
        question=about_piece(spec.ask, equipment), role=spec.role, answer=answer, note=note,
    )  # fmt: skip


def _evidence(answer: CheckAnswer, decision: Decision, weight_db: float) -> Evidence:
    source = f"{decision.person}, {answer.role}, {decision.signed.wall:%H:%M}"
    return Evidence(
        answer.check, answer.answer, Truth.TRUE, None, "", None, weight_db, (), 0.0, source
    )
