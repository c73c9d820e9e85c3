"""Lint rule on triggers that several playbooks share."""

from collections.abc import Iterator, Mapping

from ..language.errors import Finding
from ..language.loader import Playbook

_NAMED = 3  # playbooks in one finding


class Overlaps:
    """Tags that start several playbooks, by the tags that start each."""

    def __init__(self, starting: Mapping[str, frozenset[str]]) -> None:
        self._starting = starting
        self._started: dict[str, list[str]] = {}
        for id_, names in starting.items():
            for name in names:
                self._started.setdefault(name, []).append(id_)

    def check(self, playbook: Playbook) -> Iterator[Finding]:
        """Yields the playbooks that the same tags start. Call it for one without concurrency."""
        own = self._starting[playbook.id]
        others = {each for name in own for each in self._started[name]} - {playbook.id}
        if not others:
            return
        named = sorted(others)
        shared = own & frozenset[str]().union(*(self._starting[each] for each in named[:_NAMED]))
        who = ", ".join(named[:_NAMED])
        who += f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        text = f"{', '.join(sorted(shared))} starts {who} too, and both may run at once"
        hint = "write concurrency with the equipment that a run owns"
        yield playbook.key_finding("overlapping-triggers", ("trigger",), text, hint)
