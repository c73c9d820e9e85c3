"""One value of a tag, as a program gets it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, Self, cast

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue, Quality, Value
from handwheel.tools.plant_text import PlantText

from .errors import BadQuality


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of a tag with its unit, quality and age.

    Attributes:
        value: In `unit`, also where the quality is bad, as the last known one; `None` if there
            never was one. A tag of several values has a tuple.
        unit: Engineering unit of the site's tag file, empty for none.
        status: Name of the OPC UA status code, such as `BadNoCommunication`.
        age_s: Seconds since the device confirmed it; `None` for a value that never came.
        source_time: The device's time of the value; `None` on Modbus.
    """

    tag: str
    value: Value | tuple[Value, ...] | None
    unit: str
    quality: Quality
    status: str
    age_s: float | None
    source_time: datetime | None = None

    @classmethod
    def of(cls, tag: Tag, value: DataValue, now_s: float) -> Self:
        """Returns the reading of a value that a connector has delivered.

        Args:
            now_s: Monotonic time of this moment.
        """
        age_s = None if value.value is None else value.age_s(now_s)
        status, source_time = value.status, value.source_time
        return cls(tag.name, value.value, tag.unit, value.quality, status.name, age_s, source_time)

    @classmethod
    def of_fields(cls, tag: Tag, fields: Mapping[str, Any]) -> Self:
        """Returns the reading of an answer of the agents' socket."""
        found, at = fields["value"], fields["source_time"]
        value = tuple(cast("list[Value]", found)) if isinstance(found, list) else found
        source_time = datetime.fromisoformat(at) if at else None
        quality = Quality(fields["quality"])
        return cls(
            tag.name, value, tag.unit, quality, fields["status"], fields["age_s"], source_time
        )

    def to_json(self) -> Mapping[str, object]:
        """Returns its fields, in which a device's text is one that is not trusted."""
        fields = {each: getattr(self, each) for each in self.__slots__}
        found = self.value
        value = tuple(map(self._told, found)) if isinstance(found, tuple) else self._told(found)
        return fields | {"value": value}

    def _told(self, value: Value | None) -> Value | PlantText | None:
        if isinstance(value, str):
            return PlantText(value, self.tag, self.source_time)
        return value

    @property
    def is_good(self) -> bool:
        """Whether it may be relied on."""
        return self.quality is Quality.GOOD

    def __float__(self) -> float:
        """Returns the number. Raises `BadQuality` if it is not good or no number."""
        if self.is_good and isinstance(self.value, int | float):
            return float(self.value)
        why = self.status if not self.is_good else "it is no number"
        raise BadQuality(f"{self.tag} has no number to rely on: {why}")

    def __bool__(self) -> bool:
        """Returns the truth value. Raises `BadQuality` if it is not good."""
        if self.is_good:
            return bool(self.value)
        raise BadQuality(f"{self.tag} has no value to rely on: {self.status}")

    def __repr__(self) -> str:
        age = "never read" if self.age_s is None else format_duration(max(self.age_s, 0.0))
        quality = self.quality.value if self.is_good else f"{self.quality.value} {self.status}"
        unit = f", {self.unit!r}" if self.unit else ""
        return f"Reading({self._shown}{unit}, {quality}, {age})"

    @property
    def _shown(self) -> str:
        """The value, a number with six digits, since a picture of it is not read back."""
        return f"{self.value:.6g}" if isinstance(self.value, float) else repr(self.value)

    def _repr_html_(self) -> str:
        shade = "inherit" if self.is_good else "#b00020"
        value = "-" if self.value is None else self._shown
        return (
            f'<span style="color:{shade}"><b>{escape(self.tag)}</b> {escape(value)} '
            f"{escape(self.unit)} <small>{escape(self.status)}</small></span>"
        )
