"""Errors of the simulated plants."""


class SimulationError(Exception):
    """Base class of the errors of the simulated plants."""


class SnapshotError(SimulationError):
    """A snapshot does not fit the model that it is restored into."""


class ScenarioError(SimulationError):
    """A scenario names a fault, a parameter or a field action that the plant does not have."""


class ServeError(SimulationError):
    """A server cannot listen, or the frame log cannot be written."""


class WriteRejected(SimulationError):
    """The plant refuses a write and changes nothing.

    A subclass gives the reason, so that each protocol can answer in its own code.
    """


class NotWritable(WriteRejected):
    """The tag is a measurement, a status or an interlock."""


class OutOfRange(WriteRejected):
    """The value lies outside the tag's write range or is not a finite number."""


class WrongState(WriteRejected):
    """The tag cannot be written in the present mode or state of its loop or pump."""
