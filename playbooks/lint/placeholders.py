"""Lint rules on what makes a text no finished playbook yet."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, cast

from handwheel.connectors.config.yaml_documents import Path_

from ..language.errors import Finding
from ..language.loader import Playbook

OWNER, TITLE, DONE = "OWNER", "TITLE: what is wrong", "WHAT IS DONE"
TO_DO, NO_UNDO = "WHAT TO DO", "WHY IT IS NOT UNDONE"
PLACEHOLDER = "placeholder"
"""Code of a word that a template leaves to be filled in."""
_WORDS = (TITLE, DONE, TO_DO, NO_UNDO)


def check_placeholders(playbook: Playbook) -> Iterator[Finding]:
    """Yields every word that the template left to a person and that still stands there."""
    for path, text in _texts(playbook.document.data, ()):
        words = [text] if text == OWNER else [each for each in _WORDS if each in text]
        if words:
            said = f"{words[0]!r} is to be filled in"
            yield playbook.finding(PLACEHOLDER, path, said, severity="warning")


def check_start(playbook: Playbook, others: Collection[Playbook]) -> Iterator[Finding]:
    """Yields that nothing starts a playbook, neither a trigger nor another playbook of the site."""
    if playbook.file.trigger or playbook.file.advise or not others:
        return
    if any(playbook.id in _named_by(each) for each in others if each.id != playbook.id):
        return
    text = "nothing starts it: it has no trigger, and no other playbook runs or suggests it"
    hint = "write trigger, with manual: true for a person's order"
    yield playbook.key_finding("never-started", ("id",), text, hint, severity="warning")


def _named_by(playbook: Playbook) -> set[str]:
    file = playbook.file
    runs = {step.run.playbook for step in file.steps if step.run}
    return runs | {each.suggest for each in (*file.diagnosis.for_, *file.diagnosis.against)}


def _texts(node: Any, path: Path_) -> Iterator[tuple[Path_, str]]:
    """Yields every text in the data of a file with its path."""
    if isinstance(node, str):
        yield path, node
    elif isinstance(node, Mapping):
        for key, each in cast("Mapping[str, Any]", node).items():
            yield from _texts(each, (*path, key))
    elif isinstance(node, list):
        for n, each in enumerate(cast("Sequence[Any]", node)):
            yield from _texts(each, (*path, n))
