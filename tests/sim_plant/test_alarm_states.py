"""Alarms as ISA-18.2 draws them: every state against every event, and who acknowledges what."""

import pytest

from handwheel.sim_plant.alarm import AlarmPhase, AlarmState, AlarmStep, follow
from handwheel.sim_plant.errors import NotWritable, WrongState

from ..plants.served import warm

NORMAL, UNSEEN = AlarmPhase.NORMAL, AlarmPhase.UNACKNOWLEDGED
SEEN, RETURNED = AlarmPhase.ACKNOWLEDGED, AlarmPhase.RETURNED

# ISA-18.2, alarm state transition diagram: what activation, return and acknowledgement lead to.
TABLE = {
    NORMAL: (UNSEEN, None, None),
    UNSEEN: (None, RETURNED, SEEN),
    SEEN: (None, NORMAL, None),
    RETURNED: (UNSEEN, None, NORMAL),
}
STEPS = (AlarmStep.ACTIVATE, AlarmStep.CLEAR, AlarmStep.ACKNOWLEDGE)


def test_each_state_answers_each_event() -> None:
    for phase in AlarmPhase:
        assert tuple(follow(phase, step) for step in STEPS) == TABLE[phase]
        for step, after in zip(STEPS, TABLE[phase], strict=True):
            state = AlarmState(phase.is_active, acknowledged=phase.is_acknowledged)
            assert state.phase is phase
            assert state.take(step) is (after is not None), phase
            assert state.phase is (after or phase)


def test_an_operator_acknowledges_once_and_moves_nothing_else() -> None:
    plant = warm()
    plant.inject("F02", {"plug": 15.0})
    while not plant.alarm_states()["PDAH-101"].active:
        plant.step()
    plant.drain_events()
    before, values = plant.snapshot(), plant.measurements()

    plant.acknowledge("PDAH-101")

    state = plant.alarm_states()["PDAH-101"]
    assert state.phase is SEEN
    assert [(event.kind, event.tag) for event in plant.drain_events()] == [("ack", "PDAH-101")]
    assert plant.measurements() == values
    after = plant.snapshot()
    before["state"]["alarms"]["PDAH-101"] |= {"acknowledged": True, "changed_at_s": plant.time_s}
    assert after == before

    for alarm, refusal in (("PDAH-101", WrongState), ("XAH-999", NotWritable)):
        with pytest.raises(refusal):
            plant.acknowledge(alarm)
    assert plant.snapshot() == after


def test_an_alarm_that_clears_unseen_stays_until_it_is_acknowledged() -> None:
    plant = warm()
    plant.inject("F02", {"plug": 15.0})
    while not plant.alarm_states()["PDAH-101"].active:
        plant.step()
    came_at_s = plant.alarm_states()["PDAH-101"].changed_at_s
    plant.act("clean-strainer")
    while plant.alarm_states()["PDAH-101"].active:
        plant.step()
    state = plant.alarm_states()["PDAH-101"]
    assert state.phase is RETURNED
    assert state.changed_at_s == plant.time_s - plant.step_s > came_at_s

    again = warm()
    again.restore(plant.snapshot())
    assert again.alarm_states()["PDAH-101"] == state
    again.acknowledge("PDAH-101")
    assert again.alarm_states()["PDAH-101"].phase is NORMAL
