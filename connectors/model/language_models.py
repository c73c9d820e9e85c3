"""Language models of a site, as `site.yaml` names them."""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Discriminator, Field, field_validator

from ..config.durations import Duration, between
from ..config.secrets import SecretPlace
from ..config.validation import Model, spelled
from ..config.yaml_documents import Document
from ..errors import Problem

PLANNER = "model"
"""Name of the planner that asks the models with the role `plan`."""
Role = Literal["plan", "phrase"]
Method = Literal["json_schema", "function_calling", "json_mode"]

_MILLION = 1e6
_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
_SECRET_ARGUMENT = re.compile(r"key|token|secret|password", re.IGNORECASE)


class ModelBudget(Model):
    """Most that a model may be asked in an hour."""

    calls: Annotated[int, Field(ge=1, le=100_000)] = 60
    tokens: Annotated[int, Field(ge=1, le=1_000_000_000)] = 200_000  # of prompts and answers


class ModelCost(Model):
    """Cost of a million tokens."""

    prompt: Annotated[float, Field(ge=0.0, strict=False)]
    answer: Annotated[float, Field(ge=0.0, strict=False)]
    currency: str = Field(pattern=r"^[A-Z]{3}$")

    def of(self, prompt_tokens: int, answer_tokens: int) -> float:
        """Returns the cost of some tokens, in the currency."""
        return (prompt_tokens * self.prompt + answer_tokens * self.answer) / _MILLION


class _LanguageModel(Model):
    name: Annotated[str, spelled(_NAME, "is no name: at most 64 letters, digits, '.', '_' and '-'")]
    roles: list[Role] = Field(default=["plan"], min_length=1)
    within: Annotated[Duration, between(0.1, 300.0, "100 ms and 5 min")] = 30.0  # of an answer
    budget: ModelBudget = ModelBudget()
    cost: ModelCost | None = None


class ChatModel(_LanguageModel):
    """Chat model of a provider or of a server, by LangChain's `init_chat_model`."""

    kind: Literal["langchain"]
    model: str = Field(min_length=1)  # such as `openai:NAME`
    arguments: dict[str, str | int | float | bool] = Field(default_factory=dict)
    secret: SecretPlace | None = None  # key of the provider; `None` for none
    structured_output: Literal["auto"] | Method = "auto"

    @field_validator("arguments")
    @classmethod
    def _has_no_secret(
        cls, arguments: dict[str, str | int | float | bool]
    ) -> dict[str, str | int | float | bool]:
        for name, value in arguments.items():
            if isinstance(value, str) and _SECRET_ARGUMENT.search(name):
                raise ValueError(f"{name} does not belong here; use secret")
        return arguments


class LocalModel(_LanguageModel):
    """Model in a GGUF file, run by llama.cpp on this machine."""

    kind: Literal["llama"]
    file: str = Field(min_length=1)  # relative to the site's folder
    threads: Annotated[int, Field(ge=1, le=256)] = 1
    context: Annotated[int, Field(ge=512, le=1_048_576)] = 4096  # tokens of prompt and answer


LanguageModel = Annotated[ChatModel | LocalModel, Discriminator("kind")]


def check_models(
    models: Sequence[LanguageModel], planner: str, document: Document
) -> Iterator[Problem]:
    """Yields problems of models, such as two of a name or a planner without any."""
    names = [each.name for each in models]
    for number, name in enumerate(names):
        if name in names[:number]:
            yield document.problem(("models", number, "name"), f"{name!r} stands here twice")
    if planner == PLANNER and not any("plan" in each.roles for each in models):
        reason = "model asks a model with the role plan; name one under models"
        yield document.problem(("planner",), reason)
