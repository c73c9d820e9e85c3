"""Scenarios of the demo, each with a fault and a conclusion."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from handwheel.connectors.config.durations import format_duration
from handwheel.playbooks.engine.states import RunState

from .timeline import ALARM_LIST, Timeline

if TYPE_CHECKING:  # slow to import
    from .runs import RunFollower

CHANGEOVER = "cw/pump-bearing-changeover"
STRAINER = "cw/strainer-blocked"


@dataclass(frozen=True, slots=True)
class FinalPhase:
    """Plant time and speed of the phase after the runs have ended."""

    plant_s: float
    speed: float


@dataclass(frozen=True, slots=True)
class DemoScenario:
    """A fault and how to show it."""

    faults: tuple[str, ...]  # as `plants serve --fault` takes them
    # state of each playbook's run at the end, if everything is approved. The first run is shown.
    endings: Mapping[str, RunState]
    intro: str  # hint for the viewer
    # text from the timeline and the state of the first playbook's run
    conclusion: Callable[[Timeline, RunState | None], str]
    tail: FinalPhase
    speed: float = 100.0  # plant seconds per second while no decision is open

    @property
    def shown(self) -> str:
        """Playbook whose run is shown."""
        return next(iter(self.endings))

    def unexpected_ending(self, runs: "RunFollower") -> str:
        """Returns what differs from the ending after every approval. Empty if nothing."""
        found: list[str] = []
        for playbook, wanted in self.endings.items():
            followed = runs.find(playbook)
            if followed is None:
                found.append(f"the agents opened no run of {playbook}")
            elif followed.run.state is not wanted:
                name, run = f"run {followed.run_id} of {playbook}", followed.run
                reason = f": {run.reason}" if run.reason else ""
                found.append(f"{name} is {run.state}, not {wanted}{reason}")
        return "\n".join(found)


def _changeover_conclusion(timeline: Timeline, state: RunState | None) -> str:
    trip = timeline.first("P-101A.tripped")
    if trip is None and timeline.first("P-101B.running") is not None:
        return (
            "As approved, the standby was started in time, and P-101A did not trip. "
            f"{_pump_sentence(state)}"
        )
    alarm = timeline.first("VAH-101A.active")
    return f"{_no_action_conclusion(alarm, trip)} {_interlock_conclusion(timeline)}"


def _pump_sentence(state: RunState | None) -> str:
    if state is not RunState.COMPLETE:
        return "The run did not complete."
    return (
        "The failing pump was stopped and its auto-start disabled, also as approved. A work order "
        "for its repair is open. Nothing else was written."
    )


def _no_action_conclusion(alarm: float | None, trip: float | None) -> str:
    if alarm is None:
        return "No vibration alarm of P-101A was observed."
    if trip is None:
        return "No trip of P-101A was observed."
    wanted = ALARM_LIST["VAH-101A"].respond_within
    return (
        f"P-101A tripped {format_duration(trip - alarm)} after its vibration alarm, to which the "
        f"alarm list wants a response within {wanted}."
    )


def _interlock_conclusion(timeline: Timeline) -> str:
    standby, trip = timeline.first("P-101B.running"), timeline.first("P-101A.tripped")
    if not timeline.is_on("P-101B.running"):
        sentences = ["The standby was not observed running."]
    elif timeline.is_on("I-06.active"):
        sentences = ["The standby is running, but the process tripped."]
    elif standby is not None and trip is not None and standby < trip:
        sentences = ["The standby was already running, as approved."]
    else:
        sentences = ["The interlock started the standby, and the process kept running."]
    if timeline.lowest_kpa is not None:
        sentences.append(f"The header fell to {timeline.lowest_kpa:.0f} kPa.")
    return " ".join(sentences)


def _failed_start_conclusion(timeline: Timeline, state: RunState | None) -> str:
    if state is RunState.ABORTED and timeline.is_on("P-101A.running"):
        return (
            "The standby did not start, so the run was rolled back by the approved undo. P-101A is "
            "still running, no stop was requested, and the notice is in the journal."
        )
    return _changeover_conclusion(timeline, state)


def _strainer_conclusion(timeline: Timeline, state: RunState | None) -> str:
    has_alarm = timeline.first("VAH-101A.active") is not None
    if timeline.is_on("PDAH-101.active"):
        sentences = ["The strainer differential pressure PDT-101 is high."]
        if has_alarm:
            sentences.insert(
                0, "The alarm is the same as for a worn bearing, but the cause differs."
            )
    else:
        sentences = ["PDT-101 was not observed high."]
    if not has_alarm:
        sentences.append("No vibration alarm of P-101A was observed.")
    if state is RunState.COMPLETE:
        sentences.append(
            "The agents requested no pump change-over. They ordered a cleaning of the strainer."
        )
    if timeline.first("VAH-101B.active") is not None:
        sentences.append("A change-over would not have helped, since the standby vibrates as well.")
    return " ".join(sentences)


_WORN = "F01@30min,d0=0.3,tau=1h"

DEMO_SCENARIOS: dict[str, DemoScenario] = {
    "F01": DemoScenario(
        faults=(_WORN,),
        endings={CHANGEOVER: RunState.COMPLETE},
        intro="A bearing of P-101A is failing. Strainer clean, standby ready.",
        conclusion=_changeover_conclusion,
        tail=FinalPhase(60.0, 10.0),
    ),
    "F02": DemoScenario(
        faults=("F02@1h",),
        endings={STRAINER: RunState.COMPLETE},
        intro="The strainer is plugging. Same alarm, but a healthy bearing.",
        conclusion=_strainer_conclusion,
        tail=FinalPhase(600.0, 40.0),
    ),
    "F16": DemoScenario(
        faults=(_WORN, "F16"),
        endings={CHANGEOVER: RunState.ABORTED},
        intro="A bearing of P-101A is failing, and the standby cannot start.",
        conclusion=_failed_start_conclusion,
        tail=FinalPhase(60.0, 10.0),
    ),
}
