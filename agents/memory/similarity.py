"""Earlier episodes that are like a diagnosis, by the signs that both have."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .episode import CaseDiagnosis, Episode, SeenSign

LEAST = 0.5
"""Likeness below which an episode is not told."""
_CAUSE_DB = 10.0  # weight of the same cause, as much as is needed to name one
_LEAST_DB = 1.0  # weight of a sign that adds nothing, since another one is on the same tags
_MOST = 3  # episodes that are told
_UNKNOWN = "unknown"
_Signs = Mapping[tuple[str, str], SeenSign]


@dataclass(frozen=True, slots=True)
class SimilarEpisode:
    """Episode that is like a diagnosis.

    Attributes:
        likeness: Share of the weight of all compared that is alike, 0 to 1.
        alike: Signs that are known in both and the same, as the diagnosis has them, the heaviest
            first.
        compared: How many signs of the leading hypotheses are known in one of them.
    """

    episode: Episode
    likeness: float
    alike: tuple[SeenSign, ...]
    compared: int


def similar(diagnosis: CaseDiagnosis, episodes: Iterable[Episode]) -> Sequence[SimilarEpisode]:
    """Returns the episodes that are most like a diagnosis, of equal ones the newest first.

    Compared are the signs of the leading hypotheses of both, by failure mode: the same mode of
    another piece of equipment counts as the same. Each sign has the greater of its two weights, so
    that a strong sign that differs makes two episodes differ.
    """
    found = [each for episode in episodes if (each := _compared(diagnosis, episode))]
    found.sort(key=lambda each: (each.episode.opened_at, each.episode.case_id), reverse=True)
    found.sort(key=lambda each: -each.likeness)
    return found[:_MOST]


def _compared(diagnosis: CaseDiagnosis, episode: Episode) -> SimilarEpisode | None:
    """Returns how an episode is like a diagnosis, `None` if it is not."""
    ours, theirs = list(_modes(diagnosis)), list(_modes(episode.diagnosis))
    if not ours or not theirs:
        return None
    own, other = _signs(diagnosis), _signs(episode.diagnosis)
    keys = [each for each in dict.fromkeys((*own, *other)) if each[0] in {*ours, *theirs}]
    weights = {
        key: max(_LEAST_DB, *(abs(each[key].weight_db) for each in (own, other) if key in each))
        for key in keys
    }
    alike = [key for key in keys if key in own and key in other and _is_same(own[key], other[key])]
    same_db = _CAUSE_DB * (ours[0] == theirs[0]) + sum(weights[each] for each in alike)
    likeness = same_db / (_CAUSE_DB + sum(weights.values()))
    if likeness < LEAST or not alike:
        return None
    heaviest = sorted(alike, key=lambda each: -weights[each])
    return SimilarEpisode(episode, likeness, tuple(own[each] for each in heaviest), len(keys))


def _modes(diagnosis: CaseDiagnosis) -> Iterator[str]:
    yield from (each.mode for each in diagnosis.leading)


def _signs(diagnosis: CaseDiagnosis) -> _Signs:
    """Returns the known signs by failure mode and id, of each mode those of the most probable."""
    found: dict[tuple[str, str], SeenSign] = {}
    for each in reversed(diagnosis.hypotheses):
        for sign in each.signs:
            if sign.truth != _UNKNOWN:
                found[each.mode, sign.id] = sign
    return found


def _is_same(one: SeenSign, other: SeenSign) -> bool:
    return one.truth == other.truth
