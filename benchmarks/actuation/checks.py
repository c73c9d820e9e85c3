"""Costs of the gate's own checks, for an agent's request with one signature."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from handwheel.connectors.actuation.device_writer import DeviceWriter, WriteEncoder
from handwheel.connectors.actuation.write_session import WriteSession, open_write_session
from handwheel.connectors.model.site import Site
from handwheel.hmi.shell.cli.gc_freeze import freeze_heap
from handwheel.tools.guardrails.approval.plant_snapshot import GateLedger
from handwheel.tools.guardrails.gate.state.execution import Execution, GateContext
from handwheel.tools.guardrails.gate.steps.all_steps import STEPS
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.interlocks.lockout_files import make_lockout_folder
from handwheel.tools.guardrails.ledger.intents import start_epoch
from handwheel.tools.guardrails.ledger.records import load_exactly
from handwheel.tools.guardrails.policy.cross_limits import cross_limits
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.requests.timestamps import instant_now

from .desk import open_desk
from .site import PUMP, SETPOINT, People, encoder

# check_gate goes before, and open_device and check_plant wait for a device.
OWN = ("check_request", "check_signatures", "check_validity", "check_policy",
       "check_configuration", "check_interlocks", "check_encoding")  # fmt: skip
_TIMES = 40  # so often in each repeat


def rows(site: Site, people: People, repeats: int) -> list[tuple[str, str]]:
    """Returns the checks as a multiple of one verification of an Ed25519 signature."""
    found: list[tuple[str, str]] = []
    with open_desk(site, people) as desk, gate_context(desk.decision_context) as context:
        for tag, protocol in ((PUMP, "Modbus"), (SETPOINT, "OPC UA")):
            request = desk.file_for_agent(first=tag)
            desk.approve(request)
            times = asyncio.run(_times(context, request.request_id, repeats))
            found += _figures(protocol, times)
    return found


@contextmanager
def gate_context(decision_context: DecisionContext) -> Generator[GateContext]:
    """Opens a gate context without its two tasks, so that steps can be timed one by one."""
    site = decision_context.site
    database = cast(GateLedger, decision_context.database)  # this process has the file open
    make_lockout_folder(site.state)
    yield GateContext(
        site, decision_context.policy, cross_limits(site, decision_context.policy), database,
        start_epoch(database, instant_now()), instant_now, lambda: load_roster(site),
        open_write_session,
    )  # fmt: skip


async def _times(context: GateContext, name: str, repeats: int) -> dict[str, float]:
    """Returns the seconds of one verification, of loading the request, and of each check."""
    checks = [each for each in STEPS if each.__name__ in OWN]
    assert len(checks) == len(OWN)
    private = Ed25519PrivateKey.generate()
    message = b"x" * 800  # as long as a decision
    signature, public = private.sign(message), private.public_key()
    freeze_heap()  # as the gate does
    samples: dict[str, list[float]] = {what: [] for what in ("verify", "load", *OWN)}
    for _ in range(repeats * _TIMES):
        start = perf_counter()
        public.verify(signature, message)
        samples["verify"].append(perf_counter() - start)
        start = perf_counter()
        record = load_exactly(context.database, name)
        samples["load"].append(perf_counter() - start)
        execution = Execution(context, record, record.request.commands[0])
        execution.write_session = _write_session(execution)
        for check in checks:
            start = perf_counter()
            await check(execution)
            samples[check.__name__].append(perf_counter() - start)
    return {what: median(series) for what, series in samples.items()}


def _write_session(execution: Execution) -> WriteSession:
    """Returns an open write session without a device."""
    simulated = encoder(execution.context.site, execution.action.connection)
    return WriteSession(cast(DeviceWriter, None), cast(WriteEncoder, simulated), [execution.tag])


def _figures(protocol: str, times: dict[str, float]) -> list[tuple[str, str]]:
    verify_s, load_s = times.pop("verify"), times.pop("load")
    what = f"actuation: checks 2 to 7 and 10, {protocol}"
    costly = sorted(times.items(), key=lambda item: -item[1])
    return [
        (f"{what}, at most 4.0 Ed25519 verifications", _in(verify_s, sum(times.values()))),
        (f"{what}, loading the request", _in(verify_s, load_s)),
        *((f"{what}: {name}", _in(verify_s, seconds)) for name, seconds in costly),
    ]


def _in(verify_s: float, seconds: float) -> str:
    return f"{seconds / verify_s:.1f} ({1e6 * seconds:.0f} us)"
