"""Messages about intentions, over a real socket."""

from typing import Any

import pytest

from handwheel.agents.cases.intention import Intention
from handwheel.connectors.errors import HandwheelError
from handwheel.tools.errors import InterlockActive, InvalidArguments, PolicyViolation

from .asking import KEY, Guests

PATH = "/v1/intentions"
INTENDED: dict[str, Any] = {
    "key": KEY, "equipment": "P-101A", "playbook": "cw/pump-bearing-changeover",
    "roles": {"duty": "P-101A"}, "at": "2026-11-25T12:00:00.000Z", "text": "take it out",
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"at": "14:00"}, "arguments"),
        ({"at": "2026-11-25T12:00:00+02:00"}, "arguments"),
        ({"text": "x" * 301}, "form"),
        ({"key": "short"}, "form"),
        ({"digest": "0" * 64}, "form"),
        ({"guest": {"kind": "person", "name": "anna"}}, "form"),
    ],
)
async def test_wrong_intention_is_refused(
    guests: Guests, change: dict[str, Any], code: str
) -> None:
    _, found = await guests.ask("POST", PATH, INTENDED | change)
    assert found["code"] == code
    guests.intentions.record.assert_not_called()


async def test_intention_has_the_account_that_the_kernel_names(guests: Guests) -> None:
    open_: dict[str, Intention] = guests.intentions.open

    def record(asked: Intention) -> str:
        open_["I-7K3MQ2XA"] = asked
        return "I-7K3MQ2XA"

    guests.intentions.record.side_effect = record
    user = (await guests.get("/v1/status"))[1]["user"]
    status, found = await guests.ask("POST", PATH, INTENDED)
    (recorded,) = guests.intentions.record.call_args.args
    assert (status, recorded.guest.os_user, recorded.guest.kind) == (200, user, "guest")
    assert found["intention"]["account"] == user
    assert (await guests.get(PATH))[1]["intentions"] == [found["intention"]]
    guests.intentions.withdraw.return_value = recorded
    await guests.ask("POST", f"{PATH}/I-7K3MQ2XA/withdraw", {})
    guests.intentions.withdraw.assert_called_once_with("I-7K3MQ2XA", user)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (PolicyViolation("10 intentions are open already"), 403, "policy"),
        (InterlockActive("I-7K3MQ2XA was recorded with this key"), 409, "interlock"),
        (InvalidArguments("there is no playbook cw/none"), 422, "arguments"),
    ],
)
async def test_refused_intention_is_a_denial(
    guests: Guests, error: HandwheelError, status: int, code: str
) -> None:
    guests.intentions.record.side_effect = error
    told, found = await guests.ask("POST", PATH, INTENDED)
    assert (told, found["code"], found["reason"]) == (status, code, str(error))
