"""Alarms of a plant as they are measured."""

from collections.abc import Iterable

from handwheel.sim_plant.alarm import AlarmDefinition, AlarmState

from .measured import Measured


def read_alarms(alarms: Iterable[AlarmDefinition], measured: Measured) -> dict[str, AlarmState]:
    """Returns the states of alarms in their order, those that are active unacknowledged."""
    active = {each.tag: bool(measured.now(f"{each.tag}.active")) for each in alarms}
    return {tag: AlarmState(active=is_on, acknowledged=not is_on) for tag, is_on in active.items()}
