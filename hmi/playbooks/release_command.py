"""The command `handwheel playbooks release`."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from math import prod
from typing import Annotated

import typer

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.hints import next_step
from handwheel.connectors.model.site import LOCK_FILE, Site
from handwheel.playbooks.binding.bindings import Bindings
from handwheel.playbooks.binding.release import (
    MOST_BINDINGS,
    combined_parameters,
    release_playbooks,
    unsigned_release,
)
from handwheel.playbooks.language.loader import Playbook, load_library
from handwheel.playbooks.lint.key_rules import PLACEHOLDER
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.signatures.playbooks_lock import (
    Unsigned,
    read_lock,
    release_fault,
)
from handwheel.tools.requests.timestamps import instant_now, parse_stamp, stamp

from ..people.rotate_key import revoked_keys
from ..people.signing import find_releaser, open_signer
from ..shell.cli.completion import complete_playbook
from ..shell.cli.exits import NO
from ..shell.cli.json_result import ResultOption, tell_result
from ..shell.cli.open_site import open_site
from ..shell.cli.options import SiteOption
from ..shell.cli.signer_options import PassphraseOption, ReleaserOption
from ..shell.terminal.plural import counted
from ..shell.terminal.wrap import fold, warn
from .checked_playbooks import check_playbooks
from .playbook_text import finding_line

_DIGITS = 16  # of a digest
_FEW = 3  # playbooks that are named
RELEASED, CHANGED, UNRELEASED = "released", "changed since", "not released"


def release(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            help="Files, folders, ids of playbooks, or a library such as package:cw.",
            autocompletion=complete_playbook,
        ),
    ],
    person: ReleaserOption = None,
    passphrase_file: PassphraseOption = None,
    site: SiteOption = None,
    as_json: ResultOption = False,
) -> None:
    """Release playbooks, signed by an administrator or an engineer.

    The file playbooks.lock then lists every write that each playbook can make at this site. What
    it does not list is shown to approvers as an unreleased plan, and needs two people.

    Exit codes: 0 released, 1 a playbook has errors or refused, 2 no passphrase, wrong usage or
    configuration.
    """
    opened = open_site(site)
    earlier = read_lock(opened)
    playbooks, findings = check_playbooks(opened, paths)
    findings = [
        replace(each, severity="error") if each.code == PLACEHOLDER else each for each in findings
    ]
    for finding in findings:
        typer.echo(finding_line(finding))
    if any(finding.is_error for finding in findings):
        typer.echo("nothing was released")
        raise SystemExit(NO)
    now = parse_stamp(stamp(instant_now().wall))
    operator = find_releaser(opened, load_roster(opened), person, now)
    beside = {each.id: each for each in (*load_library(opened)[0], *playbooks)}
    library = list(beside.values())
    bindings = Bindings(opened)
    for each in playbooks:
        _show(opened, unsigned_release(each, bindings, library), earlier.find(each.id))
        if left := _left_out(each):
            typer.echo(fold(f"  not all: {left}", 6))
    signer = open_signer(opened, operator, passphrase_file)
    signed = release_playbooks(opened, playbooks, operator, signer.private, now, library)
    typer.echo(f"{operator.person} released {counted(len(signed), 'playbook')} in {LOCK_FILE}")
    tell_result(
        by=operator.person,
        released=[
            {"id": each.id, "version": each.version, "digest": each.digest} for each in signed
        ],
    )


def _show(site: Site, release: Unsigned, before: Unsigned | None) -> None:
    was, old = "", None
    if before is not None:
        was = f", before: {before.version}, {before.digest[:_DIGITS]}"
        old = list(_writes(site, before))
    typer.echo(f"{release.id} {release.version}, digest {release.digest[:_DIGITS]}{was}")
    for line in _writes(site, release):
        mark = "  (new)" if old is not None and line not in old else ""
        typer.echo(fold(f"  {line}{mark}", 6))


def _left_out(playbook: Playbook) -> str:
    """Returns that some values of its parameters are not released, and what to do, or nothing."""
    counts = combined_parameters(playbook)
    number = prod(counts.values())
    if number <= MOST_BINDINGS:
        return ""
    return (
        f"its parameters have {number} combinations of values, and the writes of the first "
        f"{MOST_BINDINGS} are listed; a run that writes others is an unreleased plan, which two "
        f"people must approve. To release all, let written values name fewer of "
        f"{', '.join(counts)}, remove min and max of some, or make two playbooks"
    )


def _writes(site: Site, release: Unsigned) -> Iterator[str]:
    """Yields each write in words, for each equipment that the roles may have."""
    for binding in release.bindings:
        bound = ", ".join(f"{role} {name}" for role, name in binding.roles.items())
        writes = ":" if binding.writes else " it writes nothing"
        yield f"with {bound or 'no roles'}{writes}"
        for each in binding.writes:
            tag, ends = site.tags.get(each.tag), [] if each.value is None else [each.value]
            shown = (tag.show_value(end) if tag else str(end) for end in each.range or ends)
            unit = tag.unit if tag else ""
            yield f"  {each.step}: {each.tag} = {' .. '.join(shown)} {unit}".rstrip()


def release_states(
    site: Site, playbooks: Sequence[Playbook], at: datetime
) -> list[tuple[str, str]]:
    """Returns for each playbook whether it is released, changed since or not, and a reason.

    A lock that cannot be read raises `ConfigError`.
    """
    lock, roster, revoked = read_lock(site), load_roster(site), revoked_keys(site)
    found: list[tuple[str, str]] = []
    for each in playbooks:
        release = lock.find(each.id)
        if release is None:
            found.append((UNRELEASED, ""))
        elif fault := release_fault(release, site.id, roster, revoked, at):
            found.append((UNRELEASED, fault))
        elif release.digest != each.digest:
            digests = f"{release.digest[:_DIGITS]} was released, it is {each.digest[:_DIGITS]}"
            found.append((CHANGED, digests))
        else:
            found.append((RELEASED, f"by {release.by} at {release.at}"))
    return found


def warn_of_unreleased(site: Site, playbooks: Sequence[Playbook]) -> None:
    """Prints on standard error that playbooks are not released as they are, and what to do."""
    try:
        states = release_states(site, playbooks, instant_now().wall)
    except ConfigError as error:
        sys.stderr.write(f"handwheel: nothing is released: {error}\n")
        return
    left = [
        each.id
        for each, (state, _) in zip(playbooks, states, strict=True)
        if state != RELEASED and (each.file.safe_state or any(s.write for s in each.file.steps))
    ]
    if not left:
        return
    is_short = len(left) <= _FEW
    what = ", ".join(left) if is_short else f"{len(left)} playbooks"
    step = next_step("playbooks", "release", *left) if is_short else next_step("playbooks", "list")
    words = f"not released as they are, so that requests need two people: {what}; {step}"
    warn(words)
