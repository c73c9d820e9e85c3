"""Courses, margins and moves of a plan, and twins that are wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import nan
from pathlib import Path
from typing import Any

import pytest

from handwheel.agents.diagnosis.windows import Windows
from handwheel.agents.lookahead.foretell import foretell
from handwheel.agents.lookahead.load import load_twin
from handwheel.agents.lookahead.look_ahead import prediction_of
from handwheel.agents.lookahead.margins import margins
from handwheel.agents.lookahead.moves import moves_of
from handwheel.agents.lookahead.prediction import Prediction, trust_text
from handwheel.agents.lookahead.twin import GROUP, Course, Estimate, Move, TwinError
from handwheel.connectors.model.site import Site, load_site
from handwheel.connectors.model.values import DataValue
from handwheel.playbooks.binding.bind import bind_triggers
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.tools.conditions import History

from ...command_line import handwheel
from ...playbooks.sample_playbook import GOOD, changed, loaded
from ...plug_ins.registered import register
from .lines import PRESSURE, LineTwin, RaisingTwin, own, read, windows_at

_LINES_OF = LineTwin.__module__
_INVARIANT = '"PT-102.pv > 280 kPa", grace: 5 s'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plans")


def _plan(folder: Path, site: Site, *changes: tuple[str, str]) -> BoundPlaybook:
    return bind_triggers(loaded(folder, changed(*changes, text=GOOD)), site)[0]


def _ahead(
    plan: BoundPlaybook, site: Site, twin: LineTwin, residual: float | None = None
) -> Prediction:
    readings: Mapping[str, DataValue] = {PRESSURE: read(300.0)}
    planned = moves_of(plan, readings, History(plan.conditions))
    found = foretell(own(twin), windows_at(300.0), planned.moves)
    return prediction_of(own(twin), plan, site.tags, planned, found, residual)


# Invariant, twin, and the least distance without and with the plan.
_LINES: Mapping[str, tuple[str, LineTwin, float | None, float | None]] = {
    "above": (_INVARIANT, LineTwin(), 20.0, 20.0),
    "falls alone": (_INVARIANT, LineTwin(-0.01), -16.0, -16.0),
    "falls by the plan": (_INVARIANT, LineTwin(jump=-25.0), 20.0, -5.0),
    "rises by the plan": (_INVARIANT, LineTwin(-0.01, jump=40.0), -16.0, 24.0),
    "another tag": ('"PDT-101.pv > 1 kPa", grace: 5 s', LineTwin(), None, None),
    "in an alternative that is met": (
        '"PT-102.pv > 400 kPa or PT-102.pv < 310 kPa", grace: 5 s', LineTwin(), 10.0, 10.0
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", _LINES)
def test_a_comparison_has_its_least_distance_in_both_courses(
    name: str, folder: Path, agents_site: Site
) -> None:
    invariant, twin, without, with_plan = _LINES[name]
    found = _ahead(_plan(folder, agents_site, (_INVARIANT, invariant)), agents_site, twin)
    (margin,) = found.margins
    assert margin.without == pytest.approx(without, abs=0.2)
    assert margin.with_plan == pytest.approx(with_plan, abs=0.2)


def test_a_break_counts_once_it_lasts_for_the_grace(folder: Path, agents_site: Site) -> None:
    plan = _plan(folder, agents_site, ("grace: 5 s", "grace: 30 s"))
    times = [10.0 * n for n in range(40)]
    dips = [[-9.0 if 15 <= n < 15 + size else 50.0 for n in range(40)] for size in (2, 6)]
    brief, long = (Course(times, {PRESSURE: [280.0 + each for each in dip]}) for dip in dips)
    (margin,) = margins(plan, agents_site.tags, (brief, long), 0.0)
    assert (margin.without, margin.with_plan) == (50.0, -9.0)


def test_only_what_the_plan_breaks_is_its_doing(folder: Path, agents_site: Site) -> None:
    plan = _plan(folder, agents_site)
    falls, alone = (
        _ahead(plan, agents_site, twin, 0.01) for twin in (LineTwin(jump=-25.0), LineTwin(-0.01))
    )
    assert falls.forbids
    assert not alone.forbids
    assert not alone.clears
    steady = _ahead(plan, agents_site, LineTwin(), 0.01)
    assert steady.clears
    assert not replace(steady, margins=()).clears  # nothing was checked
    alarmed = replace(steady.with_plan, alarms={"PAL-102": 300.0})
    assert not replace(steady, with_plan=alarmed).clears
    assert replace(steady, with_plan=alarmed, without=alarmed).clears
    assert not replace(falls, residual=None).forbids  # nothing was checked
    assert not replace(falls, residual=0.04).forbids
    off = _ahead(plan, agents_site, LineTwin(jump=-25.0, off=-0.5), 0.01)
    assert (off.forbids, trust_text(off)) == (
        False, "not trusted, it is 50 % off now (limit 3 %)",
    )  # fmt: skip


def test_moves_follow_the_steps_with_their_assumptions(folder: Path, agents_site: Site) -> None:
    site = agents_site
    wait = 'wait: {until: "PT-102.pv > 300 kPa", within: 2 min}'
    ramp = (wait, "write: {FIC-201.sp: 40 m3/h}\n    ramp: {rate: 10 m3/h/min}")
    plan = _plan(folder, site, ramp)
    found = moves_of(plan, {"FIC-201.sp": read(60.0)}, History(plan.conditions))
    start, *rest = found.moves
    assert start == Move("P-101B.run_cmd", 1.0, 120.0)
    assert rest[-1].value == 40.0
    assert rest[-1].at_s == pytest.approx(120.0 + 114.0)
    assert any("start are carried out, though" in each for each in found.assumptions)
    with pytest.raises(TwinError, match=r"FIC-201\.sp is to ramp, and is not known now"):
        moves_of(plan, {}, History(plan.conditions))


class _Unmeasured(LineTwin):
    """Twin that finds its state from another tag, so that its pressure is never compared."""

    @property
    def tags(self) -> Sequence[str]:
        return ("LT-101.pv",)


def test_a_tag_on_which_a_twin_is_never_checked_forbids_and_clears_nothing(
    folder: Path, agents_site: Site
) -> None:
    found = _ahead(_plan(folder, agents_site), agents_site, _Unmeasured(jump=-25.0), 0.01)
    assert found.is_trusted
    assert (found.forbids, found.clears) == (False, False)
    assert any("is not checked on, or does not tell" in each for each in found.assumptions)


class _Nonsense(LineTwin):
    """Twin whose course is changed after the fact."""

    def __init__(self, **changes: Any) -> None:
        super().__init__()
        object.__setattr__(self, "changes", changes)

    def predict(self, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        return replace(super().predict(state, moves, horizon_s), **self.changes)  # type: ignore[attr-defined]


class _Assuming(LineTwin):
    """Twin that assumes something."""

    def __init__(self, assumptions: Any) -> None:
        super().__init__()
        object.__setattr__(self, "assumptions", assumptions)

    def estimate(self, windows: Windows) -> Estimate | None:
        return Estimate(0.0, {"p": 300.0}, assumptions=self.assumptions)  # type: ignore[attr-defined]


_WRONG: Mapping[str, tuple[LineTwin, str]] = {
    "raises": (RaisingTwin(), "line: ZeroDivisionError: the model has diverged"),
    "no number": (_Nonsense(series={PRESSURE: [nan] * 361}), f"{PRESSURE} is not finite"),
    "lengths": (_Nonsense(series={PRESSURE: [1.0]}), f"{PRESSURE} has 1 samples at 361 times"),
    "no tags": (_Nonsense(series={}), "it foretells no tag"),
    "short": (_Nonsense(times_s=[0.0, 1.0]), "its course ends after 1 s of 3600 s"),
    "order": (_Nonsense(times_s=[0.0] * 361), "are not in order"),
    "no series": (_Nonsense(series=[1.0]), "its course is none: AttributeError"),
    "trip without a cause": (_Nonsense(trip=(5.0,)), "its course is none: ValueError"),
    "trip of another type": (_Nonsense(trip=(5.0, object())), "its alarms and trip are no texts"),
    "alarms by number": (_Nonsense(alarms={3: 5.0}), "its alarms and trip are no texts"),
    "alarm before now": (_Nonsense(alarms={"A": -5.0}), "alarm or trip is negative or not finite"),
    "too long": (_Nonsense(times_s=range(30_000)), "its course has 30000 samples"),
    "assumes no text": (_Assuming([None]), "its assumptions are no texts"),
    "assumes too much": (_Assuming(["x" * 1000]), "its assumptions are no texts"),
    "assumes no list": (_Assuming(None), "its assumptions are no list"),
    "is off by no number": (LineTwin(off=nan), "a residual of its estimate is not finite"),
}


@pytest.mark.parametrize("name", _WRONG)
def test_what_a_twin_does_wrong_is_told_by_name(name: str, folder: Path, agents_site: Site) -> None:
    twin, said = _WRONG[name]
    with pytest.raises(TwinError, match=r"^line: ") as caught:
        _ahead(_plan(folder, agents_site), agents_site, twin)
    assert said in str(caught.value)


def _without_twin(text: str) -> str:
    """A site's text without the twin that `init` has named, if it is installed."""
    return "".join(each for each in text.splitlines(True) if not each.startswith("twin:"))


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        ("missing", "there is no twin 'mine'; known: cstr, cw-100, other, quadtank"),
        (f"{_LINES_OF}:no_licence", "the twin mine: {} cannot be loaded: SystemExit: no licence"),
        (f"{_LINES_OF}:no_twin", "the twin mine: {} returns a int, not a Twin"),
        (f"{_LINES_OF}:LineTwin", "the twin mine needs tags that the site lacks"),
    ],
)
def test_a_twin_that_cannot_be_used_is_told_with_its_place(
    factory: str, said: str, agents_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "other" if factory == "missing" else "mine"
    register(tmp_path, monkeypatch, {GROUP: {name: factory}})
    text, tags = (
        (agents_site.root / each).read_text("utf-8") for each in ("site.yaml", "tags.yaml")
    )
    text = _without_twin(text)
    (tmp_path / "site.yaml").write_text(f"{text}twin: {{model: mine, trust: 3 %}}\n", "utf-8")
    (tmp_path / "tags.yaml").write_text(tags, "utf-8")
    site = load_site(tmp_path)
    assert site.twin is not None
    assert (site.twin.trust, site.twin.horizon) == (0.03, 3600.0)
    if "lacks" in said:
        site = replace(site, tags={})
    twin, (problem,) = load_twin(site)
    line = text.count("\n") + 1
    assert twin is None
    assert str(problem).startswith(f"{tmp_path / 'site.yaml'}:{line}:8: twin.model: ")
    assert said.format(factory) in str(problem)


def test_check_tells_a_trust_that_is_no_share(agents_site: Site, tmp_path: Path) -> None:
    text = _without_twin((agents_site.root / "site.yaml").read_text("utf-8"))
    path = tmp_path / "site.yaml"
    path.write_text(f"{text}twin: {{model: mine, trust: 3, horizon: 2 d}}\n", "utf-8")
    said = handwheel("check", "--site", str(tmp_path)).stderr
    assert "twin.trust: 3 is no share; write a number above 0, at most 100, and %: 3 %" in said
    assert "twin.horizon: must lie between 1 min and 24 h" in said
