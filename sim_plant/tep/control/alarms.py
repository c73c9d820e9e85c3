"""Alarm list with the ends of normal operation, before the shutdown limits.

Source: Downs and Vogel 1993, table 6, for the normal limits; dead bands after EEMUA 191,
delays as is common practice.
"""

from ...alarm import AlarmDefinition, Priority

_FAST_S = 15.0
_SLOW_S = 60.0
_LEVEL_BAND = 2.0  # percent


def _level(
    number: str, vessel: str, low: float, feed: str, drain: str, within: str
) -> tuple[AlarmDefinition, AlarmDefinition]:
    return (
        AlarmDefinition(
            f"LAL-{number}", f"LIAZ-{number}", low, _LEVEL_BAND, _SLOW_S, False, Priority.MEDIUM,
            f"shutdown by {vessel} level low", f"look at {feed}; cut the production", within,
        ),
        AlarmDefinition(
            f"LAH-{number}", f"LIAZ-{number}", 100.0, _LEVEL_BAND, _SLOW_S, True, Priority.MEDIUM,
            f"shutdown by {vessel} level high", f"look at {drain}", within,
        ),
    )  # fmt: skip


ALARMS: tuple[AlarmDefinition, ...] = (
    AlarmDefinition(
        "PAH-1101", "PIAZ-1101", 2895.0, 22.0, _FAST_S, True, Priority.HIGH,
        "shutdown at 3000 kPag", "look at the feeds and the purge; cut the production", "10 min",
    ),
    AlarmDefinition(
        "TAH-1101", "TIAZ-1101", 150.0, 1.0, _SLOW_S, True, Priority.HIGH,
        "shutdown at 175 degC", "look at the cooling water; cut the production", "5 min",
    ),
    *_level("1101", "reactor", 50.0, "the separator's temperature", "the separator's temperature",
            "30 min"),
    *_level("1301", "separator", 30.0, "the condenser", "the separator's drain", "30 min"),
    *_level("1501", "stripper", 30.0, "the separator's drain", "the product valve", "30 min"),
)  # fmt: skip
