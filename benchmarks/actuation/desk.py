"""Terminals and agents of a site, for the measurements of writes."""

import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from secrets import token_hex
from time import monotonic
from typing import cast

from handwheel.connectors.denial import Denial
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Value
from handwheel.connectors.session.protocols import Survey
from handwheel.hmi.people.authority_command import grant_signed
from handwheel.hmi.people.signing import context_of, sign_statement
from handwheel.hmi.simulation.local_system.people import APPROVER, GRANTED_EQUIPMENT, GRANTOR
from handwheel.tools.guardrails.approval.build_request import (
    BuildContext,
    ProposedWrite,
    make_request,
    scopes,
    tags_to_survey,
)
from handwheel.tools.guardrails.approval.build_segment import (
    make_segment,
    scopes_of_segment,
    tags_of_segment,
)
from handwheel.tools.guardrails.approval.cards.build_card import make_card
from handwheel.tools.guardrails.approval.decide import Decide
from handwheel.tools.guardrails.approval.messages.agents import (
    Effects,
    Operation,
    RenewRunnerLock,
    TakeRunnerLock,
)
from handwheel.tools.guardrails.approval.messages.run_requests import (
    EndRequest,
    FileSegment,
    SetDue,
)
from handwheel.tools.guardrails.approval.plant_snapshot import make_snapshot
from handwheel.tools.guardrails.approval.propose import Propose
from handwheel.tools.guardrails.approval.segment import Command, Recovery, Segment
from handwheel.tools.guardrails.client.gate_client import GateClient
from handwheel.tools.guardrails.ledger.latched_lockouts import lockout_generations
from handwheel.tools.guardrails.ledger.lifecycle import file_in
from handwheel.tools.guardrails.ledger.records import load_exactly
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.states import ActionState
from handwheel.tools.guardrails.policy.cross_limits import cross_limits
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import meaning_of
from handwheel.tools.guardrails.signatures.message import Message, submit
from handwheel.tools.guardrails.signatures.statement import Statement
from handwheel.tools.requests.proposer import Proposer
from handwheel.tools.requests.request import (
    ActionRequest,
    Evidence,
    Requirement,
)
from handwheel.tools.requests.timestamps import Instant, instant_now

from .site import PUMP, RUN, SETPOINT, People, encoder, readings

_LASTS = timedelta(minutes=50)
_PATIENCE_S = 10.0
_UNDER_WAY = frozenset(
    {ActionState.PLANNED, ActionState.DUE, ActionState.CLAIMED, ActionState.SENDING}
)
_AGENT = Proposer(kind="agent", name="playbook runner")
_EVIDENCE = tuple(
    Evidence(
        id=f"bearing-{number}", side="for", text="P-101A.mode == 'remote'", truth="true",
        shown="P-101A.mode == 'remote' (remote)", source=f"cw/change-over:{30 + number}",
    )
    for number in range(3)
)  # fmt: skip


