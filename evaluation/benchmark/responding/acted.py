"""Record of an episode in which the agents act."""

from dataclasses import dataclass, field

from handwheel.connectors.model.values import Value

from .harm import Harm
from .model_use import ModelUse
from .undisturbed import Undisturbed


@dataclass(frozen=True, slots=True)
class SentFrame:
    """Frame that has arrived at a device, as the plant has logged it.

    Attributes:
        at_s: Time since the beginning of the episode, seconds.
        value: What was written, in the unit of the tag.
    """

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
    """Request, work order or notice of a playbook.

    Attributes:
        at_s: Time since the beginning of the episode, seconds.
        playbook: Its name; empty for a notice of no run.
        text: Id of a request, title of a work order, or text of a notice.
    """

    at_s: float
    playbook: str
    text: str


@dataclass(slots=True)
class Acted:
    """Course of an episode. Times count from its beginning, in seconds.

    Attributes:
        harm: Harm of the plant with agents and people.
        alone: The same plant without agents and people.
        frames: Frames that have arrived at devices, oldest first.
        kept: Whether each promise came true, which are the expected results of the writes.
        refused: Decisions of people that were refused, and why.
        runs: Each playbook with its last state, and the reason if there is one.
        named: Faults that were ever confirmed.
        trips: Trips, of equipment too, while agents were there.
        models: What our agents have used of the models of a site; `None` without any.
        watched_s: Length of the time with agents and people, seconds.
        cpu_s: CPU time of the process that played, seconds.
    """

    harm: Harm
    alone: Undisturbed
    frames: list[SentFrame] = field(default_factory=list[SentFrame])
    requests: list[Asked] = field(default_factory=list[Asked])
    orders: list[Asked] = field(default_factory=list[Asked])
    notices: list[Asked] = field(default_factory=list[Asked])
    kept: list[bool] = field(default_factory=list[bool])
    refused: list[str] = field(default_factory=list[str])
    runs: list[str] = field(default_factory=list[str])
    named: list[str] = field(default_factory=list[str])
    trips: list[str] = field(default_factory=list[str])
    models: ModelUse | None = None
    watched_s: float = 0.0
    cpu_s: float = 0.0
