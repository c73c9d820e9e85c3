"""Use of the models of a site in an episode."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from handwheel.agents.planning.model.pooled_model import PooledModel


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
