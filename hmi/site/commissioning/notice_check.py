"""Check of channels and recipients of notices on this machine and against the playbooks."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from shutil import which

from handwheel.connectors.config.secrets import resolve_secret
from handwheel.connectors.config.yaml_documents import read_document
from handwheel.connectors.errors import ConfigError, NotConnected, Problem
from handwheel.connectors.model.notice_spec import (
    Channel,
    CommandChannel,
    EmailChannel,
    NoticeSpec,
    WebhookChannel,
)
from handwheel.connectors.model.site import POLICY_FILE, SITE_FILE, Site
from handwheel.playbooks.language.loader import Playbook, load_library
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.safe_text import plain, printable


def unknown_recipients(site: Site, playbooks: Sequence[Playbook]) -> Iterator[Problem]:
    """Yields each recipient of site.yaml that is no role and no person, and no playbook names."""
    if site.notices is None:
        return
    known = {name for each in playbooks for name in _told_by(each)}
    with suppress(ConfigError):  # the checks of both files report it
        known |= {each.person for each in load_roster(site).operators}
        if (site.root / POLICY_FILE).exists():
            known |= set(load_policy(site).role_names)
    document = read_document(site.root / SITE_FILE)
    for name in site.notices.to:
        if name not in known:
            reason = "is no role of policy.yaml, no person enrolled, and no playbook tells it"
            yield document.problem(("notices", "to", name), reason)


def warn_of_notices(site: Site, playbooks: Sequence[Playbook]) -> None:
    """Prints on standard error what of the notices will reach nobody, as `check` does."""
    found = [*map(str, unknown_recipients(site, playbooks)), *notice_warnings(site, playbooks)]
    sys.stderr.writelines(f"handwheel: {each}\n" for each in found)


def notice_warnings(site: Site, playbooks: Sequence[Playbook] | None = None) -> Iterator[str]:
    """Yields a warning for each channel that cannot work, and each recipient without one.

    Args:
        playbooks: Those that tell recipients, by default all of the library.
    """
    if site.notices is None:
        return
    for name, channel in site.notices.channels.items():
        if fault := _fault(channel, site.root):
            yield f"{channel.kind} {name} of notices will deliver nothing: {printable(fault)}"
    yield from _untold(site.notices, load_library(site)[0] if playbooks is None else playbooks)


def _fault(channel: Channel, root: Path) -> str:
    """Returns what is wrong with a channel on this machine, empty for nothing.

    A secret in the environment is not looked for, since another shell may start the agents.
    """
    match channel:
        case EmailChannel(login=login):
            place = login.secret if login else ""
        case WebhookChannel(secret=secret):
            place = secret or ""
        case CommandChannel(run=[program, *_]):
            return "" if which(program) else f"there is no program {program} that can be executed"
        case _:
            place = ""
    try:
        if place.startswith("file:"):
            resolve_secret(place, root, channel.kind)
    except NotConnected as error:
        return ", ".join(error.endpoints.values())
    return ""


def _untold(notices: NoticeSpec, playbooks: Sequence[Playbook]) -> Iterator[str]:
    told_by: dict[str, list[str]] = {}
    for playbook in playbooks:
        for name in _told_by(playbook):
            told_by.setdefault(name, []).append(playbook.id)
    for name, tellers in told_by.items():
        if name not in notices.to:
            more = f" and {len(tellers) - 1} more" if len(tellers) > 1 else ""
            yield (
                f"{printable(name)}, a recipient of {plain(tellers[0])}{more}, has no channel in "
                "notices of site.yaml, and sees notices on the screens only"
            )


def _told_by(playbook: Playbook) -> dict[str, None]:
    """Returns the recipients of a playbook, each once and in order."""
    found = [name for each in playbook.file.escalate for name in each.to]
    for step in playbook.file.steps:
        found += step.notify.to if step.notify else []
        found += [step.on_fail.notify] if step.on_fail and step.on_fail.notify else []
    return dict.fromkeys(found)
