"""Weights in decibans, and what is named, suspected or left to a check."""

import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel.agents.deviations.deviation import HYPOTHESIS
from handwheel.agents.diagnosis.baseline import Baseline, HealthySpec
from handwheel.agents.diagnosis.diagnoser import Diagnoser, Inputs, Measure
from handwheel.agents.diagnosis.evidence import Evidence, Measured
from handwheel.agents.diagnosis.failure_modes import CheckSpec, ModeSpec, SignSpec
from handwheel.agents.diagnosis.hypotheses import Hypotheses, Hypothesis, Sign
from handwheel.agents.diagnosis.ranking import Ranking, diagnose, rank
from handwheel.agents.diagnosis.time_limit import time_limits
from handwheel.agents.diagnosis.weigh import Moment, Weighed, weigh
from handwheel.agents.diagnosis.windows import Windows
from handwheel.agents.planning.situation import Situation
from handwheel.agents.planning.verdict import case_ranking
from handwheel.tools.conditions import History, Truth

BOTH = {"answers": ["yes", "no"], "title": "check"}
LOOK = CheckSpec.model_validate({**BOTH, "ask": "Does {pump} move?", "role": "field", "minutes": 5})
STEP = CheckSpec.model_validate({**BOTH, "playbook": "cw/step", "minutes": 10, "risk": "R1"})


def hypothesis(name: str, signs: Sequence[Sign] = (), **keys: Any) -> Hypothesis:
    sign = {"id": "sign", "that": "true", "met_db": 10, "not_met_db": -10}
    given = {"id": name, "title": name, "prior_db": -10, "signs": [sign], **keys}
    mode = ModeSpec.model_validate(given)
    return Hypothesis(name, name, mode, (), tuple(signs), dict.fromkeys(mode.checks, ""))


def evidence(weight_db: float, *tags: str, truth: Truth = Truth.TRUE) -> Evidence:
    return Evidence("sign", "", truth, None, "", None, weight_db, tags, 0.0, "own")


def weighed(name: str, total_db: float, *tags: str, **keys: Any) -> Weighed:
    seen = evidence(20.0, *(tags or ("A.pv",)))
    return Weighed(hypothesis(name, **keys), (seen,), total_db, 1.0)


def ranked(*found: Weighed, checks: dict[str, CheckSpec] | None = None) -> Ranking:
    return rank(found, Hypotheses((), checks or {}))


@pytest.mark.parametrize(
    ("totals", "verdict", "named"),
    [
        ([12.0], "named", ["h0"]),
        ([9.9], "abstain", []),
        ([-0.1], "normal", []),
        ([12.0, 5.0], "named", ["h0"]),
        ([12.0, 5.1], "abstain", []),
        ([20.0, 14.0, -5.0], "abstain", []),
        ([20.0, 3.0], "named", ["h0"]),
    ],
)
def test_a_hypothesis_is_named_at_10_db_and_7_db_ahead(
    totals: list[float], verdict: str, named: list[str]
) -> None:
    found = ranked(*(weighed(f"h{n}", each) for n, each in enumerate(totals)))
    assert (found.verdict, list(found.names)) == (verdict, named)


@pytest.mark.parametrize(
    ("one", "other", "named"),
    [
        ("A", "B", ("a", "b")),
        ("AF", "BF", ("a", "b")),  # a flow that both need
        ("ABF", "BCF", ()),
        ("AF", "ABFG", ()),
    ],
)
def test_hypotheses_with_few_common_tags_are_both_named(
    one: str, other: str, named: tuple[str, ...]
) -> None:
    found = ranked(weighed("a", 12.0, *one), weighed("b", 11.0, *other))
    assert found.names == named


def test_a_change_that_is_no_fault_is_normal() -> None:
    found = ranked(weighed("load", 20.0, is_fault=False), weighed("fouled", 5.0))
    assert found.verdict == "normal"


def test_a_fault_for_which_a_case_stands_is_told_where_it_is_not_suspected() -> None:
    ranking, case = ranked(weighed("a", -5.0), weighed("b", -5.0)), Situation("", [], {})
    case = replace(case, hypotheses=["a", "b"])
    lines = [
        case_ranking(ranking, each, lambda _: ())["line"]
        for each in (case, replace(case, deviations=[{"id": f"{HYPOTHESIS}a"}]))
    ]
    title = ranking.weighed[0].hypothesis.title
    assert lines == ["no known fault explains it", f"{title}: not suspected now"]


def test_too_few_known_signs_name_nothing() -> None:
    one = Weighed(hypothesis("a"), (evidence(25.0, "A.pv"),), 15.0, 0.5)
    assert ranked(one).verdict == "abstain"


