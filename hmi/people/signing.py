"""Chooses who signs at this terminal, and signs, which a cancelled prompt prevents."""

import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from handwheel.connectors.config.yaml_documents import Document
from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.hints import NEXT, next_step, shell_command
from handwheel.connectors.model.site import POLICY_FILE, Site
from handwheel.tools.errors import InvalidArguments, NoGate, PermitRefused
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.identity.keys import key_path
from handwheel.tools.guardrails.identity.roster import ADMINISTRATOR, Operator, Roster, load_roster
from handwheel.tools.guardrails.ledger.decisions import Signed
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.guardrails.policy.policy import build_policy, load_policy
from handwheel.tools.guardrails.signatures import signing
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import SubjectVerdict
from handwheel.tools.guardrails.signatures.entitlement import check_approver
from handwheel.tools.guardrails.signatures.message import Message, MessageSender, submit
from handwheel.tools.guardrails.signatures.playbooks_lock import ENGINEER, may_release
from handwheel.tools.guardrails.signatures.signing import Signer, subject_statement
from handwheel.tools.guardrails.signatures.statement import Statement
from handwheel.tools.requests.timestamps import Instant, instant_now

from ..shell.cli.signer_options import SignerUnclear
from ..shell.terminal.cancellable_prompt import current_cancellation
from ..shell.terminal.wrap import warn

__all__ = [
    "Check", "Signer", "check_gate", "context_of", "find_administrator", "find_operator",
    "find_person", "find_releaser", "has_gate", "next_approvals", "open_context", "open_signer",
    "open_to_list", "sign_statement", "sign_subject", "signed_commands", "submit_unsigned",
    "tell_no_gate",
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


Check = Callable[[Operator], object]
"""Refuses a person who may not sign, by `HandwheelError`."""


def find_person(
    site: Site,
    roster: Roster,
    named: str | None,
    at: datetime,
    *,
    administrator: bool,
    check: Check | None = None,
) -> Operator:
    """Returns the named person, or the only one with a key on this machine who may sign.

    With a single key here its owner is returned without a check, which the caller makes and whose
    refusal says more. Which of several people signs is printed on standard error.

    Raises:
        PermitRefused: The named person is not enrolled, or none of several with a key may sign.
        InvalidArguments: No person is named, and the machine has no key.
        SignerUnclear: No person is named, and several may sign.
    """
    kind = ADMINISTRATOR if administrator else "operator"
    known = [each for each in roster.operators if each.is_administrator == administrator]
    return _person_of(site, known, named, at, kind, check)


def find_releaser(site: Site, roster: Roster, named: str | None, at: datetime) -> Operator:
    """Returns the person who releases playbooks, by the rules of `find_person`."""
    known = [each for each in roster.operators if may_release(each)]
    return _person_of(site, known, named, at, f"{ADMINISTRATOR} or {ENGINEER}", None)


def _person_of(
    site: Site,
    people: Sequence[Operator],
    named: str | None,
    at: datetime,
    kind: str,
    check: Check | None,
) -> Operator:
    known = [each for each in people if each.is_enrolled(at)]
    if named is not None:
        known = [each for each in known if each.person == named]
        if not known:
            raise PermitRefused(
                f"{named} is no {kind} of this site now; {next_step('operators', 'list')}"
            )
        return known[0]
    if not known:
        role = kind.partition(" ")[0]
        raise InvalidArguments(
            f"no {kind} is enrolled; {next_step('operators', 'enroll', 'NAME', '--role', role)}"
        )
    here = [each for each in known if key_path(site.id, each.person).exists()]
    if not here:
        names = ", ".join(each.person for each in known)
        raise InvalidArguments(f"no {kind} has a key on this machine; enrolled: {names}")
    return here[0] if len(here) == 1 else _chosen(here, check)


def find_operator(
    context: DecisionContext, named: str | None, check: Check | None = None
) -> Operator:
    """Returns the operator who signs now, by `find_person`. Raises `NoGate` without a gate."""
    check_gate(context.database)
    at = instant_now().wall
    return find_person(context.site, context.roster, named, at, administrator=False, check=check)


def find_administrator(context: DecisionContext, named: str | None) -> Operator:
    """Returns the administrator who signs now, by `find_person`. Raises `NoGate` as well."""
    check_gate(context.database)
    at = instant_now().wall
    return find_person(context.site, context.roster, named, at, administrator=True)


def next_approvals(context: DecisionContext, record: RequestRecord, now: Instant) -> list[str]:
    """Returns the next step of each person with a key here who can approve a request."""
    words = "requests", "approve", record.request.request_id
    commands = signed_commands(
        context, words, lambda p: check_approver(context, record, p, now), now
    )
    return [f"{NEXT}{each}" for each in commands]


def signed_commands(
    context: DecisionContext, words: Sequence[str], check: Check, now: Instant
) -> list[str]:
    """Returns a command that names its signer for each person with a key here who can sign it.

    Where there is only one key, or nobody can, it is the command without a name.
    """
    here = [
        each
        for each in context.roster.operators
        if each.is_enrolled(now.wall)
        and not each.is_administrator
        and key_path(context.site.id, each.person).exists()
    ]
    fit = [each for each in here if len(here) > 1 and not _refusal(each, check)]
    if not fit:
        return [shell_command(*words)]
    return [shell_command(*words, "--as", each.person) for each in fit]


def _chosen(here: Sequence[Operator], check: Check | None) -> Operator:
    refusals = {each.person: _refusal(each, check) for each in here}
    fit = [each for each in here if not refusals[each.person]]
    if len(fit) == 1:
        sys.stderr.write(
            f"handwheel: {fit[0].person} signs, the only one with a key here who can\n"
        )
        return fit[0]
    if fit:
        raise SignerUnclear([each.person for each in fit])
    raise PermitRefused("\n".join(refusals.values()))


def _refusal(person: Operator, check: Check | None) -> str:
    """Returns why a person may not sign, or an empty string."""
    if check is None:
        return ""
    try:
        check(person)
    except HandwheelError as refusal:
        return str(refusal)
    return ""
