import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import pytest

from handwheel.agents.diagnosis.load import load_hypotheses
from handwheel.connectors.model.site import Site, load_site
from handwheel.evaluation.benchmark.episodes import Episode, draw_episode
from handwheel.evaluation.benchmark.programs.make_briefing import acting_briefing
from handwheel.evaluation.benchmark.programs.respond import respond
from handwheel.evaluation.benchmark.programs.verbs import (
    Conclusion,
    Program,
    Proposal,
    ProposalState,
    Verbs,
)
from handwheel.evaluation.benchmark.responding.judge_response import Responded
from handwheel.evaluation.benchmark.responses import RespondSpec
from handwheel.evaluation.benchmark.run_suites import acting
from handwheel.evaluation.benchmark.suite import load_suite
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.evaluation.trial.site import OPERATORS, in_memory_site
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.playbooks.binding.bindings import Bindings
from handwheel.playbooks.language.loader import Playbook
from handwheel.tools.errors import InvalidArguments, PolicyViolation

SUITE = load_suite("respond")


class Place(NamedTuple):
    """Site, library and bindings of the suite."""

    site: Site
    library: Sequence[Playbook]
    bindings: Bindings


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    root = tmp_path_factory.mktemp("site") / "cw-100"
    write_site(root, create_plant("cw-100"), PlantEndpoints())
    site, library = acting(load_site(root), SUITE)
    return Place(site, library, Bindings(in_memory_site(site)))


def _episode(case: str) -> Episode:
    drawn = draw_episode(SUITE, case, 1)
    events = tuple(replace(each, at_s=60.0) for each in drawn.events)
    return replace(drawn, events=events, onset_s=60.0, lasts_s=430.0)


def _spec() -> RespondSpec:
    spec = SUITE.file.respond
    assert spec is not None
    people = spec.people.model_copy(update={"thinks": (20.0, 60.0)})
    update = {"leave_after": 60.0, "people": people, "idle_scan": 10.0}  # as in `tep`
    return spec.model_copy(update=update)


async def _played(place: Place, case: str, program: Program) -> Responded:
    site, library, bindings = place
    plans = [bindings.bind_playbook(each, {}) for each in library]
    briefing = acting_briefing(site, SUITE, load_hypotheses(site)[0], plans)
    return await respond(
        _episode(case), site, library, bindings, _spec(),
        briefing=briefing, create=lambda: program, limit_s=60.0,
    )  # fmt: skip


@dataclass
class Asks:
    """Program that proposes something after the onset, and waits for what comes of it."""

    wants: Proposal
    name: str = "asks"
    states: list[ProposalState] = field(default_factory=list[ProposalState])
    journal: list[str] = field(default_factory=list[str])

    async def play(self, verbs: Verbs) -> None:
        assert verbs.briefing.acts
        await verbs.read([], after_s=120.0)
        await verbs.conclude(Conclusion(faults=("tower-fan-failed",)))
        self.states.append(await verbs.propose(self.wants))
        self.states.append(await verbs.outcome(self.states[0].proposal, within_s=250.0))
        self.journal += (f"{each.kind} {each.text}" for each in await verbs.journal())


FAN = Proposal(playbook="cw/tower-fan")
STRAINER = Proposal(playbook="cw/strainer-blocked")
CUT = Proposal(writes={"FIC-201.sp": "28 m3/h"})
LESS = Proposal(writes={"FIC-201.sp": 36, "TIC-202.sp": 47})


@pytest.mark.parametrize(
    ("case", "wants", "outcome", "instead"),
    [
        ("F12", FAN, "right", "missed, "),
        ("F02", STRAINER, "right", "missed, "),
        ("F12", CUT, "missed", "missed, work order of cw/tower-fan"),
        ("F02", LESS, "wrong", "wrong, FIC-201.sp=36, TIC-202.sp=47"),
        ("D01", FAN, "wrong", "wrong, FIC-201.sp=31.9752"),
    ],
)
async def test_a_program_is_judged_by_what_it_has_had_done(
    place: Place, case: str, wants: Proposal, outcome: str, instead: str
) -> None:
    program = Asks(wants)
    result = await _played(place, case, program)
    assert (result.outcome, result.instead, result.program_failed) == (outcome, instead, "")
    assert result.acted.named == ["tower-fan-failed"]
    assert program.states[-1].is_over
    assert program.states[-1].state == "COMPLETE"


