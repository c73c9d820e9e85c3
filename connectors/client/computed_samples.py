"""Samples of computed tags, beside those of the tags that they are computed from."""

from collections.abc import Sequence

from ..model.computed_tags import ComputedTags
from ..model.values import DataValue
from ..session.protocols import Sample
from ..session.supervisor import Gap, SampleListener


class ComputedSamples:
    """Passes samples on to listeners, with those of the computed tags that they change.

    It begins when every input has arrived once, since before that nothing can be computed.
    """

    def __init__(self, computed: ComputedTags, listeners: Sequence[SampleListener]) -> None:
        self._computed, self._listeners = computed, listeners
        self._inputs: dict[str, DataValue] = {}
        self._passed: dict[str, DataValue] = {}

    def arrived(self, samples: Sequence[Sample]) -> None:
        """Takes samples. See `SampleListener`."""
        new = {name: reading for name, reading in samples if name in self._computed.inputs}
        if new:
            self._inputs |= new
        if new and len(self._inputs) == len(self._computed.inputs):
            samples = [*samples, *self._changed()]
        for listener in self._listeners:
            listener.arrived(samples)

    def _changed(self) -> list[Sample]:
        found = self._computed.complete(self._inputs)
        changed = [
            (name, reading)
            for name, reading in found.items()
            if name not in self._inputs and self._passed.get(name) is not reading
        ]
        self._passed |= changed
        return changed

    def gap(self, connection: str, gap: Gap) -> None:
        """Passes a gap on. See `SampleListener`."""
        for listener in self._listeners:
            listener.gap(connection, gap)
