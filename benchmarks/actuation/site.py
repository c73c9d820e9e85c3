"""Site of the simulated plant with its operators, for the measurements of writes."""

import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from time import monotonic

from asyncua import ua

from handwheel.connectors.denial import Denial
from handwheel.connectors.modbus.encoder import ModbusEncoder
from handwheel.connectors.model.endpoints import ModbusConnection
from handwheel.connectors.model.site import Site, load_site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import GOOD, DataValue, Value
from handwheel.connectors.opcua.encoder import OpcuaEncoder, Target
from handwheel.connectors.session.protocols import DeviceIdentity, Encoder, Survey
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.hmi.people.signing import Signer, open_context, sign_statement
from handwheel.hmi.simulation.local_system.people import (
    APPROVER,
    GRANTOR,
    enroll_people,
    grant_to_agents,
)
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
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
from handwheel.tools.guardrails.approval.decide import decide, propose
from handwheel.tools.guardrails.approval.plant_snapshot import make_snapshot
from handwheel.tools.guardrails.approval.run_requests import file_segment
from handwheel.tools.guardrails.approval.segment import Command, Recovery, Segment
from handwheel.tools.guardrails.ledger.latched_lockouts import lockout_generations
from handwheel.tools.guardrails.ledger.lifecycle import file_in
from handwheel.tools.guardrails.ledger.runner_lock import renew_runner_lock, take_runner_lock
from handwheel.tools.guardrails.policy.cross_limits import cross_limits
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import meaning_of
from handwheel.tools.guardrails.signatures.statement import Statement
from handwheel.tools.requests.request import (
    ActionRequest,
    Evidence,
    Proposer,
    Requirement,
    RunOrigin,
)
from handwheel.tools.requests.timestamps import Instant, instant_now

PUMP, SETPOINT = "P-101B.run_cmd", "PIC-102.sp"
"""Written tags, a coil over Modbus and a set point over OPC UA."""

_AGENT = Proposer(kind="agent", name="playbook runner")
_RUN = RunOrigin(
    run_id="U-00000001", playbook="cw/change-over", version="1.0.0", digest="d" * 64,
    parameters={"duty": "P-101A", "standby": "P-101B"}, segment=1, max_duration_s=3600.0,
)  # fmt: skip
_EVIDENCE = tuple(
    Evidence(
        id=f"bearing-{number}", side="for", text="P-101A.mode == 'remote'", truth="true",
        shown="P-101A.mode == 'remote' (remote)", source=f"cw/change-over:{30 + number}",
    )
    for number in range(3)
)  # fmt: skip
# Without these the second measurement would wait for the first one's cool-down.
_RATES = re.compile(r", (cooldown|rate|max_step): [^,}]+")


def make_site(
    place: Path, link: PlantEndpoints | None = None, secret: str = ""
) -> tuple[Site, "People"]:
    """Writes a site of `cw-100` with two operators, and a policy without rates."""
    write_site(place, create_plant("cw-100"), link or PlantEndpoints(), secret=secret)
    policy = place / "policy.yaml"
    policy.write_text(_RATES.sub("", policy.read_text(encoding="utf-8")), encoding="utf-8")
    people = enroll_people(place, attended=True)
    site = load_site(place)
    grant_to_agents(site, people[GRANTOR])
    return site, people


People = Mapping[str, Signer]


class Desk:
    """Terminals of a site, over a plant with fixed readings.

    Attributes:
        decision_context: The ledger, the policy and the people.
    """

    def __init__(self, context: DecisionContext, people: People) -> None:
        self.decision_context = context
        self._people = people
        self._build_context = BuildContext(
            context.site, context.policy, cross_limits(context.site, context.policy)
        )
        self._holder = ""

    def file_for_agent(self, first: str) -> ActionRequest:
        """Files a request of a run with two commands, their undo and a safe state.

        Args:
            first: Tag of the first command.
        """
        if self._holder:
            renew_runner_lock(self.decision_context.database, self._holder, instant_now())
        else:
            self._holder = take_runner_lock(self.decision_context.database, instant_now())
        now = instant_now()
        request, denial = self._made(first, now)
        file_segment(self.decision_context, request, denial, self._holder, now)
        return request

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
            run=_RUN,
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
        giver, now = self._people[GRANTOR], instant_now()
        request, denial = self._asked(tag, value, survey, now)
        assert not denial, denial
        meaning = meaning_of("propose", request)
        statement = Statement("propose", meaning, "operator", 60.0, request.digest)
        signed = sign_statement(self.decision_context.database, giver, statement, now)
        propose(self.decision_context, request, signed, denial, now)
        return request

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
        site, now = self.decision_context.site, instant_now()
        seen = readings([site.tags[name] for name in request.tags])
        card = make_card(
            request,
            tags=site.tags,
            connections=site.connections,
            snapshot=make_snapshot(1, frozenset(), site, seen, now),
            now=now,
        )
        statement = Statement(
            "approve", meaning_of("approve", request), "operator", 600.0, request.digest,
            card=card.digest,
        )  # fmt: skip
        signed = sign_statement(
            self.decision_context.database, self._people[APPROVER], statement, now
        )
        decide(self.decision_context, signed, card.text, now)

    def _survey(self, read: Sequence[Tag], write: Sequence[Tag]) -> Survey:
        names = {tag.connection for tag in write}
        return Survey(
            readings(read), {name: encoder(self.decision_context.site, name) for name in names}
        )


@contextmanager
def open_desk(site: Site, people: People) -> Generator[Desk]:
    """Opens the ledger of a site for its operators."""
    with open_context(site) as context:
        yield Desk(context, people)


def readings(tags: Sequence[Tag]) -> dict[str, DataValue]:
    """Returns the readings of a plant that runs normally on the first pump."""
    now_s = monotonic()
    return {tag.name: DataValue(_value(tag), GOOD, None, None, now_s) for tag in tags}


def _value(tag: Tag) -> Value:
    match tag.kind:
        case "bool":
            return tag.name.startswith("P-101A.")
        case "enum":
            return 1
        case _:
            return 350.0


def encoder(site: Site, connection: str) -> Encoder:
    """Returns an encoder of writes for a device that does not exist."""
    config = site.connections[connection]
    if isinstance(config, ModbusConnection):
        identity = DeviceIdentity("modbus", config.write_where, "a simulator", True, True)
        return ModbusEncoder(connection, config, identity)
    tags = {tag.name: tag for tag in site.tags.values() if tag.connection == connection}
    targets = {
        name: Target(ua.NodeId.from_string(f"ns=2;s={name}"), ua.VariantType.Double)
        for name in tags
    }
    where = DeviceIdentity("opcua", config.endpoint, "urn:handwheel:sim:cw-100", True, True)
    return OpcuaEncoder(where, targets, tags)
