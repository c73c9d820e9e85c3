"""Decisions of people about requests, as a case says."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from handwheel.playbooks.engine.run import Run
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.ledger.records import RequestRecord

from .case import Decision, Verdict
from .outcome import steps_of
from .schema import ANY_STEP

_AGAIN_S = 30.0
"""Process time after which a person whose decision did not count tries again."""

SignOff = Callable[[str, str, str], Awaitable[object]]
"""Signs the step of a run off by a person in a role, or raises `GuardrailError`."""
Decide = Callable[[Verdict, str, str], Awaitable[object]]
"""Records a verdict on a request by a person, or raises `GuardrailError`."""


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

    async def act(self, waiting: Sequence[RequestRecord], now_s: float, decide: Decide) -> None:
        """Lets at most one person decide each request that waits, with everything due by now.

        Args:
            now_s: Process time since the beginning of the case.
        """
        for record in waiting:
            request_id = record.request.request_id
            since_s = self._since_s.setdefault(request_id, now_s)
            found = next(self._due(record, now_s - since_s), None)
            if found and now_s >= self._again_s.get(request_id, now_s):
                await self._decide(*found, request_id, now_s, decide)

    async def sign_off(self, runs: Mapping[str, Run], now_s: float, sign: SignOff) -> None:
        """Lets at most one person sign off each step that waits, by the approvals due by now.

        Args:
            now_s: Process time since the beginning of the case.
        """
        for run_id, run in runs.items():
            key = f"{run_id}/{run.awaits}"
            if not run.awaits or now_s < self._again_s.get(key, now_s):
                continue
            waited_s = now_s - self._since_s.setdefault(key, now_s)
            own = [each for each in self.decisions if each.step == run.awaits]
            for each in own or [each for each in self.decisions if each.step == ANY_STEP]:
                left = [one for one in each.people if one not in run.signed_off.get(run.awaits, ())]
                if each.verdict == "approve" and waited_s >= each.after_s and left:
                    await self._sign(left[0], run_id, run, now_s, sign)
                    break

    async def _sign(self, person: str, run_id: str, run: Run, now_s: float, sign: SignOff) -> None:
        try:
            await sign(run_id, person, run.asked[run.awaits].role)
        except GuardrailError as error:
            self.refused.append(RefusedDecision(now_s, person, run_id, str(error)))
            self._again_s[f"{run_id}/{run.awaits}"] = now_s + _AGAIN_S

    def _due(self, record: RequestRecord, waited_s: float) -> Iterator[tuple[Verdict, str]]:
        for each in self._about(record):
            for person in each.people if waited_s >= each.after_s else ():
                if (record.request.request_id, person) not in self._done:
                    yield each.verdict, person

    def _about(self, record: RequestRecord) -> Iterator[Decision]:
        steps = steps_of(record)
        own = [each for each in self.decisions if each.step in steps]
        yield from own or (each for each in self.decisions if each.step == ANY_STEP)

    async def _decide(
        self,
        verdict: Verdict,
        person: str,
        request_id: str,
        now_s: float,
        decide: Decide,
    ) -> None:
        try:
            await decide(verdict, request_id, person)
            self._done.add((request_id, person))
        except GuardrailError as error:
            self.refused.append(RefusedDecision(now_s, person, request_id, str(error)))
            self._again_s[request_id] = now_s + _AGAIN_S
