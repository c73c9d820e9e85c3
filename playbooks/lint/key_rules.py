"""Lint rules on the keys of a playbook and its placeholders, independent of the site."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, cast

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.config.yaml_documents import Path_

from ..language.errors import Finding
from ..language.loader import Playbook
from ..language.schema import StepSpec

OWNER, TITLE, DONE = "OWNER", "TITLE: what is wrong", "WHAT IS DONE"
TO_DO, NO_UNDO = "WHAT TO DO", "WHY IT IS NOT UNDONE"
PLACEHOLDER = "placeholder"
"""Code of a word that a template leaves to be filled in."""
_WORDS = (TITLE, DONE, TO_DO, NO_UNDO)


def check_form(playbook: Playbook, used: str) -> Iterator[Finding]:
    """Yields missing keys and inconsistent limits, by every text that could use a parameter."""
    yield from _triggers(playbook)
    yield from _timeouts(playbook)
    for n, step in enumerate(playbook.file.steps):
        yield from _step(playbook, step, ("steps", n))
    yield from _limits(playbook)
    yield from _parameters(playbook, used)
    yield from _tests(playbook)


def _triggers(playbook: Playbook) -> Iterator[Finding]:
    trigger = playbook.file.trigger
    if trigger is None:
        return
    for key, items in (("any", trigger.any), ("all", trigger.all)):
        for n, item in enumerate(items):
            if item.when and not item.for_:
                text = "a trigger without 'for' fires on a single noisy reading"
                hint = "write how long it must be true: for: 60 s"
                yield playbook.key_finding("trigger-without-for", ("trigger", key, n), text, hint)
    is_judged = any(item.alarm or item.when for item in (*trigger.any, *trigger.all))
    if is_judged and not trigger.rearm:
        text = "the trigger has no 'rearm'"
        hint = 'write rearm with a dead band: rearm: "TAG < LIMIT"'
        yield playbook.key_finding("trigger-without-rearm", ("trigger",), text, hint)


def _timeouts(playbook: Playbook) -> Iterator[Finding]:
    paths: list[Path_] = []
    file = playbook.file
    if file.approval and file.approval.on_timeout is None:
        paths.append(("approval",))
    for n, step in enumerate(file.steps):
        asking = {"hold_point": step.hold_point, "approval": step.approval, "manual": step.manual}
        paths += [
            ("steps", n, name) for name, each in asking.items() if each and each.on_timeout is None
        ]
    for path in paths:
        text = "the approval has no 'on_timeout'"
        skip = ", or skip" if path[0] == "steps" else ""
        hint = f"write on_timeout: hold or on_timeout: stop{skip}"
        yield playbook.key_finding("no-on-timeout", path, text, hint)


def _step(playbook: Playbook, step: StepSpec, path: Path_) -> Iterator[Finding]:
    if step.write and step.verify is None:
        text = "a write without verify is done as soon as it is sent, whatever the plant does"
        hint = "write verify: {that, within}"
        yield playbook.key_finding("write-without-verify", path, text, hint)
    if step.write and step.undo is None:
        text = "the write has no undo"
        hint = "write undo, or undo: none"
        yield playbook.key_finding("no-undo", path, text, hint)
    if (step.write or step.wait or step.verify or step.run) and step.on_fail is None:
        text = "the step has no on_fail"
        hint = "write on_fail: {then: hold}, rollback, safe_state or continue"
        yield playbook.key_finding("no-on-fail", path, text, hint)


def _limits(playbook: Playbook) -> Iterator[Finding]:
    file = playbook.file
    writes = sum(len(step.write or {}) for step in file.steps)
    if writes > file.limits.max_writes:
        text = f"the steps write {writes} times, and max_writes is {file.limits.max_writes}"
        yield playbook.finding("too-many-writes", ("limits", "max_writes"), text)
    yield from _escalations(playbook)
    timed = [longest_s(step) for step in file.steps]
    if sum(timed) > file.limits.max_duration:
        worst, most = (format_duration(each) for each in (sum(timed), file.limits.max_duration))
        text = f"waits, verifies and expected results may take {worst}, and max_duration is {most}"
        yield playbook.finding("too-long", ("limits", "max_duration"), text)


def _escalations(playbook: Playbook) -> Iterator[Finding]:
    if any(each.when == "held" for each in playbook.file.escalate):
        return
    for n, step in enumerate(playbook.file.steps):
        if step.on_fail and step.on_fail.then == "escalate" and not step.on_fail.notify:
            text = "nobody is told: the playbook has no escalate for when: held"
            hint = "write escalate: [{when: held, after: 10 min, to: shift-supervisor}]"
            path: Path_ = ("steps", n, "on_fail", "then")
            yield playbook.finding("escalates-to-nobody", path, text, hint)


def longest_s(step: StepSpec) -> float:
    """Returns how long a step may take."""
    # A promise is watched beside the verification, from the same write.
    windows = [each.within for each in (step.wait, step.verify) if each]
    windows += [each.within for each in step.expect if each.within is not None]
    attempts = 1 + (step.on_fail.retry if step.on_fail else 0)
    by_people = step.manual.within if step.manual else 0.0
    return (by_people + max(windows, default=0.0)) * attempts


def _parameters(playbook: Playbook, used: str) -> Iterator[Finding]:
    for name in playbook.file.parameters:
        if not re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", used):
            text = f"nothing uses the parameter {name!r}"
            path = ("parameters", name)
            yield playbook.key_finding("unused-parameter", path, text, severity="warning")


def _tests(playbook: Playbook) -> Iterator[Finding]:
    if not playbook.file.tests:
        text = "it has no tests"
        yield playbook.key_finding("no-test", ("id",), text, severity="warning")
    for n, name in enumerate(playbook.file.tests):
        if not (playbook.path.parent / name).is_file():
            text = f"there is no file {name!r} beside the playbook"
            yield playbook.finding("no-test", ("tests", n), text, severity="warning")


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
