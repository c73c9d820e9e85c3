"""Text of a baseline."""

from collections.abc import Iterator

from handwheel.agents.deviations.baseline_file import SiteBaseline
from handwheel.agents.diagnosis.baseline import BaselineFile, HealthySpec
from handwheel.agents.diagnosis.hypotheses import Hypotheses


def baseline_lines(found: SiteBaseline, hypotheses: Hypotheses) -> Iterator[str]:
    """Yields when a baseline was learnt, each healthy residual, and whether it is used."""
    if found.file is not None:
        yield from learnt_lines(found.file, hypotheses)
    if found.signed:
        yield f"signed {found.signed}"
    yield from (f"not used: {each}" for each in found.problems)


def learnt_lines(file: BaselineFile, hypotheses: Hypotheses) -> Iterator[str]:
    """Yields when a baseline was learnt, each healthy residual, and those that it lacks."""
    begin, end = (each[:16].replace("T", " ") for each in (file.begin, file.end))
    yield f"healthy residuals of {file.plant or file.site}, learnt from {begin} to {end} UTC"
    if file.despite:
        yield f"although these were named or open: {', '.join(file.despite)}"
    units = hypotheses.units
    for call, ranges in file.residuals.items():
        yield f"  {call}"
        yield from (f"    {_range_text(each, units.get(call, ''))}" for each in ranges)
    missing = (each for each in hypotheses.learnt_calls if each not in file.residuals)
    yield from (f"  not learnt, so that its signs are unknown: {each}" for each in missing)


def _range_text(each: HealthySpec, unit: str) -> str:
    at = f"at {each.low:.4g} to {each.high:.4g}: " if each.high != each.low else ""
    value = f"{each.mean:.4g} ± {each.spread:.2g} {unit}".rstrip()
    return f"{at}{value}, {each.count} values"
