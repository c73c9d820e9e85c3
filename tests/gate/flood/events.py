"""What comes between an honest approval and the frame, so that it must not leave any more."""
# A gate is started past everything that starts one.
# pyright: reportPrivateUsage=false

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.model.values import Value
from handwheel.tools.guardrails.identity.roster import Roster
from handwheel.tools.guardrails.interlocks.authority import TakenMode, take_authority
from handwheel.tools.guardrails.interlocks.lockout_files import lockout_file
from handwheel.tools.guardrails.ledger.intents import start_epoch
from handwheel.tools.guardrails.ledger.lifecycle import file_request
from handwheel.tools.requests.request import ActionRequest

from .proposals import Flood, Kind, Told
from .site import frame_of

Event = Callable[[Flood, ActionRequest], object]
START, PRESSURE = ("P-101A.run_cmd", True), ("PIC-102.sp", 360.0)


def _reads(tag: str, value: Value) -> Event:
    return lambda flood, request: flood.room.plant.values.update({tag: value})


def _waits(seconds: float) -> Event:
    return lambda flood, request: flood.room.clock.forward(seconds)


def _clock_set(seconds: float) -> Event:
    return lambda flood, request: flood.room.clock.set(seconds)


def _reboots(flood: Flood, request: ActionRequest) -> None:
    flood.room.clock.reboot()


def _is_down(flood: Flood, request: ActionRequest) -> None:
    flood.room.plant.is_down = True


def _is_another(flood: Flood, request: ActionRequest) -> None:
    flood.room.plant.names["pkg"] = "another device"


def _locked_out(scope: str) -> Event:
    return lambda flood, request: flood.room.desk.lock_out(scope)


def _taken_back(flood: Flood, request: ActionRequest) -> None:
    by = flood.rng.choice(("anna", "bert", "gina"))
    flood.room.desk.say("revoke", request, by)


def _off_the_list(flood: Flood, request: ActionRequest) -> None:
    roster = flood.room.desk.decision_context.roster
    left = Roster(tuple(each for each in roster.operators if each.person != "anna"), (), "")
    flood.set_people(left)


def _nobody_readable(flood: Flood, request: ActionRequest) -> None:
    flood.set_people(Roster((), (), ""))


def _local(mode: TakenMode) -> Event:
    def event(flood: Flood, request: ActionRequest) -> None:
        desk = flood.room.desk
        take_authority(desk.database, flood.site, "P-101A", mode, "otto", flood.room.clock.now())

    return event


def _suspended(flood: Flood, request: ActionRequest) -> None:
    room = flood.room
    room.context.suspensions.note("site", "test", "the disk is full", room.clock.now())
    room.watch()


def _another_gate(flood: Flood, request: ActionRequest) -> None:
    start_epoch(flood.room.desk.database, flood.room.clock.now())


def _file_changed(flood: Flood, request: ActionRequest) -> None:
    path = flood.site.root / "policy.yaml"
    path.write_text(f"{flood.policy_text}# changed\n", encoding="utf-8")


EVENTS_: Mapping[str, tuple[tuple[str, Value], Event, str]] = {
    "too late": (START, _waits(11.0), "no gate took it up within 10 s"),
    "clock set back": (START, _clock_set(-60.0), "the clock was set since it was signed"),
    "clock set on": (START, _clock_set(60.0), "the clock was set since it was signed"),
    "machine restarted": (START, _reboots, "the machine was restarted"),
    "plant moved": (PRESSURE, _reads("PIC-102.sp", 400.0), "PIC-102.sp reads 400 kPa"),
    "pump local": (START, _reads("P-101A.mode", 0), "not true: P-101A.mode == 'remote'"),
    "pressure": (START, _reads("PT-102.pv", 510.0), "no-overpressure"),
    "no connection": (START, _is_down, "connection refused"),
    "another device": (START, _is_another, "the device is not the one"),
    "locked out": (START, _locked_out("P-101A"), "locked out: P-101A"),
    "whole locked out": (START, _locked_out("PUMPS-101"), "locked out: PUMPS-101"),
    "site locked out": (PRESSURE, _locked_out("site"), "locked out: site"),
    "mistyped lockout": (PRESSURE, _locked_out("P-101X"), "locked out: P-101X"),
    "taken back": (START, _taken_back, "revoked by"),
    "off the list": (START, _off_the_list, "no valid record of operators.yaml"),
    "no list": (START, _nobody_readable, "no valid record of operators.yaml"),
    "taken over": (START, _local("LOCAL"), "otto has taken P-101A over"),
    "maintenance": (START, _local("MAINTENANCE"), "otto has taken P-101A over"),
    "suspended": (START, _suspended, "actuation is suspended: site: the disk is full"),
    "another gate": (START, _another_gate, "another gate has started since"),
    "file changed": (START, _file_changed, "policy.yaml was changed"),
}


