"""Triggers that refuse illegal changes of the tables."""

TRIGGERS = """
CREATE TRIGGER journal_continues BEFORE INSERT ON journal
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM journal)
  OR json_extract(NEW.text, '$.prev') IS NOT coalesce(
        (SELECT hash FROM journal WHERE seq = NEW.seq - 1),
        '0000000000000000000000000000000000000000000000000000000000000000')
BEGIN SELECT RAISE(ABORT, 'the journal does not continue'); END;

CREATE TRIGGER decision_continues AFTER INSERT ON decision -- before, its number may be unknown
WHEN NEW.number > 1 AND NOT EXISTS (SELECT 1 FROM decision WHERE number = NEW.number - 1)
BEGIN SELECT RAISE(ABORT, 'the decisions do not continue'); END;

CREATE TRIGGER meta_is_one_row BEFORE INSERT ON meta WHEN EXISTS (SELECT 1 FROM meta)
BEGIN SELECT RAISE(ABORT, 'a ledger belongs to one site'); END;

CREATE TRIGGER legal_transitions_are_fixed BEFORE INSERT ON legal_transition
WHEN EXISTS (SELECT 1 FROM meta)
BEGIN SELECT RAISE(ABORT, 'the legal transitions are fixed'); END;

CREATE TRIGGER request_starts BEFORE INSERT ON request WHEN NEW.state IS NOT 'PROPOSED'
BEGIN SELECT RAISE(ABORT, 'a request starts as PROPOSED'); END;

CREATE TRIGGER request_is_fixed BEFORE UPDATE ON request
WHEN NEW.rowid IS NOT OLD.rowid
  OR NEW.request_id IS NOT OLD.request_id OR NEW.proposal_key IS NOT OLD.proposal_key
  OR NEW.digest IS NOT OLD.digest OR NEW.text IS NOT OLD.text
  OR NEW.filed_boot_id IS NOT OLD.filed_boot_id OR NEW.filed_boot_ms IS NOT OLD.filed_boot_ms
BEGIN SELECT RAISE(ABORT, 'a request never changes'); END;

CREATE TRIGGER request_moves BEFORE UPDATE ON request
WHEN NOT EXISTS (SELECT 1 FROM legal_transition
    WHERE machine = 'request' AND from_state = OLD.state AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'illegal transition of a request'); END;

CREATE TRIGGER request_is_never_deleted BEFORE DELETE ON request
BEGIN SELECT RAISE(ABORT, 'a request is never deleted'); END;

CREATE TRIGGER action_starts BEFORE INSERT ON action WHEN NEW.state IS NOT 'PLANNED'
BEGIN SELECT RAISE(ABORT, 'an action starts as PLANNED'); END;

CREATE TRIGGER action_starts_unsent AFTER INSERT ON action -- after what replaces none
WHEN NEW.sent_at IS NOT NULL OR NEW.sent_boot_id IS NOT NULL OR NEW.sent_boot_ms IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an action starts unsent'); END;

CREATE TRIGGER action_is_fixed BEFORE UPDATE ON action
WHEN NEW.rowid IS NOT OLD.rowid
  OR NEW.action_id IS NOT OLD.action_id OR NEW.request_id IS NOT OLD.request_id
  OR NEW.position IS NOT OLD.position OR NEW.kind IS NOT OLD.kind
  OR NEW.equipment IS NOT OLD.equipment OR NEW.tag IS NOT OLD.tag
BEGIN SELECT RAISE(ABORT, 'an action never changes'); END;

CREATE TRIGGER action_was_sent_when_it_was BEFORE UPDATE ON action
WHEN NEW.state IS NOT 'SENDING' AND (NEW.sent_at IS NOT OLD.sent_at
  OR NEW.sent_boot_id IS NOT OLD.sent_boot_id OR NEW.sent_boot_ms IS NOT OLD.sent_boot_ms)
BEGIN SELECT RAISE(ABORT, 'when an action was sent never changes'); END;

CREATE TRIGGER action_moves BEFORE UPDATE ON action
WHEN NOT EXISTS (SELECT 1 FROM legal_transition
    WHERE machine = 'action' AND from_state = OLD.state AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'illegal transition of an action'); END;

CREATE TRIGGER action_in_flight_is_one BEFORE UPDATE ON action
WHEN NEW.state IN ('CLAIMED', 'SENDING') AND EXISTS
    (SELECT 1 FROM action WHERE in_flight = 1 AND action_id IS NOT NEW.action_id)
BEGIN SELECT RAISE(ABORT, 'another action is in flight'); END;

CREATE TRIGGER action_needs_approval BEFORE UPDATE ON action
WHEN NEW.state IN ('DUE', 'CLAIMED') AND 'APPROVED' IS NOT
    (SELECT state FROM request WHERE request_id = NEW.request_id)
BEGIN SELECT RAISE(ABORT, 'the request is not approved'); END;

CREATE TRIGGER action_needs_intent BEFORE UPDATE ON action
WHEN NEW.state = 'SENDING' AND NOT EXISTS
    (SELECT 1 FROM intent WHERE action_id = NEW.action_id)
BEGIN SELECT RAISE(ABORT, 'no intent is recorded'); END;

CREATE TRIGGER action_is_never_deleted BEFORE DELETE ON action
BEGIN SELECT RAISE(ABORT, 'an action is never deleted'); END;

CREATE TRIGGER intent_needs_claim BEFORE INSERT ON intent
WHEN 'CLAIMED' IS NOT (SELECT state FROM action WHERE action_id = NEW.action_id)
BEGIN SELECT RAISE(ABORT, 'the action is not claimed'); END;

CREATE TRIGGER intent_needs_newest_gate BEFORE INSERT ON intent
WHEN NEW.epoch IS NOT (SELECT max(epoch) FROM gate)
BEGIN SELECT RAISE(ABORT, 'another gate has started since'); END;

CREATE TRIGGER lockout_counts_up BEFORE UPDATE ON lockout
WHEN NEW.rowid IS NOT OLD.rowid
  OR NEW.scope IS NOT OLD.scope OR NEW.generation < OLD.generation
  OR (NEW.is_locked = 1 AND NEW.generation IS NOT OLD.generation + 1)
BEGIN SELECT RAISE(ABORT, 'a lockout only counts up'); END;

CREATE TRIGGER lockout_needs_release BEFORE UPDATE ON lockout
WHEN OLD.is_locked = 1 AND NEW.is_locked = 0 AND NOT EXISTS (SELECT 1 FROM decision
    WHERE verdict = 'release'
      AND subject = 'lockout:' || OLD.scope || ':' || OLD.generation)
BEGIN SELECT RAISE(ABORT, 'only a signed release unlocks'); END;

CREATE TRIGGER authority_counts_up BEFORE UPDATE ON authority
WHEN NEW.rowid IS NOT OLD.rowid
  OR NEW.equipment IS NOT OLD.equipment OR NEW.generation IS NOT OLD.generation + 1
BEGIN SELECT RAISE(ABORT, 'authority only counts up'); END;

CREATE TRIGGER authority_is_never_deleted BEFORE DELETE ON authority
BEGIN SELECT RAISE(ABORT, 'authority is never deleted'); END;

CREATE TRIGGER run_ends_once BEFORE UPDATE ON run
WHEN NEW.rowid IS NOT OLD.rowid OR NEW.run_id IS NOT OLD.run_id
  OR NEW.playbook IS NOT OLD.playbook OR OLD.is_open = 0
BEGIN SELECT RAISE(ABORT, 'a run is ended once'); END;

CREATE TRIGGER run_is_never_deleted BEFORE DELETE ON run
BEGIN SELECT RAISE(ABORT, 'a run is never deleted'); END;

CREATE TRIGGER lockout_is_never_deleted BEFORE DELETE ON lockout
BEGIN SELECT RAISE(ABORT, 'a lockout is never deleted'); END;
"""
