"""A run of a playbook as the gate sees it: it files segments, and says when."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from handwheel.connectors.denial import Denial
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import Value
from handwheel.tools.guardrails.approval.build_request import BuildContext, ProposedWrite
from handwheel.tools.guardrails.approval.build_segment import (
    make_segment,
    scopes_of_segment,
    tags_of_segment,
)
from handwheel.tools.guardrails.approval.messages.agents import Operation
from handwheel.tools.guardrails.approval.messages.run_requests import (
    EndRequest,
    FileSegment,
    SetDue,
    SkipAction,
)
from handwheel.tools.guardrails.approval.segment import Command, Recovery, Segment
from handwheel.tools.guardrails.ledger.latched_lockouts import lockout_generations
from handwheel.tools.guardrails.policy.cross_limits import cross_limits
from handwheel.tools.requests.proposer import Proposer
from handwheel.tools.requests.request import (
    ActionRequest,
    Evidence,
    Requirement,
    RunOrigin,
)

from ...sites.released import BY_HAND
from . import effects
from .authority_grant import give
from .effects import take_runner_lock
from .oracle import Told
from .with_oracle import Watched

AGENT = Proposer(kind="agent", name="playbook runner")
_PLAYBOOK, _VERSION, _DIGEST, _ROLES = BY_HAND
RUN = RunOrigin(
    run_id="U-00000001", playbook=_PLAYBOOK, version=_VERSION, digest=_DIGEST, parameters=_ROLES,
    segment=1, max_duration_s=3600.0,
)  # fmt: skip
OTHER_RUN = RUN.model_copy(update={"run_id": "U-00000002"})
EVIDENCE = Evidence(
    id="bearing", side="for", text="P-101A.mode == 'remote'", truth="true",
    shown="P-101A.mode == 'remote' (remote)", source="cw/change-over:31",
)  # fmt: skip
START, START_BACK = ("P-101A.run_cmd", True), ("P-101A.run_cmd", False)
SETPOINT, SETPOINT_BACK = ("PIC-102.sp", 360.0), ("PIC-102.sp", 350.0)
SAFE = ("P-101B.run_cmd", True)
Write = tuple[str, Value]


def command(site: Site, write: Write, *, step: str = "start", **more: Any) -> Command:
    return Command(ProposedWrite(site.tags[write[0]], write[1]), step, **more)


def recovery(site: Site, write: Write, undoes: int | str | None = None, **more: Any) -> Recovery:
    return Recovery(ProposedWrite(site.tags[write[0]], write[1]), "back", (), undoes, **more)


def segment_of(site: Site, **changes: Any) -> Segment:
    """Two commands with their undo, and a safe state."""
    plain = Segment(
        run=RUN,
        commands=(command(site, START), command(site, SETPOINT, step="set")),
        recovery=(
            recovery(site, SETPOINT_BACK, 1), recovery(site, START_BACK, 0), recovery(site, SAFE),
        ),
        evidence=(EVIDENCE,),
        roles=("operator",),
        within_s=900.0,
        proposal_key="the first segment of U-00000001",
        reason="the bearing runs hot",
    )  # fmt: skip
    return replace(plain, **changes)


def needs(text: str) -> tuple[Requirement, ...]:
    return (Requirement(text=text, why="if"),)


class Runner:
    """The process that works on the runs of a room."""

    def __init__(self, room: Watched) -> None:
        self.room = room
        for scope in ("site", "PUMPS-101"):
            give(room.desk.decision_context, scope, room.clock.now())
        self.holder = take_runner_lock(room.desk.database, room.clock.now())
        policy = room.desk.decision_context.policy
        self.context = BuildContext(room.site, policy, cross_limits(room.site, policy))

    def segment(self, **changes: Any) -> Segment:
        return segment_of(self.room.site, **changes)

    def made(self, segment: Segment) -> tuple[ActionRequest, Denial | None]:
        room = self.room
        writes = [write.tag for write in segment.writes]
        seen = room.plant.survey(tags_of_segment(self.context, segment), writes)
        locks = lockout_generations(room.desk.database, scopes_of_segment(room.site, segment))
        return make_segment(self.context, segment, seen, AGENT, locks, room.clock.now())

    def file(self, request: ActionRequest, denial: Denial | None = None) -> ActionRequest:
        self.make(FileSegment(request=request, denial=str(denial or "")))
        filed = self.room.desk.record(request.request_id).request
        self.room.oracle.told.setdefault(filed.request_id, Told(filed))
        return filed

    def make(self, operation: Operation) -> None:
        context, now = self.room.desk.decision_context, self.room.clock.now()
        effects.make(context, self.holder, now, operation)

    def approve(self, request: ActionRequest) -> ActionRequest:
        self.room.desk.approve(request)
        told = self.room.oracle.told[request.request_id]
        told.approvals["anna"] = self.room.clock.now()
        return request

    def approved(self, segment: Segment | None = None) -> ActionRequest:
        """Returns a request of a run that anna has approved."""
        return self.approve(self.file(*self.made(segment or self.segment())))

    def due(self, action_id: str) -> None:
        self.make(SetDue(action_id=action_id))

    def skip(self, action_id: str) -> None:
        self.make(SkipAction(action_id=action_id, reason="its if is false"))

    def end(self, request: ActionRequest) -> None:
        self.make(EndRequest(request_id=request.request_id, reason="the run ended"))

    async def carry_out(self, request: ActionRequest, *names: str) -> None:
        """Sets actions due, one after the other, and lets the gate take them up."""
        for name in names:
            self.due(f"{request.request_id}/{name}")
            await self.room.act()

    async def begun(self, *names: str) -> ActionRequest:
        """Returns a request that anna has approved, some of whose actions are carried out."""
        request = self.approved()
        await self.carry_out(request, *names)
        return request

    def undoing(self, request: ActionRequest, **changes: Any) -> Segment:
        """A later segment that takes back the first command of an earlier request."""
        undo = recovery(self.room.site, START_BACK, f"{request.request_id}/c1", expects=True)
        plain = self.segment(
            commands=(command(self.room.site, SETPOINT),), recovery=(undo,),
            proposal_key="another segment 2",
        )  # fmt: skip
        return replace(plain, **changes)

    def states(self, request: ActionRequest) -> str:
        return " ".join(self.room.desk.states(request))

    def state(self, request: ActionRequest) -> str:
        return str(self.room.desk.record(request.request_id).state)

    def reason(self, request: ActionRequest, name: str) -> str:
        record = self.room.desk.record(request.request_id)
        return self.room.reason_of(record.record(f"{request.request_id}/{name}"))


def wires(request: ActionRequest, *names: str) -> Sequence[str]:
    """The bytes of some of a request's actions."""
    found = {each.action_id.partition("/")[2]: each.wire for each in request.actions}
    return [found[name] for name in names]
