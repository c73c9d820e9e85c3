"""Record of an episode in which the agents act."""

from dataclasses import dataclass, field

from handwheel.connectors.model.values import Value

from .harm import Harm
from .undisturbed import Undisturbed


@dataclass(frozen=True, slots=True)
class SentFrame:
    """Frame that has arrived at a device, as the plant has logged it."""

    at_s: float
    tag: str
    value: Value

    @property
    def text(self) -> str:
        """Tag and value of the write, such as `P-101B.run_cmd=1`."""
        value = self.value if isinstance(self.value, str) else f"{self.value:g}"
        return f"{self.tag}={value}"


@dataclass(frozen=True, slots=True)
class Asked:
    """Request, work order or notice of a playbook."""

    at_s: float
    playbook: str
    text: str


@dataclass(slots=True)
class Acted:
    """Course of an episode. Times count from its beginning."""

    harm: Harm
    alone: Undisturbed  # the same plant without agents and people
    frames: list[SentFrame] = field(default_factory=list[SentFrame])
    requests: list[Asked] = field(default_factory=list[Asked])
    orders: list[Asked] = field(default_factory=list[Asked])
    notices: list[Asked] = field(default_factory=list[Asked])
    kept: list[bool] = field(default_factory=list[bool])  # promises, which are expected results
    refused: list[str] = field(default_factory=list[str])  # decisions of people, and why
    runs: list[str] = field(default_factory=list[str])  # each playbook with its last state
    named: list[str] = field(default_factory=list[str])  # faults that were ever confirmed
    trips: list[str] = field(default_factory=list[str])  # of equipment too, while agents were there
    watched_s: float = 0.0  # with agents and people
    cpu_s: float = 0.0
