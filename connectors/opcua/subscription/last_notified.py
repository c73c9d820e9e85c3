"""What was told last of each tag, beside what is read: an item can die without a word."""

from collections.abc import Mapping

from ...model.values import DataValue

_INFORMATION = 0xFFFF


class LastNotified:
    """The last reading that was told of each tag."""

    def __init__(self) -> None:
        self._told: dict[str, DataValue] = {}
        self._doubted: dict[str, DataValue | None] = {}
        self._renewed: set[str] = set()

    def take(self, name: str, reading: DataValue) -> None:
        """Takes what was told."""
        self._told[name] = reading

    def missed(self, readings: Mapping[str, DataValue]) -> list[str]:
        """Returns the tags of which changes are not told any more.

        Such a tag reads otherwise than it was told, twice in a row, and nothing was told in
        between. It is returned once, until it has been read as told: a server may read and tell
        from two places that differ for good.

        Args:
            readings: What was read, by tag name.
        """
        missed: list[str] = []
        for name, reading in readings.items():
            told = self._told.get(name)
            if told is not None and _is_same(told, reading):
                self._renewed.discard(name)
                self._doubted.pop(name, None)
            elif name in self._doubted and self._doubted[name] is told:
                del self._doubted[name]
                if name not in self._renewed:
                    missed.append(name)
            else:
                self._doubted[name] = told
        self._renewed.update(missed)
        return missed


def _is_same(told: DataValue, reading: DataValue) -> bool:
    is_same_status = (told.status ^ reading.status) & ~_INFORMATION == 0
    return is_same_status and told.value == reading.value
