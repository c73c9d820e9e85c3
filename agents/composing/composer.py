"""Composed playbooks of a site, each of released steps and a file as any other."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from handwheel.connectors.errors import ConfigError, os_reason
from handwheel.connectors.model.site import Site
from handwheel.playbooks.binding.bind import bind
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.engine.inputs import PlantSnapshot
from handwheel.playbooks.language.loader import Playbook, load_playbook
from handwheel.playbooks.lint.lint import lint
from handwheel.tools.atomic_files import replace_file
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.signatures.administrators import revoked_keys
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.playbooks_lock import read_lock, release_fault

from ..agent_context import AgentContext
from ..planning.planner import COMPOSED
from .chain import chain, parts_of, true_in
from .composed_text import composed_document

_NAME = re.compile(rf"{COMPOSED}[a-z0-9-]+")
_FOLDER = "composed"
"""Folder in a site's state folder."""


class Composer:
    """Composes a plan where a playbook that would answer a fault is prevented.

    It uses the steps of released playbooks only, and only where the site has a trusted twin.
    """

    def __init__(self, context: AgentContext) -> None:
        self._context, self._rebind = context, context.rebind
        self._folder = self._site.state / _FOLDER
        self._bound: dict[str, BoundPlaybook | None] = {}  # by id; `None` where lint refuses it

    @property
    def _site(self) -> Site:
        return self._context.ledger.context.site

    def compose(self, own: BoundPlaybook, plant: PlantSnapshot) -> BoundPlaybook | None:
        """Returns a plan that achieves what a prevented playbook would, `None` if there is none.

        Raises `HandwheelError` if it cannot be kept, or is not valid.
        """
        ahead = self._context.look_ahead
        if own.achieves is None or ahead is None or not ahead.is_trusted:
            return None
        place, now = self._context.ledger.context, self._context.clock().wall
        others = [each for each in self._context.plans if each.id != own.id]
        goal = own.achieves.bound
        is_true = true_in(self._site.tags, plant.readings, plant.history)
        parts = chain(goal, parts_of(released(place, others, now)), is_true)
        if not parts:
            return None
        name, text = composed_document(own.id.replace("/", "-"), own, goal, parts)
        if name not in self._bound:
            self._bound[name] = self._kept(name, text)
        return self._bound[name]

    def rebind(
        self, name: str, roles: Mapping[str, str], given: Mapping[str, str]
    ) -> BoundPlaybook:
        """Binds a composed playbook as it is kept, and every other as before. See `Rebind`."""
        if not _NAME.fullmatch(name):
            return self._rebind(name, roles, given)
        return bind(self._load(self._path(name)), self._site, roles, given)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name.removeprefix(COMPOSED)}.yaml"

    def _load(self, path: Path) -> Playbook:
        return load_playbook(path, f"{_FOLDER}/{path.name}")

    def _kept(self, name: str, text: str) -> BoundPlaybook | None:
        """Writes a composed playbook, checks it as every other, and binds it."""
        path = self._path(name)
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            replace_file(path, text)
        except OSError as error:
            reason = f"cannot be written: {os_reason(error)}; nothing was composed"
            raise ConfigError.of(reason, path) from None
        playbook = self._load(path)
        wrong = [each for each in lint(playbook, self._site) if each.is_error]
        return None if wrong else bind(playbook, self._site)


def released(
    context: DecisionContext, plans: Iterable[BoundPlaybook], at: datetime
) -> list[BoundPlaybook]:
    """Returns the playbooks that are released for their equipment, none if that cannot be read."""
    site = context.site
    try:
        lock, roster = read_lock(site), load_roster(site)
    except ConfigError:
        return []
    revoked, found = revoked_keys(context.database), list[BoundPlaybook]()
    for plan in plans:
        release = lock.find(plan.id)
        if release is None or (plan.version, plan.digest) != (release.version, release.digest):
            continue
        is_bound = any(each.roles.items() <= plan.parameters.items() for each in release.bindings)
        if is_bound and not release_fault(release, site.id, roster, revoked, at):
            found.append(plan)
    return found
