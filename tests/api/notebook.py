"""What a notebook draws of a value."""

from typing import Any


def html_of(value: Any) -> str:
    drawn: str = value._repr_html_()
    return drawn
