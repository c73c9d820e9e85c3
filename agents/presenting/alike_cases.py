"""Earlier cases that are like a diagnosis, as facts with their text."""

from collections.abc import Iterator
from dataclasses import dataclass

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.safe_text import printable

from ..memory.episode import CaseDiagnosis, RaisedOrder
from ..memory.episode_reader import Episodes, read_episode, read_episodes
from ..memory.similarity import SimilarEpisode, similar

MOST_CLOSED = 500
"""How many closed cases are looked at, the newest ones."""
ORIGIN = "Agents recorded this, and nobody signed it. Who closed an order said what was found."
"""Source of all texts here, which people must know to judge them."""
_LONG = 600  # characters of a line
_SIGNS = 3  # that are told of a case
_PROBLEMS = 2  # that are told


@dataclass(frozen=True, slots=True)
class AlikeCase:
    """Earlier case that is like a diagnosis.

    Attributes:
        day: Date on which it was opened, UTC.
        cause: Title of what was named, or of what was suspected.
        asked: Playbook that was asked for, empty for none.
        end: State of the last run, empty for none.
        order: The work order that tells what was found, else the last one, `None` for none.
        confirmed: Whether what was found is what was named, `None` if either is missing.
        alike: Signs that are the same, of those compared.
        signs: Texts of the heaviest of them, as they are now.
    """

    case_id: str
    day: str
    cause: str
    asked: str
    end: str
    order: RaisedOrder | None
    confirmed: bool | None
    alike: int
    compared: int
    signs: tuple[str, ...]

    @property
    def lines(self) -> Iterator[str]:
        """Texts of it, which are printable. All but the first are indented."""
        asked = f"asked for {self.asked}: {self.end}" if self.asked else "nothing was asked for"
        signs = f"{self.alike} of {self.compared} signs alike"
        told = [f"{self.day}: {self.cause}", asked, *self._found(), signs]
        yield printable(f"{self.case_id} of {'; '.join(told)}", _LONG)
        yield from (f"  as now: {printable(each, _LONG)}" for each in self.signs)

    def _found(self) -> Iterator[str]:
        order = self.order
        if order is None:
            yield "no work order"
        elif not order.closed_at:
            yield f"{order.workorder_id} is open"
        elif not order.found:
            yield f"{order.workorder_id}, closed by {order.closed_by}, does not tell what was found"
        else:
            other = ", which is not what was named" if self.confirmed is False else ""
            yield f"{order.workorder_id}, closed by {order.closed_by}: found {order.found}{other}"


@dataclass(frozen=True, slots=True)
class AlikeCases:
    """The earlier cases that are most like a diagnosis.

    Attributes:
        cases: At most three, the most alike first.
        closed: How many closed cases were looked at.
        problems: What could not be read, and why.
    """

    cases: tuple[AlikeCase, ...] = ()
    closed: int = 0
    problems: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """All of it as printable lines, of which the first says where they come from."""
        found = [line for each in self.cases for line in each.lines]
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
        cases = tuple(_fact(each) for each in similar(diagnosis, earlier))
        return AlikeCases(cases, len(earlier), self._known.problems)


def alike_to_case(database: Ledger, site: Site, case_id: str) -> AlikeCases | None:
    """Returns the earlier cases that are like a case, see `SiteMemory.alike`."""
    try:
        case = read_episode(database, site, case_id)
    except HandwheelError as error:
        return AlikeCases(problems=(str(error),))
    return SiteMemory().alike(database, site, case.diagnosis, case.opened_at)


def _fact(found: SimilarEpisode) -> AlikeCase:
    episode = found.episode
    leading = " or ".join(each.title for each in episode.diagnosis.leading)
    return AlikeCase(
        case_id=episode.case_id,
        day=episode.opened_at[:10],
        cause=leading if episode.named else f"not decided, {leading}",
        asked=episode.choice,
        end=episode.end,
        order=episode.found_by or next(reversed(episode.orders), None),
        confirmed=episode.confirmed,
        alike=len(found.alike),
        compared=found.compared,
        signs=tuple(each.text for each in found.alike[:_SIGNS]),
    )


def _unread(problem: str) -> str:
    return printable(f"cannot be read: {problem}", _LONG)
