"""Report of a simulation as lines and as JSON fields."""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from handwheel.agents.deviations.case import PREFIX as CASES
from handwheel.connectors.config.durations import format_duration
from handwheel.tools.requests.request import Action
from handwheel.tools.safe_text import plain, printable

from ...journal.rows.row_text import event_name, event_text
from ...shell.terminal.show import in_columns
from ...shell.terminal.templates import render
from ...shell.terminal.wrap import fold
from .plot import marks_of, plot_lines
from .prepare import advice
from .recording import Asked, Margin, Recording, TraceRow
from .run_simulation import Simulated

COMPLETE = "complete"
"""Final state of a playbook whose run has completed."""
_INDENT = 25  # column of the texts of the trace
_SHOWN = 6  # differences between model and plant
_OwnMargin = tuple[str, Margin | None, float | None]  # invariant, margin, and when it was broken
_LEFT_OUT = frozenset({"run.due", "run.completing", "case.closed"})


def simulation_lines(simulated: Simulated, width: int) -> Iterator[str]:
    """Yields the report in rows that fit the terminal, its trends so many columns wide."""
    state, reason = final_state(simulated)
    measured = simulated.setting.measured
    differ = measured.differences[:_SHOWN] if measured else ()
    rows = [(each.tag, f"model {each.model}", f"plant {each.plant}") for each in differ]
    text = render(
        "handwheel.hmi.playbooks.simulation", "simulation.txt.j2",
        simulated=simulated, state=state, reason=reason,
        differing=[*in_columns(rows, ("  ", "  "), set())], trace=_trace_lines(simulated),
        margins=_margin_rows(simulated), plots=plot_lines(simulated, width),
        tripped=first_trip(simulated), advice=advice(simulated.setting), clock=clock,
        missed=_missed_lines(simulated), happened=_happened, before=_before,
    )  # fmt: skip
    for line in text.splitlines():
        yield fold(line, _INDENT if line[:1].isdigit() else 4)


def _trace_lines(simulated: Simulated) -> Iterator[str]:
    """Yields each event of cases and runs with its time and what its condition read."""
    signs = {(each.at_s, each.label): each.sign for each in marks_of(simulated)}
    for row in simulated.recording.trace:
        if row.kind in _LEFT_OUT:
            continue
        step = row.body.get("step")
        sign = next((n for at, n in signs.items() if at == (row.at_s, f"{n} {step}")), "")
        yield f"{clock(row.at_s)} {sign:>2} {_name(row):<12} {_text(row)}".rstrip()


def _name(row: TraceRow) -> str:
    about, _, kind = row.kind.partition(".")
    return f"case {kind}" if f"{about}." == CASES else event_name(row.kind)


def _text(row: TraceRow) -> str:
    return " ".join(event_text(row.kind, row.body).replace("\\n", " ").split())


