"""A site with its ledger and people, where equipment changes hands."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from handwheel.connectors.model.site import Site
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.interlocks.authority import AuthorityStatus, TakenMode, authority_of
from handwheel.tools.guardrails.interlocks.authority_check import check_authority
from handwheel.tools.guardrails.ledger.lifecycle import file_request
from handwheel.tools.guardrails.ledger.records import load_request
from handwheel.tools.guardrails.ledger.store.database import Database, Ledger
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.requests.timestamps import Instant, stamp

from ..gate.testbed.authority_grant import AGENTS
from ..gate.testbed.words import take_authority
from .audited import faults_in
from .in_memory import make_site
from .signed_requests import NOW, request_of

PUMPS, PUMP, OTHER = "PUMPS-101", "P-101A", "P-101B"
HOUR_S = 3600.0


@dataclass(frozen=True)
class Place:
    """A site with its ledger and people."""

    decision_context: DecisionContext

    @property
    def site(self) -> Site:
        return self.decision_context.site

    @property
    def database(self) -> Ledger:
        return self.decision_context.database

    def standing(self, equipment: str = PUMP, now: Instant = NOW) -> AuthorityStatus:
        return authority_of(self.site, self.database, now)[equipment]

    def take(self, equipment: str, mode: TakenMode = "OPERATOR", now: Instant = NOW) -> list[str]:
        return take_authority(self.database, self.site, equipment, mode, "carl", now)

    def refusal(self, now: Instant = NOW, *, is_agents: bool = True) -> str:
        """Why the pump may not be acted on; empty if it may."""
        try:
            check_authority(
                self.site,
                self.database,
                self.decision_context.policy,
                PUMP,
                now,
                is_agents=is_agents,
            )
        except GuardrailError as refusal:
            return str(refusal)
        return ""

    def told(self) -> list[tuple[str, str, dict[str, Any]]]:
        rows = [row.fields for row in self.database.journal()]
        return [(row["kind"], row["subject"], row["body"]) for row in rows]

    def file(self, name: str, equipment: str, kind: str) -> str:
        """An open request of a person or an agent for some equipment."""
        command = request_of().commands[0].model_dump(by_alias=True, exclude_none=True)
        command |= {"action_id": f"{name}/c1", "equipment": equipment}
        proposer = {"kind": kind, "name": "gina"}
        run = AGENTS["run"] if kind == "agent" else None
        request = request_of(
            request_id=name, proposal_key=name * 2, commands=[command], proposer=proposer,
            filed_at=stamp(NOW.wall), run=run,
        )  # fmt: skip
        assert file_request(self.database, request, "", NOW)
        return name

    def state(self, name: str) -> tuple[str, str]:
        record = load_request(self.database, name)
        return record.state, record.reason


@contextmanager
def opened_place(folder: Path) -> Generator[Place]:
    """A site with people and a ledger."""
    site = make_site(folder)
    with Database(site.state, site.id) as database:
        yield Place(DecisionContext(site, database, load_policy(site), load_roster(site)))


def faults_of(place: Place) -> tuple[str, ...]:
    """What `handwheel journal verify` finds."""
    return faults_in(place.decision_context)


def later(seconds: float, *, wall_s: float = 0.0, boot: str = "", now: Instant = NOW) -> Instant:
    """A moment some seconds later, with the wall clock set by some more."""
    wall = now.wall + timedelta(seconds=seconds + wall_s)
    return Instant(wall, boot or now.boot_id, now.boot_ms + round(seconds * 1000))
