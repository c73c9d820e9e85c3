"""Check of all configuration files of a site."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from shutil import which

from handwheel.agents.deviations.baseline_file import read_baseline
from handwheel.agents.diagnosis.load import load_hypotheses
from handwheel.agents.lookahead.load import load_twin
from handwheel.agents.planning.planners import planners_of
from handwheel.connectors.config.hosts import is_loopback
from handwheel.connectors.config.secrets import resolve_secret
from handwheel.connectors.config.yaml_documents import read_document
from handwheel.connectors.errors import ConfigError, NotConnected, Problem
from handwheel.connectors.hints import next_step
from handwheel.connectors.model.endpoints import OpcuaConnection, UnusableConnection
from handwheel.connectors.model.notice_spec import (
    Channel,
    CommandChannel,
    EmailChannel,
    NoticeSpec,
    WebhookChannel,
)
from handwheel.connectors.model.site import LOCK_FILE, POLICY_FILE, SITE_FILE, Site, load_site
from handwheel.playbooks.language.errors import Finding
from handwheel.playbooks.language.loader import Playbook, load_library
from handwheel.playbooks.lint.lint import lint_all
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.interlocks.remote_mode import remote_problems
from handwheel.tools.guardrails.policy.cross_limits import cross_limits
from handwheel.tools.guardrails.policy.policy import load_policy, read_policy, read_policy_file
from handwheel.tools.guardrails.signatures.playbooks_lock import read_lock, release_fault
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


def check_site(root: Path) -> Site:
    """Reads all files of a site.

    A site that writes nowhere needs no policy. A record of `operators.yaml` that would be
    ignored is a problem.

    Raises:
        ConfigError: Every problem of every file, as far as one can be judged without another.
    """
    try:
        site = load_site(root)
    except ConfigError as error:
        path = root / POLICY_FILE
        form = _problems(lambda: read_policy_file(read_policy(path))) if path.exists() else []
        raise ConfigError([*error.problems, *form]) from None
    problems = [*remote_problems(site), *_unpinned(site)]
    writes = any(connection.write for connection in site.connections.values())
    if writes or (root / POLICY_FILE).exists():
        problems += _problems(lambda: cross_limits(site, load_policy(site)))
    problems += _problems(lambda: _check_operators(site))
    problems += _problems(lambda: _check_releases(site))
    library = load_library(site)
    problems += _playbook_problems(site, *library)
    problems += _failure_mode_problems(site, *library)
    problems += _planner_problems(site)
    problems += load_twin(site)[1]
    problems += _tool_problems(site)
    problems += unknown_recipients(site, library[0])
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))  # two checks read operators.yaml
    return site


def _problems(load: Callable[[], object]) -> list[Problem]:
    try:
        load()
    except ConfigError as error:
        return list(error.problems)
    return []


def _failure_mode_problems(
    site: Site, playbooks: Sequence[Playbook], broken: Sequence[Finding]
) -> Sequence[Problem]:
    # A playbook that cannot be read may be the one that a failure mode names.
    known = None if broken else [each.id for each in playbooks]
    hypotheses, problems = load_hypotheses(site, known)
    with suppress(ConfigError):  # the check of operators.yaml reports it
        now, none = datetime.now(UTC), frozenset[str]()
        problems += read_baseline(site, hypotheses, load_roster(site), none, now).problems
    return problems


def _planner_problems(site: Site) -> Iterator[Problem]:
    if fault := planners_of(site, keeps_usage=False).problem:
        document = read_document(site.root / SITE_FILE)
        yield document.problem(("planner",), f"{site.planner}: {fault}")
    if site.models:
        from handwheel.agents.planning.model.check import model_problems  # slow to import

        yield from model_problems(site)


def _tool_problems(site: Site) -> Sequence[Problem]:
    if not site.tools:
        return ()
    from handwheel.site_tools import site_tools  # slow to import

    return site_tools(site)[1]


def _playbook_problems(
    site: Site, playbooks: Sequence[Playbook], broken: Sequence[Finding]
) -> Iterator[Problem]:
    findings = [*broken, *lint_all(playbooks, site)]
    # The check of policy.yaml reports an unusable policy already.
    ignored = {"no-policy"}
    if not any(connection.write for connection in site.connections.values()):
        ignored |= {"not-writable"}  # a site without write connections
    return (each.problem for each in findings if each.is_error and each.code not in ignored)


def _check_operators(site: Site) -> None:
    if ignored := load_roster(site).ignored:
        raise ConfigError(ignored)


def _check_releases(site: Site) -> None:
    """Raises `ConfigError` with each release that does not count by the site's files."""
    roster, path = load_roster(site), str(site.root / LOCK_FILE)
    now, none = datetime.now(UTC), frozenset[str]()
    faults = {
        each.id: release_fault(each, site.id, roster, none, now)
        for each in read_lock(site).playbooks
    }
    problems = [
        Problem(path, 0, 0, "", f"{name}: {why}; {next_step('playbooks', 'release', name)}")
        for name, why in faults.items()
        if why
    ]
    if problems:
        raise ConfigError(problems)


def _unpinned(site: Site) -> Iterator[Problem]:
    document = read_document(site.root / SITE_FILE)
    for name, config in site.connections.items():
        if isinstance(config, OpcuaConnection) and (denial := config.check_pinned(name)):
            yield document.problem(("connections", name, "security"), denial.reason)


def unusable_methods(site: Site) -> Iterator[str]:
    """Yields each computed tag that is bad because its method cannot be loaded, with the reason."""
    for tag in site.tags.values():
        if (computation := tag.computation) and computation.fault:
            reason = f"method {computation.method}: {computation.fault}"
            yield printable(f"{tag.name} will be bad: {reason}; mend or install the package")


def unusable_connectors(site: Site) -> Iterator[str]:
    """Yields each connection whose connector cannot be loaded, with its place and the reason."""
    document = read_document(site.root / SITE_FILE)
    for name, config in site.connections.items():
        if isinstance(config, UnusableConnection):
            tags = sum(tag.connection == name for tag in site.tags.values())
            reason = f"{config.fault}; its tags, {tags} of them, will be bad"
            problem = document.problem(("connections", name, "kind"), reason)
            yield printable(f"{problem}; mend or install the package")


def open_passwords(site: Site) -> Iterator[str]:
    """Yields a warning for each remote connection that sends a password unsecured."""
    for name, config in site.connections.items():
        if not isinstance(config, OpcuaConnection) or config.is_secured:
            continue
        users = [each.user for each in (config.read, config.write) if each is not None]
        if users and not is_loopback(config.host):
            yield (
                f"{name}: security is None: others on the network can read and alter what "
                f"{' and '.join(dict.fromkeys(users))} reads and writes, perhaps the password too"
            )
