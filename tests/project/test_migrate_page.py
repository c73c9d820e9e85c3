"""The how-to's migration is typed beside a ledger of version 7."""

import sqlite3
from contextlib import closing
from pathlib import Path

from .pages.doc_shell import DocShell
from .pages.doc_tables import DOCS, ROOT, text_of

PAGE = DOCS / "how-to/keep-the-journal.md"
OLD = ROOT / "tests/tools/guardrails/ledger/store"
SITE = (
    "schema: site/1\nid: cw\nconnections: {plc: {kind: modbus, host: 127.0.0.1, simulated: true}}\n"
)


def test_the_migration_of_the_page_brings_a_ledger_up(tmp_path: Path) -> None:
    state = tmp_path / "var"
    state.mkdir()
    (tmp_path / "site.yaml").write_text(SITE, encoding="utf-8")
    (tmp_path / "tags.yaml").write_text("schema: tags/1\ntags: {}\n", encoding="utf-8")
    with closing(sqlite3.connect(state / "ledger.db")) as old:
        old.executescript((OLD / "version_7.sql").read_text(encoding="utf-8"))
        old.commit()
    (state / "anchors").write_bytes((OLD / "version_7.anchors").read_bytes())
    section = text_of(PAGE).partition("## Migrate a ledger")[2]
    DocShell(tmp_path, []).follow(section)
    assert (state / "ledger/ledger.db").exists()
