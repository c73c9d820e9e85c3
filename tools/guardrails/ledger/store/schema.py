"""Tables of the ledger in memory, which decide, and of the file, which is their log."""

VERSION = 8
"""Version of the file. `handwheel ledger migrate` brings an older one up to it."""
APPLICATION_ID = 0x48574C31  # "HWL1"

LOG = (
    "CREATE TABLE log.meta(site TEXT NOT NULL) STRICT",
    "CREATE TABLE log.row(seq INTEGER PRIMARY KEY, hash TEXT NOT NULL, text TEXT NOT NULL) STRICT",
)
"""Statements that make the file, which is attached as `log`."""

HISTORY = (
    "CREATE TABLE history.entry(seq INTEGER PRIMARY KEY, hash TEXT NOT NULL, kind TEXT NOT NULL, "
    "subject TEXT NOT NULL, message TEXT) STRICT"
)
"""Statement that makes the index of the file in memory, whose hashes each row is verified by."""

HISTORY_INDEXES = (
    "CREATE UNIQUE INDEX history.entry_hash ON entry(hash)",
    "CREATE INDEX history.entry_subject ON entry(subject, kind)",
    "CREATE INDEX history.entry_kind ON entry(kind)",
    "CREATE INDEX history.entry_message ON entry(message) WHERE message IS NOT NULL",
)
"""Statements that make its indexes, which is faster once it is filled."""

TABLES = """
CREATE TABLE head(site TEXT NOT NULL, seq INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;

CREATE TABLE request(
    request_id TEXT PRIMARY KEY,
    proposal_key TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL,
    seq INTEGER NOT NULL,
    filed_at TEXT NOT NULL,
    filed_boot_id TEXT NOT NULL,
    filed_boot_ms INTEGER NOT NULL,
    within_s REAL NOT NULL,
    run_id TEXT,
    kind TEXT NOT NULL,
    has_lease INTEGER NOT NULL,
    has_effects INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'PROPOSED',
    reason TEXT NOT NULL DEFAULT '',
    approved_at TEXT,
    approved_boot_ms INTEGER
) STRICT;
CREATE INDEX request_state ON request(state);
CREATE INDEX request_run ON request(run_id);
CREATE INDEX request_leased ON request(state) WHERE has_lease = 1;
CREATE INDEX request_watched ON request(state) WHERE has_effects = 1;

CREATE TABLE action(
    action_id TEXT PRIMARY KEY,
    request_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    equipment TEXT NOT NULL,
    tag TEXT NOT NULL,
    effects INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'PLANNED',
    reason TEXT NOT NULL DEFAULT '',
    due_boot_ms INTEGER,
    sent_at TEXT,
    sent_boot_id TEXT,
    sent_boot_ms INTEGER,
    is_seen_back INTEGER NOT NULL DEFAULT 0,
    UNIQUE(request_id, position)
) STRICT;
CREATE UNIQUE INDEX one_action_in_flight ON action((1)) WHERE state IN ('CLAIMED', 'SENDING');
CREATE INDEX action_state ON action(state);
CREATE INDEX action_sent ON action(tag) WHERE sent_at IS NOT NULL;

CREATE TABLE intent(
    action_id TEXT PRIMARY KEY,
    wire TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    seq INTEGER NOT NULL
) STRICT;

CREATE TABLE decision(
    number INTEGER PRIMARY KEY,
    request_id TEXT,
    verdict TEXT NOT NULL,
    subject TEXT NOT NULL,
    nonce TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL,
    signature TEXT NOT NULL,
    card TEXT,
    chain TEXT
) STRICT;
CREATE INDEX decision_request ON decision(request_id);
CREATE INDEX decision_subject ON decision(verdict, subject);

CREATE TABLE gate(epoch INTEGER PRIMARY KEY, pid INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT;

CREATE TABLE lockout(
    scope TEXT PRIMARY KEY, generation INTEGER NOT NULL, is_locked INTEGER NOT NULL
) STRICT;

CREATE TABLE authority(
    equipment TEXT PRIMARY KEY,
    generation INTEGER NOT NULL,
    mode TEXT NOT NULL,
    person TEXT NOT NULL,
    until TEXT
) STRICT;

CREATE TABLE run(
    run_id TEXT PRIMARY KEY, playbook TEXT NOT NULL, is_open INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX run_open ON run(is_open);

CREATE TABLE run_asset(
    run_id TEXT NOT NULL, asset TEXT NOT NULL, is_open INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY(run_id, asset)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX one_run_owns_an_asset ON run_asset(asset) WHERE is_open = 1;

CREATE TABLE nested_run(
    run_id TEXT PRIMARY KEY, ancestors TEXT NOT NULL, uses TEXT NOT NULL
) STRICT;

CREATE TABLE effect(
    action_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    expected TEXT NOT NULL,
    within_s REAL NOT NULL,
    observed TEXT NOT NULL,
    verdict TEXT NOT NULL,
    UNIQUE(action_id, number)
) STRICT;

CREATE TABLE lease(
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    pid INTEGER NOT NULL,
    boot_id TEXT NOT NULL,
    renewed_boot_ms INTEGER NOT NULL,
    seq INTEGER NOT NULL
) STRICT;
"""
"""Script that makes the tables in memory. Only `fold.apply` changes them."""
