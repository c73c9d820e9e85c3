"""The open62541 client `uaprobe`, a session a call."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..plants.served import GATE_SECRET
from .clients import Plant, answers, compiled

VALUE = 13
VARIABLE = 2

_NEEDS = """\
#include <open62541/client.h>
#if UA_OPEN62541_VER_MAJOR != 1 || UA_OPEN62541_VER_MINOR < 4
#error
#endif
"""


@dataclass(frozen=True)
class Reading:
    status: str
    type: str
    value: Any


@dataclass(frozen=True)
class OpcuaClient:
    """One that has no name until `as_user` gives it one."""

    program: Path
    endpoint: str
    account: tuple[str, ...] = ()

    def as_user(self, name: str, password: str) -> "OpcuaClient":
        return replace(self, account=(name, password))

    def connect(self) -> str:
        """How the server answers when a session is activated."""
        return answers([self.program, self.endpoint, *self.account], [])[0]

    def browse(self) -> dict[str, int]:
        """Every node that any references lead to from Root, with its class."""
        rows = (line.split("\t") for line in self._list("browse\ti=84"))
        return {node: int(kind) for node, kind in rows}

    def read(self, places: Iterable[tuple[str, int]]) -> list[Reading]:
        return [
            Reading(status, kind, json.loads(text).get("Body"))
            for status, kind, text in (
                line.split("\t") for line in self.tell(f"read\t{n}\t{a}" for n, a in places)
            )
        ]

    def nudge(self, places: Iterable[tuple[str, int]]) -> list[str]:
        """Writes another value of the right type to each of these attributes."""
        return self.tell(f"nudge\t{node}\t{attribute}" for node, attribute in places)

    def write(self, rows: Iterable[tuple[str, str, str]]) -> list[str]:
        """Writes nodes' values, given with their type and as JSON."""
        return self.tell(f"write\t{n}\t{VALUE}\t{kind}\t{text}" for n, kind, text in rows)

    def services(self, command: str, node: str) -> dict[str, str]:
        rows = (line.split("\t") for line in self._list(f"{command}\t{node}"))
        return {name.removesuffix("Request"): status for name, status in rows}

    def tell(self, commands: Iterable[str]) -> list[str]:
        told = list(commands)
        got = self._answers(told)
        assert len(got) == len(told)
        return got

    def _list(self, command: str) -> Sequence[str]:
        *rows, dot = self._answers([command])
        assert dot == "."
        return rows

    def _answers(self, commands: Sequence[str]) -> list[str]:
        status, *rest = answers([self.program, self.endpoint, *self.account], commands)
        assert status == "Good"
        return rest


def viewer_of(plant: Plant, folder: Path) -> OpcuaClient:
    sources = ("uaprobe.c", "uaservices.c", "uacommon.c")
    program = compiled(folder, "uaprobe", _NEEDS, sources=sources, library="open62541")
    return OpcuaClient(program, plant.endpoint)


def uaevents(folder: Path) -> Path:
    sources = ("uaevents.c", "uacommon.c")
    return compiled(folder, "uaevents", _NEEDS, sources=sources, library="open62541")


def gate_of(viewer: OpcuaClient) -> OpcuaClient:
    return viewer.as_user("gate", GATE_SECRET)
