"""The tags that show which alarms of a plant are active."""

from collections.abc import Mapping, Sequence

from .alarm import AlarmDefinition, AlarmState
from .model import Node, PlantTag


def alarm_tags(alarms: Sequence[AlarmDefinition]) -> tuple[PlantTag, ...]:
    """Returns `X.active` of each alarm, for a plant's tag list."""
    return tuple(
        PlantTag(
            f"{alarm.tag}.active", "bool", Node("Alarms"),
            f"{alarm.measures} {'high' if alarm.is_high else 'low'}: {alarm.response}",
        )
        for alarm in alarms
    )  # fmt: skip


def alarm_values(states: Mapping[str, AlarmState]) -> dict[str, bool]:
    """Returns the present values of `alarm_tags`."""
    return {f"{tag}.active": state.active for tag, state in states.items()}
