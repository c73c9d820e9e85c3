"""Durations and values for a narrow column, cut so that a cut is visible."""

from rich.cells import cell_len
from rich.text import Text

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue


def span_text(seconds: float) -> str:
    """Returns a duration, not negative, such as `0.8 ms`, `42 ms`, `1.5 s` or `12 min`."""
    if seconds < 0.00995:
        return f"{seconds * 1000.0:.1f} ms"
    if seconds < 0.9995:
        return f"{seconds * 1000.0:.0f} ms"
    return age_text(seconds)


def age_text(seconds: float) -> str:
    """Returns an age such as `0.3 s`, `12 min` or `3.5 h`."""
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    if seconds < 5940.0:
        return f"{seconds / 60.0:.0f} min"
    if seconds < 172_800.0:
        return f"{seconds / 3600.0:.1f} h"
    return f"{seconds / 86_400.0:.0f} d"


def short_value(tag: Tag, reading: DataValue, width: int) -> str:
    """Returns the value in at most so many columns, 8 or more. A number is never cut.

    Of an array the first elements, whole ones, and how many there are: `[20.1, 20.3, …] 10`.
    """
    text = tag.show(reading)
    if cell_len(text) <= width:
        return text
    if not isinstance(reading.value, tuple):
        is_number = tag.kind != "enum" and not isinstance(reading.value, str)
        return text if is_number else shortened(text, width)
    end = f"…] {len(reading.value)}"
    shown = "["
    for value in reading.value:
        more = tag.show(reading._replace(value=value)) + ", "
        if cell_len(shown + more + end) > width:
            break
        shown += more
    return shown + end


def shortened(text: str, width: int) -> str:
    """Returns a text in at most so many columns. A cut text ends with `…`."""
    cut = Text(text)
    cut.truncate(width, overflow="ellipsis")
    return cut.plain


def shortened_name(name: str, width: int) -> str:
    """Returns a tag's name in at most so many columns, with `…` in place of its middle.

    What tells two tags apart stands at the end as often as at the beginning.
    """
    if cell_len(name) <= width:
        return name
    end = width // 2
    return f"{name[: width - 1 - end]}…{name[-end:]}"
