import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import sleep

import pytest

from handwheel.agents.diagnosis.load import load_hypotheses
from handwheel.connectors.model.site import load_site
from handwheel.evaluation.benchmark.episodes import Episode, draw_episode
from handwheel.evaluation.benchmark.judge import Diagnosed
from handwheel.evaluation.benchmark.play import Finding
from handwheel.evaluation.benchmark.programs import program_thread
from handwheel.evaluation.benchmark.programs.diagnosing import DiagnosingVerbs
from handwheel.evaluation.benchmark.programs.make_briefing import diagnosing_briefing
from handwheel.evaluation.benchmark.programs.verbs import Conclusion, EpisodeOver, Verbs
from handwheel.evaluation.benchmark.results import Result
from handwheel.evaluation.benchmark.run_suites import run_suites, with_modes
from handwheel.evaluation.benchmark.suite import load_suite
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.evaluation.trial.site import in_memory_site
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.sim_plant.scenario import FaultEvent
from handwheel.tools.errors import InvalidArguments

WATCH = load_suite("watch")
PLUGGED = "strainer-plugged"


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("site") / "cw-100"
    write_site(root, create_plant("cw-100"), PlantEndpoints())
    return {"cw-100": root}


def _episode(case: str = "F02") -> Episode:
    drawn = draw_episode(WATCH, case, 1)
    events = tuple(FaultEvent(each.fault, 30.0, each.parameters) for each in drawn.events)
    return replace(drawn, events=events, onset_s=30.0, lasts_s=90.0)


@dataclass
class Scripted:
    """Program that does at each time what its script says, and returns at the end of it."""

    script: tuple[tuple[float, str], ...]
    name: str = "scripted"

    async def play(self, verbs: Verbs) -> None:
        now_s = 0.0
        for at_s, what in self.script:
            await verbs.read([], after_s=at_s - now_s - 2.0 * verbs.briefing.call_s)
            now_s = at_s
            await self._do(what, verbs)

    async def _do(self, what: str, verbs: Verbs) -> None:
        match what.split():
            case ["name", *faults]:
                await verbs.conclude(Conclusion(faults=tuple(faults)))
            case ["suspect", *faults]:
                await verbs.conclude(Conclusion(suspects=tuple(faults), would_decide="a look"))
            case ["raise"]:
                raise RuntimeError("no model answered")
            case ["wait"]:
                await asyncio.Event().wait()
            case ["block"]:
                while True:
                    sleep(0.01)  # noqa: ASYNC251 (as some programs do)
            case ["deaf"]:
                while True:
                    with suppress(EpisodeOver):
                        await verbs.alarms()
            case _:
                pytest.fail(what)


@dataclass
class Looks:
    """Program that names a plugged strainer once its pressure has risen."""

    name: str = "looks"

    async def play(self, verbs: Verbs) -> None:
        while True:
            await verbs.read(["PDT-101.pv"], after_s=4.0)
            first, *_, last = await verbs.window("PDT-101.pv", 60.0, 3)
            if first.mean is not None and last.low is not None and last.low > 1.2 * first.mean:
                await verbs.conclude(Conclusion(faults=(PLUGGED,)))


