"""Random decisions of people, who keep a record of what they have signed."""

from random import Random

from handwheel.connectors.model.values import Value
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.approval.cards.card_model import parse_card
from handwheel.tools.guardrails.approval.decide import Decide
from handwheel.tools.guardrails.ledger.records import load_unfinished
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.guardrails.signatures.decisions import ActionVerdict
from handwheel.tools.guardrails.signatures.message import submit

from ...trial.site import OPERATORS
from ...trial.stepped import SteppedTrial
from .judge_frames import SignedRequest

_APPROVE, _HALF, _REJECT = 0.65, 0.75, 0.85  # then they let it expire
_REVOKES = 0.1
_THINKS_S = (0.0, 15.0)


class DecidingPeople:
    """Approvals of what a card lets people approve, rejections, and requests that expire.

    Attributes:
        signed: Requests that somebody has approved, by their digest.
        denied: Cards that could not be signed.
    """

    def __init__(self, room: SteppedTrial, draw: Random) -> None:
        self.signed: dict[str, SignedRequest] = {}
        self.denied = 0
        self._room, self._draw = room, draw
        self._fates: dict[str, tuple[float, float]] = {}
        self._done = set[str]()

    def act(self) -> None:
        """Does everything that is due by now."""
        for record in load_unfinished(self._room.database):
            name = record.request.request_id
            draw, now_s = self._draw, self._room.now_s
            later = now_s + draw.uniform(*_THINKS_S)
            at_s, fate = self._fates.setdefault(name, (later, draw.random()))
            try:
                if record.unresolved:
                    verdict: ActionVerdict = draw.choice(["resolve-applied", "resolve-not-applied"])
                    action_id = record.unresolved[0].action_id
                    self._room.people.resolve(action_id, verdict, OPERATORS[0])
                elif record.state is RequestState.APPROVED:
                    if name not in self._done and draw.random() < _REVOKES:
                        self._object("revoke", name)
                    self._done.add(name)
                elif now_s >= at_s and fate < _REJECT and name not in self._done:
                    self._done.add(name)
                    self._decide(name, fate)
                    self._done.discard(name)
            except GuardrailError:
                self.denied += 1

    def ask(self, tag: str, value: Value) -> None:
        """Files a request of a person for one write, if that may be."""
        try:
            self._room.people.file_request([(tag, value)], OPERATORS[1], "a person wants it so")
        except GuardrailError:
            self.denied += 1

    def _decide(self, name: str, fate: float) -> None:
        if fate >= _HALF:
            self._object("reject", name)
            return
        for person in OPERATORS[: 2 if fate < _APPROVE else 1]:
            record = self._room.people.record(name)
            if record.state in {RequestState.PENDING, RequestState.PARTIAL}:
                self._approve(name, person)

    def _approve(self, name: str, person: str) -> None:
        people, clock = self._room.people, self._room.clock
        record = people.record(name)
        card = people.card_of(record)
        statement = people.statement("approve", record.request, person, card)
        signed = people.sign(person, statement)
        message = Decide(site=people.decision_context.site.id, signed=signed, card=card)
        submit(people.decision_context, message, clock.now())
        own = self.signed.setdefault(record.request.digest, SignedRequest(record.request))
        own.cards.append(parse_card(card))
        own.approved_s[person] = self._room.now_s

    def _object(self, verdict: str, name: str) -> None:
        request = self._room.people.record(name).request
        self._room.people.decide("reject" if verdict == "reject" else "revoke", name, OPERATORS[0])
        if request.digest in self.signed:
            self.signed[request.digest].ended_s = self._room.now_s
