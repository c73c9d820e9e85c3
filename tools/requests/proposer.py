"""Proposers of requests, which are people, agents and guests."""

import os
import pwd
from hashlib import sha256
from secrets import token_hex
from typing import Literal, Self

from pydantic import ValidationError, model_validator

from handwheel.connectors.config.validation import Model

from ..errors import InvalidArguments
from ..plant_text import PlantText
from ..safe_text import plain, printable
from .canonical import Digest

GUEST_KEY = "guest:"
"""Beginning of the proposal keys of guests, so that none takes the key of a run."""
LONGEST_GUEST_NAME = 64
"""Characters of the name, the model and the account of a guest."""


class Proposer(Model):
    """Proposer of a request, a person with a key, or an agent or a guest without.

    A guest is a program that asks through the agents' process. Its name and its model are its own
    claims.
    """

    kind: Literal["person", "agent", "guest"]
    name: str
    key_id: str | None = None
    os_user: str | None = None  # account of the process that asks, as the agents' process says
    model: str | None = None  # language model that composed the plan; `None` for rules
    prompt_hash: Digest | None = None  # SHA-256 of the prompt; `None` for rules

    @property
    def shown(self) -> str:
        """Name as people read it, see `shown_proposer`."""
        return shown_proposer(self.kind, self.name)

    @model_validator(mode="after")
    def _check_guest(self) -> Self:
        if self.kind != "guest":
            return self
        if self.os_user is None or self.prompt_hash is not None:
            raise ValueError("a guest has an account and no prompt")
        for what, text in (("name", self.name), ("account", self.os_user), ("model", self.model)):
            if text is not None and not _is_guests(text):
                raise ValueError(
                    f"a guest's {what} has 1 to {LONGEST_GUEST_NAME} visible ASCII characters and "
                    "no quotation mark"
                )
        return self


def shown_proposer(kind: str, name: str) -> str:
    """Returns a proposer's name as people read it, a guest's quoted and marked as unverified."""
    if kind != "guest":
        return printable(name)
    return f"unverified guest program {PlantText(name, kind).for_screen()}"


def agent_proposer(name: str, model: str | None = None, prompt_hash: str | None = None) -> Proposer:
    """Returns the proposer of an agent's requests, with the account of this process.

    Args:
        name: Name of the agent that files, such as `control agent`.
        model: Language model that composes its plans; `None` for rules.
        prompt_hash: SHA-256 of the prompt, 64 hexadecimal digits; `None` for rules.
    """
    return Proposer(
        kind="agent", name=name, os_user=_os_user(), model=model, prompt_hash=prompt_hash
    )


def guest_proposer(name: str, os_user: str, model: str | None = None) -> Proposer:
    """Returns the proposer of a guest's requests.

    Args:
        name: What the guest calls itself.
        os_user: Account of its process, as the operating system says.
        model: Language model that it says it uses; `None` if it names none.

    Raises:
        InvalidArguments: A text is empty, too long, or could deceive who reads it.
    """
    try:
        return Proposer(kind="guest", name=name, os_user=os_user, model=model)
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise InvalidArguments(reason) from None


def proposal_key_of(proposer: Proposer, own: str = "") -> str:
    """Returns the key under which a proposal is filed once.

    Args:
        own: The proposer's key, any text, the same for a repeated proposal; empty for a new one.
            For a guest of another account or name it is another key.
    """
    own = own or token_hex(16)
    if proposer.kind != "guest":
        return own
    parts = "\0".join((proposer.os_user or "", proposer.name, own))
    return GUEST_KEY + sha256(parts.encode(errors="surrogatepass")).hexdigest()


def _is_guests(text: str) -> bool:
    is_short = 0 < len(text) <= LONGEST_GUEST_NAME
    return is_short and text == text.strip() and '"' not in text and plain(text) == text


def _os_user() -> str:
    user_id = os.geteuid()
    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:  # an account without a name, as in a container
        return str(user_id)
