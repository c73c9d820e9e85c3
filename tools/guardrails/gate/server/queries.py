"""Answers questions about ledger, plant and gate."""

import asyncio
import os
from collections.abc import Callable
from typing import Any

from aiohttp import web

from ....errors import InvalidArguments
from ....requests.timestamps import Instant
from ...approval.plant_snapshot import PlantSnapshot
from ...client.request_fields import request_fields
from ...ledger.listing import listed, load_listed
from ...ledger.records import load_request
from ...ledger.runner_lock import live_runner
from ...ledger.runs import RunEntry, load_rows, load_runs
from ...ledger.store.database import Database
from .messages import row_list

PAGE = 200
"""Rows in one answer."""
_DIGITS = 18
_READ_S = 10.0  # for the image of the tables to be read
_PART = 256 * 1024  # bytes of it that may wait for a reader


class Queries:
    """Handlers of questions. Each answers of one moment, since nothing else runs meanwhile."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], Instant],
        snapshot: Callable[[], PlantSnapshot | None],
    ) -> None:
        self._database, self._clock, self._snapshot = database, clock, snapshot
        self._made = -1, b""  # image of the tables, and the version of the ledger that it has

    async def state(self, request: web.Request) -> web.StreamResponse:
        """Answers with the image of the tables, which name their site and last row."""
        image, response = self._image(), web.StreamResponse()
        response.content_length = len(image)
        await response.prepare(request)
        try:
            async with asyncio.timeout(_READ_S):
                for start in range(0, len(image), _PART):  # none waits whole for a slow reader
                    await response.write(image[start : start + _PART])
        except TimeoutError:
            if request.transport:
                request.transport.abort()
        return response

    def _image(self) -> bytes:
        """Returns the image of the tables as they are, made once for all who ask meanwhile."""
        version = self._database.version()
        if self._made[0] != version:
            self._made = version, self._database.tables.image()
        return self._made[1]

    async def anchors(self, _: web.Request) -> web.Response:
        """Answers with the lines of the anchors."""
        return web.json_response(self._database.anchor_lines())

    async def journal(self, request: web.Request) -> web.Response:
        """Answers with a page of rows, and whether there are more, or with the row of a hash."""
        if mark := request.query.get("hash"):
            seq = self._database.seq_of(mark)
            found = self._database.find_rows(after=seq - 1, limit=1) if seq else []
            return web.json_response({"rows": row_list(found), "more": False})
        limit = min(number_of(request, "limit", PAGE), PAGE)
        rows = self._database.find_rows(
            request.query.get("subject"),
            request.query.get("kind"),
            after=number_of(request, "after", 0),
            before=number_of(request, "before", None),
            newest_first=bool(number_of(request, "newest", 0)),
            limit=limit,
        )
        return web.json_response({"rows": row_list(rows), "more": len(rows) == limit})

    async def status(self, _: web.Request) -> web.Response:
        """Answers with the gate's process and what prevents it from acting."""
        head, found = self._database.head(), self._snapshot()
        fields: dict[str, object] = {
            "site": self._database.site,
            "pid": os.getpid(),
            "head": head.seq if head else 0,
            "runner": live_runner(self._database, self._clock()),
        }
        if found is not None:
            fields |= {
                "epoch": found.epoch,
                "locked": found.locked,
                "suspended": [each.model_dump() for each in found.suspended],
            }
        return web.json_response(fields)

    async def snapshot(self, _: web.Request) -> web.Response:
        """Answers with the plant's readings of this moment."""
        found = self._snapshot()
        text = "null" if found is None else found.model_dump_json(by_alias=True)
        return web.json_response(text=text)

    async def requests(self, _: web.Request) -> web.Response:
        """Answers with the requests that are open or have an action that a person must resolve."""
        found = load_listed(self._database, every=False)
        return web.json_response([request_fields(each) for each in found])

    async def request(self, request: web.Request) -> web.Response:
        """Answers with one request and its canonical text."""
        record = load_request(self._database, request.match_info["name"])
        return web.json_response({**request_fields(listed(record)), "text": record.text})

    async def runs(self, _: web.Request) -> web.Response:
        """Answers with the open runs."""
        found = load_runs(self._database, only_open=True)
        return web.json_response([_run_fields(each) for each in found])

    async def run(self, request: web.Request) -> web.Response:
        """Answers with one run and its events."""
        name = request.match_info["name"]
        found = next((each for each in load_runs(self._database) if each.run_id == name), None)
        if found is None:
            raise InvalidArguments(f"there is no run {name!r}")
        events = [
            {"seq": row.seq, "kind": row.kind, "at": row.at, "body": row.body}
            for row in load_rows(self._database, name)
        ]
        return web.json_response({**_run_fields(found), "events": events})


def number_of(request: web.Request, name: str, default: Any) -> Any:
    """Returns a number of the query, at least 0. Another text raises `InvalidArguments`."""
    text = request.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
        raise InvalidArguments(f"{name}: {text[:20]!r} is no number")
    return int(text)


def _run_fields(entry: RunEntry) -> dict[str, object]:
    return {"run_id": entry.run_id, "playbook": entry.playbook, "is_open": entry.is_open}
