"""Probability that a weighed hypothesis is true, as its decibans say."""

from collections.abc import Iterator
from math import exp, log

from .ranking import Ranking, are_rivals
from .weigh import Weighed

LEAST_DB = -20.0
"""Sum below which a hypothesis counts as excluded, a probability of 1 %."""
_MOST_DB = 1000.0  # so that no odds of a damaged file overflow


def probability(total_db: float, ahead_db: float) -> float:
    """Returns the probability of a hypothesis against its best rival and against neither.

    Names are given by the same two numbers. Hypotheses that explain something else are no rivals,
    since several faults may stand at once, so that the probabilities of a plant do not add to one.

    Args:
        total_db: Its prior and the weights of its evidence.
        ahead_db: Its distance to the best rival, to 0 dB if none is suspected.
    """
    rival_db = total_db - ahead_db
    others = 1.0 + (_odds(rival_db) if rival_db > 0.0 else 0.0)
    return 1.0 / (1.0 + others / _odds(total_db))


def _odds(decibans: float) -> float:
    return exp(min(max(decibans, -_MOST_DB), _MOST_DB) * log(10.0) / 10.0)


def ahead_db(each: Weighed, ranking: Ranking) -> float:
    """Returns the distance to the best rival, to 0 dB if none is suspected."""
    rivals = (one for one in ranking.weighed if one is not each and are_rivals(one, each))
    return each.total_db - max([0.0, *(one.total_db for one in rivals)])


def possible_faults(ranking: Ranking) -> Iterator[tuple[Weighed, float]]:
    """Yields each fault of at least `LEAST_DB` with its distance to the best rival."""
    for each in ranking.weighed:
        if each.hypothesis.mode.is_fault and each.total_db >= LEAST_DB:
            yield each, ahead_db(each, ranking)
