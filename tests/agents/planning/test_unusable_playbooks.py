"""A playbook that names what is not there is left out: nothing of it is ever asked for."""
# What `handwheel run` loads is loaded as it loads it.
# pyright: reportPrivateUsage=false

from dataclasses import replace

import pytest

from handwheel.hmi.processes.agents import valid_playbooks
from handwheel.playbooks.language.libraries import library_folder

from ..testbed.nested_playbooks import INNER, OUTER
from ..testbed.stepped_agents import START_B, AgentsRoom

LISTED = "write: {standby.run_cmd: true}"
WRITTEN = {
    "as it is listed": (LISTED, ""),
    "an attribute of nobody": ("write: {standby.run_cmdd: true}", "run_cmdd"),
    "a pump of nobody": ("write: {P-101C.run_cmd: true}", "P-101C"),
    "a safety tag": ("write: {I-01.active: false}", "I-01.active"),
}


@pytest.mark.way_in("A10")
@pytest.mark.parametrize("name", WRITTEN)
async def test_a_playbook_with_a_tag_that_is_not_listed_files_nothing(
    idle: AgentsRoom, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    written, told = WRITTEN[name]
    start_with(idle, written)
    said = capsys.readouterr().err
    if written == LISTED:  # it is asked for, and moves the pump
        await idle.start_agents()
        await idle.approved(1)
        assert (idle.frames, said) == ([START_B], "")
        return
    assert idle.library == []
    assert all("left out" in line and told in line for line in said.splitlines()), said
    await idle.start_agents()
    await idle.scan(90)
    assert (idle.runs(), idle.requests(), idle.frames) == ([], [], [])


def start_with(room: AgentsRoom, written: str) -> None:
    """Lets the site have one playbook: the change-over, that writes this."""
    text = (library_folder() / "cw" / "pump-bearing-changeover.yaml").read_text("utf-8")
    text = text.replace("within: 10 s}", "within: 15 s}")  # this site is read every 5 s
    assert LISTED in text
    file = room.site.state / "change-over.yaml"
    file.write_text(text.replace(LISTED, written, 1), encoding="utf-8")
    room.library = valid_playbooks(replace(room.site, playbooks=(str(file.parent),)))


async def test_a_playbook_that_runs_what_is_left_out_is_left_out(
    idle: AgentsRoom, capsys: pytest.CaptureFixture[str]
) -> None:
    state = idle.site.state
    (state / "outer.yaml").write_text(OUTER, encoding="utf-8")
    for inner, ids in ((INNER, ["test/inner", "test/outer"]), (INNER.replace("kPa", "degC"), [])):
        (state / "inner.yaml").write_text(inner, encoding="utf-8")
        found = valid_playbooks(replace(idle.site, playbooks=(str(state),)))
        assert [each.id for each in found] == ids
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.endswith("test/outer: it runs test/inner, which is left out")
