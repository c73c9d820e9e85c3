"""What the gate reads for a request that is open: all that people and conditions look at."""
# pyright: reportPrivateUsage=false

from collections.abc import Callable
from typing import Any

import pytest

from handwheel.tools.guardrails.gate.monitoring.watched_tags import tags_of_request
from handwheel.tools.requests.lease_and_effects import Terms, parse_expectation

from ..forgery.test_forged_requests import altered
from ..testbed.authority_grant import AGENTS
from ..testbed.with_oracle import START, Watched

EFFECT = Terms(effects=(parse_expectation("PIC-102.sp > 100 kPa within 2 min"),))
# The tag itself, what its equipment must be in, and the limit across tags.
PLAIN = {"P-101A.run_cmd", "P-101A.mode", "PT-102.pv"}
LOST = "X-9.pv > 1"


def requirement(draft: dict[str, Any], text: str) -> None:
    draft["commands"][0]["requires"].append({"text": text, "why": "if"})


def effect(draft: dict[str, Any], text: str) -> None:
    draft["commands"][0]["effects"].append({"text": text, "within_s": 60.0})


def evidence(draft: dict[str, Any], text: str) -> None:
    draft.update(AGENTS)  # only a run has evidence
    said = {"id": "e", "side": "for", "truth": "true", "shown": text, "source": "x"}
    draft.setdefault("evidence", []).append(said | {"text": text})


PLACES: dict[str, Callable[[dict[str, Any], str], None]] = {
    "requirement": requirement, "effect": effect, "evidence": evidence,
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
async def test_what_cannot_be_judged_here_adds_no_tag_and_hides_none(
    room: Watched, place: str
) -> None:
    """Somebody filed it for another site's tags; all the rest of it is still looked at."""
    honest, _ = room.desk.request([START], terms=EFFECT)

    def change(draft: dict[str, Any]) -> None:
        PLACES[place](draft, LOST)
        PLACES[place](draft, "P-101B.reset == false")

    request = altered(honest, change)
    room.force_filed(request)
    wanted = {*PLAIN, "PIC-102.sp", "P-101B.reset"}
    assert tags_of_request(room.context, room.desk.record(request.request_id)) == wanted
    assert room.running._wanted() == wanted
    room.desk.say("reject", request, "anna")
    assert room.running._wanted() == frozenset()


async def test_what_is_expected_of_the_plant_is_read_before_it_is_approved(room: Watched) -> None:
    room.desk.propose(START)
    assert room.running._wanted() == PLAIN
    room.desk.propose(START, terms=EFFECT)
    assert room.running._wanted() == {*PLAIN, "PIC-102.sp"}
