"""Arguments of a run with an agent in Python, all of which are checked before it begins."""

from collections import Counter
from collections.abc import Iterable, Sequence
from inspect import iscoroutinefunction
from operator import index
from typing import Annotated, Any, SupportsIndex, cast

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.config.validation import Model, argument_faults
from handwheel.connectors.hints import did_you_mean
from handwheel.evaluation.benchmark.episodes import draw_episodes
from handwheel.evaluation.benchmark.suite import load_suite
from handwheel.hmi.bench.options import LEAST_LIMIT_S, SuiteName
from handwheel.tools.errors import InvalidArguments


def _coroutine_function(agent: object) -> object:
    if not iscoroutinefunction(agent):
        raise ValueError(f"is no coroutine function: {agent!r}")
    return agent


def _known_suite(suite: str) -> str:
    names = [each.value for each in SuiteName if each is not SuiteName.ALL]
    if suite not in names:
        known = ", ".join(names)
        raise ValueError(f"there is no suite {suite!r}{did_you_mean(suite, names)}; known: {known}")
    return suite


def _listed(seeds: object) -> object:
    """Returns what can be looped over once as a list, with whole numbers of any kind as `int`."""
    if not isinstance(seeds, Iterable):
        return seeds
    every = cast("Iterable[object]", seeds)
    return [index(each) if isinstance(each, SupportsIndex) else each for each in every]


def _once(seeds: Sequence[int] | None) -> Sequence[int] | None:
    if doubled := [each for each, count in Counter(seeds or ()).items() if count > 1]:
        raise ValueError(f"{', '.join(map(str, doubled))} stands here twice")
    return seeds


def _long_enough(limit_s: float) -> float:
    if limit_s < LEAST_LIMIT_S:
        raise ValueError(f"{limit_s:g} s must be at least {format_duration(LEAST_LIMIT_S)}")
    return limit_s


class PlayArguments(Model):
    """Arguments of `play`, each of which may be wrong."""

    agent: Annotated[Any, AfterValidator(_coroutine_function)]
    suite: Annotated[str, AfterValidator(_known_suite)]
    seeds: Annotated[
        list[Annotated[int, Field(ge=0)]] | None, BeforeValidator(_listed), AfterValidator(_once)
    ]
    faults: Sequence[str]
    jobs: Annotated[int, Field(ge=1)]
    limit_s: Annotated[float, AfterValidator(_long_enough)]

    @field_validator("faults")
    @classmethod
    def _are_cases(cls, faults: Sequence[str], info: ValidationInfo) -> Sequence[str]:
        if (suite := info.data.get("suite")) is not None:
            try:
                draw_episodes(load_suite(suite), faults, (), programs=True)
            except InvalidArguments as error:
                raise ValueError(str(error)) from None
        return faults


def checked_arguments(**given: object) -> PlayArguments:
    """Returns the arguments. Raises `InvalidArguments` with everything that is wrong."""
    try:
        return PlayArguments.model_validate(given)
    except ValidationError as error:
        raise InvalidArguments("\n".join(argument_faults(error, PlayArguments))) from None
