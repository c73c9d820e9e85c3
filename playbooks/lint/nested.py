"""Lint rules on steps that run another playbook."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.config.yaml_documents import Path_
from handwheel.connectors.model.site import Site

from ..binding.bind import try_bind
from ..binding.model import BoundPlaybook
from ..binding.step_model import MOST_NESTED, RunPlaybook
from ..language.errors import Finding
from ..language.loader import Playbook
from ..language.names import default_role_binding


class Nesting:
    """Playbooks of a site, which steps may run.

    Args:
        library: The site's; empty if they are not known.
    """

    def __init__(self, site: Site, library: Sequence[Playbook]) -> None:
        self._site = site
        self._known = {each.id: each for each in library}

    def check(self, playbook: Playbook, plan: BoundPlaybook) -> Iterator[Finding]:
        """Yields what is wrong with the playbooks that a playbook runs."""
        for n, step in enumerate(plan.steps):
            if isinstance(step.work, RunPlaybook):
                yield from self._check(playbook, step.work, ("steps", n, "run"))

    def _check(self, playbook: Playbook, work: RunPlaybook, path: Path_) -> Iterator[Finding]:
        at: Path_ = (*path, "playbook")
        if too_deep := self._too_deep(playbook, work):
            yield playbook.finding("nested-too-deep", at, too_deep)
            return
        nested = self._known.get(work.playbook)
        if nested is None:
            if self._known:
                text = f"the site has no playbook {work.playbook!r} to run"
                near = get_close_matches(work.playbook, self._known, n=1)
                hint = f"did you mean {near[0]!r}?" if near else ""
                yield playbook.finding("unknown-playbook", at, text, hint)
            return
        yield from self._roles(playbook, nested, work, (*path, "bind"))
        most_s, own_s = nested.file.limits.max_duration, playbook.file.limits.max_duration
        if most_s > own_s:
            text = f"{nested.id} may take {format_duration(most_s)}, and max_duration of this "
            yield playbook.finding("too-long", at, f"{text}playbook is {format_duration(own_s)}")
        steps, safe_state = nested.file.steps, nested.file.safe_state
        if playbook.file.style == "manual" and (safe_state or any(e.write for e in steps)):
            text = f"a manual playbook writes nothing, and {nested.id} writes"
            yield playbook.finding("against-style", at, text)

    def _too_deep(self, playbook: Playbook, work: RunPlaybook) -> str:
        chain = self._deepest(work.playbook, (playbook.id,))
        words = ", which runs ".join(chain[1:])
        if _is_circle(chain):
            return f"it runs {words}: a playbook never runs itself"
        if len(chain) > MOST_NESTED:
            return f"it runs {words}: at most {MOST_NESTED} runs are within one another"
        return ""

    def _deepest(self, name: str, above: tuple[str, ...]) -> tuple[str, ...]:
        """Returns the longest way down, or one in a circle, up to where it is too long."""
        chain, playbook = (*above, name), self._known.get(name)
        if playbook is None or _is_circle(chain) or len(chain) > MOST_NESTED:
            return chain
        runs = [step.run.playbook for step in playbook.file.steps if step.run]
        ways = (self._deepest(each, chain) for each in runs)
        return max(ways, key=lambda way: (_is_circle(way), len(way)), default=chain)

    def _roles(
        self, playbook: Playbook, nested: Playbook, work: RunPlaybook, path: Path_
    ) -> Iterator[Finding]:
        """Yields roles that do not exist or do not fit, else what does not fit this equipment."""
        is_found = False
        for role, asset in work.roles.items():
            here, roles = (*path, role), nested.file.roles
            wanted = nested.file.parameters[role].class_ if role in roles else ""
            own = self._site.equipment[asset].class_
            if role not in roles:
                is_found = True
                text = f"{nested.id} has no role {role!r}; known: {', '.join(roles) or 'none'}"
                yield playbook.key_finding("unknown-name", here, text)
            elif wanted and own != wanted:
                is_found = True
                text = f"{asset} is of class {own or 'none'}, not {wanted}"
                yield playbook.finding("wrong-class", here, text)
        if work.roles and not is_found:
            usual = try_bind(nested, self._site, default_role_binding(nested)).findings
            bound = default_role_binding(nested, work.roles)
            for each in try_bind(nested, self._site, bound).findings:
                if each not in usual:
                    yield playbook.key_finding(each.code, path, f"{nested.id}: {each.text}")


def _is_circle(chain: tuple[str, ...]) -> bool:
    return chain[-1] in chain[:-1]
