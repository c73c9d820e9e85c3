"""Somebody who may write into the state folder makes the gate write into no other file."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.connectors.model.site import Site
from handwheel.tools.errors import GuardrailError, LedgerError
from handwheel.tools.guardrails.gate.gate import open_gate
from handwheel.tools.guardrails.ledger.store.database import Database

from ..testbed.terminals import giving


def test_anchors_that_are_a_link_are_refused_before_anything_is_recorded(tmp_path: Path) -> None:
    victim, anchors = tmp_path / "operators.yaml", tmp_path / "ledger" / "anchors"
    anchors.parent.mkdir(mode=0o700)
    victim.write_text("precious")
    anchors.symlink_to(victim)
    with pytest.raises(LedgerError, match="anchors: "):
        Database(tmp_path, "cw-demo")
    assert victim.read_text() == "precious"
    anchors.unlink()
    with Database(tmp_path, "cw-demo") as database:
        assert len(database.anchors.lines()) == 1


@pytest.mark.parametrize("is_ours", [False, True])
def test_a_shared_folder_must_be_the_gates_own(
    memory_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_ours: bool
) -> None:
    """Whoever owns it could put files of theirs in the place of the gate's."""
    site, me = replace(memory_site, state=tmp_path), os.geteuid()
    tmp_path.chmod(0o2770)
    monkeypatch.setattr(os, "geteuid", giving(me if is_ours else me + 1))

    async def started() -> None:
        async with open_gate(site):
            pass

    if not is_ours:
        with pytest.raises(GuardrailError, match="is shared by its group and belongs to"):
            asyncio.run(started())
        assert list(tmp_path.iterdir()) == []
    else:
        asyncio.run(started())
