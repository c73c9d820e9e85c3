"""Alarm of the plant, as a program gets it."""

from typing import NamedTuple

from .reading import Reading


class Alarm(NamedTuple):
    """Alarm that is active, or cannot be read."""

    tag: str  # such as `VAH-101A.active`
    label: str  # description in the site's tag file
    equipment: str  # empty for none
    reading: Reading

    @property
    def is_active(self) -> bool:
        """Whether it is active by a good reading."""
        return self.reading.is_good and bool(self.reading.value)
