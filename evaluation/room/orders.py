"""Orders of people about equipment, lockouts, keys and runs."""

from collections.abc import Collection, Mapping
from datetime import timedelta

from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.binding.start import needs_of
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.approval.administration import release_lockout, revoke_key
from handwheel.tools.guardrails.approval.run_orders import (
    VERDICTS,
    Order,
    RunOrder,
    ask_run,
    newest_event,
    order_run,
)
from handwheel.tools.guardrails.approval.start_orders import StartOrder, order_start
from handwheel.tools.guardrails.interlocks.authority import (
    TakenMode,
    grant_authority,
    next_generation,
    take_authority,
)
from handwheel.tools.guardrails.interlocks.lockout_files import lockout_file
from handwheel.tools.guardrails.ledger.latched_lockouts import locked_scopes
from handwheel.tools.guardrails.signatures.check_answers import CheckAnswer, record_answer
from handwheel.tools.guardrails.signatures.decisions import (
    authority_subject,
    key_subject,
    lockout_subject,
    run_subject,
)
from handwheel.tools.guardrails.signatures.heartbeat_grants import heartbeats_of
from handwheel.tools.guardrails.signatures.signing import subject_statement
from handwheel.tools.requests.ids import new_id
from handwheel.tools.requests.timestamps import stamp

from .key_holders import KeyHolders


class Orders(KeyHolders):
    """Everything that people order beside their requests. See `KeyHolders`."""

    def grant_authority(self, equipment: str, lasts_s: float, person: str) -> str:
        """Hands equipment over to agents for some seconds, and returns when that ends.

        Raises:
            GuardrailError: The person may not, or somebody works there.
        """
        context, now = self.decision_context, self.clock.now()
        until = stamp(now.wall + timedelta(seconds=lasts_s))
        generation = next_generation(context.database, equipment)
        heartbeats = heartbeats_of(context.site, equipment)
        subject = authority_subject(equipment, generation, until, heartbeats)
        signed = self.sign_subject("grant-authority", subject, person)
        grant_authority(context, equipment, until, generation, signed, now)
        return until

    def take_authority(self, equipment: str, mode: TakenMode, person: str) -> list[str]:
        """Takes equipment over, and returns the ids of the requests that this ended.

        Raises:
            GuardrailError: There is no such equipment, or it is in MAINTENANCE.
        """
        context = self.decision_context
        now = self.clock.now()
        return take_authority(context.database, context.site, equipment, mode, person, now)

    def lock_out(self, scope: str) -> None:
        """Locks out the site or a piece of equipment. The gate sees it in its next round."""
        lockout_file(self.decision_context.site.state, scope).touch()

    def release_lockout(self, scope: str, person: str) -> None:
        """Ends a lockout that the gate has seen, by an administrator. See `release_lockout`."""
        generation = locked_scopes(self.decision_context.database).get(scope)
        if generation is None:
            raise InvalidArguments(f"{scope} is not locked out")
        signed = self.sign_subject("release", lockout_subject(scope, generation), person)
        release_lockout(self.decision_context, scope, generation, signed, self.clock.now())

    def revoke_key(self, person: str, by: str) -> None:
        """Revokes the key of a person, by an administrator. See `administration.revoke_key`."""
        subject = key_subject(self.key_id(person))
        signed = self.sign_subject("revoke-key", subject, by)
        revoke_key(self.decision_context, signed, self.clock.now())

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
        order_start(self.decision_context, order, signed, needs_of(plan), self.clock.now())
        return order.case_id

    def answer(self, answer: CheckAnswer, person: str) -> None:
        """Answers a question of an open case. Raises `GuardrailError` if it does not count."""
        signer = self.signer(person)
        statement = subject_statement(signer, "answer-check", answer.subject, answer.digest)
        signed = self.sign(person, statement)
        record_answer(self.decision_context, answer, signed, self.clock.now())

    def order_run(self, run_id: str, order: Order, person: str, roles: Collection[str]) -> RunOrder:
        """Orders a run to hold or stop, or by a signature to resume, abort or clear.

        Args:
            roles: Roles that the person must hold for a signed order.

        Raises:
            GuardrailError: The order does not count, or the run is over.
        """
        context, now = self.decision_context, self.clock.now()
        if order == "hold" or order == "stop":
            return ask_run(context.database, run_id, order, person, now)
        seen = newest_event(context.database, run_id)
        signed = self.sign_subject(VERDICTS[order], run_subject(run_id, seen), person)
        return order_run(context, run_id, order, seen, roles, signed, now)