async def test_a_program_reads_in_the_journal_what_people_and_gate_have_done(
    place: Place,
) -> None:
    program = Asks(FAN)
    first, second = [await _played(place, "F12", each) for each in (program, Asks(FAN))]
    told = "\n".join(program.journal)
    run, (request,) = program.states[0].proposal, program.states[-1].requests
    for text in (
        f"run {run} begins: cw/tower-fan", "order W-", f"request {request} is filed",
        f"decision {OPERATORS[0]}: approve {request}", "frame FIC-201.sp = 28 m3/h",
        f"run {run} is COMPLETE",
    ):  # fmt: skip
        assert text in told
    assert not {"F12", "fault", "scenario"} & set(re.findall(r"\w+", told))
    assert program.states[-1].kept == (True,)
    assert first.acted.frames == second.acted.frames
    assert first.acted.harm == second.acted.harm
    assert [each.at_s for each in first.acted.requests] == [
        each.at_s for each in second.acted.requests
    ]


TRIES: Sequence[tuple[dict[str, object], str]] = [
    ({"writes": {"FIC-201.s": 30}}, "there is no tag 'FIC-201.s'; did you mean 'FIC-201.sp'?"),
    ({"writes": {"FIC-201.sp": 70}}, "FIC-201.sp: 70 lies outside the limits 9 .. 51 m3/h"),
    ({"writes": {"FIC-201.sp": "30 kPa"}}, "FIC-201.sp: '30 kPa' is not taken"),
    ({"writes": {"FIC-201.sp": True}}, "FIC-201.sp: 'true' is not taken"),
    ({"writes": {"TIC-202.mode": 0}}, "write manual or auto"),
    ({"writes": {"PT-102.pv": 300}}, "PT-102.pv: its tag or its connection is not for writing"),
    ({"writes": {"FIC-201.sp": 30}, "playbook": "cw/tower-fan"}, "or writes instead of one"),
    ({"writes": {"FIC-201.sp": 30}, "roles": {"pump": "P-101A"}}, "have neither roles"),
    ({}, "propose a playbook, or writes instead of one"),
    ({"playbook": "cw/tower-fans"}, "there is no playbook 'cw/tower-fans'; did you mean"),
    ({"playbook": "cw/pump-tripped", "roles": {"trip": "P-101A"}}, "has no role 'trip'; did you"),
    ({"playbook": "cw/pump-tripped", "roles": {"other": "P-101C"}}, "no equipment 'P-101C'; did"),
    ({"playbook": "cw/tower-fan", "parameters": {"cuts": "1 %"}}, "no parameter 'cuts'; did you"),
    ({"playbook": "cw/tower-fan", "parameters": {"cut": "1 bar"}}, "number in %, not in bar"),
    ({"playbook": "cw/pump-bearing-changeover"}, "steady is not met: held"),  # too early
    (CUT.model_dump(), ""),
    (LESS.model_dump(), "U-[0-9A-Z]{8} owns its equipment$"),
]


@dataclass
class Tries:
    """Program that proposes what cannot be, and notes why."""

    name: str = "tries"
    refused: list[str] = field(default_factory=list[str])

    async def play(self, verbs: Verbs) -> None:
        for wants, _ in TRIES:
            try:
                await verbs.propose(Proposal.model_validate(wants))
                self.refused.append("")
            except (InvalidArguments, PolicyViolation) as error:
                self.refused.append(str(error))
        await verbs.outcome("U-1")


async def test_what_cannot_be_proposed_says_exactly_why(place: Place) -> None:
    program = Tries()
    result = await _played(place, "D01", program)
    for (_, said), refused in zip(TRIES, program.refused, strict=True):
        assert re.search(said.replace("?", "[?]"), refused)
        assert bool(said) == bool(refused)
    assert result.program_failed == "raised InvalidArguments: there is no proposal 'U-1'"