@pytest.mark.parametrize(
    ("script", "outcome", "failed"),
    [
        ([(60, f"name {PLUGGED}")], "right", ""),
        ([(20, f"name {PLUGGED}"), (60, f"name {PLUGGED}")], "wrong", ""),
        ([(40, f"name {PLUGGED}"), (90, "name")], "missed", ""),
        ([(50, "name tower-fan-failed"), (60, f"name {PLUGGED}")], "wrong", ""),
        ([(60, f"suspect {PLUGGED} tower-fan-failed")], "abstained", ""),
        ([], "missed", ""),
        ([(130, f"name {PLUGGED}")], "missed", ""),
        (
            [(60, f"name {PLUGGED}"), (70, "raise")],
            "right",
            "raised RuntimeError: no model answered",
        ),
        (
            [(60, "name strainer-plugs")],
            "missed",
            f"raised InvalidArguments: .*did you mean '{PLUGGED}'",
        ),
        ([(60, f"name {PLUGGED}"), (70, "wait")], "right", "ended after 2 s of the computer"),
        ([(60, f"name {PLUGGED}"), (70, "deaf")], "right", "ended 1 s after the episode"),
        ([(60, f"name {PLUGGED}"), (70, "block")], "right", "ended after 2 s of the computer"),
    ],
)
def test_a_program_is_judged_by_what_it_has_concluded(
    roots: dict[str, Path],
    script: Sequence[tuple[float, str]],
    outcome: str,
    failed: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(program_thread, "_AFTER_S", 1.0)
    limit_s = 2.0 if "ended after" in failed else 60.0
    (result,) = run_suites(roots, [_episode()], 1, Scripted(tuple(script)), limit_s)
    assert isinstance(result, Diagnosed)
    assert result.outcome == outcome
    assert result.times.symptom_s is not None
    assert (result.played.ended_s, result.judged_s) == (120.0, 90.0)
    assert result.played.would_decide == ("a look" if outcome == "abstained" else "")
    assert re.search(failed, result.program_failed)
    assert bool(failed) == bool(result.program_failed)


def test_a_program_plays_each_episode_anew_in_any_number_of_processes(
    roots: dict[str, Path],
) -> None:
    acted = draw_episode(load_suite("respond"), "D01", 1)
    acted = replace(acted, events=(), onset_s=30.0, lasts_s=60.0)
    episodes = [_episode(), replace(_episode("D01"), events=()), acted]
    one, two = ([*run_suites(roots, episodes, jobs, Looks())] for jobs in (1, 2))
    assert [(each.outcome, each.program_failed) for each in one] == [("right", "")] * 3
    assert [_findings(each) for each in one] == [_findings(each) for each in two]


def _findings(result: Result) -> Sequence[Finding]:
    return result.played.findings if isinstance(result, Diagnosed) else ()


def test_a_program_that_cannot_be_copied_or_has_no_place_is_refused(
    roots: dict[str, Path],
) -> None:
    held = draw_episode(load_suite("hold"), "liar", 1)
    with pytest.raises(InvalidArguments, match="hold has no case 'liar' for this agent"):
        next(run_suites(roots, [held], 1, Looks()))
    with pytest.raises(InvalidArguments, match="one that pickle can copy"):
        next(run_suites(roots, [_episode()], 1, Scripted(((1.0, lambda: 1),))))  # type: ignore[arg-type]


async def test_nothing_that_a_program_sees_tells_the_fault(roots: dict[str, Path]) -> None:
    own = with_modes(load_site(roots["cw-100"]), WATCH)
    briefing = diagnosing_briefing(own, WATCH, load_hypotheses(own)[0])
    names = {each.name for each in briefing.faults}
    for name in ("watch", "pairs", "mismatch"):
        cases = load_suite(name).file.cases.values()
        assert {one for each in cases for one in (*each.expect, *each.also, *each.abstain)} <= names
    site, seen = in_memory_site(own), list[str]()
    for case in ("F02", "F06", "F10"):
        episode = _episode(case)
        verbs = DiagnosingVerbs(episode, site, briefing)
        for _ in range(5):
            found = [
                *await verbs.read([each.name for each in briefing.tags], after_s=18.0),
                *await verbs.window("PDT-101.pv", 20.0),
                *await verbs.alarms(),
                *await verbs.journal(),
            ]
            seen += (each.model_dump_json() for each in found)
        kind = create_plant("cw-100").faults[case]
        told = "".join(seen)
        for secret in (case, kind.title, kind.symptoms, "scenario", *kind.parameters):
            assert secret not in told
        await verbs.conclude(Conclusion())
        with pytest.raises(EpisodeOver):
            await verbs.read([], after_s=60.0)
    assert '"kind":"trip"' in "".join(seen)
