"""Check of recipients of notices between site.yaml, the people and the playbooks."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

from handwheel.connectors.config.yaml_documents import read_document
from handwheel.connectors.errors import ConfigError, Problem
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


def untold_recipients(site: Site) -> Iterator[str]:
    """Yields a warning for each recipient of playbooks whom no channel of site.yaml reaches."""
    if site.notices is None:
        return
    told_by: dict[str, list[str]] = {}
    for playbook in load_library(site)[0]:
        for name in _told_by(playbook):
            told_by.setdefault(name, []).append(playbook.id)
    for name, playbooks in told_by.items():
        if name not in site.notices.to:
            more = f" and {len(playbooks) - 1} more" if len(playbooks) > 1 else ""
            yield (
                f"{printable(name)}, a recipient of {plain(playbooks[0])}{more}, has no channel in "
                "notices of site.yaml, and sees notices on the screens only"
            )


def _told_by(playbook: Playbook) -> dict[str, None]:
    """Returns the recipients of a playbook, each once and in order."""
    found = [name for each in playbook.file.escalate for name in each.to]
    for step in playbook.file.steps:
        found += step.notify.to if step.notify else []
        found += [step.on_fail.notify] if step.on_fail and step.on_fail.notify else []
    return dict.fromkeys(found)
