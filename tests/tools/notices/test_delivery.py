"""Delivery: each notice until it is taken, and a bad channel costs only itself."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from handwheel.connectors.model.notice_spec import NoticeSpec
from handwheel.tools.errors import ToolFailed
from handwheel.tools.maintenance.work_order_database import Notice, WorkOrders
from handwheel.tools.notices.attempt_database import Attempts
from handwheel.tools.notices.channel import Channel, DeliveryFailed
from handwheel.tools.notices.deliveries import deliveries
from handwheel.tools.notices.delivery import WAITS_S, DeliveryContext, NoticeDelivery
from handwheel.tools.notices.message import Message
from handwheel.tools.requests.timestamps import instant_now, stamp

from ...plants.devices.misbehaving import eventually

HORN = {"kind": "command", "run": ["horn"], "within": "10 ms"}
SPEC = NoticeSpec.model_validate(
    {
        "channels": {"good": HORN, "down": HORN, "hangs": HORN, "broken": HORN},
        "to": {
            "ben": {"good": "b", "down": "b", "hangs": "b", "broken": "b"},
            "anna": {"good": "a"},
        },
    }
)


class Taken:
    """Channel that takes messages after some failures."""

    def __init__(self, failures: int = 0) -> None:
        self.taken, self.failures = list[Message](), failures

    async def deliver(self, message: Message) -> str:
        self.failures -= 1
        if self.failures >= 0:
            raise DeliveryFailed("connection\x1b refused")
        self.taken.append(message)
        return "taken"


class Hanging:
    async def deliver(self, message: Message) -> str:
        await asyncio.Event().wait()
        raise AssertionError


class Broken:
    async def deliver(self, message: Message) -> str:
        raise RuntimeError("a fault")


class Desk:
    """A delivery in a state folder, with all that it reports and waits for."""

    def __init__(self, state: Path, good: Channel, down: Channel) -> None:
        self.state, self.told, self.waited = state, list[str](), list[float]()
        self.over = list[str]()  # what each attempt is told
        self.channels = {"good": good, "down": down, "hangs": Hanging(), "broken": Broken()}

    async def _sleep(self, seconds: float) -> None:
        self.waited.append(seconds)

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[NoticeDelivery]:
        with WorkOrders(self.state) as orders, Attempts(self.state) as attempts:
            context = DeliveryContext(
                "works-7", SPEC, self.channels, instant_now,
                lambda about, problem: self.told.append(f"{about}: {problem}"),
                lambda notice: self.over.pop(0) if self.over else "", self._sleep,
            )  # fmt: skip
            yield NoticeDelivery(context, orders, attempts)

    def states(self) -> dict[tuple[str, str], tuple[str, int]]:
        with WorkOrders(self.state) as orders, Attempts(self.state) as attempts:
            found = list(deliveries(orders.notices(), attempts.all(), SPEC))
        now = instant_now().wall
        return {(e.notice.to, e.channel): (e.state(now), len(e.attempts)) for e in found}


def give(state: Path, to: str, age_h: float = 0.0) -> None:
    at = stamp(instant_now().wall - timedelta(hours=age_h))
    with WorkOrders(state) as orders:
        orders.notify(Notice(key=f"U-1/{to}/{age_h}", at=at, to=to, text="held", run_id="U-1"))


async def test_a_notice_is_delivered_by_good_channels_while_others_are_down_hang_or_break(
    tmp_path: Path,
) -> None:
    good = Taken()
    desk = Desk(tmp_path, good, Taken(2))
    for name in ("ben", "anna", "nobody"):
        give(tmp_path, name)
    async with desk.open() as delivery:
        delivery.start_new()
        await delivery.settle()
    assert sorted(each.address for each in good.taken) == ["a", "b"]
    assert desk.states() == {
        ("ben", "good"): ("delivered", 1), ("ben", "down"): ("delivered", 3),
        ("ben", "hangs"): ("failed", 6), ("ben", "broken"): ("failed", 6),
        ("anna", "good"): ("delivered", 1), ("nobody", ""): ("waiting", 0),
    }  # fmt: skip
    assert any(
        each.startswith("command down: connection\\x1b refused, tried 2 times, next at ")
        for each in desk.told
    )
    assert "command hangs: no answer within 0.01 s; a notice to ben was not delivered" in desk.told
    assert "command broken: RuntimeError: a fault; a notice to ben was not delivered" in desk.told
    assert sorted(desk.waited) == sorted([*WAITS_S[:2], *WAITS_S, *WAITS_S])


async def test_a_notice_that_is_over_is_not_sent_again(tmp_path: Path) -> None:
    down = Taken(1)
    desk = Desk(tmp_path, down, Taken())
    desk.over = ["", "R-1 is CLOSED"]
    give(tmp_path, "anna")
    async with desk.open() as delivery:
        delivery.start_new()
        await delivery.settle()
    assert (down.taken, desk.states()) == ([], {("anna", "good"): ("over", 2)})


async def test_a_restart_takes_up_what_was_not_delivered_and_sends_nothing_again(
    tmp_path: Path,
) -> None:
    first, second = Taken(), Taken()
    give(tmp_path, "ben")
    give(tmp_path, "anna", age_h=25.0)
    one = Desk(tmp_path, first, Hanging())
    async with one.open() as delivery:
        working = asyncio.create_task(delivery.work())
        await eventually(lambda: any(each.startswith("command down") for each in one.told))
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    made = one.states()["ben", "down"][1]
    assert one.states()["ben", "down"][0] == "waiting"
    two = Desk(tmp_path, Taken(), second)
    async with two.open() as delivery:
        delivery.start_new()
        await delivery.settle()
    assert [each.to for each in first.taken] == ["ben"]  # the other one is a day old
    assert [each.to for each in second.taken] == ["ben"]
    states = two.states()
    assert states["ben", "good"] == ("delivered", 1)
    assert states["ben", "down"] == ("delivered", made + 1)
    assert states["anna", "good"] == ("too old", 0)


async def test_a_fault_of_the_database_is_told_again_once_it_was_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[list[object] | ToolFailed] = [ToolFailed("full"), [], ToolFailed("full"), []]

    def notices_after(self: WorkOrders, number: int) -> list[object]:
        each = found.pop(0) if found else []
        if isinstance(each, ToolFailed):
            raise each
        return each

    monkeypatch.setattr("handwheel.tools.notices.delivery._POLL_S", 0.0)
    monkeypatch.setattr(WorkOrders, "notices_after", notices_after)
    desk = Desk(tmp_path, Taken(), Taken())
    async with desk.open() as delivery:
        working = asyncio.create_task(delivery.work())
        await eventually(lambda: not found)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    assert desk.told[:4] == ["notices: full", "notices: ", "notices: full", "notices: "]
