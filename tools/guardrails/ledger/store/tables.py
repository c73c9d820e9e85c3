"""The ledger's tables and indexes."""

TABLES = """
CREATE TABLE meta(site TEXT NOT NULL, created_at TEXT NOT NULL) STRICT;

CREATE TABLE legal_transition(
    machine TEXT NOT NULL, from_state TEXT NOT NULL, to_state TEXT NOT NULL,
    PRIMARY KEY(machine, from_state, to_state)
) STRICT, WITHOUT ROWID;

CREATE TABLE journal(
    seq INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL,
    kind TEXT NOT NULL GENERATED ALWAYS AS (json_extract(text, '$.kind')) VIRTUAL,
    subject TEXT NOT NULL GENERATED ALWAYS AS (json_extract(text, '$.subject')) VIRTUAL
) STRICT;
CREATE INDEX journal_subject ON journal(subject);
CREATE INDEX journal_unsettled ON journal(kind, subject)
    WHERE kind IN ('action.MISMATCH', 'action.UNKNOWN');

CREATE TABLE request(
    request_id TEXT PRIMARY KEY,
    proposal_key TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL,
    filed_boot_id TEXT NOT NULL,
    filed_boot_ms INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'PROPOSED',
    reason TEXT NOT NULL DEFAULT '',
    approved_at TEXT,
    approved_boot_ms INTEGER,
    run_id TEXT GENERATED ALWAYS AS
        (CASE WHEN json_valid(text) THEN json_extract(text, '$.run.run_id') END) VIRTUAL
) STRICT;
CREATE INDEX request_state ON request(state);
CREATE INDEX request_run ON request(run_id);
CREATE INDEX request_leased ON request(state) WHERE instr(text, '"lease":{') > 0;
CREATE INDEX request_watched ON request(state) WHERE instr(text, '"effects":[{') > 0;

CREATE TABLE action(
    action_id TEXT PRIMARY KEY,
    request_id TEXT NOT NULL REFERENCES request(request_id),
    position INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('command', 'recovery')),
    equipment TEXT NOT NULL,
    tag TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'PLANNED',
    reason TEXT NOT NULL DEFAULT '',
    due_boot_ms INTEGER,
    sent_at TEXT,
    sent_boot_id TEXT,
    sent_boot_ms INTEGER,
    in_flight INTEGER GENERATED ALWAYS AS
        (CASE WHEN state IN ('CLAIMED', 'SENDING') THEN 1 END) VIRTUAL,
    UNIQUE(request_id, position)
) STRICT;
CREATE UNIQUE INDEX one_action_in_flight ON action(in_flight);
CREATE INDEX action_state ON action(state);
CREATE INDEX action_sent ON action(tag, sent_boot_id, sent_boot_ms);

CREATE TABLE intent(
    action_id TEXT PRIMARY KEY REFERENCES action(action_id),
    wire TEXT NOT NULL,
    epoch INTEGER NOT NULL REFERENCES gate(epoch),
    seq INTEGER NOT NULL REFERENCES journal(seq)
) STRICT;

CREATE TABLE decision(
    number INTEGER PRIMARY KEY,
    request_id TEXT REFERENCES request(request_id),
    verdict TEXT NOT NULL,
    subject TEXT NOT NULL,
    nonce TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL UNIQUE,
    signature TEXT NOT NULL,
    card TEXT,
    chain TEXT
) STRICT;
CREATE INDEX decision_request ON decision(request_id);
CREATE INDEX decision_subject ON decision(verdict, subject);

CREATE TABLE gate(
    epoch INTEGER PRIMARY KEY AUTOINCREMENT,
    pid INTEGER NOT NULL,
    boot_id TEXT NOT NULL
) STRICT;

CREATE TABLE lockout(
    scope TEXT PRIMARY KEY,
    generation INTEGER NOT NULL CHECK (generation > 0),
    is_locked INTEGER NOT NULL CHECK (is_locked IN (0, 1))
) STRICT;

CREATE TABLE authority(
    equipment TEXT PRIMARY KEY,
    generation INTEGER NOT NULL CHECK (generation > 0),
    mode TEXT NOT NULL CHECK (mode IN ('OPERATOR', 'AGENT', 'LOCAL', 'MAINTENANCE')),
    person TEXT NOT NULL,
    until TEXT CHECK ((until IS NULL) = (mode != 'AGENT'))
) STRICT;

CREATE TABLE run(
    run_id TEXT PRIMARY KEY,
    playbook TEXT NOT NULL,
    is_open INTEGER NOT NULL DEFAULT 1 CHECK (is_open IN (0, 1))
) STRICT;
CREATE INDEX run_open ON run(is_open);

CREATE TABLE run_asset(
    run_id TEXT NOT NULL REFERENCES run(run_id),
    asset TEXT NOT NULL,
    is_open INTEGER NOT NULL DEFAULT 1 CHECK (is_open IN (0, 1)),
    PRIMARY KEY(run_id, asset)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX one_run_owns_an_asset ON run_asset(asset) WHERE is_open = 1;

CREATE TABLE effect(
    action_id TEXT NOT NULL REFERENCES action(action_id),
    number INTEGER NOT NULL CHECK (number > 0),
    expected TEXT NOT NULL,
    within_s REAL NOT NULL CHECK (within_s > 0.0),
    observed TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('CAME', 'MISSED', 'UNKNOWN')),
    UNIQUE(action_id, number)
) STRICT;

CREATE TABLE lease(
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    pid INTEGER NOT NULL,
    boot_id TEXT NOT NULL,
    renewed_boot_ms INTEGER NOT NULL
) STRICT;
"""
