"""Questions about a real ledger, in a room where a change-over was approved and carried out."""

from typing import Any
from unittest.mock import Mock

from handwheel.agents.questions.catalogue import answer_to
from handwheel.agents.questions.sources import Sources

from ..testbed.stepped_agents import AgentsRoom

_NOTHING: dict[str, Any] = {"ago_s.return_value": 0.0, "slots.return_value": [],
                            "read.return_value": {}}  # fmt: skip


async def test_ledger_tells_request_write_decision_and_case(idle: AgentsRoom) -> None:
    await idle.start_agents()
    await idle.approved(1)
    name = idle.request(1).request.request_id
    nothing: Any = Mock(**_NOTHING)  # of plant and record
    sources = Sources(idle.site, idle.clock.now().wall, idle.desk.database, nothing, nothing)

    def told(*words: str) -> str:
        return "\n".join(answer_to(words[0], words[1:], sources).lines)

    assert "pump-bearing-changeover" in told("why-request", name)
    assert "was opened before it" in told("why-request", name)
    assert f"approved {name}" in told("decided")
    assert "P-101B.run_cmd was written to true" in told("changed")
    assert f"{name} is APPROVED" in told("request-outcome", name)
    assert f"{idle.run_id} answers it." in told("wrong")
    assert "was written to true" in told("shift-changed")
    assert "is chosen: " in told("why-not-started", "cw/pump-bearing-changeover")
