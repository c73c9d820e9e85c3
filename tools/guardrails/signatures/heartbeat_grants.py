"""Heartbeats as a grant of authority names them, by tag and interval.

The signature of a grant covers its heartbeats, so each is named by its tag, its
interval and a digest of all that decides where its frames go.
"""

import re
from dataclasses import dataclass

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.site_file import SITE_SCOPE

from ...requests.canonical import canonical, digest
from ...requests.duration_text import exact_span

_MARK = ":heartbeat="
_DIGITS = 32  # 128 bits of the digest, so that no other heartbeat has the same
_NAME = re.compile(
    r"(?P<tag>[A-Za-z][A-Za-z0-9-]*\.[a-z][a-z0-9_]*)"
    rf"/(?P<ms>[1-9][0-9]{{2,4}})ms/(?P<mark>[0-9a-f]{{{_DIGITS}}})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class NamedHeartbeat:
    """A heartbeat as a grant of authority names it."""

    tag: str
    every_ms: int  # between two counts
    mark: str  # the first digits of the digest of `heartbeat_text`

    def __str__(self) -> str:
        return f"{self.tag}/{self.every_ms}ms/{self.mark}"

    @property
    def words(self) -> str:
        """Consequence of signing, as text."""
        every = exact_span(self.every_ms / 1000.0)
        return f"the gate may write its heartbeat into {self.tag} every {every} until then"


def heartbeat_text(site: Site, equipment: str) -> str:
    """Returns the canonical text of a heartbeat, with its destination and interval.

    Equipment without one raises `KeyError`.
    """
    heartbeat = site.equipment[equipment].heartbeat
    if heartbeat is None:
        raise KeyError(equipment)
    tag = site.tags[heartbeat.tag]
    return canonical(
        {
            "schema": "heartbeat/1",
            "site": site.id,
            "equipment": equipment,
            "scopes": list(site.scopes_of(equipment)),
            "tag": tag.name,
            "connection": tag.connection,
            "where": site.connections[tag.connection].write_where,
            "address": str(tag.address),
            "every_ms": heartbeat.every_ms,
        }
    )


def heartbeat_of(site: Site, equipment: str) -> NamedHeartbeat | None:
    """Returns the heartbeat of a piece of equipment, or `None` if it has none."""
    found = site.equipment.get(equipment)
    if found is None or found.heartbeat is None:
        return None
    mark = digest("heartbeat", heartbeat_text(site, equipment))[:_DIGITS]
    return NamedHeartbeat(found.heartbeat.tag, found.heartbeat.every_ms, mark)


def heartbeats_of(site: Site, scope: str) -> tuple[NamedHeartbeat, ...]:
    """Returns every heartbeat that a grant of a scope covers, also those of its members."""
    members = site.equipment if scope == SITE_SCOPE else site.members_of(scope)
    found = (heartbeat_of(site, each) for each in members)
    return tuple(each for each in found if each is not None)


def with_heartbeats(subject: str, named: tuple[NamedHeartbeat, ...]) -> str:
    """Returns the subject of a grant, with the heartbeats that it allows."""
    return f"{subject}{_MARK}{','.join(map(str, named))}" if named else subject


def split_heartbeats(subject: str) -> tuple[str, tuple[NamedHeartbeat, ...]]:
    """Splits the subject of a grant into the subject proper and its heartbeats.

    A text in any but its only spelling is returned as it is, without a heartbeat.
    """
    bare, mark, rest = subject.partition(_MARK)
    if not mark:
        return subject, ()
    matches = [_NAME.fullmatch(each) for each in rest.split(",")]
    named = tuple(
        NamedHeartbeat(each["tag"], int(each["ms"]), each["mark"]) for each in matches if each
    )
    is_whole = len(named) == len(matches) and len({each.tag for each in named}) == len(named)
    return (bare, named) if is_whole else (subject, ())
