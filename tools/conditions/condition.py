"""A condition on the plant: parsed and checked once, judged on one set of readings."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from handwheel.connectors.tags import Tag
from handwheel.connectors.values import GOOD, DataValue, Value

from .checker import check
from .grammar import excerpt, parse_tree, tidy
from .operands import Reader, Readings
from .truth import Truth


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that was checked against the site's tags, so that judging it cannot fail.

    Attributes:
        text: As it was written, on one line.
        tags: Every tag that it reads, sorted.
    """

    text: str
    tags: tuple[str, ...]
    _read: Reader = field(repr=False, compare=False)
    _tags: tuple[Tag, ...] = field(repr=False)

    def evaluate(self, readings: Readings) -> Truth:
        """Judges the condition.

        Args:
            readings: By tag name, from one look at the plant. What is missing, not of good
                quality, without value or of another type is unknown, never an error.
                The age of a reading is judged by whoever set its quality.
        """
        value = self._read(readings)
        if value is None:
            return Truth.UNKNOWN
        return Truth.TRUE if value else Truth.FALSE

    def shown(self, readings: Readings) -> str:
        """Returns the condition with the live values behind it, on one line, for a card."""
        values = ", ".join(_show(tag, readings.get(tag.name)) for tag in self._tags)
        return f"{self.text}  [{values}]" if values else self.text


def _show(tag: Tag, reading: DataValue | None) -> str:
    if reading is None:
        return f"{tag.name} was not read"
    # Without quotes a device's text could pass for the next tag and its value.
    is_text = isinstance(reading.value, str)
    value = repr(excerpt(str(reading.value))) if is_text else tag.show(reading)
    unit = f" {tag.unit}" if tag.unit and reading.value is not None else ""
    quality = "" if reading.status == GOOD else f" ({reading.status.name})"
    return f"{tag.name} is {value}{unit}{quality}"


def parse_condition(text: str, tags: Mapping[str, Tag]) -> Condition:
    """Parses a condition and checks it against the tags of a site.

    Args:
        text: At most 2000 characters, nested at most 50 deep.
        tags: By name.

    Raises:
        ConditionError: It is outside the grammar, names a tag that is not there, or
            compares what cannot be compared; with line and column.
    """
    checked = check(text, parse_tree(text), tags)
    names = tuple(sorted(checked.tags))
    return Condition(tidy(text), names, checked.read, tuple(tags[name] for name in names))


def with_written(readings: Readings, tag: str, value: Value) -> dict[str, DataValue]:
    """Returns the readings as they would be if a write had been done and nothing else changed.

    Args:
        value: As the device will hold it: the number of an enumeration, not its word.

    Returns:
        A copy in which the tag has this value and good quality; the reading's times stay.
        What the process would do about it is not predicted: `P-101A.running` stays as
        measured when `P-101A.run_cmd` is written.
    """
    before = readings.get(tag)
    if before is None:
        written = DataValue(value, GOOD, None, None, 0.0)
    else:
        written = replace(before, value=value, status=GOOD)
    return {**readings, tag: written}