class Desk:
    """Terminals and agents of a site, with the readings of a plant that does not change.

    Args:
        context: The ledger of this process, or a gate's client, with policy and people.
    """

    def __init__(self, context: DecisionContext, people: People) -> None:
        self.decision_context = context
        self._people = people
        self._build_context = BuildContext(
            context.site, context.policy, cross_limits(context.site, context.policy)
        )
        self._holder = ""

    def send(self, message: Message) -> None:
        """Hands a message to the gate, or applies it to the ledger of this process."""
        submit(self.decision_context, message, instant_now())

    def grant(self) -> None:
        """Grants agents authority, if they have none."""
        for equipment in GRANTED_EQUIPMENT:
            grant_signed(self.decision_context, equipment, _LASTS, self._people[GRANTOR])

    def file_for_agent(self, first: str) -> ActionRequest:
        """Files a request of a run with two commands, their undo and a safe state.

        Args:
            first: Tag of the first command.
        """
        self.take_lock()
        request, denial = self._made(first, instant_now())
        self.send(self.effects(FileSegment(request=request, denial=str(denial or ""))))
        return request

    def take_lock(self) -> None:
        """Takes or renews the runner lock."""
        site = self.decision_context.site.id
        if self._holder:
            self.send(RenewRunnerLock(site=site, holder=self._holder))
        else:
            self._holder = token_hex(16)
            self.send(TakeRunnerLock(site=site, holder=self._holder, pid=os.getpid()))

    def due(self, request: ActionRequest) -> Effects:
        """Returns the message that sets the first command of an agent's request due."""
        return self.effects(SetDue(action_id=request.commands[0].action_id))

    def wait_until_sent(self, request: ActionRequest) -> ActionState:
        """Waits until the gate is done with the first command, and returns what became of it."""
        database = cast(GateClient, self.decision_context.database)
        until_s = monotonic() + _PATIENCE_S
        while (state := load_exactly(database, request.request_id).actions[0].state) in _UNDER_WAY:
            assert monotonic() < until_s, state
            database.wait(_PATIENCE_S)
        return state

    def end(self, request: ActionRequest) -> None:
        """Ends an agent's request."""
        self.send(self.effects(EndRequest(request_id=request.request_id, reason="measured")))

    def effects(self, *operations: Operation) -> Effects:
        """Returns the message of operations of the agents, of whom `take_lock` was called."""
        site = self.decision_context.site.id
        return Effects(site=site, holder=self._holder, operations=operations)

    def file_many(self, count: int, *, is_agents: bool) -> None:
        """Files `count` requests in one transaction, an agent's or a person's of one write."""
        now = instant_now()
        with self.decision_context.database.transaction(now) as transaction:
            for _ in range(count):
                request, denial = (
                    self._made(PUMP, now) if is_agents else self._asked(PUMP, True, None, now)
                )
                file_in(transaction, request, str(denial or ""))

    def _made(self, first: str, now: Instant) -> tuple[ActionRequest, Denial | None]:
        segment = self._segment(first)
        writes = [write.tag for write in segment.writes]
        return make_segment(
            self._build_context,
            segment,
            self._survey(tags_of_segment(self._build_context, segment), writes),
            _AGENT,
            lockout_generations(
                self.decision_context.database,
                scopes_of_segment(self.decision_context.site, segment),
            ),
            now,
        )

    def _segment(self, first: str) -> Segment:
        tags = self.decision_context.site.tags
        pump, setpoint = tags[PUMP], tags[SETPOINT]
        ready = (Requirement(text="P-101B.mode == 'remote'", why="permissive"),)
        commands = [
            Command(ProposedWrite(pump, True), "start", ready, promises=("it runs in 10 s",)),
            Command(ProposedWrite(setpoint, 355.0), "raise", ready, (tags["PT-102.pv"],)),
        ]
        commands.sort(key=lambda each: each.write.tag.name != first)
        before: Mapping[str, Value] = {PUMP: False, SETPOINT: 350.0}
        undo = [
            Recovery(
                ProposedWrite(each.write.tag, before[each.write.tag.name]), each.step, undoes=number
            )
            for number, each in enumerate(commands)
        ]
        return Segment(
            run=RUN,
            commands=tuple(commands),
            recovery=(
                *undo[::-1],
                Recovery(ProposedWrite(tags["P-101A.run_cmd"], True), "safe-state"),
            ),
            evidence=_EVIDENCE,
            roles=("operator",),
            within_s=900.0,
            proposal_key=token_hex(16),
            reason="the bearing of the duty pump runs hot, and the standby pump is ready",
        )

    def file(self, tag: str, value: Value, survey: Survey | None = None) -> ActionRequest:
        """Files a person's request for one write.

        Args:
            survey: Readings of the plant; the fixed ones if missing.
        """
        message = self.proposal(tag, value, survey)
        self.send(message)
        return message.request

    def proposal(self, tag: str, value: Value, survey: Survey | None = None) -> Propose:
        """Returns the message that files it."""
        context, now = self.decision_context, instant_now()
        request, denial = self._asked(tag, value, survey, now)
        assert not denial, denial
        meaning = meaning_of("propose", request)
        statement = Statement("propose", meaning, "operator", 60.0, request.digest)
        signed = sign_statement(context.database, self._people[GRANTOR], statement, now)
        return Propose(site=context.site.id, request=request, signed=signed)

    def _asked(
        self, tag: str, value: Value, survey: Survey | None, now: Instant
    ) -> tuple[ActionRequest, Denial | None]:
        proposed = [ProposedWrite(self.decision_context.site.tags[tag], value)]
        giver = self._people[GRANTOR]
        return make_request(
            self._build_context,
            proposed,
            survey
            or self._survey(tags_to_survey(self._build_context, proposed), [proposed[0].tag]),
            Proposer(kind="person", name=GRANTOR, key_id=giver.operator.key_id),
            "the level runs away",
            lockout_generations(
                self.decision_context.database, scopes(self.decision_context.site, proposed)
            ),
            now,
        )

    def to_survey(self, tag: str) -> list[Tag]:
        """Returns the tags to read for a request to write a tag."""
        return tags_to_survey(
            self._build_context, [ProposedWrite(self.decision_context.site.tags[tag], False)]
        )

    def approve(self, request: ActionRequest) -> None:
        """Approves a request on its whole card, as a person at a terminal does."""
        self.send(self.approval(request))

    def approval(self, request: ActionRequest) -> Decide:
        """Returns the message that approves it."""
        context, now = self.decision_context, instant_now()
        site = context.site
        seen = readings([site.tags[name] for name in request.tags])
        card = make_card(
            request,
            tags=site.tags,
            connections=site.connections,
            snapshot=make_snapshot(1, frozenset(), site, seen),
            now=now,
        )
        statement = Statement(
            "approve", meaning_of("approve", request), "operator", 600.0, request.digest,
            card=card.digest,
        )  # fmt: skip
        signed = sign_statement(context.database, self._people[APPROVER], statement, now)
        return Decide(site=site.id, signed=signed, card=card.text)

    def _survey(self, read: Sequence[Tag], write: Sequence[Tag]) -> Survey:
        names = {tag.connection for tag in write}
        return Survey(
            readings(read), {name: encoder(self.decision_context.site, name) for name in names}
        )


@contextmanager
def open_desk(site: Site, people: People) -> Generator[Desk]:
    """Opens the ledger of a site in this process, as its gate does, with agents that may act."""
    with Database(site.state, site.id) as database:
        desk = Desk(context_of(site, database), people)
        desk.grant()
        yield desk
