"""Chain of steps towards a goal, by their effects and preconditions as text."""

from collections.abc import Sequence
from unittest.mock import Mock

import pytest

from handwheel.agents.composing.chain import Part, chain, conjuncts


def _part(name: str, verified: str, *permissives: str) -> Part:
    checks = [Mock(condition=Mock(bound=each)) for each in permissives]
    step = Mock(id=name, if_=None, writes=(), verify=Mock(that=Mock(bound=verified)))
    return Part(Mock(id=name, permissives=checks), step)


START = _part("start", "B.running and B.speed > 50 %", "B.ready")
READY = _part("ready", "B.ready")
STOP = _part("stop", "not A.running", "B.running")
BREAKS = _part("breaks", "not A.running and not B.running")
CIRCLE = _part("circle", "B.ready", "B.running")
GOAL = "B.running and not A.running"


@pytest.mark.parametrize(
    ("goal", "parts", "true", "found"),
    [
        (GOAL, [STOP, START], ["A.running", "B.ready"], ["start", "stop"]),
        (GOAL, [STOP, START, READY], ["A.running"], ["ready", "start", "stop"]),
        (GOAL, [STOP, START], ["B.running"], ["stop"]),
        ("not A.running", [STOP, START], ["B.ready"], ["start", "stop"]),
        (GOAL, [STOP, START], ["A.running"], []),
        (GOAL, [BREAKS, START], ["B.ready"], []),
        (GOAL, [STOP, START, CIRCLE], [], []),
        (GOAL, [STOP, START], ["B.running", "not A.running"], []),
    ],
)
def test_chain_reaches_the_goal_in_its_order_or_has_no_step(
    goal: str, parts: Sequence[Part], true: Sequence[str], found: Sequence[str]
) -> None:
    steps = chain(goal, parts, lambda text: text in true)
    assert [each.step.id for each in steps] == list(found)


def test_conjuncts_are_the_parts_that_all_must_be_true() -> None:
    text = "a.x > 3 kPa and (not b.y and c.z) and (d.x or e.x)"
    assert conjuncts(text) == ("a.x > 3 kPa", "not b.y", "c.z", "d.x or e.x")
