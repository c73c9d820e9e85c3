"""Weighing of one hypothesis on the windows of the plant."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from handwheel.tools.conditions import History, Truth
from handwheel.tools.conditions.operands import ConditionInputs, Readings
from handwheel.tools.safe_text import printable

from .baseline import NO_BASELINE, Baseline
from .check_names import CheckKey
from .diagnoser import Diagnoser, Inputs, checked
from .evidence import Evidence, Measured
from .hypotheses import Hypothesis, Sign
from .time_limit import TimeLimit, TookTooLong, time_limits
from .windows import Windows

REPEATED = 0.25
"""Share that counts of weaker evidence on the same tags, which is hardly independent."""
_WIDENED = 4.0  # spreads of the healthy residual by which a sign lies beyond it at least
_LONG = 120  # characters


@dataclass(slots=True)
class Moment:
    """Plant at one moment, with the residuals that were measured for it already."""

    windows: Windows
    readings: Readings
    history: History
    baseline: Baseline = NO_BASELINE
    answers: Mapping[CheckKey, Evidence] = field(default_factory=dict[CheckKey, Evidence])
    faults: dict[str, str] = field(default_factory=dict[str, str])  # of methods, by name
    residuals: dict[str, Measured | None] = field(default_factory=dict[str, Measured | None])
    failed: dict[str, str] = field(default_factory=dict[str, str])  # calls, with the reason
    slow: dict[str, str] = field(default_factory=dict[str, str])  # methods, with the reason


@dataclass(frozen=True, slots=True)
class Weighed:
    """Hypothesis with its evidence and their sum, in decibans."""

    hypothesis: Hypothesis
    evidence: tuple[Evidence, ...]
    total_db: float
    coverage: float  # share of its signs that are known, 0 to 1

    @property
    def met(self) -> list[Evidence]:
        """Evidence that speaks for it, the strongest first."""
        found = [each for each in self.evidence if each.weight_db > 0.0]
        return sorted(found, key=lambda each: -each.weight_db)


def weigh(hypothesis: Hypothesis, moment: Moment) -> Weighed:
    """Weighs a hypothesis. A method that fails leaves only its sign unknown."""
    measure(hypothesis.signs, moment)
    found = [_evidence(each, moment) for each in hypothesis.signs]
    for check, expected in hypothesis.mode.checks.items():
        told = [a for k, a in moment.answers.items() if k[0] == check and hypothesis.predicts(k)]
        if told:  # of several pieces of equipment, for it if one is
            answer = next((each for each in told if each.text == expected), told[-1])
            found.append(_answered(answer, expected))
    known = sum(each.truth is not Truth.UNKNOWN for each in found)
    weights = counted_weights((each.weight_db, each.tags) for each in found)
    total = hypothesis.mode.prior_db + sum(weights)
    return Weighed(hypothesis, tuple(found), total, known / len(found) if found else 0.0)


def counted_weights(found: Iterable[tuple[float, Collection[str]]]) -> Sequence[float]:
    """Returns the weights that count in a sum, the strongest first.

    Of evidence on the same tags only the strongest counts in full.

    Args:
        found: Weights with the tags that they are from.
    """
    weights, seen = list[float](), set[tuple[frozenset[str], bool]]()
    for weight_db, tags in sorted(found, key=lambda one: -abs(one[0])):
        key = frozenset(tags), weight_db > 0.0
        weights.append(weight_db * (REPEATED if tags and key in seen else 1.0))
        seen.add(key)
    return weights


def _evidence(sign: Sign, moment: Moment) -> Evidence:
    if sign.condition is not None:
        return _of_condition(sign, moment)
    return _of_method(sign, moment)


def _of_condition(sign: Sign, moment: Moment) -> Evidence:
    condition, spec = sign.condition, sign.spec
    assert condition is not None
    truth = condition.truth(ConditionInputs(moment.readings, moment.history.series, None))
    weight = 0.0
    if truth is not Truth.UNKNOWN:
        weight = spec.met_db if truth is Truth.TRUE else spec.not_met_db
    text = spec.text or condition.shown(moment.readings, moment.history)
    if spec.text and truth is Truth.FALSE:
        text = f"not so: {text}"  # the text says what is so if it is met
    return Evidence(
        spec.id, text, truth, None, "", None, weight, sign.tags, condition.longest_window_s, "own"
    )


def _of_method(sign: Sign, moment: Moment) -> Evidence:
    method, spec = sign.method, sign.spec
    assert method is not None
    assert spec.from_ is not None
    assert spec.to is not None
    found = moment.residuals[sign.call]
    window_s, source = method.window_s, method.source
    healthy, reason = None, moment.failed.get(sign.call, "cannot be told now")
    if found is not None and spec.baseline and moment.baseline.residuals:
        healthy = moment.baseline.healthy(sign.call, found.at)
        if healthy is None:  # a plant that differs from its data sheet does so here as well
            found, reason = None, "its healthy residual is not learnt"
    if found is None:
        text = f"{spec.id}: {reason}"
        return Evidence(
            spec.id, text, Truth.UNKNOWN, None, method.unit, spec.to, 0.0, sign.tags, window_s,
            source,
        )  # fmt: skip
    low, high, value = spec.from_, spec.to, found.value - spec.healthy
    if healthy is not None:
        value = found.value - healthy.mean
        low, high = _widened(low, high, _WIDENED * healthy.spread)
    share = min(max((value - low) / (high - low), 0.0), 1.0)
    weight = spec.not_met_db + share * (spec.met_db - spec.not_met_db)
    truth = Truth.TRUE if share >= 1.0 else Truth.FALSE if share <= 0.0 else Truth.UNKNOWN
    if truth is Truth.UNKNOWN:  # between the two it is known, only less certain
        truth = Truth.TRUE if weight > 0.0 else Truth.FALSE
    shown = f"{_number(value)} {method.unit}".rstrip()
    text = (spec.text or f"{spec.id} is {{measured}}").replace("{measured}", shown)
    if value <= 0.0 and spec.text_at_zero:
        text = spec.text_at_zero
    return Evidence(
        spec.id, text, truth, value, method.unit, high, weight, sign.tags, window_s, source
    )


def _number(value: float) -> str:
    """Returns three digits, without an exponent for large numbers."""
    return f"{value:.0f}" if 1000.0 <= abs(value) < 1e7 else f"{value:.3g}"


def _widened(low: float, high: float, least: float) -> tuple[float, float]:
    """Moves both thresholds outwards, so that the nearer one lies beyond the healthy spread."""
    if low == 0.0 or abs(low) >= least or (low > 0.0) == (low > high):
        return low, high  # a sign that is met towards the healthy residual stays as it is
    shift = (least - abs(low)) * (1.0 if low > 0.0 else -1.0)
    return low + shift, high + shift


def measure(signs: Iterable[Sign], moment: Moment) -> None:
    """Measures the residuals of some signs, each call once for a moment."""
    known = moment.residuals
    calls = {each.call: each for each in signs if each.method and each.call not in known}
    if calls:
        with time_limits() as limit:
            for each in calls.values():
                _measure(each, moment, limit)


def _measure(sign: Sign, moment: Moment, limit: TimeLimit) -> None:
    """Measures a residual. A method that is slow is so for every piece."""
    method = sign.method
    assert method is not None
    result: Measured | None = None
    reason = moment.slow.get(method.name, "")
    if not reason:
        try:
            result = _measured(method, moment.windows, sign.inputs, limit)
        except TookTooLong as error:
            reason = moment.slow[method.name] = str(error)
        except (Exception, SystemExit) as error:  # noqa: BLE001 (only its sign is unknown)
            reason = printable(f"{type(error).__name__}: {error}", _LONG)
    if reason:
        moment.faults[method.name] = moment.failed[sign.call] = reason
    moment.residuals[sign.call] = result


def _measured(
    method: Diagnoser, windows: Windows, inputs: Inputs, limit: TimeLimit
) -> Measured | None:
    """Measures twice if need be, since a garbage collection may fall into the first time."""
    try:
        with limit:
            return checked(method.measure(windows, inputs))
    except TookTooLong:
        with limit:
            return checked(method.measure(windows, inputs))


def _answered(answer: Evidence, expected: str) -> Evidence:
    """Returns the answer of a check as evidence for or against what was expected."""
    is_so = answer.text == expected
    weight = abs(answer.weight_db) * (1.0 if is_so else -1.0)
    text = f"{answer.id}: {answer.text}"
    return Evidence(
        answer.id, text, Truth.TRUE if is_so else Truth.FALSE, None, "", None, weight, (), 0.0,
        answer.source,
    )  # fmt: skip
