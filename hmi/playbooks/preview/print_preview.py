"""Reading of the plant for a preview, and its output."""

from pathlib import Path
from tempfile import TemporaryDirectory

from handwheel.connectors.client.site_reader import survey
from handwheel.connectors.model.site import Site
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.preview.preview import make_preview, tags_to_read
from handwheel.tools.guardrails.approval.explain import ExplainContext
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.log_file import has_ledger
from handwheel.tools.guardrails.policy.cross_limits import cross_limits
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.requests.timestamps import instant_now

from ...shell.cli.exits import NO
from ...shell.cli.field_lines import print_result
from ...shell.terminal.wrap import folded
from .preview_text import INDENT, preview_fields, preview_lines


async def print_preview(site: Site, bound: BoundPlaybook, *, as_json: bool) -> None:
    """Reads the plant once and prints the preview of a bound playbook without errors.

    Ends the process with exit code 1 if the policy denies one of its writes.

    Raises:
        ConfigError: The policy or the operators are wrong.
        NotConnected: A device cannot be reached.

    Effect: OBSERVE. Retry and time-out: see `survey`.
    """
    is_there = has_ledger(site.state)
    with (
        TemporaryDirectory() as folder,  # for an empty one if the site has none
        connect.open_ledger(site) if is_there else Database(Path(folder), site.id) as database,
    ):
        policy = load_policy(site)
        context = ExplainContext(
            site, policy, cross_limits(site, policy), database if is_there else None,
            load_roster(site),
            read_snapshot(database),
        )  # fmt: skip
        read = tags_to_read(context, bound)
        plant = await survey(site, read, [each.tag for each in bound.writes])
        preview = make_preview(context, database, bound, plant, instant_now())
    print_result(preview_fields(preview), folded(preview_lines(preview), INDENT), as_json=as_json)
    if preview.is_denied:
        raise SystemExit(NO)