def test_checks_that_decide_are_those_with_different_answers_by_least_risk() -> None:
    checks = {"step": STEP, "look": LOOK, "same": LOOK}
    found = ranked(
        weighed("sticks", 12.0, checks={"step": "yes", "look": "yes", "same": "no"}),
        weighed("stuck", 11.0, checks={"step": "no", "look": "no", "same": "no"}),
        checks=checks,
    )
    assert [each.id for each in found.checks] == ["look", "step"]
    assert dict(found.checks[0].expected) == {"sticks": "yes", "stuck": "no"}


def test_a_check_of_a_class_decides_between_its_pieces_until_it_is_answered() -> None:
    modes = [hypothesis(each, checks={"look": "yes"}) for each in ("worn-1", "worn-2")]
    of = [
        Weighed(replace(each, pieces={"look": f"P-{n}"}), (evidence(20.0, "A.pv"),), 12.0, 1.0)
        for n, each in enumerate(modes, 1)
    ]
    found = ranked(*of, checks={"look": LOOK})
    assert [(each.name, dict(each.expected)) for each in found.checks] == [
        ("look/P-1", {"worn-1": "yes"}), ("look/P-2", {"worn-2": "yes"}),
    ]  # fmt: skip
    left = rank(of, Hypotheses((), {"look": LOOK}), answered=[("look", "P-1")]).checks
    assert [each.equipment for each in left] == ["P-2"]
    assert left[0].fields["ask"] == "Does P-2 move?"


@given(st.lists(st.floats(-30, 30), max_size=6))
def test_evidence_on_the_same_tags_never_adds_up_to_more_than_the_strongest_and_a_quarter(
    weights: list[float],
) -> None:
    signs = [sign_of(reads(9.0), met_db=each, id=f"s{n}") for n, each in enumerate(weights)]
    total = weigh(hypothesis("a", signs), moment()).total_db + 10.0
    high = max([0.0, *weights]), sum(each for each in weights if each > 0.0)
    low = min([0.0, *weights]), sum(each for each in weights if each < 0.0)
    assert total <= high[0] + 0.25 * (high[1] - high[0]) + 1e-9
    assert total >= low[0] + 0.25 * (low[1] - low[0]) - 1e-9


# --- methods ----------------------------------------------------------------------------------


def reads(value: Any) -> Measure:
    """Returns a method that measures always the same."""
    return lambda windows, inputs: value


def sign_of(measure: Measure, **keys: Any) -> Sign:
    spec = SignSpec.model_validate(
        {"id": "dp", "method": "m", "from": 2.0, "to": 4.0, "met_db": 20.0, "not_met_db": -20.0}
        | keys
    )
    method = Diagnoser(f"method-{spec.id}", measure, {}, "bar", 60.0, "own")
    return Sign(spec, None, method, {"dp": "A.pv"}, f"{spec.id}()")


def moment(baseline: Baseline | None = None) -> Moment:
    return Moment(Windows([]), {}, History([]), baseline or Baseline())


def test_a_residual_of_zero_has_a_sentence_of_its_own() -> None:
    texts = {"text": "{measured} left", "text_at_zero": "none left"}
    for measured, text in ((0.0, "none left"), (1.0, "1 bar left")):
        found = weigh(hypothesis("a", [sign_of(reads(measured), **texts)]), moment())
        assert found.evidence[0].text == text


@pytest.mark.parametrize(
    ("measured", "weight", "truth"),
    [(5.0, 20.0, "true"), (3.5, 10.0, "true"), (2.5, -10.0, "false"), (0.0, -20.0, "false"),
     (None, 0.0, "unknown")],
)  # fmt: skip
def test_the_weight_of_a_residual_rises_between_its_thresholds(
    measured: float | None, weight: float, truth: str
) -> None:
    found = weigh(hypothesis("a", [sign_of(reads(measured))]), moment())
    assert (found.evidence[0].weight_db, found.evidence[0].truth.value) == (weight, truth)
    assert found.coverage == (0.0 if measured is None else 1.0)


def _raises(windows: Windows, inputs: Inputs) -> float:
    raise LookupError("no such key")


def _never_returns(windows: Windows, inputs: Inputs) -> float:
    while True:
        pass


def _never_gives_up(windows: Windows, inputs: Inputs) -> float:
    while True:
        with suppress(Exception):
            sum(range(10_000))


class _Finalised:
    def __del__(self) -> None:
        while True:
            pass


def _ends_in_a_finaliser(windows: Windows, inputs: Inputs) -> float:
    _Finalised()  # Python drops the exception that ends its finaliser
    while True:
        pass


def _exits(windows: Windows, inputs: Inputs) -> float:
    raise SystemExit(3)


def _reads_a_number(windows: Windows, inputs: Inputs) -> float | None:
    return windows.mean(5.0, 60.0)  # type: ignore[arg-type]  # what a file may give for a tag


