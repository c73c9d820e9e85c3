"""What the demo tells: one fault a story, and what it meant."""

from collections.abc import Callable
from dataclasses import dataclass

from handwheel.connectors.config.durations import format_duration, parse_duration
from handwheel.playbooks.run.states import RunState

from .timeline import ALARM_LIST, Timeline

CHANGEOVER = "cw/pump-bearing-changeover"
STRAINER = "cw/strainer-blocked"


@dataclass(frozen=True, slots=True)
class Tail:
    """What is shown when the runs have come to rest: so much plant time, at so many times."""

    plant_s: float
    speed: float


@dataclass(frozen=True, slots=True)
class Story:
    """A fault and how to show it.

    Attributes:
        faults: As `plant serve --fault` takes them.
        playbooks: Whose runs must have come to rest; the first one's run is shown.
        intro: What the viewer should look at.
        moral: Says what it meant, by what was seen and where the first playbook's run stands.
        speed: Plant seconds per second as long as nobody has to decide.
    """

    faults: tuple[str, ...]
    playbooks: tuple[str, ...]
    intro: str
    moral: Callable[[Timeline, RunState | None], str]
    tail: Tail
    speed: float = 120.0


def _change_over_moral(timeline: Timeline, state: RunState | None) -> str:
    seen, standby = timeline.first(CHANGEOVER), timeline.first("P-101B.running")
    alarm, trip = timeline.first("VAH-101A.active"), timeline.first("P-101A.tripped")
    if trip is None and seen is not None and standby is not None:
        return (
            f"The standby ran {format_duration(standby - seen)} after the agents had seen the "
            f"vibration, because exactly that was approved. {_rest_of(state)}"
        )
    return f"{_no_action_moral(timeline, alarm, trip)} {_interlock_moral(timeline)}"


def _rest_of(state: RunState | None) -> str:
    if state is not RunState.COMPLETE:
        return "P-101A was not taken out."
    return (
        "The sick pump was stopped and taken out of auto-start in the same way, and its repair "
        "is ordered; nothing else was written."
    )


def _no_action_moral(timeline: Timeline, alarm: float | None, trip: float | None) -> str:
    if alarm is None:
        return "The alarm of P-101A was not seen to come."
    if trip is None:
        return "P-101A was not seen to trip."
    wanted = ALARM_LIST["VAH-101A"].respond_within
    enough = "time enough" if trip - alarm >= parse_duration(wanted) else "too short"
    return (
        f"The alarm came {format_duration(trip - alarm)} before the trip: {enough} for a "
        f"planned change-over, which the alarm list asks for within {wanted}."
    )


def _interlock_moral(timeline: Timeline) -> str:
    standby, trip = timeline.first("P-101B.running"), timeline.first("P-101A.tripped")
    if not timeline.is_on("P-101B.running"):
        said = ["The standby was not seen to run."]
    elif timeline.is_on("I-06.active"):
        said = ["The standby runs, but the process tripped."]
    elif standby is not None and trip is not None and standby < trip:
        said = ["The standby ran by then, because that was approved."]
    else:
        said = ["The interlock's start of the standby saved the process."]
    if timeline.lowest_kpa is not None:
        said.append(f"The header fell to {timeline.lowest_kpa:.0f} kPa.")
    return " ".join(said)


def _failed_start_moral(timeline: Timeline, state: RunState | None) -> str:
    if state is RunState.ABORTED and timeline.is_on("P-101A.running"):
        return (
            "The standby did not start, so its command was taken back: that was approved with "
            "it. P-101A runs on, nobody was asked to stop it, and the notice is on record."
        )
    return _change_over_moral(timeline, state)


def _strainer_moral(timeline: Timeline, state: RunState | None) -> str:
    has_alarm = timeline.first("VAH-101A.active") is not None
    if timeline.is_on("PDAH-101.active"):
        same = "The same alarm as a worn bearing, and another cause: " if has_alarm else ""
        said = [f"{same}PDT-101 is high."]
    else:
        said = ["PDT-101 was not seen high."]
    if not has_alarm:
        said.append("The alarm of P-101A was not seen to come.")
    if state is RunState.NOT_STARTED:
        said.append("The agents asked for no pump; they ordered the strainer's cleaning.")
    if timeline.first("VAH-101B.active") is not None:
        said.append("A change-over would not have helped: the standby vibrates as well.")
    return " ".join(said)


_WORN = "F01@30min,d0=0.3,tau=1h"

STORIES: dict[str, Story] = {
    "F01": Story(
        faults=(_WORN,),
        playbooks=(CHANGEOVER,),
        intro="A bearing of P-101A wears out; strainer clean, standby ready.",
        moral=_change_over_moral,
        tail=Tail(60.0, 10.0),
    ),
    "F02": Story(
        faults=("F02@1h",),
        playbooks=(CHANGEOVER, STRAINER),
        intro="The strainer plugs: the same alarm, a healthy bearing.",
        moral=_strainer_moral,
        tail=Tail(600.0, 40.0),
    ),
    "F16": Story(
        faults=(_WORN, "F16"),
        playbooks=(CHANGEOVER,),
        intro="A bearing of P-101A wears out, and the standby will not start.",
        moral=_failed_start_moral,
        tail=Tail(60.0, 10.0),
    ),
}
