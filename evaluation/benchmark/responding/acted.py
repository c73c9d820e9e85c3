"""Record of an episode in which the agents act, with their use of models."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from handwheel.agents.planning.model.pooled_model import PooledModel
from handwheel.connectors.model.values import Value

from .undisturbed import Harm, Undisturbed


@dataclass(frozen=True, slots=True)
class ModelUse:
    """Tokens of the questions to the models of a site, without their self-tests.

    Attributes:
        prompt_tokens: Of the prompts, as the models have told; 0 of one that tells none.
        answer_tokens: Of the answers, likewise.
        cost: By currency, of the models whose price the site has.
    """

    prompt_tokens: int = 0
    answer_tokens: int = 0
    cost: Mapping[str, float] = field(default_factory=dict[str, float])

    def mean(self, episodes: int) -> "ModelUse":
        """Returns the mean of some episodes, with whole tokens."""
        cost = {currency: amount / episodes for currency, amount in self.cost.items()}
        prompts, answers = (
            round(self.prompt_tokens / episodes),
            round(self.answer_tokens / episodes),
        )
        return ModelUse(prompts, answers, cost)

    @property
    def tokens(self) -> str:
        """Tokens of prompts and answers, as tables have them."""
        return f"{self.prompt_tokens} + {self.answer_tokens}"


def model_use(models: Iterable[PooledModel]) -> ModelUse | None:
    """Returns the use of models since they were created, `None` without any."""
    return total_use(
        ModelUse(
            each.prompt_tokens,
            each.answer_tokens,
            {price.currency: price.of(each.prompt_tokens, each.answer_tokens)}
            if (price := each.spec.cost)
            else {},
        )
        for each in models
    )


def total_use(uses: Iterable[ModelUse | None]) -> ModelUse | None:
    """Returns the sum of what was used, `None` if there were no models."""
    found = [each for each in uses if each is not None]
    cost: dict[str, float] = {}
    for each in found:
        for currency, amount in each.cost.items():
            cost[currency] = cost.get(currency, 0.0) + amount
    prompts = sum(each.prompt_tokens for each in found)
    answers = sum(each.answer_tokens for each in found)
    return ModelUse(prompts, answers, cost) if found else None


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
