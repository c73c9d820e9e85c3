"""Reasons of a preview for which requests would be refused, and the roles that sign them."""

from collections.abc import Sequence
from unittest.mock import Mock

import pytest

from handwheel.connectors.denial import Denial
from handwheel.playbooks.preview.planned_requests import PlannedRequest
from handwheel.playbooks.preview.planned_writes import PlannedWrite
from handwheel.playbooks.preview.preview import Preview

LOCKED = Denial("lockout", "locked out: site")


def _request(risk_class: str = "R2", fault: str = "", roles: Sequence[str] = ()) -> PlannedRequest:
    return PlannedRequest((), Mock(role="operator"), risk_class, tuple(roles), fault=fault)


def _preview(*requests: PlannedRequest, denials: Sequence[str] = ()) -> Preview:
    tag = Mock()
    tag.name = "P-101B.run_cmd"
    write = PlannedWrite("undo", "start", tag, False, None, False, "R2", tuple(denials))
    return Preview(Mock(), {}, (), (write,), requests, {}, ("U-1 owns it",), ("suspended",))


@pytest.mark.parametrize(
    ("preview", "denial", "reasons"),
    [
        (_preview(_request()), None, ["suspended", "U-1 owns it"]),
        (_preview(_request()), LOCKED, ["locked out: site", "U-1 owns it"]),
        (_preview(_request(fault="no")), LOCKED, ["locked out: site", "U-1 owns it", "no"]),
        # The policy's denial of the request says the same as that of its write.
        (_preview(_request(fault="no"), denials=["no"]), None, ["suspended", "U-1 owns it"]),
        (
            _preview(_request("", "bad"), _request("", "bad"), denials=["no"]), None,
            ["suspended", "U-1 owns it", "bad"],
        ),
    ],
)  # fmt: skip
def test_refusals_are_told_once(
    preview: Preview, denial: Denial | None, reasons: list[str]
) -> None:
    assert preview.refusals(denial) == reasons


def test_denied_writes_are_told_by_their_part() -> None:
    preview = _preview(denials=["no rule allows it"])
    told = ["P-101B.run_cmd: no rule allows it"]
    assert (preview.denied(), preview.denied("undo"), preview.denied("step")) == (told, told, [])


def test_roles_are_those_of_every_request() -> None:
    asked = _request(roles=["operator", "shift-supervisor"]), _request("", "bad")
    assert _preview(*asked).roles == ["operator", "shift-supervisor"]
    assert _preview(_request("", "bad")).roles == ["operator"]
