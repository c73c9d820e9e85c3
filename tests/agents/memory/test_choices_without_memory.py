"""What agents remember informs people: without it they choose and ask as before."""

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import pytest

import handwheel
from handwheel.connectors.model.site import Site
from handwheel.playbooks.language.loader import Playbook
from handwheel.sim_plant.cw100.plant import create
from handwheel.sim_plant.scenario import FaultEvent
from handwheel.tools.guardrails.ledger.store.database import Database

from ...sites.cw100 import make_site

DELETED = ("handwheel.agents.memory",)
IMPORTED_ANEW = ("handwheel.agents", "handwheel.evaluation")
TRIPPED = FaultEvent("F10", 5.0, {"pump": "P-101A"})


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return make_site(tmp_path_factory.mktemp("site"))


@contextmanager
def _deleted_memory() -> Generator[None]:
    """Imports agents and room anew, where nothing of the memory can be imported."""
    kept = {name: each for name, each in sys.modules.items() if name.startswith(IMPORTED_ANEW)}
    folders = {each: getattr(handwheel, each) for each in ("agents", "evaluation")}
    for name in kept:
        del sys.modules[name]
    modules: dict[str, Any] = sys.modules
    modules.update(dict.fromkeys(DELETED))  # an import of one that is `None` raises
    try:
        for name in DELETED:
            with pytest.raises(ModuleNotFoundError):
                import_module(name)
        yield
    finally:
        for name in [each for each in sys.modules if each.startswith(IMPORTED_ANEW)]:
            del sys.modules[name]
        sys.modules.update(kept)
        for each, folder in folders.items():
            setattr(handwheel, each, folder)


async def _played(site: Site, library: Sequence[Playbook]) -> list[object]:
    """Choices, reasons and requests of a pump that trips."""
    room_type = import_module("handwheel.evaluation.trial.stepped").SteppedTrial
    own = [each for each in library if "pump" in each.id]  # the others cost only time
    async with room_type.open(site, create, seed=1, faults=[TRIPPED], library=own) as room:
        room.scan_s = 5.0
        await room.run_for(30.0)
        (case,) = room.cases.values()
        (waiting,) = room.waiting
        wanted = [(each.tag, each.value) for each in waiting.request.commands]
        return [
            case.condition,
            dict(case.judgement) | {"run_id": ""},
            wanted,
            _kinds(room.database),
        ]


def _kinds(database: Database) -> list[str]:
    return [str(row.fields["kind"]) for row in database.journal()]


async def test_agents_without_memory_choose_and_ask_as_with_it(
    site: Site, library: Sequence[Playbook]
) -> None:
    with_memory = await _played(site, library)
    with _deleted_memory():
        without = await _played(site, library)
    assert without == with_memory
