"""Lint rules on the writes, verification and dead band of a bound playbook."""

from collections.abc import Iterator, Mapping
from typing import Any

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.config.yaml_documents import Path_
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import GOOD, DataValue
from handwheel.tools.guardrails.policy.policy import Policy

from ..binding.model import BoundPlaybook
from ..binding.start import Trigger
from ..binding.step_model import Verify, Write
from ..binding.value_ranges import values_of
from ..language.errors import Finding
from ..language.loader import Playbook
from .noise import MeasuredNoise
from .ranges import true_ranges

_SCANS = 3
_SMALLEST_BAND = 0.01  # of the range, where no noise was measured
_NOISE_BAND = 6.0  # standard deviations, between which 99.7 % of the noise lies


def check_writes(
    playbook: Playbook, plan: BoundPlaybook, site: Site, policy: Policy | ConfigError
) -> Iterator[Finding]:
    """Yields every write that the site or its policy never allows."""
    writes = list(_writes(playbook, plan))
    for path, write in writes:
        if not site.is_writable(write.tag):
            text = f"{write.tag.name} or its connection is not for writing"
            if write.tag.computation:
                text = f"{write.tag.name} is computed from other tags: nothing writes it"
            yield playbook.key_finding("not-writable", path, text)
        elif isinstance(policy, Policy) and (denied := _denied(write, policy)):
            text = f"the policy denies {denied}"
            yield playbook.key_finding("not-allowed", path, text)
        elif isinstance(policy, Policy) and path[0] == "safe_state":
            # What is approved with the run is written from anywhere.
            far = None if "safe_state" in plan.covers else _too_far(write, policy)
            if far is not None:
                yield playbook.key_finding("not-allowed", path, *far, severity="warning")
    if writes and not isinstance(policy, Policy):
        text = f"the policy cannot be used: {policy.problems[0]}"
        yield playbook.key_finding("no-policy", writes[0][0], text)


def _denied(write: Write, policy: Policy) -> str:
    """Returns which value of a write is never allowed and why, empty if one of them is."""
    denied = ""
    for value in values_of(write):
        # With the value itself as the present one, since a step limit depends on the plant.
        ruling = policy.judge(write.tag, value, DataValue(value, GOOD, None, None, 0.0))
        if ruling.is_allowed:
            return ""
        shown = f"{write.tag.name} = {write.tag.show_value(value)} {write.tag.unit}".rstrip()
        denied = f"{shown}: {', '.join(ruling.reasons)}"
    return denied


def _too_far(write: Write, policy: Policy) -> tuple[str, str] | None:
    """Returns that the step of the policy may deny a write, and what to do. `None` if it cannot."""
    value = write.known
    ruling = policy.judge(write.tag, value, None, from_anywhere=True)
    if ruling.max_step is None or ruling.limits is None or isinstance(value, str):
        return None
    if max(abs(value - each) for each in ruling.limits) <= ruling.max_step:
        return None
    most = f"{ruling.max_step:g} {write.tag.unit}".rstrip()
    text = f"the policy allows a step of {most}, and {write.tag.name} may be further away"
    return text, "let the approval cover safe_state: then the step limit does not apply to it"


def _writes(playbook: Playbook, plan: BoundPlaybook) -> Iterator[tuple[Path_, Write]]:
    for n, (step, bound) in enumerate(zip(playbook.file.steps, plan.steps, strict=True)):
        yield from _pairs(step.write, ("steps", n, "write"), bound.writes)
        if step.undo and bound.undo:
            yield from _pairs(step.undo.write, ("steps", n, "undo", "write"), bound.undo.writes)
    safe = playbook.file.safe_state.steps if playbook.file.safe_state else ()
    for n, (each, bound) in enumerate(zip(safe, plan.safe_state, strict=True)):
        yield from _pairs(each.write, ("safe_state", "steps", n, "write"), bound.writes)


def _pairs(
    table: Mapping[str, Any] | None, path: Path_, writes: tuple[Write, ...]
) -> Iterator[tuple[Path_, Write]]:
    for name, write in zip(table or {}, writes, strict=True):
        yield (*path, name), write


def check_verify_windows(playbook: Playbook, plan: BoundPlaybook, site: Site) -> Iterator[Finding]:
    """Yields every verify that ends before three scans of its tags."""
    for n, step in enumerate(plan.steps):
        yield from _window(playbook, step.verify, ("steps", n, "verify"), site)
        if step.undo:
            yield from _window(playbook, step.undo.verify, ("steps", n, "undo", "verify"), site)


def _window(
    playbook: Playbook, verify: Verify | None, path: Path_, site: Site
) -> Iterator[Finding]:
    if verify is None or not verify.that.tags:
        return
    scans = (site.scan_s(site.tags[name]) for name in verify.that.tags)
    least = _SCANS * max(scans)
    if verify.within_s < least:
        text = f"ends after {format_duration(verify.within_s)}, before the plant was read 3 times"
        hint = f"give it {format_duration(least)} or more"
        yield playbook.finding("verify-too-short", (*path, "within"), text, hint)


def check_dead_band(
    playbook: Playbook, plan: BoundPlaybook, site: Site, noise: MeasuredNoise
) -> Iterator[Finding]:
    """Yields triggers on one tag whose dead band is missing, or smaller than the tag's noise."""
    for trigger in plan.triggers:
        gap = _gap(trigger, site)
        if gap is None:
            continue
        path, (band, tag) = ("trigger", "rearm"), gap
        measured = noise.of(tag) if band > 0.0 else None
        low, high = tag.span or (0.0, 0.0)
        share = band / (high - low)
        fires = repr(trigger.condition.text)
        if band <= 0.0:
            text = f"is true while {fires} is: it fires again at once"
            yield playbook.finding("dead-band", path, text)
        elif measured is None and share < _SMALLEST_BAND:
            text = f"lies {share:.2%} of the range from {fires}: noise crosses it"
            yield playbook.finding("dead-band", path, text, severity="warning")
        elif measured is not None and band < _NOISE_BAND * measured:
            need = _NOISE_BAND * measured
            text = f"lies {band:.3g} {tag.unit} from {fires}, and the noise recorded of {tag.name}"
            text += f" reaches over {need:.3g} {tag.unit}: it may chatter"
            hint = "let the two lie further apart"
            yield playbook.finding("chatter", path, text, hint, severity="warning")


def _gap(trigger: Trigger, site: Site) -> tuple[float, Tag] | None:
    """Returns the distance between firing and re-arming, in the unit of the tag, and the tag.

    `None` unless both read the same single tag, which has a range, and use no window.
    """
    fires, rearms = trigger.condition, trigger.rearm
    if rearms is None or len(fires.tags) != 1 or fires.tags != rearms.tags:
        return None
    tag = site.tags[fires.tags[0]]
    if tag.span is None or fires.longest_window_s or rearms.longest_window_s:
        return None
    firing, rearming = true_ranges(fires, tag), true_ranges(rearms, tag)
    gaps = (max(a[0] - b[1], b[0] - a[1], 0.0) for a in firing for b in rearming)
    gap = min(gaps, default=None)
    return None if gap is None else (gap, tag)
