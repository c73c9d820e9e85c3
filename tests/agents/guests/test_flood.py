"""Many guests that ask as fast as they are answered, and what that costs the agents."""

import asyncio
from collections.abc import Sequence
from time import monotonic

import httpx
import pytest

from handwheel.agents.guests import guest_server
from handwheel.agents.guests.admission import MOST_GUESTS

from .asking import Guests, processes

LATEST = "/v1/readings?tag=PT-102.pv"
_SCANS, _FRESH_EACH, _SURVEY_S = 300, 2, 0.02


async def test_flood_delays_a_scan_by_one_message_of_each_guest(
    guests: Guests, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_all, answered = guests.room.plant.read_all, [0]
    is_over = asyncio.Event()

    async def flood(guest: httpx.AsyncClient) -> None:
        while not is_over.is_set():
            await guest.get(LATEST)

    def counted() -> object:
        answered[-1] += 1
        return read_all()

    monkeypatch.setattr(guests.room.plant, "read_all", counted)
    async with processes(guests, monkeypatch, MOST_GUESTS) as flooding:
        floods = [asyncio.create_task(flood(each)) for each in flooding]
        while len(answered) < _SCANS or sum(answered) < 2 * MOST_GUESTS:
            answered.append(0)
            await asyncio.sleep(0)  # as the agents wait for their next scan
        is_over.set()
        await asyncio.gather(*floods)
    assert max(answered) <= MOST_GUESTS


async def test_flood_reads_the_plant_at_the_pace_of_one(
    guests: Guests, monkeypatch: pytest.MonkeyPatch
) -> None:
    await guests.end()
    monkeypatch.setattr(guest_server, "_SURVEY_S", _SURVEY_S)
    await guests.start()
    async with processes(guests, monkeypatch, MOST_GUESTS) as flooding:
        start_s = monotonic()
        statuses = await asyncio.gather(*map(_ask_afresh, flooding))
        took_s = monotonic() - start_s
    assert statuses == [[200] * _FRESH_EACH] * MOST_GUESTS
    assert len(guests.surveyed) == _FRESH_EACH * MOST_GUESTS
    assert took_s >= (len(guests.surveyed) - 1) * _SURVEY_S


async def _ask_afresh(guest: httpx.AsyncClient) -> Sequence[int]:
    return [(await guest.get(f"{LATEST}&fresh=1")).status_code for _ in range(_FRESH_EACH)]
