"""A request under the name of a released playbook that is not what was released."""

import json
import re
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any

import pytest

from handwheel.connectors.model.site import LOCK_FILE, Site
from handwheel.hmi.requests.cards.card_text import render_card
from handwheel.tools.guardrails.approval.session import current_card
from handwheel.tools.guardrails.ledger.lifecycle import move_request
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.guardrails.signatures.playbooks_lock import (
    ReleasedBinding,
    ReleasedWrite,
    Unsigned,
)
from handwheel.tools.requests.request import ActionRequest

from ...attacks.cases import tried
from ...sites.released import BY_HAND, signed, write_lock
from ..testbed.runner import RUN, SAFE, Runner, command, recovery, wires

NAME, VERSION, DIGEST, ROLES = BY_HAND
WRITES = (
    ReleasedWrite(step="set", tag="PIC-102.sp", range=[355.0, 360.1]),
    ReleasedWrite(step="undo:back", tag="PIC-102.sp", value=350.1),
    ReleasedWrite(step="back", tag="P-101B.run_cmd", value=True),
)
RELEASE = Unsigned(
    id=NAME, version=VERSION, digest=DIGEST,
    bindings=[ReleasedBinding(roles=ROLES, writes=list(WRITES))],
)  # fmt: skip
# Values that the device rounds to 32 bits.
SETPOINT, SETPOINT_BACK = ("PIC-102.sp", 360.1), ("PIC-102.sp", 350.1)
Parts = Mapping[str, Any]


@pytest.fixture
def lock(runner: Runner) -> Generator[Path]:
    """The site's lock, in which the playbook is released with three writes alone."""
    path = runner.room.site.root / LOCK_FILE
    before = path.read_text("utf-8")
    write_lock(runner.room.site, [signed(runner.room.site, RELEASE)])
    yield path
    path.write_text(before, "utf-8")


def asked(
    site: Site,
    write: tuple[str, Any] = SETPOINT,
    step: str = "set",
    back: tuple[str, Any] = SETPOINT_BACK,
    safe: tuple[str, Any] = SAFE,
    **run: Any,
) -> Parts:
    """A segment of the playbook; by default what was released."""
    return {
        "run": RUN.model_copy(update=run), "commands": (command(site, write, step=step),),
        "recovery": (recovery(site, back, 0), recovery(site, safe)), "evidence": (),
    }  # fmt: skip


def filed(runner: Runner, key: str, **parts: Any) -> ActionRequest:
    """What a process files that says it is R2, past everything that looks at it first."""
    segment = runner.segment(**asked(runner.room.site, **parts), proposal_key=key * 16)
    request, denial = runner.made(segment)
    assert (request.risk_class, request.quorum, denial) == ("R2", 1, None)
    runner.room.force_filed(request)
    return request


async def sent(runner: Runner, request: ActionRequest, *people: str) -> bool:
    """Whether the gate sends the command for these signatures, whatever the ledger says."""
    before = len(runner.room.wires)
    runner.room.note(request, *people)
    runner.room.desk.approve(request, *people)
    if runner.state(request) != "APPROVED":
        with runner.room.desk.database.transaction(runner.room.clock.now()) as transaction:
            move_request(transaction, request.request_id, RequestState.APPROVED, "forged")
    await runner.carry_out(request, "c1")
    return runner.room.wires[before:] == wires(request, "c1")


FORGED: Mapping[str, tuple[Parts, str]] = {
    "released": ({}, ""),
    "another value": ({"write": ("PIC-102.sp", 362.0)}, "step set of .* PIC-102.sp = 362 kPa"),
    "another step": ({"step": "trim"}, "step trim of cw/change-over does not write"),
    "another undo": ({"back": ("PIC-102.sp", 340.0)}, "step undo:back of .* = 340 kPa"),
    "another safe state": ({"safe": ("P-101B.run_cmd", False)}, "step back of .* = false"),
    "another digest": ({"digest": "e" * 64}, "has the digest e{16}, and .* 1.0.0 with d{16}"),
    "another version": ({"version": "1.0.1"}, "cw/change-over 1.0.1 has the digest d"),
    "another name": ({"playbook": "cw/tidy"}, "cw/tidy .* is not in playbooks.lock"),
    "other equipment": ({"parameters": {"duty": "P-101B"}}, "not released for duty = P-101B"),
}


@pytest.mark.parametrize(
    ("parts", "why"), tried(FORGED, dict.fromkeys(FORGED, "A21"))
)  # fmt: skip
async def test_a_plan_that_nobody_released_needs_two(
    runner: Runner, lock: Path, parts: Parts, why: str
) -> None:
    room, request = runner.room, filed(runner, "a", **parts)
    context, record = room.desk.decision_context, room.desk.record(request.request_id)
    card = current_card(context, record, room.clock.now())
    head = "\n".join(render_card(card)[:2])
    is_shown = "UNRELEASED PLAN by playbook runner" in head
    assert (is_shown, card.risk_class, card.quorum) == (
        (True, "R3", 2) if why else (False, "R2", 1)
    )
    assert ("cw/change-over" in head) is not bool(why)
    assert await sent(runner, request, "anna") is not bool(why)
    if why:
        assert "not enough people have approved; the plan is not released" in runner.reason(
            request, "c1"
        )
        assert re.search(why, card.unreleased)
        assert await sent(runner, filed(runner, "b", **parts), "anna", "gina")


def without_entry(lock: Path) -> None:
    lock.write_text(json.dumps({"schema": "playbooks.lock/1", "playbooks": []}))


def edited(lock: Path) -> None:
    lock.write_text(lock.read_text().replace("[355.0, 360.1]", "[355.0, 361.0]"))


def in_another_name(lock: Path) -> None:
    lock.write_text(lock.read_text().replace('"boss"', '"anna"'))


def damaged(lock: Path) -> None:
    lock.write_text(lock.read_text()[:-20])


LOCKS: Mapping[str, tuple[Callable[[Path], object], str]] = {
    "as it was": (Path.exists, ""),
    "entry removed": (without_entry, "is not in playbooks.lock"),
    "file removed": (Path.unlink, "is not in playbooks.lock"),
    "edited": (edited, "its signature does not fit"),
    "in another name": (in_another_name, "anna is not enrolled with the key that signed it"),
    "damaged": (damaged, "playbooks.lock releases nothing: "),
}


@pytest.mark.parametrize(("alter", "why"), tried(LOCKS, dict.fromkeys(LOCKS, "A21")))
async def test_a_release_is_looked_at_when_it_is_sent(
    runner: Runner, lock: Path, alter: Callable[[Path], object], why: str
) -> None:
    request = runner.file(*runner.made(runner.segment(**asked(runner.room.site))))
    assert (request.risk_class, request.quorum) == ("R2", 1)
    runner.approve(request)
    alter(lock)
    await runner.carry_out(request, "c1")
    assert runner.room.wires == ([] if why else wires(request, "c1"))
    assert why in runner.reason(request, "c1")


async def test_a_release_meanwhile_lets_an_undo_go(runner: Runner, lock: Path) -> None:
    request = runner.file(*runner.made(runner.segment(**asked(runner.room.site))))
    runner.approve(request)
    await runner.carry_out(request, "c1")
    without_entry(lock)
    await runner.carry_out(request, "r1")
    assert runner.room.wires == wires(request, "c1", "r1")
    later = runner.segment(**asked(runner.room.site), proposal_key="another segment 2")
    asked_now = runner.file(*runner.made(later))
    assert (asked_now.risk_class, asked_now.quorum) == ("R3", 2)