def clock(seconds: float) -> str:
    """Returns a time since the beginning such as `0:24:01`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def _before(action: Action) -> str:
    found = next((each.shown for each in action.expected if each.tag == action.tag), "?")
    return printable(found)


def _margin_rows(simulated: Simulated) -> Iterator[tuple[str, str, str]]:
    """Yields the margin of each invariant from the first write on, with and without the run."""
    found = list(_margins(simulated, simulated.recording))
    beside = [""] * len(found)
    if simulated.without is not None:
        beside = list(map(_margin, _margins(simulated, simulated.without.recording)))
    for each, other in zip(found, beside, strict=True):
        text, margin, _ = each
        yield margin.text if margin else text, _margin(each), other


def _margin(each: _OwnMargin) -> str:
    _, margin, broken_at_s = each
    if margin is None or not isfinite(margin.smallest):
        return "kept" if broken_at_s is None else f"not kept at {clock(broken_at_s)}"
    amount = f"{abs(margin.smallest):.3g} {margin.unit}".rstrip()
    where = "beyond it" if margin.smallest < 0.0 else "left"
    return f"{amount} {where} at {clock(margin.at_s)}"


def _happened(recording: Recording) -> str:
    """Returns alarms and the first trip of a course."""
    alarms, trip = recording.alarms.items(), recording.trip
    found = [f"{plain(name)} at {clock(at_s)}" for name, at_s in alarms] or ["no alarm"]
    tripped = f"{printable(trip[1])} at {clock(trip[0])}" if trip else "no trip"
    return ", ".join([*found, tripped])


def _margins(simulated: Simulated, recording: Recording) -> Iterator[_OwnMargin]:
    """Yields the margins in a course, in both from the first write of the run on."""
    names, begin_s = simulated.site.tags, simulated.recording.first_write_s or 0.0
    for each in simulated.recording.plan.invariants:
        broken_at_s = recording.broken_at_s(each.condition, begin_s)
        found = list(recording.margins(each.condition, names, begin_s))
        yield from ((each.condition.bound, margin, broken_at_s) for margin in found)
        if not found:
            yield each.condition.bound, None, broken_at_s


def _missed_lines(simulated: Simulated) -> Iterator[str]:
    """Yields how near each part of a trigger came to being true, or that it was so too briefly."""
    recording = simulated.recording
    for part in (part for each in recording.plan.triggers for part in each.parts):
        true_s = recording.longest_true_s(part.condition)
        if 0.0 < true_s < part.for_s:
            was, wanted = (format_duration(round(each)) for each in (true_s, part.for_s))
            yield f"{part.condition.bound}: true for {was} at most, not for {wanted}"
            continue
        for each in recording.nearest(part.condition, simulated.site.tags):
            amount = f"{each.smallest:+.3g} {each.unit}".rstrip()
            yield f"nearest to {each.text}: {amount} at {clock(each.at_s)}"


def first_trip(simulated: Simulated) -> tuple[float, str] | None:
    """Returns when the plant first tripped, since the beginning, and by what."""
    plant, end_s = simulated.setting.plant, simulated.until_s
    tripped = plant.first_trip()
    return None if tripped is None else (tripped[0] - plant.time_s + end_s, tripped[1])


def final_state(simulated: Simulated) -> tuple[str, str]:
    """Returns the state of the playbook at the end, such as `complete`, and its reason."""
    return simulated.result.outcome.final(simulated.recording.plan.id)


def simulation_fields(simulated: Simulated) -> Mapping[str, Any]:
    """Returns a simulation as JSON fields."""
    setting, recording = simulated.setting, simulated.recording
    state, reason = final_state(simulated)
    measured = setting.measured
    return {
        "id": recording.plan.id, "version": recording.plan.version,
        "digest": recording.plan.digest, "model": setting.plant.model, "seed": setting.seed,
        "origin": setting.origin,
        "measured": None if measured is None else {
            "down": dict(measured.down), "taken": list(measured.taken),
            "compared": measured.compared,
            "differences": [
                {"tag": each.tag, "model": each.model, "plant": each.plant, "share": each.share}
                for each in measured.differences
            ],
        },
        "missing": list(setting.missing), "final": state, "reason": reason,
        "advice": advice(setting) if state == "not_triggered" else None,
        "simulated_s": recording.times_s[-1],
        "until_s": simulated.until_s, "tripped": first_trip(simulated),
        "trace": [
            {"at_s": each.at_s, "about": each.subject, "kind": each.kind, **each.body}
            for each in recording.trace
        ],
        "requests": [_asked_fields(each) for each in recording.asked],
        "alarms": dict(recording.alarms), "first_trip": recording.trip,
        "margins": [_margin_fields(each) for each in _margins(simulated, recording)],
        "without": _without_fields(simulated),
        "refused": [each._asdict() for each in simulated.result.refused],
    }  # fmt: skip


def _without_fields(simulated: Simulated) -> Mapping[str, Any] | None:
    """Returns the course without the run, `None` where both are one."""
    without = simulated.without
    if without is None:
        return None
    margins = [_margin_fields(each) for each in _margins(simulated, without.recording)]
    return {
        "alarms": dict(without.recording.alarms), "first_trip": without.recording.trip,
        "margins": margins,
    }  # fmt: skip


def _margin_fields(each: _OwnMargin) -> Mapping[str, Any]:
    text, margin, broken_at_s = each
    return {
        "invariant": text, "broken_at_s": broken_at_s,
        "comparison": margin.text if margin else None,
        "smallest": margin.smallest if margin and isfinite(margin.smallest) else None,
        "unit": margin.unit if margin else None, "at_s": margin.at_s if margin else None,
    }  # fmt: skip


def _asked_fields(asked: Asked) -> Mapping[str, Any]:
    request = asked.request
    return {
        "at_s": asked.at_s, "request_id": request.request_id, "class": asked.rated.risk_class,
        "quorum": asked.rated.quorum, "roles": list(request.roles), "within_s": request.within_s,
        "prompt": asked.prompt, "unreleased": asked.rated.unreleased,
        "writes": [
            {"step": each.step, "tag": each.tag, "before": _before(each), "value": each.value,
             "shown": each.shown, "unit": each.unit}
            for each in request.commands
        ],
    }  # fmt: skip
