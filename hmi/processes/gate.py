"""Runs the gate of a site and prints what it does."""

import json
import sys
from collections.abc import Callable, Mapping
from functools import partial

from handwheel.connectors.client.write_access import write_faults
from handwheel.connectors.model import computed_tags
from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails import gate
from handwheel.tools.guardrails.gate.gate import open_gate
from handwheel.tools.guardrails.gate.server.ledger_server import LedgerServer
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.ledger.records import load_unfinished
from handwheel.tools.guardrails.ledger.runs import PREFIX
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.guardrails.ledger.write_leases import open_writes
from handwheel.tools.safe_text import printable

from ..journal.rows.row_line import show_row
from ..journal.rows.row_text import CASES
from ..requests.write_followup import open_line
from ..shell.cli.line_writer import print_log
from ..shell.terminal.wrap import fold
from .serve import announce, serve, way_to_stop


async def run_gate(site: Site, note_start: Callable[[], None], *, as_json: bool) -> None:
    """Runs the gate until Ctrl-C, SIGTERM, or the end of standard input.

    An action under way is brought to its end first. As JSON, one line tells that the gate is ready,
    and one each row of the journal. Before `note_start` there is nothing to lose.
    """
    for problem in load_roster(site).ignored:
        sys.stderr.write(f"handwheel: ignored: {problem}\n")
    note_start()
    for package in (gate, computed_tags):
        print_log(package.__name__)
    async with open_gate(site) as running:
        context = running.decision_context
        async with LedgerServer(context, running.ledger):
            faults = await write_faults(site)
            words = f"gate of {site.id} ready, {way_to_stop()} stops it"
            announce(site, "gate", words, as_json=as_json, epoch=running.epoch)
            for name, fault in faults.items():
                fields = {"connection": name, "reason": fault}
                _print({"unwritable": fields}, f"{name}: {printable(fault)}", as_json)
            print_open(context.database, as_json=as_json)
            await serve(running.run(), context.database, partial(_shown, as_json=as_json))


def _shown(row: JournalRow, *, as_json: bool) -> str:
    """Returns a row as `show_row` does. Events of runs and cases are for the agents to print."""
    is_of_run = str(row.fields.get("kind", "")).startswith((PREFIX, CASES))
    return "" if is_of_run and not as_json else show_row(row, as_json=as_json)


def print_open(ledger: Ledger, *, as_json: bool) -> None:
    """Prints open undos of time-limited writes and held requests, which need a person."""
    for write in open_writes(ledger):
        _print({"open": write.body | {"action_id": write.action_id}}, open_line(write), as_json)
    for record in load_unfinished(ledger):
        name = record.request.request_id
        held = {each.action_id: each.state for each in record.unresolved}
        if held:
            line = "  ".join((name, *record.status))
            _print({"held": {"request_id": name, "actions": held}}, line, as_json)


def _print(fields: Mapping[str, object], line: str, as_json: bool) -> None:
    print(json.dumps(fields) if as_json else fold(line), flush=True)
