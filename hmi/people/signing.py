"""Signs a person's decision at this terminal, which a cancelled prompt prevents."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from handwheel.connectors.config.yaml_documents import Document
from handwheel.connectors.model.site import POLICY_FILE, Site
from handwheel.tools.errors import NoGate
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.identity.roster import Operator, load_roster
from handwheel.tools.guardrails.ledger.decisions import Signed
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.guardrails.policy.policy import build_policy, load_policy
from handwheel.tools.guardrails.signatures import signing
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import SubjectVerdict
from handwheel.tools.guardrails.signatures.message import Message, MessageSender, submit
from handwheel.tools.guardrails.signatures.signing import Signer, subject_statement
from handwheel.tools.guardrails.signatures.statement import Statement
from handwheel.tools.requests.timestamps import Instant

from ..shell.terminal.cancellable_prompt import current_cancellation
from ..shell.terminal.wrap import warn

__all__ = [
    "Signer", "check_gate", "context_of", "has_gate", "open_context", "open_signer",
    "open_to_list", "sign_statement", "sign_subject", "submit_unsigned", "tell_no_gate",
]  # fmt: skip

_NO_RULES: Mapping[str, Any] = {"schema": "policy/1", "roles": {}}


def sign_statement(database: Ledger, signer: Signer, statement: Statement, now: Instant) -> Signed:
    """Signs as `signatures.signing`, unless its prompt is cancelled. Raises `PromptCancelled`."""
    if (withdrawal := current_cancellation()) is not None:
        withdrawal.check()
    return signing.sign_statement(database, signer, statement, now)


@contextmanager
def open_context(site: Site, *, needs_policy: bool = True) -> Generator[DecisionContext]:
    """Opens the ledger and reads the current policy and operators.

    Args:
        needs_policy: Without it, a site that has no policy yet has one that allows nothing.

    Raises:
        ConfigError: One of the files is wrong.
        LedgerError: The ledger cannot be used.
    """
    path = site.root / POLICY_FILE
    has_policy = needs_policy or path.exists()
    policy = load_policy(site) if has_policy else build_policy(Document(str(path), _NO_RULES), site)
    roster = load_roster(site)
    with connect.open_ledger(site) as database:
        yield DecisionContext(site, database, policy, roster)


@contextmanager
def open_to_list(site: Site) -> Generator[Ledger]:
    """Opens the ledger, and says on standard error if no gate is running."""
    with connect.open_ledger(site) as database:
        tell_no_gate(database)
        yield database


def context_of(site: Site, database: Ledger) -> DecisionContext:
    """Returns an open ledger with the current policy and operators. Raises `ConfigError`."""
    return DecisionContext(site, database, load_policy(site), load_roster(site))


def check_gate(database: Ledger) -> None:
    """Raises `NoGate` if no gate takes what would be signed, before anything is asked."""
    if not has_gate(database):
        raise NoGate


def has_gate(database: Ledger) -> bool:
    """Whether a gate keeps the ledger. Without one it is a file, as its gate has left it."""
    return not isinstance(database, connect.LedgerFile)


def tell_no_gate(database: Ledger) -> None:
    """Says on standard error if no gate is running."""
    if not has_gate(database):
        warn(NoGate("nothing changes"))


def submit_unsigned(
    site: Site, database: Ledger, message: Message, now: Instant
) -> Sequence[JournalRow]:
    """Hands over a message without a signature, as `signatures.message.submit` does.

    A gate needs nothing else here, so that nobody is kept from stopping agents by a wrong file.
    """
    if isinstance(database, MessageSender):
        return database.submit(message)
    return submit(context_of(site, database), message, now)


def sign_subject(
    context: DecisionContext,
    signer: Signer,
    verdict: SubjectVerdict,
    subject: str,
    now: Instant,
    *,
    card: str | None = None,
) -> Signed:
    """Returns a decision about a subject other than a request, valid for 60 s."""
    statement = subject_statement(signer, verdict, subject, card)
    return sign_statement(context.database, signer, statement, now)


def open_signer(site: Site, operator: Operator, passphrase_file: Path | None) -> Signer:
    """Returns a person with their open key."""
    from .private_key import open_key

    return Signer(operator, open_key(site, operator, passphrase_file), passphrase_file is None)
