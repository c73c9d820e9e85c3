"""A reading's value cut to a column, so that nobody takes a part for the whole."""

from handwheel.connectors.tags import Tag
from handwheel.connectors.values import DataValue


def short_value(tag: Tag, reading: DataValue, width: int) -> str:
    """Returns the value in at most so many characters.

    Of an array the first elements, whole ones, and how many there are: `[20.1, 20.3, …] 10`.
    A number is never cut.

    Args:
        width: 8 or more.
    """
    text = tag.show(reading)
    if len(text) <= width or not isinstance(reading.value, tuple | str):
        return text
    if isinstance(reading.value, str):
        return text[: width - 1] + "…"
    end = f"…] {len(reading.value)}"
    shown = "["
    for value in reading.value:
        more = tag.show(reading._replace(value=value)) + ", "
        if len(shown + more + end) > width:
            break
        shown += more
    return shown + end
