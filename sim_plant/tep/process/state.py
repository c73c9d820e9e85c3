"""State of the process, as a snapshot holds it."""

from dataclasses import dataclass, field

from .physics.disturbances import Walk, initial_walks

XMEAS = 41
CONTINUOUS = 22  # XMEAS 1 to 22; the rest are analysers
IDV = 20

# Slices of the integrated states; 9 each are A to H in lb-mol and an energy in 1e6 Btu
REACTOR = slice(0, 9)
SEPARATOR = slice(9, 18)
STRIPPER = slice(18, 27)
HEADER = slice(27, 36)
WATER = slice(36, 38)
VALVES = slice(38, 50)


@dataclass(slots=True)
class ProcessState:
    """State of the process.

    Attributes:
        x: The 50 integrated states.
        temperatures: Last of reactor, separator, stripper and header, degC; where the
            next step starts to iterate.
        xmv: Commands of the twelve valves, percent; written by the controllers.
        held: Commands that the valves follow, percent; a sticking valve keeps its last.
        xmeas: The 41 values that the last step showed.
        sampled: Last samples of the analysers, shown one period later, XMEAS 23 to 41.
        idv: Severities of the disturbances, 0..1.
        trip: Cause of the shutdown; empty while the process runs.
    """

    x: list[float]
    xmv: list[float]
    held: list[float]
    steps: int = 0
    temperatures: list[float] = field(default_factory=lambda: [100.0, 80.0, 60.0, 80.0])
    xmeas: list[float] = field(default_factory=lambda: [0.0] * XMEAS)
    sampled: list[float] = field(default_factory=lambda: [0.0] * (XMEAS - CONTINUOUS))
    idv: list[float] = field(default_factory=lambda: [0.0] * IDV)
    walks: dict[str, Walk] = field(default_factory=initial_walks)
    trip: str = ""
