"""Messages of guests, each a JSON document of one form."""

import json
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from pydantic import Field, ValidationError

from handwheel.connectors.config.validation import Model
from handwheel.tools.guardrails.socket_server.forms import form_faults
from handwheel.tools.guardrails.socket_server.rejections import Rejected
from handwheel.tools.requests.reasons import ReasonText
from handwheel.tools.requests.request import TupleOf

Key = Annotated[str, Field(min_length=16, max_length=64)]
"""A guest's own name of what it asks for. The same key asks for the same."""

_MessageT = TypeVar("_MessageT", bound=Model)


class Proposal(Model):
    """Writes that a guest proposes."""

    key: Key
    writes: dict[str, str] = Field(min_length=1, max_length=20)  # the text of a value by its tag
    reason: ReasonText
    expect: TupleOf[str] = Field(default=(), max_length=20)  # `PT-102.pv > 352 kPa within 2 min`
    lease: str | None = None  # such as `2 h`; `None` for no end


class WorkRequest(Model):
    """Work at a piece of equipment that a guest asks for."""

    key: Key
    equipment: str = Field(min_length=1)
    priority: int = Field(ge=1, le=4)  # 1, the most urgent, to 4
    text: str = Field(min_length=1, max_length=500)


class Intended(Model):
    """Intention to take equipment out of service by a playbook at a time."""

    key: Key
    equipment: str = Field(min_length=1, max_length=64)
    playbook: str = Field(min_length=1, max_length=128)
    roles: dict[str, str] = Field(max_length=20)
    at: str = Field(max_length=32)  # stamp, such as `2026-12-01T13:00:00.000Z`
    text: str = Field(min_length=1, max_length=300)


def read_message(kind: type[_MessageT], body: bytes) -> _MessageT:
    """Returns the message of a body, or raises `Rejected`."""
    try:
        document: Any = json.loads(body)
    except (RecursionError, ValueError):
        raise Rejected(HTTPStatus.BAD_REQUEST, "not-json", "the message is no JSON") from None
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        reason = f"the message has another form: {form_faults(error)}"
        raise Rejected(HTTPStatus.BAD_REQUEST, "form", reason) from None
