"""The seventeen steps of every action, in their order. There is no other way to the plant."""

from .concluding import outcome_recorded, people_told
from .intent import intent_on_disk
from .papers import enough_signatures, in_time, one_gate, policy_allows, same_map, same_request
from .passage import Step
from .plant import door_opens, plant_is_ready, same_bytes
from .readback import read_back
from .sending import echo_equals, last_look, one_frame
from .standing import free_to_act

STEPS: tuple[Step, ...] = (
    one_gate, same_request, enough_signatures, in_time, policy_allows, same_map, free_to_act,
    door_opens, plant_is_ready, same_bytes, intent_on_disk, last_look, one_frame, echo_equals,
    read_back, outcome_recorded, people_told,
)  # fmt: skip