@pytest.mark.parametrize(
    ("measure", "reason"),
    [
        (_raises, "LookupError: no such key"),
        (_never_returns, "took more than 50 ms"),
        (_never_gives_up, "took more than 50 ms"),
        (_ends_in_a_finaliser, "took more than 50 ms"),
        (_exits, "SystemExit: 3"),
        (_reads_a_number, "LookupError: 5.0 is no tag with a window"),
        (reads(float("nan")), "ValueError: returned nan, which is no number"),
        (reads("wet"), "ValueError: returned 'wet', which is no number"),
    ],
)
def test_a_method_that_fails_costs_only_its_sign(measure: Measure, reason: str) -> None:
    signs = [sign_of(measure), sign_of(reads(9.0), id="other")]
    found = diagnose(Hypotheses((hypothesis("a", signs), hypothesis("b", signs[1:]))), moment())
    assert [reason] == [each for _, each in found.faults]
    assert [each.hypothesis.id for each in found.weighed] == ["a", "b"]
    assert [each.coverage for each in found.weighed] == [0.5, 1.0]
    assert reason in found.weighed[0].evidence[0].text


def test_a_method_that_raises_for_one_piece_is_measured_for_the_others() -> None:
    def share(windows: Windows, inputs: Inputs) -> Any:
        return 9.0 / inputs["clean"]

    one = sign_of(share)
    signs = [replace(one, inputs={"clean": n}, call=f"share(clean={n})") for n in (0.0, 1.0)]
    found = diagnose(Hypotheses(tuple(hypothesis(f"h{n}", [signs[n]]) for n in (0, 1))), moment())
    assert [(each.hypothesis.id, each.coverage) for each in found.weighed] == [
        ("h1", 1.0), ("h0", 0.0),
    ]  # fmt: skip
    assert dict(found.faults) == {"method-dp": "ZeroDivisionError: float division by zero"}


def test_a_timer_that_ends_with_its_method_leaves_no_other_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    numbers = signal.SIGVTALRM, signal.SIGALRM
    before = [*map(signal.getsignal, numbers), signal.getitimer(signal.ITIMER_REAL)[0] > 0.0]
    setitimer = signal.setitimer

    def late(which: int, seconds: float, interval: float = 0.0) -> tuple[float, float]:
        if which == signal.ITIMER_VIRTUAL and not seconds:
            signal.raise_signal(signal.SIGVTALRM)
        return setitimer(which, seconds, interval)

    monkeypatch.setattr(signal, "setitimer", late)
    with time_limits() as limit, limit:
        pass
    after = [*map(signal.getsignal, numbers), signal.getitimer(signal.ITIMER_REAL)[0] > 0.0]
    assert after == before


@pytest.mark.parametrize(("spread", "weight"), [(0.01, 20.0), (0.5, 10.0), (2.0, -20.0)])
def test_a_baseline_is_subtracted_and_its_spread_moves_the_thresholds(
    spread: float, weight: float
) -> None:
    healthy = HealthySpec(low=0.0, high=9.0, mean=3.0, spread=spread, count=20)
    sign = sign_of(reads(Measured(6.5, at=5.0)), baseline=True, to=3.0, **{"from": 1.0})
    found = weigh(hypothesis("a", [sign]), moment(Baseline({sign.call: [healthy]})))
    assert found.evidence[0].weight_db == pytest.approx(weight)


def test_a_residual_that_a_baseline_does_not_have_says_nothing() -> None:
    healthy = HealthySpec(low=0.0, high=9.0, mean=0.0, spread=0.1, count=20)
    signs = [sign_of(reads(9.0), id=each, baseline=True) for each in ("learnt", "standby")]
    found = weigh(hypothesis("a", signs), moment(Baseline({signs[0].call: [healthy]})))
    assert [each.weight_db for each in found.evidence] == [20.0, 0.0]
    assert found.evidence[1].text == "standby: its healthy residual is not learnt"
    assert found.coverage == 0.5


def test_an_answer_counts_for_the_modes_of_its_piece_by_what_each_predicted() -> None:
    answered = Evidence("look", "yes", Truth.TRUE, None, "", None, 20.0, (), 0.0, "ben, field")
    said = {("look", "P-1"): answered}
    now = Moment(Windows([]), {}, History([]), answers=said)
    modes = [
        replace(hypothesis(name, checks={"look": answer}), pieces={"look": piece})
        for name, answer, piece in (
            ("worn", "yes", "P-1"),
            ("fine", "no", "P-1"),
            ("other", "yes", "P-2"),
        )
    ]
    strainer = replace(modes[1], pieces={})  # whatever pump is listened to
    found = [weigh(each, now) for each in (*modes, strainer)]
    assert [each.total_db for each in found] == [10.0, -30.0, -10.0, -30.0]
    assert found[0].evidence[0].source == "ben, field"
