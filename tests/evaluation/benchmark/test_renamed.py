import asyncio
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel.agents.diagnosis.load import load_hypotheses
from handwheel.connectors.model.site import load_site
from handwheel.evaluation.benchmark.episodes import draw_episode
from handwheel.evaluation.benchmark.programs.briefing import Briefing, FaultBrief, TagBrief
from handwheel.evaluation.benchmark.programs.diagnosing import DiagnosingVerbs
from handwheel.evaluation.benchmark.programs.make_briefing import diagnosing_briefing
from handwheel.evaluation.benchmark.programs.renamed import Renamed, RenamedVerbs, recall_gap
from handwheel.evaluation.benchmark.programs.renamed_names import other_unit
from handwheel.evaluation.benchmark.programs.verbs import (
    AlarmRow,
    Conclusion,
    JournalRow,
    Proposal,
    ProposalState,
    TagReading,
    TimeSlot,
    Verbs,
)
from handwheel.evaluation.benchmark.run_suites import run_suites, with_modes
from handwheel.evaluation.benchmark.suite import load_suite
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.evaluation.trial.site import in_memory_site
from handwheel.hmi.bench.results import result_fields
from handwheel.hmi.bench.table import lines
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.sim_plant.scenario import FaultEvent
from handwheel.tools.errors import InvalidArguments

SUITE = load_suite("renamed")
RENAMED = SUITE.file.renamed
assert RENAMED is not None
UNITS = RENAMED.units
PAIRS = [(unit, name) for unit, names in UNITS.items() for name in names]


def _tag(name: str, label: str, unit: str, kind: str = "float") -> TagBrief:
    return TagBrief(
        name=name, label=label, unit=unit, kind=kind, equipment="P-101A", low=0.0, high=20.0,
        members={}, writable=True,
    )  # fmt: skip


OWN = Briefing(
    plant="cw-100",
    task="Watch cw-100.",
    acts=False,
    lasts_s=600.0,
    call_s=1.0,
    tags=(
        _tag("PT-102.pv", "header pressure", "kPa"),
        _tag("TT-105.pv", "water leaving E-101, at most 30 degC, 2 to 4 kPa", "degC"),
        _tag("P-101A.run_cmd", "pump A, faster than 5 %", "", "bool"),
    ),
    faults=(
        FaultBrief(name="bearing-worn P-101A", title="A bearing of P-101A", equipment=("P-101A",)),
    ),
    playbooks=(),
)


class Echo:
    """Verbs that keep what they were asked, and answer it."""

    briefing = OWN

    def __init__(self, value: float = 0.0) -> None:
        self.value = value
        self.asked: Conclusion | None = None

    async def read(self, tags: Sequence[str], after_s: float = 0.0) -> list[TagReading]:
        return [
            TagReading(tag=tag.name, value=self.value, unit=tag.unit, quality="good")
            for name in tags
            for tag in OWN.tags
            if tag.name == name
        ]

    async def window(self, tag: str, last_s: float, slots: int = 60) -> list[TimeSlot]:
        return [TimeSlot(ago_s=1.0, span_s=1.0, mean=self.value, low=None, high=self.value + 1.0)]

    async def alarms(self) -> list[AlarmRow]:
        return [AlarmRow(tag="PAL-102", text="PT-102 low", since_s=1.0)]

    async def journal(self, last: int = 50) -> list[JournalRow]:
        return [JournalRow(at_s=1.0, kind="trip", text="P-101A at FT-999 after 3 kPa")]

    async def conclude(self, conclusion: Conclusion) -> None:
        self.asked = conclusion

    async def propose(self, proposal: Proposal) -> ProposalState:
        raise InvalidArguments("cw-100 answers no proposals")

    async def outcome(self, proposal: str, within_s: float = 0.0) -> ProposalState:
        return await self.propose(Proposal())


@given(st.sampled_from(PAIRS), st.floats(-1e6, 1e6))
def test_renamed_value_comes_back_as_it_was(pair: tuple[str, str], value: float) -> None:
    unit = other_unit(*pair)
    back = unit.inverse(pair[0]).shown(unit.shown(value))
    assert math.isclose(back, value, rel_tol=1e-9, abs_tol=1e-6)
    assert unit.shown(value + 1.0) > unit.shown(value)


@given(st.integers(0, 10_000), st.floats(-1e3, 1e3))
def test_renamed_window_has_the_unit_of_the_reading(seed: int, value: float) -> None:
    asyncio.run(_shown_alike(seed, value))


async def _shown_alike(seed: int, value: float) -> None:
    verbs = RenamedVerbs(Echo(value), UNITS, Random(seed))
    names = [each.name for each in verbs.briefing.tags if each.kind == "float"]
    read = await verbs.read(names)
    assert [each.tag for each in read] == names
    shown = {each.tag: each.unit for each in read}
    assert shown == {each.name: each.unit for each in verbs.briefing.tags if each.name in names}
    (slot,) = await verbs.window(names[0], 60.0)
    assert slot.mean == read[0].value
    assert slot.high is not None
    assert slot.high > float(slot.mean or 0.0)


