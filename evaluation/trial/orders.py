"""Signed orders of people about equipment, lockouts, keys and runs."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.approval.administration import ReleaseLockout, RevokeKey
from handwheel.tools.guardrails.approval.run_orders import (
    VERDICTS,
    AskRun,
    Order,
    OrderRun,
    RunOrder,
    order_in,
)
from handwheel.tools.guardrails.approval.start_orders import OrderStart, StartOrder
from handwheel.tools.guardrails.identity.keys import PrivateKey, fingerprint
from handwheel.tools.guardrails.identity.roster import Operator
from handwheel.tools.guardrails.interlocks.authority import (
    GrantAuthority,
    TakeAuthority,
    TakenMode,
    ended_by,
    next_generation,
)
from handwheel.tools.guardrails.interlocks.lockout_files import lockout_file
from handwheel.tools.guardrails.ledger.decisions import Signed
from handwheel.tools.guardrails.ledger.latched_lockouts import locked_scopes
from handwheel.tools.guardrails.ledger.runs import newest_event
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.guardrails.signatures.check_answers import AnswerCheck, CheckAnswer
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import (
    SubjectVerdict,
    authority_subject,
    key_subject,
    lockout_subject,
    run_subject,
)
from handwheel.tools.guardrails.signatures.heartbeat_grants import heartbeats_of
from handwheel.tools.guardrails.signatures.message import Message, submit
from handwheel.tools.guardrails.signatures.signing import Signer, sign_statement, subject_statement
from handwheel.tools.guardrails.signatures.statement import Statement
from handwheel.tools.requests.ids import new_id
from handwheel.tools.requests.timestamps import stamp

from .clock import SteppedClock, WallClock


class KeyHolders:
    """The people of a site with their private keys.

    Nobody types a passphrase, so each signature says that it is unattended. It counts only where
    the policy says `unattended: simulated`.

    Args:
        context: The site, its ledger as terminals open it, its policy and its people.
        keys: The private key of each person, by name, from `enrol`.
    """

    def __init__(
        self,
        context: DecisionContext,
        clock: SteppedClock | WallClock,
        keys: Mapping[str, PrivateKey],
    ) -> None:
        self.decision_context = context
        self.clock = clock
        self._keys = keys

    def operator(self, person: str) -> Operator:
        """Returns a person who is enrolled now. Raises `InvalidArguments` for another."""
        operator = self.decision_context.roster.by_name(person, self.clock.now().wall)
        if operator is None:
            known = sorted(each.person for each in self.decision_context.roster.operators)
            raise InvalidArguments(f"{person} is not enrolled here; known: {', '.join(known)}")
        return operator

    def signer(self, person: str) -> Signer:
        """Returns a person with their key open. Raises `InvalidArguments` as `operator`."""
        return Signer(self.operator(person), self._keys[person], is_attended=False)

    def key_id(self, person: str) -> str:
        """Returns the fingerprint of a person's key. Raises `InvalidArguments` as `operator`."""
        return fingerprint(self.signer(person).private.public_key())

    def sign(self, person: str, statement: Statement) -> Signed:
        """Returns a statement, signed by a person now. Raises `LedgerError`."""
        now = self.clock.now()
        return sign_statement(self.decision_context.database, self.signer(person), statement, now)

    def sign_subject(self, verdict: SubjectVerdict, subject: str, person: str) -> Signed:
        """Returns a person's decision about something else than a request. See `sign`."""
        return self.sign(person, subject_statement(self.signer(person), verdict, subject))


