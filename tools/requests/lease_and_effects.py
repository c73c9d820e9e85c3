"""Time limit and expected results of a request of no run."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from handwheel.connectors.config.durations import parse_duration
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag

from ..conditions.condition import parse_condition
from ..conditions.errors import ConditionError
from ..errors import InvalidArguments
from .request import ExpectedEffect, Lease

_WITHIN = " within "


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms of a request of no run besides its writes."""

    lease: Lease | None = None
    effects: tuple[ExpectedEffect, ...] = ()  # monitored after the last command
    proposal_key: str = ""  # see `proposal_key_of`


NO_TERMS = Terms()


def parse_lease(text: str) -> Lease:
    """Returns the lease of a text such as `2 h`.

    Any but a duration from 1 s to 30 days raises `InvalidArguments`.
    """
    try:
        return Lease(for_s=parse_duration(text))
    except ValidationError:
        raise InvalidArguments(f"{text!r} is no time for a lease: from 1 s to 30 d") from None
    except ValueError as error:
        raise InvalidArguments(str(error)) from None


def parse_expectation(text: str) -> ExpectedEffect:
    """Returns the expected effect of a text, `PT-102.pv > 350 kPa within 2 min`.

    One without a time, or with more than a day, raises `InvalidArguments`.
    """
    condition, within, span = text.rpartition(_WITHIN)
    try:
        if not within:
            raise ValueError(f"{text!r} does not say by when: PT-102.pv > 350 kPa within 2 min")
        return ExpectedEffect(text=" ".join(condition.split()), within_s=parse_duration(span))
    except ValidationError:
        raise InvalidArguments(
            f"{text!r}: {span.strip()} cannot be waited for; more than 0 s, at most 24 h"
            if condition.strip()
            else f"{text!r} does not say what is expected"
        ) from None
    except ValueError as error:
        raise InvalidArguments(str(error)) from None


def check_terms(terms: Terms, tags: Sequence[Tag], site: Site) -> None:
    """Refuses a lease that cannot be undone and an effect that cannot be evaluated.

    The `InvalidArguments` names the tag or the effect.
    """
    for tag in tags if terms.lease else ():
        if not tag.readback:
            raise InvalidArguments(
                f"{tag.name} cannot have a lease: no tag shows what it was written from"
            )
    for each in terms.effects:
        try:
            parse_condition(each.text, site.tags)
        except ConditionError as error:
            raise InvalidArguments(f"it cannot be expected: {error}") from None
