"""Errors of the simulated plants; the command line translates them for a person."""


class SimulationError(Exception):
    """Root of this room's errors."""


class SnapshotError(SimulationError):
    """A snapshot does not fit the model that it is restored into."""


class ScenarioError(SimulationError):
    """A scenario names a fault, a parameter or a field action that the plant does not have."""


class ServeError(SimulationError):
    """A server cannot listen, or the frame log cannot be written."""


class WriteRejected(SimulationError):
    """The plant says no to a write that arrived on the wire; nothing changed.

    Subclasses say why, so that each protocol can answer in its own code.
    """


class NotWritable(WriteRejected):
    """The tag is a measurement, a status or an interlock."""


class OutOfRange(WriteRejected):
    """The value lies outside the tag's write range or is not a finite number."""


class WrongState(WriteRejected):
    """The tag cannot be written now: a loop in auto, a pump not in remote, tripped or running."""