class Orders(KeyHolders):
    """Everything that people order beside their requests. See `KeyHolders`."""

    def grant_authority(self, equipment: str, lasts_s: float, person: str) -> str:
        """Hands equipment over to agents for some seconds, and returns when that ends.

        Raises:
            GuardrailError: The person may not, or somebody works there.
        """
        context = self.decision_context
        until = stamp(self.clock.now().wall + timedelta(seconds=lasts_s))
        generation = next_generation(context.database, equipment)
        heartbeats = heartbeats_of(context.site, equipment)
        subject = authority_subject(equipment, generation, until, heartbeats)
        signed = self.sign_subject("grant-authority", subject, person)
        message = GrantAuthority(
            site=self._site_id,
            equipment=equipment,
            until=until,
            generation=generation,
            signed=signed,
        )
        self._submit_message(message)
        return until

    def take_authority(self, equipment: str, mode: TakenMode, person: str) -> list[str]:
        """Takes equipment over, and returns the ids of the requests that this ended.

        Raises:
            GuardrailError: There is no such equipment, or it is in MAINTENANCE.
        """
        message = TakeAuthority(site=self._site_id, equipment=equipment, mode=mode, person=person)
        return ended_by(self._submit_message(message))

    def lock_out(self, scope: str) -> None:
        """Locks out the site or a piece of equipment. The gate sees it in its next round."""
        lockout_file(self.decision_context.site.state, scope).touch()

    def release_lockout(self, scope: str, person: str) -> None:
        """Ends a lockout that the gate has seen, by an administrator. See `ReleaseLockout`."""
        generation = locked_scopes(self.decision_context.database).get(scope)
        if generation is None:
            raise InvalidArguments(f"{scope} is not locked out")
        signed = self.sign_subject("release", lockout_subject(scope, generation), person)
        message = ReleaseLockout(
            site=self._site_id, scope=scope, generation=generation, signed=signed
        )
        self._submit_message(message)

    def revoke_key(self, person: str, by: str) -> None:
        """Revokes the key of a person, by an administrator. See `RevokeKey`."""
        subject = key_subject(self.key_id(person))
        signed = self.sign_subject("revoke-key", subject, by)
        self._submit_message(RevokeKey(site=self._site_id, signed=signed))

    def order_start(self, plan: BoundPlaybook, given: Mapping[str, str], person: str) -> str:
        """Orders that a playbook starts, and returns the id of its case.

        Args:
            plan: The playbook, bound to the given values and equipment.
            given: Parameters that are not the default, as text.

        Raises:
            GuardrailError: The person may not.
        """
        order = StartOrder(new_id("C"), plan.id, plan.digest, given)
        signed = self.sign_subject("start-run", order.subject, person)
        self._submit_message(OrderStart.of(self._site_id, order, plan.order_needs, signed))
        return order.case_id

    def answer(self, answer: CheckAnswer, person: str) -> None:
        """Answers a question of an open case. Raises `GuardrailError` if it does not count."""
        signer = self.signer(person)
        statement = subject_statement(signer, "answer-check", answer.subject, answer.digest)
        signed = self.sign(person, statement)
        self._submit_message(AnswerCheck(site=self._site_id, answer=answer, signed=signed))

    def order_run(self, run_id: str, order: Order, person: str, roles: Collection[str]) -> RunOrder:
        """Orders a run to hold or stop, or by a signature to resume, abort or clear.

        Args:
            roles: Roles that the person must hold for a signed order.

        Raises:
            GuardrailError: The order does not count, or the run is over.
        """
        if order == "hold" or order == "stop":
            asked = AskRun(site=self._site_id, run_id=run_id, order=order, person=person)
            return order_in(self._submit_message(asked))
        seen = newest_event(self.decision_context.database, run_id)
        signed = self.sign_subject(VERDICTS[order], run_subject(run_id, seen), person)
        message = OrderRun(
            site=self._site_id,
            run_id=run_id,
            order=order,
            seq=seen,
            roles=tuple(sorted(roles)),
            signed=signed,
        )
        return order_in(self._submit_message(message))

    def _submit_message(self, message: Message) -> Sequence[JournalRow]:
        return submit(self.decision_context, message, self.clock.now())

    @property
    def _site_id(self) -> str:
        return self.decision_context.site.id
