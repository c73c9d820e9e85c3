"""Lint rules on the keys of a playbook, independent of the site."""

import re
from collections.abc import Iterator

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.config.yaml_documents import Path_

from ..language.errors import Finding
from ..language.loader import Playbook
from ..language.schema_steps import StepSpec


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
        if step.hold_point and step.hold_point.on_timeout is None:
            paths.append(("steps", n, "hold_point"))
    for path in paths:
        text = "the approval has no 'on_timeout'"
        hint = "write on_timeout: hold or on_timeout: stop"
        yield playbook.key_finding("no-on-timeout", path, text, hint)


def _step(playbook: Playbook, step: StepSpec, path: Path_) -> Iterator[Finding]:
    if step.hold_point and not step.write:
        text = "a hold point has no effect on a step that writes nothing"
        hint = "put it on the next step that writes"
        at = (*path, "hold_point")
        yield playbook.key_finding("hold-point-without-write", at, text, hint)
    if step.write and step.verify is None:
        text = "a write without verify is done as soon as it is sent, whatever the plant does"
        hint = "write verify: {that, within}"
        yield playbook.key_finding("write-without-verify", path, text, hint)
    if step.write and step.undo is None:
        text = "the write has no undo"
        hint = "write undo, or undo: none"
        yield playbook.key_finding("no-undo", path, text, hint)
    if (step.write or step.wait) and step.on_fail is None:
        text = "the step has no on_fail"
        hint = "write on_fail: {then: hold}, rollback, safe_state or continue"
        yield playbook.key_finding("no-on-fail", path, text, hint)


def _limits(playbook: Playbook) -> Iterator[Finding]:
    file = playbook.file
    writes = sum(len(step.write or {}) for step in file.steps)
    if writes > file.limits.max_writes:
        text = f"the steps write {writes} times, and max_writes is {file.limits.max_writes}"
        yield playbook.finding("too-many-writes", ("limits", "max_writes"), text)
    timed = [_longest_s(step) for step in file.steps]
    if sum(timed) > file.limits.max_duration:
        worst, most = (format_duration(each) for each in (sum(timed), file.limits.max_duration))
        text = f"waits, verifies and expected results may take {worst}, and max_duration is {most}"
        yield playbook.finding("too-long", ("limits", "max_duration"), text)


def _longest_s(step: StepSpec) -> float:
    # A promise is watched beside the verification, from the same write.
    windows = [each.within for each in (step.wait, step.verify) if each]
    windows += [each.within for each in step.expect if each.within is not None]
    return max(windows, default=0.0)


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
