"""Parts of the stepped room: a user's site on devices in memory, a plant, a gate and people."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from handwheel.connectors.errors import ConfigError, NotConnected
from handwheel.connectors.model.endpoints import ModbusConnection
from handwheel.connectors.model.site import LOCK_FILE, Site, load_site
from handwheel.connectors.model.values import BAD_NO_COMMUNICATION, BAD_SENSOR_FAILURE, Quality
from handwheel.evaluation.trial.clock import SteppedClock
from handwheel.evaluation.trial.gate import SteppedGate
from handwheel.evaluation.trial.model_plant import ModelPlant
from handwheel.evaluation.trial.people import People
from handwheel.evaluation.trial.site import (
    carry_over_releases,
    copied_site,
    enrol,
    in_memory_site,
    simulated_policy,
)
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.cstr.plant import StirredTank
from handwheel.sim_plant.cw100 import plant as cw100
from handwheel.sim_plant.quadtank.plant import QuadrupleTank
from handwheel.sim_plant.scenario import FaultEvent, Scenario
from handwheel.sim_plant.simulation import Simulation
from handwheel.sim_plant.tep import plant as tep
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.approval.plant_snapshot import GateLedger
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.ledger.latched_lockouts import locked_scopes
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import Reason
from handwheel.tools.guardrails.signatures.playbooks_lock import (
    PlaybooksLock,
    ReleasedBinding,
    Unsigned,
    read_lock,
    release_fault,
    sign_release,
)
from handwheel.tools.guardrails.signatures.signing import Signer

PLANTS: dict[str, Callable[[], Plant]] = {
    "cw-100": partial(cw100.create, None), "tep": partial(tep.create, None),
    "quadtank": QuadrupleTank, "cstr": StirredTank,
}  # fmt: skip


@dataclass
class Room:
    clock: SteppedClock
    plant: ModelPlant
    gate: SteppedGate
    people: People


def user_site(folder: Path, plant: Plant, edit: tuple[str, str] = ("", "")) -> Site:
    """A site as its user has it, of a real plant: a server of OPC UA, a device of Modbus."""
    write_site(folder, plant, PlantEndpoints(4840, 5020, "1 s", 5021), secret="unused")
    text = (folder / "site.yaml").read_text("utf-8").replace("127.0.0.1", "192.0.2.7")
    text = text.replace("simulated: true, ", "").replace("clock: {kind: plant", "# {")
    text = text.replace(*edit) if edit[0] else text
    (folder / "site.yaml").write_text(text, "utf-8")
    site = load_site(folder)
    assert not any(each.simulated for each in site.connections.values())
    return site


@contextmanager
def opened(folder: Path, plant: Plant, edit: tuple[str, str] = ("", "")) -> Generator[Room]:
    site, place = user_site(folder / "site", plant, edit), folder / "room"
    place.mkdir()
    clock, room = SteppedClock(), copied_site(in_memory_site(site), place)
    policy = simulated_policy(site, room)
    room, keys = enrol(room, {"anna": ["operator"], "ben": ["operator"]}, "rosa", clock.now().wall)
    devices = ModelPlant(room, Simulation(plant, Scenario()))
    with GateLedger(room.state, room.id) as database:
        context = DecisionContext(room, database, policy, load_roster(room))
        gate = SteppedGate(context, devices, clock)
        yield Room(clock, devices, gate, People(context, devices, clock, keys))
        gate.kill()


async def test_a_signed_write_moves_the_model_by_one_frame(tmp_path: Path) -> None:
    with opened(tmp_path, cw100.create(None)) as room:
        await room.gate.start()
        request = room.people.file_request([("PIC-102.sp", 355.0)], "ben", "the header is low")
        await room.gate.go_round()
        assert room.plant.frames == []  # nobody has approved it
        room.people.decide("approve", request.request_id, "anna")
        await room.gate.go_round(3)
        assert len(room.plant.frames) == 1
        assert room.plant.simulation.values()["PIC-102.sp"] == 355.0
        assert room.people.record(request.request_id).status[0] == "CLOSED"
        before = room.plant.simulation.values()["PT-102.pv"]
        for _ in range(60):
            room.clock.forward(1.0)
            room.plant.advance(1.0)
        assert room.plant.simulation.values()["PT-102.pv"] > before


async def test_only_what_a_card_can_show_is_approved(tmp_path: Path) -> None:
    with opened(tmp_path, cw100.create(None)) as room:
        people, plant, decide = room.people, room.plant, room.people.decide
        await room.gate.start()
        request = people.file_request([("PIC-102.sp", 355.0)], "ben", "the header is low")
        with pytest.raises(GuardrailError, match="ben"):
            decide("approve", request.request_id, "ben")
        plant.statuses["PIC-102.sp"] = BAD_SENSOR_FAILURE
        with pytest.raises(GuardrailError, match="cannot be approved now"):
            decide("approve", request.request_id, "anna")
        plant.refresh()
        context = people.decision_context
        people.decision_context = replace(context, policy=replace(context.policy, unattended=False))
        with pytest.raises(GuardrailError, match=str(Reason.UNATTENDED)):
            decide("approve", request.request_id, "anna")
        people.decision_context = context
        decide("approve", request.request_id, "anna")
        await room.gate.restart()
        await room.gate.go_round()
        assert plant.frames == []
        assert people.record(request.request_id).status[0] == "INVALIDATED"
        room.gate.kill()
        with pytest.raises(GuardrailError, match="is the gate running"):
            decide("approve", request.request_id, "anna")


async def test_a_round_finds_what_time_and_people_bring(tmp_path: Path) -> None:
    with opened(tmp_path, cw100.create(None)) as room:
        await room.gate.start()
        request = room.people.file_request([("PIC-102.sp", 355.0)], "ben", "the header is low")
        for _ in range(31):
            room.clock.forward(60.0)
            await room.gate.go_round()
        assert room.people.record(request.request_id).status[0] == "EXPIRED"
        await room.gate.go_round(2)
        room.people.lock_out("P-101A")
        await room.gate.go_round()
        assert set(locked_scopes(room.people.decision_context.database)) == {"P-101A"}
        room.plant.simulation.apply(FaultEvent("F15"))
        for _ in range(7):
            room.clock.forward(1.0)
            room.plant.advance(1.0)
            await room.gate.go_round()
        assert [each.scope for each in room.gate.context.suspensions.now] == ["pkg"]
        room.people.release_lockout("P-101A", "rosa")
        assert locked_scopes(room.people.decision_context.database) == {}


def test_a_users_site_goes_to_memory_with_the_same_tags(tmp_path: Path) -> None:
    site = user_site(tmp_path / "site", cw100.create(None))
    room = in_memory_site(site)
    assert list(room.tags) == list(site.tags)
    kept = "kind", "unit", "span", "equipment", "members", "writable", "readback", "within_s"
    for name, tag in site.tags.items():
        moved = room.tags[name]
        assert all(getattr(moved, each) == getattr(tag, each) for each in kept), name
        assert (room.scan_s(moved), room.is_writable(moved)) == (1.0, site.is_writable(tag))
    configs = room.connections.values()
    assert all(isinstance(each, ModbusConnection) and each.simulated for each in configs)
    ends = {each.where for each in configs} | {each.write_where for each in configs}
    assert len(ends) == 2 * len(room.connections)
    written = {(tag.connection, str(tag.address)) for tag in room.tags.values() if tag.writable}
    assert len(written) == sum(tag.writable for tag in site.tags.values())


def test_a_rule_about_a_node_still_forbids_it_in_memory(tmp_path: Path) -> None:
    site = user_site(tmp_path / "site", cw100.create(None))
    policy = site.root / "policy.yaml"
    node = "urn:handwheel:sim:cw-100;s=PIC-102.sp"
    rule = f'{{connection: dcs, nodes: ["nsu={node}"], reason: not from here}}'
    text = policy.read_text("utf-8")
    policy.write_text(text.replace("forbid:\n", f"forbid:\n  - {rule}\n"), "utf-8")
    changed = load_site(site.root)
    room = in_memory_site(changed)
    ruling = simulated_policy(changed, room).judge(room.tags["PIC-102.sp"], 355.0, None)
    assert (ruling.is_allowed, ruling.reasons) == (False, ("forbidden: not from here",))
    with pytest.raises(ConfigError, match="changed while"):
        simulated_policy(site, room)


def test_a_room_has_the_releases_that_count_at_its_site(tmp_path: Path) -> None:
    site, start = user_site(tmp_path / "site", QuadrupleTank()), SteppedClock().now().wall
    site, keys = enrol(site, {"eve": ["engineer"], "ben": ["operator"]}, "boss", start)
    signer_of = {
        each.person: Signer(each, keys[each.person], is_attended=True)
        for each in load_roster(site).operators
    }
    binding = ReleasedBinding(roles={}, writes=[])
    signed = [
        sign_release(
            Unsigned(id=name, version="1", digest="d" * 64, bindings=[binding]), site.id,
            signer_of[name].operator, signer_of[name].private, start,
        )
        for name in ("eve", "ben")
    ]  # fmt: skip
    (site.root / LOCK_FILE).write_text(PlaybooksLock(playbooks=signed).text, "utf-8")
    (tmp_path / "room").mkdir()
    room, own = enrol(copied_site(in_memory_site(site), tmp_path / "room"), {}, "rosa", start)
    (rosa,) = load_roster(room).operators
    signer = Signer(rosa, own["rosa"], is_attended=False)
    assert carry_over_releases(site, room, signer, frozenset(), start) == ["eve"]
    (release,) = read_lock(room).playbooks
    assert release_fault(release, room.id, load_roster(room), frozenset(), start) == ""
    revoked = frozenset({signer_of["eve"].operator.key_id})
    assert carry_over_releases(site, room, signer, revoked, start) == []


@pytest.mark.parametrize("model", PLANTS)
def test_every_plant_opens_and_is_read(model: str, tmp_path: Path) -> None:
    with opened(tmp_path, PLANTS[model]()) as room:
        room.plant.advance(10.0)
        readings = room.plant.readings()
        assert list(readings) == list(room.plant.site.tags)
        computed = {tag.name for tag in room.plant.site.tags.values() if tag.computation}
        measured = {name: each for name, each in readings.items() if name not in computed}
        assert all(each.quality is Quality.GOOD for each in measured.values())
        assert readings["SIM-CLOCK.pv"].value == room.plant.simulation.plant.time_s
        model_values = room.plant.simulation.values()
        assert {name: each.value for name, each in measured.items()} == model_values


def test_a_silent_link_loses_its_tags_and_keeps_their_values(tmp_path: Path) -> None:
    with opened(tmp_path, cw100.create(None)) as room:
        simulation, tags = room.plant.simulation, room.plant.site.tags
        before = room.plant.readings()["VT-101A.pv"].value
        simulation.apply(FaultEvent("F01", 0.0, {"d0": 0.5}))
        simulation.apply(FaultEvent("F15"))
        room.plant.advance(5.0)
        found = room.plant.readings()
        assert found["VT-101A.pv"].value == before != simulation.values()["VT-101A.pv"]
        lost = [name for name, each in found.items() if each.status == BAD_NO_COMMUNICATION]
        assert lost == [name for name, tag in tags.items() if tag.connection == "pkg"]
        with pytest.raises(NotConnected, match="pkg"):
            room.plant.survey([tags["VT-101A.pv"]], [])
