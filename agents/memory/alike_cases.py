"""Earlier cases that are like a diagnosis, by the signs that both have, with their text."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.safe_text import printable

from .episode import CaseDiagnosis, Episode, SeenSign
from .episode_reader import Episodes, read_episode, read_episodes

LEAST = 0.5
"""Likeness below which an episode is not told."""
_CAUSE_DB = 10.0  # weight of the same cause, as much as is needed to name one
_LEAST_DB = 1.0  # weight of a sign that adds nothing, since another one is on the same tags
_MOST = 3  # episodes that are told
_UNKNOWN = "unknown"
_Signs = Mapping[tuple[str, str], SeenSign]
MOST_CLOSED = 500
"""How many closed cases are looked at, the newest ones."""
ORIGIN = "Agents recorded this, and nobody signed it. Who closed an order said what was found."
"""Source of all texts here, which people must know to judge them."""
_LONG = 600  # characters of a line
_SIGNS = 3  # that are told of a case
_PROBLEMS = 2  # that are told


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


@dataclass(frozen=True, slots=True)
class AlikeCases:
    """The earlier cases that are most like a diagnosis.

    Attributes:
        cases: At most three, the most alike first.
        closed: How many closed cases were looked at.
        problems: What could not be read, and why.
    """

    cases: tuple[SimilarEpisode, ...] = ()
    closed: int = 0
    problems: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """All of it as printable lines, of which the first says where they come from."""
        found = [line for each in self.cases for line in _lines(each)]
        none = f"none of {self.closed} closed cases is alike" if self.closed else "no closed case"
        unread = [_unread(each) for each in self.problems[:_PROBLEMS]]
        if (more := len(self.problems) - _PROBLEMS) > 0:
            unread.append(_unread(f"{more} more"))
        told = [ORIGIN, *found] if found else [] if unread else [none]
        return [*told, *unread]


class SiteMemory:
    """Closed cases of a site, which are read once, when they are first needed."""

    def __init__(self) -> None:
        self._known: Episodes | None = None

    def alike(
        self, database: Ledger, site: Site, diagnosis: CaseDiagnosis, before: str = ""
    ) -> AlikeCases | None:
        """Returns the cases that are like a diagnosis, `None` if it names and suspects nothing.

        Args:
            before: Stamp before which a case must have been opened; empty for any.
        """
        if not diagnosis.leading:
            return None
        try:
            self._known = self._known or read_episodes(database, site, MOST_CLOSED)
        except HandwheelError as error:
            return AlikeCases(problems=(str(error),))
        earlier = [each for each in self._known.found if not before or each.opened_at < before]
        cases = tuple(similar(diagnosis, earlier))
        return AlikeCases(cases, len(earlier), self._known.problems)


def alike_to_case(database: Ledger, site: Site, case_id: str) -> AlikeCases | None:
    """Returns the earlier cases that are like a case, see `SiteMemory.alike`."""
    try:
        case = read_episode(database, site, case_id)
    except HandwheelError as error:
        return AlikeCases(problems=(str(error),))
    return SiteMemory().alike(database, site, case.diagnosis, case.opened_at)


def _lines(found: SimilarEpisode) -> Iterator[str]:
    """Yields the texts of a case, which are printable. All but the first are indented."""
    case = found.episode
    leading = " or ".join(each.title for each in case.diagnosis.leading)
    cause = leading if case.named else f"not decided, {leading}"
    asked = f"asked for {case.choice}: {case.end}" if case.choice else "nothing was asked for"
    signs = f"{len(found.alike)} of {found.compared} signs alike"
    told = [f"{case.opened_at[:10]}: {cause}", asked, _found(case), signs]
    yield printable(f"{case.case_id} of {'; '.join(told)}", _LONG)
    yield from (f"  as now: {printable(each.text, _LONG)}" for each in found.alike[:_SIGNS])


def _found(case: Episode) -> str:
    """Returns the work order that tells what was found, else the last one."""
    order = case.found_by or next(reversed(case.orders), None)
    if order is None:
        return "no work order"
    if not order.closed_at:
        return f"{order.workorder_id} is open"
    closed = f"{order.workorder_id}, closed by {order.closed_by}"
    if not order.found:
        return f"{closed}, does not tell what was found"
    other = ", which is not what was named" if case.confirmed is False else ""
    return f"{closed}: found {order.found}{other}"


def _unread(problem: str) -> str:
    return printable(f"cannot be read: {problem}", _LONG)
