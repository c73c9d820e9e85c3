"""Reads the whole journal again and reports every row that should not have been possible."""

from collections.abc import Mapping
from dataclasses import dataclass

from handwheel.connectors.model.site import Site

from ..identity.roster import Roster
from ..ledger.store.database import Database
from ..ledger.store.journal import Chain
from ..signatures.decisions import VerdictName
from ..signatures.quorum import Satisfies
from .reader import AuditReader


@dataclass(frozen=True, slots=True)
class Audit:
    """Result of an audit."""

    rows: int
    requests: int
    decisions: int  # signed ones, of every kind
    verdicts: Mapping[VerdictName, int]  # how many of each kind, of those that can be read
    intents: int  # how many frames were to be sent
    faults: tuple[str, ...]


def audit(database: Database, site: Site, roster: Roster, satisfies: Satisfies) -> Audit:
    """Checks chain, anchors, signatures, transitions, quorum behind each intent, and read-backs.

    Signatures are judged by the operators' file as it stands now: a record that was taken out
    of it makes the signatures of that time unverifiable, and they are reported.
    `Policy.satisfied` says whether a role counted as another.
    """
    # Anchors first: they follow the commits, so none can name a row that is not read after it.
    chain = Chain(database.anchors.lines())
    reader = AuditReader(site, roster, satisfies)
    found, count = list[str](), 0
    with database.one_moment():  # else the tables are compared with a journal that went on
        for row in database.journal():
            count += 1
            fields = chain.follow(row)
            found += [f"row {row.seq}: {fault}" for fault in reader.read(row.hash, fields)]
        chain.end()
        found += reader.compare(database)
    faults = (*chain.faults, *found)
    return Audit(
        count, len(reader.cases), reader.decisions, reader.verdicts, reader.intents, faults
    )
