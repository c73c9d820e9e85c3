"""Playbooks that an administrator of a test's site has released."""

from collections.abc import Iterator, Mapping, Sequence

from handwheel.connectors.model.site import LOCK_FILE, Site
from handwheel.connectors.model.tags import Tag
from handwheel.playbooks.binding.bindings import Bindings
from handwheel.playbooks.binding.release import unsigned_release
from handwheel.playbooks.language.loader import Playbook
from handwheel.tools.guardrails.identity.keys import PrivateKey
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.signatures.playbooks_lock import (
    PlaybooksLock,
    Release,
    ReleasedBinding,
    ReleasedWrite,
    Unsigned,
    sign_release,
)

from .people import key_of

STEPS = ("start", "set", "stop", "back", "undo:start", "undo:back")
"""Steps of a playbook that no file has."""
BY_HAND = ("cw/change-over", "1.0.0", "d" * 64, {"duty": "P-101A"})
"""That playbook's id, version, digest and equipment."""

_UNSIGNED: dict[tuple[object, ...], tuple[Site, Unsigned]] = {}


def release_library(
    site: Site, playbooks: Sequence[Playbook], by: str = "boss", also: Sequence[Unsigned] = ()
) -> None:
    """Releases playbooks as `handwheel playbooks release` does, each bound once in all tests."""
    unsigned = [*(_unsigned(each, site, playbooks) for each in playbooks), *also]
    write_lock(site, [signed(site, each, by) for each in unsigned])


def _unsigned(playbook: Playbook, site: Site, library: Sequence[Playbook]) -> Unsigned:
    running = [each.digest for each in library if any(step.run for step in each.file.steps)]
    key = id(site.tags), playbook.digest, *running
    if key not in _UNSIGNED:
        _UNSIGNED[key] = site, unsigned_release(playbook, Bindings(site), library)
    return _UNSIGNED[key][1]


def signed(
    site: Site, unsigned: Unsigned, by: str = "boss", key: PrivateKey | None = None
) -> Release:
    """A release that a person has signed when their record began."""
    operator = next(each for each in load_roster(site).operators if each.person == by)
    return sign_release(unsigned, site.id, operator, key or key_of(by), operator.start)


def write_lock(site: Site, releases: Sequence[Release]) -> None:
    text = PlaybooksLock(playbooks=[]).replaced(releases).text
    (site.root / LOCK_FILE).write_text(text, encoding="utf-8")


def all_writes(site: Site, playbook: tuple[str, str, str, Mapping[str, str]]) -> Unsigned:
    """A playbook that no file has, by id, version, digest and roles, which may write anything."""
    name, version, digest, roles = playbook
    writes = [write for tag in site.tags.values() if tag.writable for write in _any_write(tag)]
    binding = ReleasedBinding(roles=dict(roles), writes=writes)
    return Unsigned(id=name, version=version, digest=digest, bindings=[binding])


def _any_write(tag: Tag) -> Iterator[ReleasedWrite]:
    known = {"bool": (True, False), "enum": tuple(tag.members.values())}.get(tag.kind)
    for step in STEPS:
        if known is None:
            yield ReleasedWrite(step=step, tag=tag.name, range=[*(tag.span or (0.0, 0.0))])
        for value in known or ():
            yield ReleasedWrite(step=step, tag=tag.name, value=value)
