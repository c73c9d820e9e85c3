"""Gate and agents go on working while the ledger cannot be read."""

import asyncio
from pathlib import Path

import pytest

from handwheel.hmi.serving import serve
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.database import Database
from handwheel.tools.requests.stamps import instant_now

from ..connectors.devices import eventually


@pytest.mark.parametrize("is_busy", [True, False])
async def test_a_busy_ledger_ends_nobody_and_its_rows_are_told_later(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    is_busy: bool,
) -> None:
    tries = 0

    def busy(*_: object, **__: object) -> None:
        nonlocal tries
        tries += 1
        raise LedgerError("another process has held it for 5 s")

    with Database(tmp_path, "cooling") as database:
        serving = asyncio.create_task(
            serve(asyncio.sleep(30.0), database, lambda row: str(row.fields["kind"]), tmp_path)
        )
        await asyncio.sleep(0.05)
        with monkeypatch.context() as patch:
            if is_busy:
                patch.setattr(database, "journal", busy)
            with database.transaction(instant_now()) as transaction:
                transaction.record("gate.started", "1", {})
            await asyncio.sleep(0.3)
        assert (tries > 0) is is_busy
        told = ""

        def is_told() -> bool:
            nonlocal told
            told += capfd.readouterr().out
            return told == "gate.started\n"

        await eventually(is_told)
        assert not serving.done()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