async def test_renamed_names_lead_back_and_those_of_the_plant_are_unknown() -> None:
    echo = Echo()
    verbs = RenamedVerbs(echo, UNITS, Random(1))
    (fault,) = verbs.briefing.faults
    pressure = next(each for each in verbs.briefing.tags if each.label == "header pressure")
    test = f"{pressure.name} above 2 {pressure.unit}"
    await verbs.conclude(Conclusion(faults=(fault.name,), would_decide=test))
    asked = echo.asked
    assert asked is not None
    assert asked.faults == ("bearing-worn P-101A",)
    own = verbs.renaming.unit("PT-102.pv").inverse("kPa").shown(2.0)
    name, _, value, unit = asked.would_decide.split(" ")
    assert (name, unit) == ("PT-102.pv", "kPa")
    assert math.isclose(float(value), own, rel_tol=1e-5)
    with pytest.raises(InvalidArguments, match=r"^plant answers no proposals$"):
        await verbs.outcome("R-1")
    with pytest.raises(InvalidArguments, match=r"there is no tag 'PT-102\.pv'"):
        await verbs.read(["PT-102.pv"])
    with pytest.raises(InvalidArguments, match="there is no fault"):
        await verbs.conclude(Conclusion(suspects=("bearing-worn P-101A",)))


async def test_renamed_texts_have_neither_names_nor_units_of_the_plant() -> None:
    verbs = RenamedVerbs(Echo(), UNITS, Random(2))
    seen = f"{verbs.briefing} {await verbs.alarms()} {await verbs.journal()}"
    for word in ("101", "102", "105", "999", "cw", "bearing-worn", "kPa", "degC", " %"):
        assert word not in seen
    assert "faster than 0.05 pu" in seen


async def test_renamed_episode_shows_no_name_and_no_unit_of_the_plant(tmp_path: Path) -> None:
    write_site(tmp_path / "site", create_plant("cw-100"), PlantEndpoints())
    site = with_modes(load_site(tmp_path / "site"), SUITE)
    hypotheses, _ = load_hypotheses(site)
    own = diagnosing_briefing(site, SUITE, hypotheses)
    drawn = draw_episode(SUITE, "F10", 1)
    events = tuple(FaultEvent(each.fault, 5.0, each.parameters) for each in drawn.events)
    episode = replace(drawn, events=events, onset_s=5.0, lasts_s=200.0)
    plant = DiagnosingVerbs(episode, in_memory_site(site), own)
    verbs, seen = RenamedVerbs(plant, UNITS, Random(1)), list[str]()
    numbers = [each.name for each in verbs.briefing.tags if each.kind == "float"]
    for name in numbers[::6]:
        found = [
            *await verbs.read([each.name for each in verbs.briefing.tags]),
            *await verbs.window(name, 60.0),
            *await verbs.alarms(),
            *await verbs.journal(),
        ]
        seen += (each.model_dump_json() for each in found)
    told = "\n".join([verbs.briefing.model_dump_json(indent=1), *seen])
    assert '"kind":"trip"' in told
    assert '"since_s":' in told
    names = {own.plant, *(each.name for each in own.faults)}
    names.update(part for each in own.tags for part in (each.name, each.name.partition(".")[0]))
    names.update(each.equipment for each in own.tags if each.equipment)
    found_names = [each for each in sorted(names) if re.search(rf"\b{re.escape(each)}\b", told)]
    assert found_names == []
    assert re.findall(r"\b[A-Z]{1,5}-\d+[A-Z]?\b", told) == []
    assert re.findall(rf"\d ?(?:{'|'.join(map(re.escape, UNITS))})(?![\w/])", told) == []
    assert {each.unit for each in verbs.briefing.tags} & UNITS.keys() == set()
    by_own = {verbs.renaming.tags[each.name]: each for each in own.tags}
    for each in verbs.briefing.tags:
        assert each.kind == by_own[each.name].kind
        assert each.label


@dataclass
class Strainer:
    """Program that names the strainer once its pressure difference is high.

    Args:
        by_heart: Whether it knows the tag's name, instead of looking for what it measures.
    """

    by_heart: bool
    name: str = "strainer"

    async def play(self, verbs: Verbs) -> None:
        told = verbs.briefing
        found = next(each for each in told.tags if "strainer" in each.label)
        tag = "PDT-101.pv" if self.by_heart else found.name
        (reading,) = await verbs.read([tag], after_s=60.0)
        share = float(reading.value or 0.0) / (found.high or 1.0)
        if share > 0.12:
            await verbs.conclude(
                Conclusion(
                    faults=tuple(each.name for each in told.faults if "Strainer" in each.title)
                )
            )


def test_renamed_suite_tells_what_a_program_knows_by_heart(tmp_path: Path) -> None:
    write_site(tmp_path / "site", create_plant("cw-100"), PlantEndpoints())
    drawn = draw_episode(SUITE, "F02", 1)
    events = tuple(FaultEvent(each.fault, 30.0, each.parameters) for each in drawn.events)
    episode = replace(drawn, events=events, onset_s=30.0, lasts_s=60.0)
    roots, found = {"cw-100": tmp_path / "site"}, dict[bool, Renamed]()
    for by_heart in (True, False):
        (result,) = run_suites(roots, [episode], 1, Strainer(by_heart))
        assert isinstance(result, Renamed)
        assert (result.own.outcome, result.own.program_failed) == ("right", "")
        found[by_heart] = result
    assert found[False].outcome == "right"
    assert found[True].outcome == "missed"
    assert "there is no tag 'PDT-101.pv'" in found[True].program_failed
    gap = recall_gap(list(found.values()))
    assert (gap.own.value, gap.other.value, gap.value) == (1.0, 0.5, 0.5)
    assert gap.interval[0] < 0.0 < 0.5 < gap.interval[1]
    assert "+50" in list(lines(SUITE, list(found.values()), 2))[2]
    fields = result_fields(SUITE, list(found.values()), 2)
    assert fields["total"]["recall_gap"] == 0.5
    assert fields["episodes"][0]["own_names"]["outcome"] == "right"
    with pytest.raises(InvalidArguments, match="only programs of others play renamed"):
        next(run_suites(roots, [episode], 1))
