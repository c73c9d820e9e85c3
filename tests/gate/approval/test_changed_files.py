"""A file of the site changes after the approval: nothing is sent, and everybody is told."""

import re

import pytest

from handwheel.tools.errors import PermitRefused

from ..testbed.served import World

START = "P-101B.run_cmd=true"
CHANGED = "{} was changed since the request was made: ask again"
STALE_GATE = "{} was changed, and the gate still has the old one: stop it; next: handwheel gate"


@pytest.mark.parametrize(
    "file",
    [
        "site.yaml",
        pytest.param("tags.yaml", marks=pytest.mark.way_in("C8")),
        pytest.param("policy.yaml", marks=pytest.mark.way_in("C9")),
    ],
)
async def test_a_file_that_changes_after_the_approval_stops_it(world: World, file: str) -> None:
    """Whoever is asked, or asks, is told of it before they sign."""
    waiting, record = await world.propose("PIC-102.sp=355"), await world.approved(START)
    world.edit(file, r"\Z", "# as before\n")
    told, stale = CHANGED.format(file), STALE_GATE.format(file)
    assert await world.stopped(record) == f"{told}; {stale}"
    world.reload()
    assert f"{told}; {stale}" in world.card(waiting).problems
    with pytest.raises(PermitRefused, match=f"^{re.escape(stale)}$"):
        await world.propose(START)
    await world.stop()
    await world.start()
    assert told in world.card(waiting).problems  # it was asked for with the file of before
    await world.go_through(START)
