"""The seventeen steps of every action, in their order. There is no other way to the plant."""

from ..state.execution import Step
from .authorization import (
    enough_signatures,
    in_time,
    one_gate,
    policy_allows,
    same_map,
    same_request,
)
from .device_checks import door_opens, plant_is_ready, same_bytes
from .intent import intent_on_disk
from .interlocks import free_to_act
from .outcome import outcome_recorded, people_told
from .readback import read_back
from .send import echo_equals, last_look, one_frame

STEPS: tuple[Step, ...] = (
    one_gate, same_request, enough_signatures, in_time, policy_allows, same_map, free_to_act,
    door_opens, plant_is_ready, same_bytes, intent_on_disk, last_look, one_frame, echo_equals,
    read_back, outcome_recorded, people_told,
)  # fmt: skip
