"""Site of Handwheel with gate, agents, and people at a terminal of their own.

As docs/how-to/approve-a-write.md says. The script signs without a terminal, which the site's
policy allows on a simulator only.
"""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Any, Self

from ..running_site import HANDWHEEL, Place, serving
from .plant import Plant

_PEOPLE = {"rosa": "administrator", "anna": "operator", "ben": "operator"}
_POLICY = {
    "unattended: never": "unattended: simulated",
    # so that neither pace nor step of a write stops what an approval should
    "max_step: 20 kPa, rate: 30 kPa/min, cooldown: 60 s": "max_step: 200 kPa, cooldown: 10 ms",
}


class Desk:
    """Site that runs while the context is open.

    Args:
        folder: Empty.
        plant: Plant that the site is for.
    """

    def __init__(self, folder: Path, plant: Plant) -> None:
        self._folder, self._plant = folder, plant
        self._copies = 0
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._folder.mkdir()
        _make_site(Place(self._folder), self._plant)
        self.renew()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def renew(self) -> None:
        """Starts gate and agents on a new copy of the site, in which nothing is open."""
        self._stack.close()
        self._copies += 1
        copy = self._folder.with_name(f"{self._folder.name}-{self._copies}")
        shutil.copytree(self._folder, copy)
        self.place = place = Place(copy)
        self._gate = self._served("gate")
        place.run("authority", "give", "site", "--for", "10h", "--as", "anna", *place.signed())
        self._served("run")

    def waiting(self) -> Sequence[Mapping[str, Any]]:
        """Returns the requests that wait, as the person's terminal shows them."""
        found: Sequence[Mapping[str, Any]] = json.loads(
            self.place.run("requests", "list", "--json")
        )
        return found

    def states(self, requests: Sequence[Mapping[str, Any]]) -> set[str]:
        """Returns the states of all actions of requests."""
        shown = [
            json.loads(self.place.run("requests", "show", each["request_id"], "--json"))
            for each in requests
        ]
        return {action["state"] for each in shown for action in each["actions"]}

    def sign(self, requests: Sequence[Mapping[str, Any]]) -> list[Popen[str]]:
        """Starts a command for each request, by which Ben approves what he has read."""
        words = [*HANDWHEEL, "requests", "approve", "--as", "ben", *self.place.signed()]
        return [
            Popen(
                [*words, each["request_id"], "--digest", each["digest"]],
                env=self.place.environment, stdout=DEVNULL, stderr=subprocess.PIPE, text=True,
            )
            for each in requests
        ]  # fmt: skip

    def kill_gate(self) -> None:
        """Kills the gate, and starts another one."""
        self._gate.kill()
        self._gate.wait()
        self._gate = self._served("gate")

    def clear(self) -> None:
        """Lets Ben approve what is left of a trial, so that nothing waits."""
        left = self.waiting()
        if left:
            self._plant.begin()
            for each in self.sign(left):
                each.communicate()

    def _served(self, word: str) -> Popen[str]:
        command = (*HANDWHEEL, word, "--json")
        return self._stack.enter_context(serving(*command, environment=self.place.environment))


def _make_site(place: Place, plant: Plant) -> None:
    ports = [
        word
        for name in ("opcua", "modbus", "modbus_gate")
        for word in (f"--{name.replace('_', '-')}-port", str(plant.ports[name]))
    ]
    place.run("init", str(place.site), *ports)
    shutil.copy(plant.secret, place.site / "secrets/dcs-gate")
    policy = place.site / "policy.yaml"
    text = policy.read_text(encoding="utf-8")
    for old, new in _POLICY.items():
        assert old in text
        text = text.replace(old, new)
    policy.write_text(text, encoding="utf-8")
    for name, role in _PEOPLE.items():
        issuer = () if name == "rosa" else ("--issuer-passphrase-file", str(place.passphrase))
        place.run("operators", "enroll", name, "--role", role, *place.signed(), *issuer)
