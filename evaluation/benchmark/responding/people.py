"""The people of an episode decide, answer questions, and work in the field."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from math import inf
from random import Random
from typing import Any

from handwheel.agents.cases.field_answers import make_answer
from handwheel.agents.diagnosis.check_names import check_key
from handwheel.playbooks.engine.states import RunState
from handwheel.sim_plant.errors import WriteRejected
from handwheel.sim_plant.scenario import FieldEvent
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS

from ...trial.site import OPERATORS
from ...trial.stepped import SteppedTrial
from ..episodes import Episode
from ..responses import PeopleSpec

LOOK_S = 10.0
"""Process time from one look of people at their terminals to the next."""
_AGAIN_S = 30.0  # after which a person whose decision did not count tries again


class RespondingPeople:
    """The people approve whatever the gate lets them, each time after a drawn time.

    They know the plant, so that a question is answered by what is true in the episode, and before
    the onset by what is true at a sound plant. A run that is held is resumed. They order nothing
    else, and write nothing.

    Attributes:
        acted_s: Process time at which they have last done something.
        refused: Decisions that did not count, each with its reason.
    """

    def __init__(
        self, room: SteppedTrial, episode: Episode, spec: PeopleSpec, answers: Mapping[str, str]
    ) -> None:
        self.acted_s = -inf
        self.refused: list[str] = []
        self._room, self._spec = room, spec
        self._onset_s, self._of_fault = episode.onset_s, answers
        self._draw = Random(f"people {episode.plant} {episode.case} {episode.seed}")
        self._due_s: dict[str, float] = {}
        self._done: set[str] = set()
        self._back_s: float | None = None  # when somebody looks at the first request

    def act(self) -> None:
        """Does everything that is due by now."""
        room, thinks, waiting = self._room, self._spec.thinks, self._room.waiting
        if not self._are_there(waiting):
            return
        for record in waiting:
            request_id = record.request.request_id
            self._once_due(request_id, thinks, partial(self._approve, request_id))
        for run_id, run in room.runs.items():
            if run.awaits:
                sign_off = partial(self._sign_off, run_id, run.asked[run.awaits].role)
                self._once_due(f"{run_id} {run.awaits} {run.restarts}", thinks, sign_off)
            elif run.state is RunState.HELD:
                resume = partial(self._resume, run_id)
                self._once_due(f"{run_id} {run.restarts}", thinks, resume)
        for case_id, name in self._questions():
            answer = partial(self._answer, case_id, name)
            self._once_due(f"{case_id} {name}", thinks, answer)
        for order in room.orders if self._spec.works else ():
            if action := self._spec.works.get(order.playbook.partition(" ")[0]):
                work = partial(self._work, action)
                self._once_due(order.workorder_id, self._spec.work_takes, work)

    def _are_there(self, waiting: Sequence[RequestRecord]) -> bool:
        now_s, away = self._room.now_s, self._spec.away
        if self._back_s is None and away[1] > 0.0 and waiting:
            self._back_s = now_s + self._draw.uniform(*away)
        return self._back_s is None or now_s >= self._back_s

    def _once_due(self, key: str, within: tuple[float, float], do: Callable[[], None]) -> None:
        now_s = self._room.now_s
        if key not in self._due_s:
            self._due_s[key] = now_s + self._draw.uniform(*within)
        if key in self._done or now_s < self._due_s[key]:
            return
        try:
            do()
            self._done.add(key)
            self.acted_s = now_s
        except (GuardrailError, WriteRejected) as refusal:
            self.refused.append(f"{key.partition(' ')[0]}: {refusal}")
            self._due_s[key] = now_s + _AGAIN_S

    def _approve(self, request_id: str) -> None:
        people = self._room.people
        for person in OPERATORS:
            if people.record(request_id).state in WAITING_REQUESTS:
                people.decide("approve", request_id, person)

    def _sign_off(self, run_id: str, role: str) -> None:
        self._room.people.order_run(run_id, "signoff", OPERATORS[0], [role])

    def _resume(self, run_id: str) -> None:
        people = self._room.people
        people.order_run(run_id, "resume", OPERATORS[0], people.operator(OPERATORS[0]).roles)

    def _answers(self) -> Mapping[str, str]:
        """Returns what is true now, by check."""
        has_fault = self._room.now_s > self._onset_s
        return {**self._spec.answers, **(self._of_fault if has_fault else {})}

    def _questions(self) -> Iterator[tuple[str, str]]:
        """Yields the questions of open cases that people can answer, each with its case."""
        for case_id, case in self._room.cases.items():
            diagnosis: Mapping[str, Any] = case.judgement.get("diagnosis") or {}
            for check in () if case.is_closed else diagnosis.get("checks", ()):
                if str(check["id"]) in self._answers():
                    yield case_id, str(check["id"])

    def _answer(self, case_id: str, name: str) -> None:
        room = self._room
        assert room.agents.diagnosis is not None  # since a check is one of its
        questions = room.agents.diagnosis.hypotheses.questions
        key, text = check_key(name), self._answers()[name]
        room.people.answer(make_answer(room.site.id, case_id, questions, key, text), OPERATORS[0])

    def _work(self, action: str) -> None:
        self._room.plant.simulation.apply(FieldEvent(action))
        self._room.plant.refresh()
