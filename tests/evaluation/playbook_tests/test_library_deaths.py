"""Agents that die at each event of each installed playbook: the run is held, its case stays open.

Deaths between the writes of one event are those of `tests/agents/recovery/test_deaths.py`.
"""

from collections import Counter, deque
from dataclasses import replace

import pytest

from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.site import Site
from handwheel.evaluation.playbook_tests.case import PlaybookCase
from handwheel.evaluation.playbook_tests.load import is_tests_file, load_cases
from handwheel.evaluation.playbook_tests.run_cases import setup_of
from handwheel.evaluation.playbook_tests.scripted_people import ScriptedPeople
from handwheel.evaluation.trial.site import OPERATORS
from handwheel.evaluation.trial.stepped import SteppedTrial
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.playbooks.engine.run import Run
from handwheel.playbooks.engine.states import INACTIVE
from handwheel.playbooks.execution.driver import PROCESS_ENDED
from handwheel.playbooks.language.libraries import library_folder
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.ledger.actions import tags_of_run
from handwheel.tools.guardrails.ledger.records import load_requests

from ...plants.served import site_of
from .test_library import LIBRARIES, MODELS

_PAST = 1800  # scans that agents who start anew know from the historian
_MOST_DEATHS = 18  # a run is resumed at most 20 times
_TAKES_OVER_S = 12.0  # until the lease of the dead process is over
_SENT = {"VERIFIED", "UNKNOWN", "MISMATCH", "RESOLVED_APPLIED"}

FILES = [
    (library, path.name)
    for library in LIBRARIES
    for path in sorted((library_folder() / library / "tests").glob("*.yaml"))
    if is_tests_file(path)
]


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Site]:
    found: dict[str, Site] = {}
    for library in LIBRARIES:
        folder = tmp_path_factory.mktemp(library) / "site"
        found[library] = site_of(folder, PlantEndpoints(), MODELS[library])
    return found


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("library", "name"), FILES)
async def test_a_run_whose_agents_die_at_each_event_is_held(
    library: str, name: str, sites: dict[str, Site]
) -> None:
    path, site = library_folder() / library / "tests" / name, sites[library]
    case = next((each for each in load_cases(path, site, name) if _begins_a_run(each)), None)
    if case is None:
        pytest.skip("no case of it leads to a run")
    if not await _die_at_each_event(case, site):
        pytest.skip("its run begins and ends within one scan")


def _begins_a_run(case: PlaybookCase) -> bool:
    return case.expected.final not in {"not_triggered", "not_started"}


async def _die_at_each_event(case: PlaybookCase, site: Site) -> int:
    """Kills the agents after each event of a run, and has it resumed. Returns how often."""
    people, library = ScriptedPeople(case.decisions), [case.playbook, *case.others]
    deaths, died, past = 0, set[object](), deque[Readings](maxlen=_PAST)
    setup = replace(setup_of(case, site), library=library)
    async with SteppedTrial.of(setup) as room:
        while room.now_s < case.run_for_s and deaths < _MOST_DEATHS:
            await room.step(room.scan_s)
            past.append(room.plant.readings())
            await people.act(room)
            active = [name for name, run in room.runs.items() if run.state not in INACTIVE]
            moments = {_moment(room.runs[each]) for each in active}
            if moments <= died:
                continue
            died |= moments  # a resumed run comes to the same moment again
            deaths += 1
            await room.agents.end()
            room.clock.forward(_TAKES_OVER_S)
            await room.agents.start(library, past)
            for run_id in active:
                _check(room, run_id)
                _resume(room, run_id)
    return deaths


def _moment(run: Run) -> object:
    """The state of a run and of its steps, and how far its writes have come."""
    return run.state, tuple(sorted(run.steps.items())), len(run.due), run.awaits


def _check(room: SteppedTrial, run_id: str) -> None:
    """The run is held and tells why, its case is open, and every frame is one of its actions."""
    run = room.runs[run_id]
    assert (run.state.value, run.reason) == ("HELD", PROCESS_ENDED)
    (case,) = [each for each in room.cases.values() if run_id in each.runs]
    assert not case.is_closed
    sent = Counter(
        each.action_id
        for record in load_requests(room.database, None)
        for each in record.actions
        if each.state.value in _SENT
    )
    assert len(room.frames) == sent.total()


def _resume(room: SteppedTrial, run_id: str) -> None:
    """Somebody who may resumes the run, unless an outcome must be looked up first."""
    roles = sorted({role for each in room.runs[run_id].requests for role in _roles(room, each)})
    try:
        room.people.order_run(run_id, "resume", OPERATORS[0], roles or ["operator"])
    except GuardrailError:
        assert tags_of_run(room.database, run_id)


def _roles(room: SteppedTrial, request_id: str) -> list[str]:
    return list(room.people.record(request_id).request.roles)
