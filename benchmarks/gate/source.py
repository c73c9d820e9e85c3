"""Gate that also records a row for each line of its input, and prints when it was committed.

`python -m benchmarks.gate.source SITE`. The time is of a clock that all processes share.
"""

import asyncio
import json
import sys
from pathlib import Path
from time import perf_counter

from handwheel.connectors.model.site import load_site
from handwheel.tools.guardrails.gate.gate import Gate, open_gate
from handwheel.tools.guardrails.gate.server.ledger_server import LedgerServer


async def _answer(gate: Gate) -> None:
    loop, lines = asyncio.get_running_loop(), asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while await lines.readline():
        with gate.ledger.transaction() as transaction:
            row = transaction.record("bench.noted", "bench", {"text": "x" * 100})
        committed_s = perf_counter()
        print(json.dumps([row.seq, committed_s]), flush=True)


async def main(folder: Path) -> None:
    """Serves until standard input ends."""
    async with (
        open_gate(load_site(folder)) as gate,
        LedgerServer(gate.decision_context, gate.ledger),
    ):
        print("{}", flush=True)
        work = asyncio.create_task(gate.run())
        await _answer(gate)
        work.cancel()
        await asyncio.wait([work])


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
