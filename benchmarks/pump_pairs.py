"""Plant of many pumps with their standbys, and a playbook that starts each standby."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import sin
from typing import Any

from handwheel.sim_plant.base import BasePlant, PlantState
from handwheel.sim_plant.model import PlantEquipment, PlantTag, Register, Value

STEP_S = 0.5
A_SCAN = 10  # pairs whose duty pump begins to shake in the same step

_PLAYBOOK = """\
schema: playbook/1
id: bench/start-standby
version: 1.0.0
title: Start the standby of a pump that shakes
plant: pairs
owner: benchmark
style: computer-assisted
parameters:
  duty: {{type: asset, class: pump, default: P-0A}}
  standby: {{type: asset, class: pump, default: P-0B}}
trigger:
  any:
{triggers}
diagnosis:
  for:
    - {{id: shakes, that: "duty.vibration > 5 mm/s"}}
permissives:
  - {{id: running, that: "duty.running"}}
invariants:
  - that: "duty.vibration > 2 mm/s and duty.vibration < 9 mm/s"
    grace: 5 s
    on_violation: rollback
approval:
  {{role: operator, not: requester, within: 30 min, on_timeout: hold,
    covers: [steps, rollback, safe_state]}}

steps:
  - id: start
    title: Start the standby pump
    write: {{standby.run_cmd: true}}
    verify: {{that: "standby.running", within: 30 s}}
    undo: {{write: {{standby.run_cmd: false}}}}
    on_fail: {{then: rollback}}
  - id: settle
    title: Wait until the duty pump is still
    wait: {{until: "duty.vibration < 3 mm/s", hold: 30 s, within: 50 min}}
    on_fail: {{then: rollback}}
rollback: {{order: reverse}}
limits: {{max_writes: 4, max_duration: 60 min}}
"""


def playbook_text(pairs: int) -> str:
    """Returns the playbook with a trigger for each pair."""
    items = (
        f"    - {{alarm: VAH-{n}A, bind: {{duty: P-{n}A, standby: P-{n}B}}}}" for n in range(pairs)
    )
    return _PLAYBOOK.format(triggers="\n".join(items))


@dataclass(slots=True)
class PairsState(PlantState):
    """State of the pumps."""

    started: dict[str, bool] = field(default_factory=dict[str, bool])  # standbys by command tag


class PumpPairs(BasePlant[PairsState]):
    """Pumps whose vibration is another with every step."""

    model = "pairs"
    title = "pumps with their standbys"
    step_s = STEP_S
    modes = ("normal",)
    alarms = ()
    faults: Mapping[str, Any] = {}
    field_actions: Mapping[str, str] = {}

    def __init__(self, pairs: int) -> None:
        self.pairs = pairs
        self.tags = tuple(tag for n in range(pairs) for tag in _tags(n))
        self.equipment = tuple(
            PlantEquipment(
                f"P-{n}{each}", "CW", "pump", attributes={"vibration": f"VT-{n}{each}.pv"}
            )
            for n in range(pairs)
            for each in "AB"
        )
        super().__init__(None)

    def initial(self, mode: str) -> PairsState:
        """Returns the pumps at rest."""
        return PairsState(started={f"P-{n}B.run_cmd": False for n in range(self.pairs)})

    def advance(self) -> None:
        """Does nothing, since the vibration follows from the time."""

    def alarm_inputs(self) -> Mapping[str, float]:
        """Returns nothing, since the plant has no alarms of its own."""
        return {}

    def measurements(self) -> dict[str, Value]:
        """Returns the present value of every tag."""
        found: dict[str, Value] = {}
        steps = self.state.steps
        for n in range(self.pairs):
            shakes = 6.0 if steps > n // A_SCAN else 4.0
            found[f"VT-{n}A.pv"] = shakes + 0.5 * sin(steps + n)
            found[f"VT-{n}B.pv"] = 1.0 + 0.1 * sin(steps + n)
            found[f"VAH-{n}A.active"] = shakes > 5.0
            found[f"P-{n}A.running"] = True
        for command, is_started in self.state.started.items():
            found[command] = found[command.replace("run_cmd", "running")] = is_started
        return found

    def apply(self, tag: str, value: Value) -> None:
        """Starts or stops a standby pump."""
        self.state.started[tag] = bool(value)

    def set_fault(self, fault: str, parameters: Mapping[str, float | str], severity: float) -> None:
        """Does nothing, since the plant has no faults."""

    def do_in_field(self, action: str) -> None:
        """Does nothing, since the plant has no field actions."""

    def check(self, fresh: PairsState) -> None:
        """Accepts every state."""


def _tags(n: int) -> tuple[PlantTag, ...]:
    at, a, b = 4 * n, f"P-{n}A", f"P-{n}B"
    return (
        _vibration(f"VT-{n}A.pv", at, a),
        _vibration(f"VT-{n}B.pv", at + 2, b),
        _state(f"VAH-{n}A.active", at + 2, a),
        _state(f"{a}.running", at, a),
        _state(f"{b}.running", at + 1, b),
        PlantTag(
            f"{b}.run_cmd", "bool", Register("coil", at, "bit"), "start", write=(0, 1),
            equipment=b, verbs={"true": "start", "false": "stop"},
        ),
    )  # fmt: skip


def _vibration(name: str, at: int, pump: str) -> PlantTag:
    register = Register("input", at, "float32")
    return PlantTag(name, "float", register, "vibration", "mm/s", (0, 20), equipment=pump)


def _state(name: str, at: int, pump: str) -> PlantTag:
    return PlantTag(name, "bool", Register("discrete", at, "bit"), "state", equipment=pump)
