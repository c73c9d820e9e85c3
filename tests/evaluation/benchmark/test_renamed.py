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
from handwheel.evaluation.benchmark.programs.briefing import (
    Briefing,
    FaultBrief,
    PlaybookBrief,
    TagBrief,
)
from handwheel.evaluation.benchmark.programs.diagnosing import DiagnosingVerbs
from handwheel.evaluation.benchmark.programs.make_briefing import diagnosing_briefing
from handwheel.evaluation.benchmark.programs.renamed import RenamedVerbs
from handwheel.evaluation.benchmark.programs.renamed_result import Renamed, recall_gap
from handwheel.evaluation.benchmark.programs.renamed_units import other_unit
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
from handwheel.evaluation.room.site import in_memory_site
from handwheel.hmi.bench.results import result_fields
from handwheel.hmi.bench.table import lines
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.sim_plant.scenario import FaultEvent
from handwheel.tools.errors import InvalidArguments, PolicyViolation

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
    acts=True,
    lasts_s=600.0,
    call_s=1.0,
    tags=(
        _tag("PT-102.pv", "header pressure", "kPa"),
        _tag("TT-105.pv", "water leaving E-101, at most 30 degC, 2 to 4 kPa", "degC"),
        _tag("P-101A.run_cmd", "pump A, faster than 5 %", "", "bool"),
    ),
    faults=(
        FaultBrief(
            name="bearing-worn P-101A", title="A bearing of P-101A", equipment=("P-101A",)
        ),
    ),
    playbooks=(PlaybookBrief(name="cw/stop", title="Stop P-101A", roles={"pump": "P-101A"},
                             parameters={"p": "30 kPa"}, writes=("P-101A.run_cmd",)),),
)  # fmt: skip


class Echo:
    """Verbs that keep what they were asked, and answer it."""

    briefing = OWN

    def __init__(self, value: float = 0.0) -> None:
        self.value = value
        self.asked: Proposal | Conclusion | None = None

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
        return [JournalRow(at_s=1.0, kind="trip", text="P-101A at FT-999, cw/stop after 3 kPa")]

    async def conclude(self, conclusion: Conclusion) -> None:
        self.asked = conclusion

    async def propose(self, proposal: Proposal) -> ProposalState:
        self.asked = proposal
        if not proposal.writes:
            raise PolicyViolation("P-101A is in MAINTENANCE")
        return ProposalState(
            proposal="R-1", state="RUNNING", is_over=False, reason="by P-101A", requests={},
            kept=(),
        )  # fmt: skip

    async def outcome(self, proposal: str, within_s: float = 0.0) -> ProposalState:
        return await self.propose(Proposal(writes={"PT-102.pv": 1.0}, reason="x"))


@given(st.sampled_from(PAIRS), st.floats(-1e6, 1e6))
def test_renamed_value_comes_back_as_it_was(pair: tuple[str, str], value: float) -> None:
    unit = other_unit(*pair)
    back = unit.own(unit.shown(value))
    assert math.isclose(back, value, rel_tol=1e-9, abs_tol=1e-9)
    assert math.isclose(unit.inverse(pair[0]).shown(unit.shown(value)), value, abs_tol=1e-6)
    assert unit.shown(value + 1.0) > unit.shown(value)


@given(st.integers(0, 10_000), st.floats(-1e3, 1e3))
def test_renamed_write_reaches_the_plant_as_it_was_read(seed: int, value: float) -> None:
    asyncio.run(_written_as_read(seed, value))


async def _written_as_read(seed: int, value: float) -> None:
    echo = Echo(value)
    verbs = RenamedVerbs(echo, UNITS, Random(seed))
    names = [each.name for each in verbs.briefing.tags if each.kind == "float"]
    read = await verbs.read(names)
    assert [each.tag for each in read] == names
    shown = {each.tag: each.unit for each in read}
    assert shown == {each.name: each.unit for each in verbs.briefing.tags if each.name in names}
    writes = {each.tag: each.value for each in read if each.value is not None}
    slot, state = (await verbs.window(names[0], 60.0))[0], await verbs.propose(
        Proposal(writes=writes, reason=f"{names[0]} is so")
    )  # fmt: skip
    assert slot.mean == read[0].value
    assert slot.high is not None
    assert slot.high > float(slot.mean or 0.0)
    asked = echo.asked
    assert isinstance(asked, Proposal)
    assert asked.writes.keys() == {"PT-102.pv", "TT-105.pv"}
    for written in asked.writes.values():
        assert math.isclose(float(written), value, rel_tol=1e-9, abs_tol=1e-9)
    assert asked.reason in {"PT-102.pv is so", "TT-105.pv is so"}
    assert "P-101A" not in state.reason


async def test_renamed_names_lead_back_and_those_of_the_plant_are_unknown() -> None:
    echo = Echo()
    verbs = RenamedVerbs(echo, UNITS, Random(1))
    (fault,), (playbook,) = verbs.briefing.faults, verbs.briefing.playbooks
    await verbs.conclude(Conclusion(faults=(fault.name,)))
    assert echo.asked == Conclusion(faults=("bearing-worn P-101A",))
    pressure = next(each for each in verbs.briefing.tags if each.label == "header pressure")
    limit = f"2 {pressure.unit}"
    roles = dict(playbook.roles)
    with pytest.raises(PolicyViolation, match=rf"^{fault.equipment[0]} is in MAINTENANCE$"):
        await verbs.propose(
            Proposal(playbook=playbook.name, roles=roles, parameters={"p": limit}, reason="x")
        )
    asked = echo.asked
    assert isinstance(asked, Proposal)
    assert (asked.playbook, asked.roles) == ("cw/stop", {"pump": "P-101A"})
    value, unit = asked.parameters["p"].split(" ")
    assert unit == "kPa"
    assert math.isclose(float(value), verbs.renaming.unit("PT-102.pv").own(2.0), rel_tol=1e-5)
    assert playbook.writes[0] in {each.name for each in verbs.briefing.tags}
    assert playbook.parameters["p"] == verbs.renaming.text("30 kPa") != "30 kPa"
    with pytest.raises(InvalidArguments, match=r"there is no tag 'PT-102\.pv'"):
        await verbs.read(["PT-102.pv"])
    with pytest.raises(InvalidArguments, match="there is no fault"):
        await verbs.conclude(Conclusion(suspects=("bearing-worn P-101A",)))
    with pytest.raises(InvalidArguments, match="there is no tag"):
        await verbs.propose(Proposal(writes={"PT-102.pv": 1.0}, reason="x"))


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
    assert "+50" in list(lines(SUITE, list(found.values())))[2]
    fields = result_fields(SUITE, list(found.values()))
    assert fields["total"]["recall_gap"] == 0.5
    assert fields["episodes"][0]["own_names"]["outcome"] == "right"
    with pytest.raises(InvalidArguments, match="only programs of others play renamed"):
        next(run_suites(roots, [episode], 1))
