"""Tools of every site, called on a room whose agents serve programs."""

from typing import Any

import pytest

from handwheel import Site
from handwheel.agents.deviations.case import Case
from handwheel.errors import InvalidArguments
from handwheel.shipped_tools import SHIPPED
from handwheel.tools.toolset.effect import Effect, RetrySafety
from handwheel.tools.toolset.toolset import Toolset

from ..agents.guests.asking import Guests

TOOLS = Toolset(SHIPPED)


async def _called(guests: Guests, name: str, **arguments: Any) -> Any:
    async with Site.open(guests.room.site.root, "shift-agent") as site:
        return await TOOLS.find(name).call(site, arguments)


def test_no_tool_decides_and_filing_is_by_key() -> None:
    assert {"approve", "reject", "sign", "write", "set"}.isdisjoint(TOOLS.names)
    advising = [each for each in TOOLS if each.effect is not Effect.OBSERVE]
    assert [each.name for each in advising] == ["request_work", "propose"]
    assert {each.retry for each in advising} == {RetrySafety.BY_KEY}


async def test_values_come_with_unit_and_quality(guests: Guests) -> None:
    (pressure,) = await _called(guests, "read", tags=["PT-102.pv"])
    shown = pressure["value"], pressure["unit"], pressure["quality"]
    assert shown == (349.0, "kPa", "good")
    window = await _called(guests, "window", tag="PT-102.pv")
    assert (window["unit"], window["good_share"], window["mean"]) == ("kPa", 0.0, None)


async def test_browse_finds_by_pattern_and_equipment(guests: Guests) -> None:
    found = await _called(guests, "browse", pattern="PIC-*")
    tags = {each["tag"]: each for each in found["tags"]}
    assert tags["PIC-102.sp"]["may_be_proposed"]
    known = await _called(guests, "equipment")
    assert "P-101A" in known
    own = await _called(guests, "browse", equipment="P-101A")
    assert {each["equipment"] for each in own["tags"]} == {"P-101A"}
    with pytest.raises(InvalidArguments, match="did you mean 'P-101A'"):
        await _called(guests, "browse", equipment="P101A")


async def test_cases_come_with_their_deviations(guests: Guests) -> None:
    guests.cases.append(Case("C-1", "2026-11-25T08:50:25.123Z", "VT-101A > 7"))
    (case,) = await _called(guests, "diagnose")
    assert (case["id"], case["condition"], case["hypotheses"]) == ("C-1", "VT-101A > 7", [])


async def test_work_is_requested_once_for_a_key(guests: Guests) -> None:
    work = {"equipment": "P-101A", "text": "look at the seal", "key": "the seal of P-101A"}
    first = await _called(guests, "request_work", **work)
    assert await _called(guests, "request_work", **work) == first
    (order,) = await _called(guests, "work_orders")
    assert order["workorder_id"] == first["work_order_id"]
    assert order["title"]["source"] == f"work order {order['workorder_id']}"
    assert order["title"]["untrusted_text"] == (
        "unverified guest program “shift-agent”: “look at the seal”"
    )


async def test_a_proposal_shows_its_card_and_outcome(guests: Guests) -> None:
    filed = await _called(guests, "propose", writes={"PIC-102.sp": "360 kPa"}, reason="margin")
    assert "PIC-102.sp: 350 → 360 kPa" in filed["card"]
    assert filed["state"] == "WAITING"
    assert await _called(guests, "outcome", request_id=filed["request_id"]) == filed
