"""The demo's desk: one person asks for the standby, another sees the card and decides."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import monotonic

from handwheel.connectors.site import Site
from handwheel.tools.guardrails.audit import audit
from handwheel.tools.guardrails.bench import Bench
from handwheel.tools.guardrails.card import Card
from handwheel.tools.guardrails.decisions import parse_decision
from handwheel.tools.guardrails.ledger.records import (
    RequestRecord,
    load_decisions,
    load_request,
    load_requests,
)
from handwheel.tools.guardrails.ledger.transitions import RequestState
from handwheel.tools.requests.stamps import instant_now

from .asking import ask, look, settled, sign_approval
from .demo_people import APPROVER, PROPOSER
from .journal_lines import audit_line
from .proposing import propose_writes
from .signing import Signer, open_bench

WISH = "P-101B.run_cmd=true"
REASON = "P-101A vibrates more and more, the strainer is clean: start the standby before it trips"

_SETTLE_S = 3.0
_POLL_S = 0.1


class Desk:
    """What people do at the demo's site; each method opens the ledger for itself.

    Args:
        people: By name.
        frame_log: The plant's own record of every write.
    """

    def __init__(self, site: Site, people: Mapping[str, Signer], frame_log: Path) -> None:
        self._site = site
        self._people = people
        self._frame_log = frame_log
        self.request_id = ""

    async def propose(self) -> None:
        """Files the request, as `handwheel requests propose` does."""
        with open_bench(self._site) as bench:
            proposer = self._people[PROPOSER]
            await propose_writes(bench, [WISH], REASON, lambda: proposer, tells_next=False)
            self.request_id = load_requests(bench.database)[-1].request.request_id

    async def settle(self) -> Card:
        """Returns the card as `settled` does, but lets go at once when it is cancelled."""
        until_s = monotonic() + _SETTLE_S
        while True:
            with open_bench(self._site) as bench:
                card = look(bench, load_request(bench.database, self.request_id), instant_now())
            if card.is_approvable or monotonic() >= until_s:
                return card
            await asyncio.sleep(_POLL_S)

    def ask(self) -> RequestState | None:
        """Shows the card and asks the viewer, as `handwheel requests approve` does; blocks."""
        with open_bench(self._site) as bench:
            record = load_request(bench.database, self.request_id)
            return ask(bench, record, lambda: self._people[APPROVER])

    def approve_unattended(self) -> RequestState:
        """Signs for nobody, as `handwheel requests approve --digest` does; blocks."""
        with open_bench(self._site) as bench:
            record = load_request(bench.database, self.request_id)
            return sign_approval(bench, record, self._people[APPROVER], settled(bench, record))

    def proof(self) -> Iterator[str]:
        """Yields the plant's own frame log beside what was approved, and what the journal says."""
        with open_bench(self._site) as bench:
            record = load_request(bench.database, self.request_id)
            yield "Frames that reached the plant, in UTC, beside what was approved:"
            yield from self._frames(bench, record) or ["  none"]
            found = audit(bench.database, self._site, bench.roster, bench.policy.satisfies)
            yield f"journal verify: {audit_line(found)}"
            yield from (f"  {fault}" for fault in found.faults)

    def _frames(self, bench: Bench, record: RequestRecord) -> list[str]:
        people = ", ".join(_approvers(bench, self.request_id)) or "nobody"
        wires = {each.wire: each for each in record.request.commands}
        lines: list[str] = []
        for line in self._frame_log.read_text(encoding="utf-8").splitlines():
            frame = json.loads(line)
            wire = f"{frame['unit']:02x}{frame['pdu']}" if "pdu" in frame else frame["body"]
            action = wires.get(wire)
            meant = (
                f"{action.tag} = {action.shown}, approved by {people}" if action else "NOT APPROVED"
            )
            lines.append(f"  {frame['wall'][11:19]}  {wire}  {meant}")
        return lines


def _approvers(bench: Bench, request_id: str) -> Iterator[str]:
    for each in load_decisions(bench.database, request_id):
        if each.verdict == "approve":
            said = parse_decision(each.text)
            yield said.person if said.attended else f"{said.person} (unattended)"
