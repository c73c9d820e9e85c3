"""Values cut to a column's width so that a cut is visible."""

from rich.cells import cell_len
from rich.text import Text

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue


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
