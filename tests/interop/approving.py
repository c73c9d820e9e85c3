"""Writes to a device that we did not write, approved by people and sent by a gate."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from handwheel.connectors.model.site import Site, load_site
from handwheel.sim_plant.link.framing import Framing
from handwheel.sim_plant.link.proxy import LinkProxy
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState

from ..gate.testbed.served import World
from ..sites.on_disk import PEOPLE, enrolled, known_site
from ..sites.people import key_id
from .servers import ForeignServer, site

SECRET = "PEER_SECRET"
ACCOUNT = f'write: {{user: gate, secret: "env:{SECRET}"}}'
_POLICY = """\
schema: policy/1
roles: {operator: {}, shift-supervisor: {acts_as: [operator]}}
allow:
"""
_RULE = "class: R2, roles: [operator], cooldown: 1 ms, commissioned: {by: us, on: 2026-11-24}"
_NUMBERS = {"int", "float"}
_LIMITS = f"limits: {-(2**63)} .. {2**64 - 1}, "


class ForeignWorld(World):
    """A site with the connection `peer` to a foreign device, its people, and a gate.

    Attributes:
        link: The proxy on the way to the device.
        sent: Everything that went to the device, in its units, until the link was mended.
    """

    link: LinkProxy

    def __init__(
        self, folder: Path, patch: pytest.MonkeyPatch, connection: str, tags: Mapping[str, str]
    ) -> None:
        self._connection, self._tags = connection, tags
        self.sent: list[bytes] = []
        folder.with_name("frames.jsonl").touch()  # a foreign device keeps no such log
        super().__init__(folder, cast(Any, None), patch)

    def _write(self, folder: Path) -> None:
        folder.mkdir()
        more = ", writable: true, readback: self, within: 2 s"
        site(folder, self._connection, {name: entry + more for name, entry in self._tags.items()})
        self.site = load_site(folder)
        self.enrol(*(enrolled(self.site, person) for person in PEOPLE))
        trust = f'trust: {{root: "{key_id("root")}"}}'
        self.edit("site.yaml", "tags: tags.yaml", f"{trust}\ntags: tags.yaml")
        rules = [
            f"  - {{tags: [{tag.name}], {_LIMITS if tag.kind in _NUMBERS else ''}{_RULE}}}\n"
            for tag in self.site.tags.values()
        ]
        (folder / "policy.yaml").write_text("".join([_POLICY, *rules]), encoding="utf-8")
        self.site = known_site(folder)

    def _read(self, folder: Path) -> Site:
        return known_site(folder)  # its device is no plant in memory

    async def write_all(self, values: Mapping[str, str]) -> None:
        """Lets a person approve all writes at one card; each goes in exactly one frame."""
        record, card = await self.ask(*(f"{name}.pv={text}" for name, text in values.items()))
        assert self.approve(record, card) is RequestState.APPROVED
        for number, action in enumerate(record.request.commands, 1):
            end = await self.end(record, number)
            assert end.action is ActionState.VERIFIED, end
            wire = bytes.fromhex(action.wire)
            assert sum(unit.count(wire) for unit in self.sent) == 1, action.tag


@asynccontextmanager
async def foreign_world(
    folder: Path,
    server: ForeignServer,
    connection: str,
    tags: Mapping[str, str],
    framing: Framing,
) -> AsyncGenerator[ForeignWorld]:
    """Starts a gate for a server, whose port `connection` names as PORT."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SECRET, "secret")
        async with LinkProxy(server.port, framing) as link:
            there = connection.replace("PORT", str(link.port))
            world = ForeignWorld(folder / "site", patch, there, tags)
            world.link = link

            def note(unit: bytes) -> bytes:
                world.sent.append(unit)
                return unit

            link.alter(note, "up")
            await world.start()
            try:
                yield world
            finally:
                await world.stop()
