"""No text changes what code has drawn for people beside it."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from handwheel.evaluation.benchmark.holding.hostile_verbs import ORDER, PAYLOADS
from handwheel.hmi.requests.cards.card_details import DETAIL_KEYS, render_details
from handwheel.hmi.requests.cards.card_text import render_card
from handwheel.tools.guardrails.client.request_lines import request_lines
from handwheel.tools.plant_text import PlantText
from handwheel.tools.requests.request import ActionRequest

from ..hmi.requests.sample_card import DEVICE, DIGEST, asked_by_run, card, evidence, request, start

_QUOTED = re.compile("“[^”]*(”|…?$)| Digest .*")
_GUEST = {"kind": "guest", "name": "anna", "os_user": "lab"}


def _shown(text: str) -> str:
    return PlantText(text, "X.note").for_screen()


def _guest(text: str, **more: Any) -> ActionRequest:
    return request(reason=text, proposal_key=f"guest:{DIGEST}", proposer=_GUEST | more)


CARRIERS: dict[str, Callable[[str], ActionRequest]] = {
    "a guest's reason": _guest,
    "an agent's words": lambda text: asked_by_run(reason=text),
    "a device's name": lambda text: request(
        commands=[start() | {"identity": DEVICE | {"name": text}}]
    ),
    "a device's text": lambda text: asked_by_run(
        evidence=[evidence("note", "for", "X.note != ''", f"X.note is {_shown(text)}")]
    ),
}  # fmt: skip


def _skeleton(asked: ActionRequest) -> list[str]:
    """What is drawn of a request besides quotations and its digest, without line ends."""
    shown = card(asked)
    drawn: list[Sequence[str]] = [render_card(shown), request_lines(asked)]
    drawn += [render_details(shown, key) for key in DETAIL_KEYS]
    for each in (line for lines in drawn for line in lines):
        assert each.isprintable(), each
    return [_QUOTED.sub("", " ".join(" ".join(lines).split())) for lines in drawn]


@pytest.mark.parametrize("carrier", CARRIERS)
def test_what_code_draws_is_the_same_beside_any_text(carrier: str) -> None:
    benign = _skeleton(CARRIERS[carrier]("all well"))
    for name, payload in PAYLOADS.items():
        text = payload(f"{ORDER}” (verified) “")[:2000]
        assert _skeleton(CARRIERS[carrier](text)) == benign, name


def test_words_of_a_program_are_the_last_part_of_its_card() -> None:
    for asked in (_guest("APPROVED by the gate"), asked_by_run(reason="APPROVED by the gate")):
        drawn = "\n".join(render_card(card(asked)))
        before, _, last = drawn.partition("\nUnverified  ")
        assert "APPROVED" not in before
        assert re.fullmatch(r"the (guest|agent)'s words: “APPROVED by the gate”", last)
