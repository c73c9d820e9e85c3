"""Compares reported values with read ones, since an item can stop without a word."""

from collections.abc import Mapping

from ...model.values import DataValue

_INFORMATION = 0xFFFF


class LastNotified:
    """The last reported reading of each tag."""

    def __init__(self) -> None:
        self._notified: dict[str, DataValue] = {}
        self._suspected: dict[str, DataValue | None] = {}
        self._renewed: set[str] = set()

    def note(self, name: str, reading: DataValue) -> None:
        """Notes a reported reading."""
        self._notified[name] = reading

    def find_missed(self, readings: Mapping[str, DataValue]) -> list[str]:
        """Returns the tags whose changes are no longer reported.

        Such a tag reads otherwise than reported, twice in a row and without a report in between. It
        is returned once, until it reads as reported, because a server may read and report from two
        places that differ for good.
        """
        missed: list[str] = []
        for name, reading in readings.items():
            notified = self._notified.get(name)
            if notified is not None and _is_same(notified, reading):
                self._renewed.discard(name)
                self._suspected.pop(name, None)
            elif name in self._suspected and self._suspected[name] is notified:
                del self._suspected[name]
                if name not in self._renewed:
                    missed.append(name)
            else:
                self._suspected[name] = notified
        self._renewed.update(missed)
        return missed


def _is_same(notified: DataValue, reading: DataValue) -> bool:
    is_same_status = (notified.status ^ reading.status) & ~_INFORMATION == 0
    return is_same_status and notified.value == reading.value
