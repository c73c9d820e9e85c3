"""Decisions of people about requests, as a case says."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from handwheel.playbooks.engine.run import Run
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.ledger.records import RequestRecord

from ..trial.outcome import steps_of
from ..trial.trial import Trial, Verdict
from .case import Decision
from .schema import ANY_STEP

_AGAIN_S = 30.0
"""Process time after which a person whose decision did not count tries again."""


class RefusedDecision(NamedTuple):
    """Decision that did not count."""

    at_s: float  # process time since the beginning of the case
    person: str
    request_id: str
    reason: str


@dataclass(slots=True)
class ScriptedPeople:
    """Decisions of a case, each due once its request has waited long enough.

    A decision about a step has precedence over one about any step. A person whose decision does
    not count, since the card shows a problem, tries again after 30 s.
    """

    decisions: Sequence[Decision]
    refused: list[RefusedDecision] = field(default_factory=list[RefusedDecision])
    _since_s: dict[str, float] = field(default_factory=dict[str, float])
    _done: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    _again_s: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def names(self) -> list[str]:
        """The deciding people, each once."""
        return list(dict.fromkeys(name for each in self.decisions for name in each.people))

    async def act(self, trial: Trial) -> None:
        """Lets at most one person decide or sign off whatever waits, with everything due by now."""
        now_s = trial.now_s
        for record in trial.waiting:
            request_id = record.request.request_id
            since_s = self._since_s.setdefault(request_id, now_s)
            found = next(self._due(record, now_s - since_s), None)
            if found and now_s >= self._again_s.get(request_id, now_s):
                verdict, person = found
                try:
                    await trial.decide(verdict, request_id, person)
                    self._done.add((request_id, person))
                except GuardrailError as error:
                    self._refuse(request_id, now_s, person, request_id, error)
        for run_id, run in trial.runs.items():
            if run.awaits:
                self._sign_off(trial, run_id, run)

    def _sign_off(self, trial: Trial, run_id: str, run: Run) -> None:
        """Lets at most one person sign off the step that waits, by the approvals due by now."""
        key, now_s = f"{run_id}/{run.awaits}", trial.now_s
        if now_s < self._again_s.get(key, now_s):
            return
        waited_s = now_s - self._since_s.setdefault(key, now_s)
        for each in self._about([run.awaits]):
            left = [one for one in each.people if one not in run.signed_off.get(run.awaits, ())]
            if each.verdict == "approve" and waited_s >= each.after_s and left:
                try:
                    role = run.asked[run.awaits].role
                    trial.people.order_run(run_id, "signoff", left[0], [role])
                except GuardrailError as error:
                    self._refuse(key, now_s, left[0], run_id, error)
                return

    def _refuse(
        self, key: str, now_s: float, person: str, name: str, error: GuardrailError
    ) -> None:
        self.refused.append(RefusedDecision(now_s, person, name, str(error)))
        self._again_s[key] = now_s + _AGAIN_S

    def _due(self, record: RequestRecord, waited_s: float) -> Iterator[tuple[Verdict, str]]:
        for each in self._about(steps_of(record)):
            for person in each.people if waited_s >= each.after_s else ():
                if (record.request.request_id, person) not in self._done:
                    yield each.verdict, person

    def _about(self, steps: Sequence[str]) -> Sequence[Decision]:
        own = [each for each in self.decisions if each.step in steps]
        return own or [each for each in self.decisions if each.step == ANY_STEP]
