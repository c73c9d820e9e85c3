"""All sixteen steps of an action, in their order. There is no other way to the plant."""

from ..state.execution import GateStep
from .authorization import (
    check_configuration,
    check_gate,
    check_policy,
    check_request,
    check_signatures,
    check_validity,
)
from .device_checks import check_encoding, check_plant, open_device
from .intent import commit_intent
from .interlocks import check_interlocks
from .outcome import record_outcome
from .readback import read_back
from .send import check_answer, check_before_send, send_frame

STEPS: tuple[GateStep, ...] = (
    check_gate, check_request, check_signatures, check_validity, check_policy,
    check_configuration, check_interlocks, open_device, check_plant, check_encoding,
    commit_intent, check_before_send, send_frame, check_answer, read_back, record_outcome,
)  # fmt: skip
