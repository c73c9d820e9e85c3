"""Authority in the journal, and actions that were sent without it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from handwheel.connectors.model.site import Site

from ...requests.request import Action, ActionRequest
from ...requests.timestamps import parse_stamp
from ..ledger.authority import CLOSED_MODES, load_authority
from ..ledger.store.database import Database
from ..signatures.decisions import (
    Decision,
    SiteVerdict,
    authority_subject,
    maintenance_subject,
    meaning_of_subject,
)
from ..signatures.heartbeat_grants import split_heartbeats

_SIGNED: tuple[SiteVerdict, ...] = ("grant-authority", "end-maintenance")


@dataclass(frozen=True, slots=True)
class _Standing:
    generation: int
    mode: str
    until: str

    @property
    def words(self) -> str:
        until = f" until {self.until}" if self.until else ""
        return f"{self.mode}{until} for the time {self.generation}"


class AuditedAuthority:
    """Follows the journal's rows about authority, by the site's files as they stand now."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._told: dict[str, _Standing] = {}
        self._signed = set[str]()

    def sign(self, decision: Decision) -> None:
        """Records the subject of a signed change. The signature is checked elsewhere."""
        subject = decision.subject or ""
        for verdict in _SIGNED:
            if decision.verdict == verdict and decision.meaning == meaning_of_subject(
                verdict, subject
            ):
                self._signed.add(split_heartbeats(subject)[0])

    def is_with_agents(self, scope: str, generation: int, until: str) -> bool:
        """Whether this grant of a scope is the latest change of its authority."""
        return self._told.get(scope) == _Standing(generation, "AGENT", until)

    def give(self, scope: str, body: Mapping[str, Any]) -> Iterator[str]:
        """Follows a grant to agents."""
        generation, until = int(body["generation"]), str(body["until"])
        parse_stamp(until)
        yield from self._set(scope, _Standing(generation, str(body["mode"]), until))
        if authority_subject(scope, generation, until) not in self._signed:
            yield f"{scope} was granted to agents, and no person has signed it"

    def take(self, scope: str, body: Mapping[str, Any]) -> Iterator[str]:
        """Follows a taking over."""
        before = self._told.get(scope)
        if (
            before is not None
            and before.mode == "MAINTENANCE" != body["mode"]
            and maintenance_subject(scope, before.generation) not in self._signed
        ):
            yield f"{scope} was taken out of MAINTENANCE, and no person has signed it"
        yield from self._set(scope, _Standing(int(body["generation"]), str(body["mode"]), ""))
        if body["mode"] == "AGENT":
            yield f"{scope} was taken over for agents, which only a signature does"

    def stops(self, request: ActionRequest, action: Action, at: str) -> Iterator[str]:
        """Yields why an action that was taken up at a stamp should not have been sent.

        A grant that ends later does no harm.
        """
        scopes = self._site.scopes_of(action.equipment)
        held = [(scope, self._told[scope]) for scope in scopes if scope in self._told]
        for scope, standing in held:
            if standing.mode in CLOSED_MODES:
                yield f"{action.action_id} was sent while {scope} was {standing.mode}"
        is_given = any(each.mode == "AGENT" and at < each.until for _, each in held)
        if request.proposer.kind != "person" and not is_given:
            name = action.equipment or "what is the site's own"
            yield f"{action.action_id} was sent for an agent, and {name} was not granted"

    def compare(self, database: Database) -> Iterator[str]:
        """Yields where the ledger's table says something else."""
        held = {
            row.scope: _Standing(row.generation, row.mode, row.until or "")
            for row in load_authority(database)
        }
        for scope in sorted(self._told.keys() | held.keys()):
            ledger, journal = held.get(scope), self._told.get(scope)
            if ledger != journal:
                yield (
                    f"authority over {scope}: the ledger says {_words(ledger)}, "
                    f"the journal {_words(journal)}"
                )

    def _set(self, scope: str, standing: _Standing) -> Iterator[str]:
        before = self._told[scope].generation if scope in self._told else 0
        if standing.generation != before + 1:
            yield f"authority {standing.generation} over {scope} does not follow {before}"
        self._told[scope] = standing


def _words(standing: _Standing | None) -> str:
    return standing.words if standing else "nothing"
