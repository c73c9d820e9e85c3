"""Gate and agents go on working while the ledger cannot be read."""

import asyncio
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from handwheel.hmi.processes import serve as serve_module
from handwheel.hmi.processes.serve import serve
from handwheel.hmi.shell.cli.ledger_wait import GateWatch
from handwheel.tools.errors import LedgerError, LedgerReplaced, NoGate
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.requests.timestamps import instant_now

from ...plants.devices.misbehaving import eventually

Printed = Callable[[], tuple[str, str]]


@contextmanager
def printed_to(folder: Path) -> Generator[Printed]:
    """Makes output and error files, since `capfd` loses what is written as it is read.

    A fixture cannot do it, because pytest sets both anew as the test begins.
    """
    out, err = folder / "stdout", folder / "stderr"
    with out.open("w") as stdout, err.open("w") as stderr, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", stdout)
        patch.setattr(sys, "stderr", stderr)
        yield lambda: (out.read_text("utf-8"), err.read_text("utf-8"))


async def test_a_ledger_that_cannot_be_read_or_waited_for_ends_nobody_and_its_rows_are_told_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    def busy(*_: object, **__: object) -> None:
        nonlocal tries
        tries += 1
        raise LedgerError("the gate does not answer")

    with Database(tmp_path, "cooling") as database, printed_to(tmp_path) as printed:
        serving = asyncio.create_task(
            serve(asyncio.sleep(30.0), database, lambda row: str(row.fields["kind"]))
        )
        await asyncio.sleep(0.05)
        with monkeypatch.context() as patch:
            patch.setattr(database, "journal", busy)
            patch.setattr(serve_module, "wait_for_change_async", busy)
            with database.transaction(instant_now()) as transaction:
                transaction.record("note", "1", {})
            await asyncio.sleep(0.3)
        assert tries > 0
        await eventually(lambda: printed() == ("note\n", ""))
        assert not serving.done()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def test_a_ledger_that_was_replaced_ends_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def wait(*_: object) -> None:
        raise LedgerReplaced("another one")

    monkeypatch.setattr(serve_module, "wait_for_change_async", wait)
    with Database(tmp_path, "cooling") as database, pytest.raises(LedgerReplaced):
        await asyncio.wait_for(serve(asyncio.sleep(60.0), database, str), 30.0)


@pytest.mark.parametrize("fault", [KeyError("epoch"), RuntimeError("a bug"), None])
async def test_a_fault_in_telling_is_told_once_and_ends_nobody(
    tmp_path: Path, fault: Exception | None
) -> None:
    """The rows behind it are told, and the work comes to its own end."""

    def show(row: JournalRow) -> str:
        if fault is not None and row.fields["subject"] in {"2", "3"}:
            raise fault
        return str(row.fields["subject"])

    is_done = asyncio.Event()

    async def work() -> None:
        await is_done.wait()

    with Database(tmp_path, "cooling") as database, printed_to(tmp_path) as printed:
        serving = asyncio.create_task(serve(work(), database, show))
        await asyncio.sleep(0.05)
        for number in "1234":
            with database.transaction(instant_now()) as transaction:
                transaction.record("note", number, {})

        def is_told() -> bool:
            out, err = printed()
            return "4" in out and ("cannot be printed" in err) is (fault is not None)

        await eventually(is_told)
        assert not serving.done()
        is_done.set()
        await serving
        out, err = printed()
    assert out.split() == (["1", "2", "3", "4"] if fault is None else ["1", "4"])
    told = err.splitlines()
    assert len(told) == (fault is not None)
    if fault is not None:
        words = f"at row 3 ({type(fault).__name__}: {fault}); the process continues"
        assert words in told[0]


async def test_what_the_work_does_first_is_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with Database(tmp_path, "cooling") as database:
        with database.transaction(instant_now()) as transaction:
            transaction.record("note", "before", {})

        async def work() -> None:
            with database.transaction(instant_now()) as transaction:
                transaction.record("note", "first", {})
            await asyncio.sleep(30.0)

        serving = asyncio.create_task(
            serve(work(), database, lambda row: str(row.fields["subject"]))
        )
        told: list[str] = []

        def is_told() -> bool:
            told.append(capfd.readouterr().out)
            return "".join(told) == "first\n"

        await eventually(is_told)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def test_work_that_fails_still_ends_it(tmp_path: Path) -> None:
    async def work() -> None:
        raise LedgerError("it cannot go on")

    with (
        Database(tmp_path, "cooling") as database,
        pytest.raises(LedgerError, match="it cannot go on"),
    ):
        await serve(work(), database, lambda row: row.hash)


def test_a_gate_that_goes_or_is_back_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    ledger = SimpleNamespace(is_cut_off=False)
    watch, told = GateWatch(ledger, "no row comes"), list[str]()
    for ledger.is_cut_off in (False, True, True, False):
        watch.tell()
        told.append(" ".join(capsys.readouterr().err.split()))
    gone = f"handwheel: {NoGate('no row comes')}"
    assert told == ["", gone, "", "handwheel: the gate is back"]
