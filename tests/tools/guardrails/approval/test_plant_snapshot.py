"""The gate's picture as a file: whose it is where several users share it, and when it is over."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.tools.guardrails.approval.plant_snapshot import (
    PlantSnapshot,
    make_snapshot,
    read_snapshot,
    write_snapshot,
)

from ....gate.testbed.with_oracle import Watched
from ....sites.in_memory import make_site
from ....sites.signed_requests import NOW


def _picture(folder: Path) -> PlantSnapshot:
    return make_snapshot(1, frozenset(), make_site(folder), {}, NOW)


@pytest.mark.parametrize(("mode", "rights"), [(0o2770, 0o640), (0o700, 0o600)])
def test_in_a_shared_folder_the_group_may_read_it_and_nobody_else_may_put_one_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, rights: int
) -> None:
    state = tmp_path / "var"
    state.mkdir()
    state.chmod(mode)
    umask = os.umask(0o077)
    try:
        write_snapshot(state, _picture(tmp_path))
    finally:
        os.umask(umask)
    assert (state / "picture.json").stat().st_mode & 0o777 == rights
    assert read_snapshot(state, NOW) == _picture(tmp_path)
    found = os.fstat

    def of_another(file: int) -> os.stat_result:
        fields = list(found(file))
        fields[4] += 1  # st_uid
        return os.stat_result(fields)

    monkeypatch.setattr(os, "fstat", of_another)
    assert (read_snapshot(state, NOW) is None) == (mode == 0o2770)


def test_a_picture_of_before_a_restart_shows_nothing(spare: Watched) -> None:
    readings = spare.plant.read([spare.site.tags["PT-102.pv"]])
    now = spare.clock.now()
    picture = make_snapshot(1, frozenset(), spare.site, readings, now)
    assert picture.data_values(now)["PT-102.pv"].scalar == 349.0
    assert picture.data_values(replace(now, boot_id="another")) == {}