def _approved(flood: Flood, write: tuple[str, Value]) -> ActionRequest:
    request = flood.ask(write)
    assert not flood.approve(request, "anna")
    return request


async def _event(flood: Flood, name: str) -> Told:
    write, event, _ = EVENTS_[name]
    room = flood.room
    values = dict(room.plant.values)
    request = _approved(flood, write)
    event(flood, request)
    end = await flood.take_up(request)
    await _tidy_up(flood, values, name)
    return Told(at_the_gate=end)


async def _tidy_up(flood: Flood, values: dict[str, Value], name: str) -> None:
    """Leaves everything as it was before."""
    room = flood.room
    room.plant.values, room.plant.is_down = values, False
    room.plant.names["pkg"] = room.plant.names["dcs"]
    for scope in ("P-101A", "PUMPS-101", "site", "P-101X"):
        lockout_file(room.site.state, scope).unlink(missing_ok=True)
    match name:
        case "taken over" | "maintenance":
            now = room.clock.now()
            take_authority(room.desk.database, flood.site, "P-101A", "OPERATOR", "otto", now)
            flood.hand_over()
        case "suspended":
            room.context.suspensions.note("site", "test", "", room.clock.now())
            room.watch()
        case "clock set back":
            room.clock.set(60.0)
        case "clock set on":
            room.clock.set(-60.0)
        case "another gate":
            room.kill_gate()
            await flood.start_gate()
        case "file changed":
            (flood.site.root / "policy.yaml").write_text(flood.policy_text, encoding="utf-8")
        case _:
            pass
    flood.set_people(room.desk.decision_context.roster)


async def _gate_started_again(flood: Flood) -> Told:
    request = _approved(flood, START)
    flood.room.kill_gate()
    await flood.start_gate()
    return Told(at_the_gate=await flood.take_up(request))


async def _cooling_down(flood: Flood) -> Told:
    told = Told()
    for value in (350.0, 351.0):
        request = _approved(flood, ("PIC-102.sp", value))
        told = Told(told.at_the_gate, await flood.take_up(request))
    return replace(told, frames=[frame_of("PIC-102.sp", 350.0)])


async def _rejected(flood: Flood) -> Told:
    request = flood.ask(START)
    flood.room.desk.say("reject", request, "bert")
    said = flood.approve(request, "anna")
    return Told(said, await flood.take_up(request))


async def _twice(flood: Flood) -> Told:
    """What was carried out is filed, approved and set due once more."""
    request = flood.ask(START)
    signed = flood.word(request)
    assert not flood.decide(request, signed)
    told = await flood.carried_out(request)
    with suppress(HandwheelError):
        flood.room.desk.file(request)
    assert not file_request(flood.room.desk.database, request, "", flood.room.clock.now())
    said = flood.decide(request, signed) and flood.decide(request, flood.word(request))
    await flood.by_hand(request)
    return replace(told, said=said)


EVENTS = (
    *(
        Kind(name, partial(_event, name=name), gate=reason)
        for name, (_, _, reason) in EVENTS_.items()
    ),
    Kind("gate started again", _gate_started_again, gate="the gate was started after"),
    Kind("cooling down", _cooling_down, "VERIFIED", "its cool-down is 20 s", is_honest=True),
    Kind("rejected", _rejected, "REJECTED", "rejected by bert"),
    Kind("twice", _twice, "CLOSED", "VERIFIED", is_honest=True),
)
