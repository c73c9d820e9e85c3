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
    """State of the process."""

    x: list[float]  # the 50 integrated states
    xmv: list[float]  # commands of the twelve valves, percent; written by the controllers
    held: list[float]  # commands that the valves follow, percent; a sticking valve keeps its last
    steps: int = 0
    # last of reactor, separator, stripper and header, degC; where the next step starts to iterate
    temperatures: list[float] = field(default_factory=lambda: [100.0, 80.0, 60.0, 80.0])
    # the 41 values that the last step showed
    xmeas: list[float] = field(default_factory=lambda: [0.0] * XMEAS)
    # last samples of the analysers, shown one period later, XMEAS 23 to 41
    sampled: list[float] = field(default_factory=lambda: [0.0] * (XMEAS - CONTINUOUS))
    # severities of the disturbances, 0..1
    idv: list[float] = field(default_factory=lambda: [0.0] * IDV)
    walks: dict[str, Walk] = field(default_factory=initial_walks)
    trip: str = ""  # cause of the shutdown; empty while the process runs
