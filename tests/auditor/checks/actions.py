"""An action as far as it has come."""

from dataclasses import dataclass, field
from datetime import datetime

from .requests import Action, Request


@dataclass
class Deed:
    """An action as far as it has come."""

    action: Action
    request: Request
    state: str = "PLANNED"
    is_named: bool = False  # a row PLANNED may stand first
    sent_at: datetime | None = None
    sent_seq: int = 0
    ended_at: datetime | None = None
    outcome: str = ""
    was_sent: bool = True  # what a row REFUSED says of it
    approvers: tuple[str, ...] = ()
    doubts: list[str] = field(default_factory=list[str])  # at the claim; held against a sending

    @property
    def name(self) -> str:
        return self.action.action_id
