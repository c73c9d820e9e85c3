"""Who counts: chains that hold, and every way in which one breaks."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel.connectors.errors import ConfigError
from handwheel.tools.guardrails.identity.roster import Record, judge, load_roster

from ....sites.people import SITE, START, YEAR, boss, key_id, record_of, roster_of, site_of

DAY = timedelta(days=1)


def _people(*records: Record) -> list[str]:
    return [each.person for each in roster_of(*records).operators]


def test_a_chain_to_the_trust_root_counts_whatever_the_order(tmp_path: Path) -> None:
    deputy = record_of("deputy", "administrator")
    anna = record_of("anna", "operator", "shift-supervisor", issuer="deputy")
    roster = load_roster(site_of(tmp_path, anna, deputy, boss()))
    assert roster.ignored == ()
    assert [each.person for each in roster.operators] == ["anna", "deputy", "boss"]
    found = roster.by_key(key_id("anna"), START)
    assert found is not None
    assert found.roles == {"operator", "shift-supervisor"}
    assert found.chain == (key_id("deputy"), key_id("boss"))
    assert len(roster.hash) == 64
    both = roster_of(boss(), record_of("anna", "administrator", "operator"))
    assert both.operators[1].roles == {"administrator"}  # whatever else the record says
    nobody = load_roster(site_of(tmp_path, boss(), root=""))
    assert nobody.operators == ()
    assert "site.yaml names no trust root" in str(nobody.ignored[0])


def test_a_missing_file_enrols_nobody_and_an_unreadable_one_is_told(tmp_path: Path) -> None:
    site = site_of(tmp_path)
    roster = load_roster(site)
    assert (roster.operators, roster.ignored, roster.hash) == ((), (), "")
    (tmp_path / "operators.yaml").mkdir()
    with pytest.raises(ConfigError, match=r"operators\.yaml"):
        load_roster(site)


def test_an_enrolment_has_a_beginning_and_an_end() -> None:
    roster = roster_of(boss(), record_of("anna", valid=DAY))
    tick = timedelta(milliseconds=1)
    at = {START - tick: False, START: True, START + DAY - tick: True, START + DAY: False}
    assert {time: roster.by_key(key_id("anna"), time) is not None for time in at} == at
    assert {time: roster.by_name("anna", time) is not None for time in at} == at


IGNORED: dict[str, tuple[list[Record], str]] = {
    "nobody": ([record_of("anna", issuer="stranger")], "no record has its issuer SHA256:…"),
    "not an administrator": (
        [record_of("bert"), record_of("anna", issuer="bert")], "no chain of administrators",
    ),
    "a circle": (
        [record_of("bert", "administrator", issuer="anna"),
         record_of("anna", "administrator", issuer="bert")], "no chain of administrators",
    ),
    "after the issuer": (
        [record_of("bert", "administrator", valid=DAY),
         record_of("anna", issuer="bert", start=START + DAY)], "no chain of administrators",
    ),
    "dated back by an issuer whose time is over": (
        [record_of("bert", "administrator", valid=DAY),
         record_of("anna", issuer="bert", start=START + DAY / 2, valid=YEAR - DAY)],
        "it ends after 2026-11-02T00:00:00.000Z, when the record of bert ends, its issuer",
    ),
    "another site": ([record_of("anna", site_id="cw-2")], "its signature does not fit"),
    "backwards": ([record_of("anna", valid=-DAY)], "it ends before it begins"),
    "a role twice": ([record_of("anna", "operator", "operator")], "it names a role twice"),
    "an agent": ([record_of("anna", "agent")], "an agent holds no key"),
    "no key": (
        [record_of("anna").model_copy(update={"key": "ssh-ed25519 AAAA"})], "is no line",
    ),
}  # fmt: skip


def test_a_record_without_a_chain_is_ignored_and_said(tmp_path: Path) -> None:
    for name, (records, reason) in IGNORED.items():
        roster = load_roster(site_of(tmp_path, boss(), *records))
        assert roster.by_key(key_id("anna"), START) is None, name
        last = str(roster.ignored[-1])
        start, _, end = reason.partition("…")
        assert last.startswith(f"{tmp_path}/operators.yaml:"), name
        assert "anna" in last, name
        assert start in last, name
        assert end in last, name


def test_two_keys_of_a_person_at_a_time_are_both_refused(tmp_path: Path) -> None:
    second = record_of("anna", key="anna's second", start=START + DAY, valid=DAY * 9)
    roster = load_roster(site_of(tmp_path, boss(), record_of("anna"), second, record_of("bert")))
    assert [each.person for each in roster.operators] == ["boss", "bert"]
    assert [problem.key for problem in roster.ignored] == ["operators.1", "operators.2"]
    assert "another record at the same time" in str(roster.ignored[0])
    after = record_of("anna", key="anna's second", start=START + DAY, valid=DAY * 9)
    assert _people(boss(), record_of("anna", valid=DAY), after) == ["boss", "anna", "anna"]
    bert = record_of("bert", key="anna", start=START + YEAR)  # one key of two people
    assert _people(boss(YEAR * 2), record_of("anna"), bert) == ["boss"]


def test_whom_an_administrator_vouches_for_counts_as_they_do() -> None:
    deputy = record_of("deputy", "administrator")
    second = record_of("deputy", "administrator", key="deputy's second")
    anna = record_of("anna", issuer="deputy")
    assert _people(boss(), deputy, anna) == ["boss", "deputy", "anna"]
    assert _people(boss(), deputy, second, anna) == ["boss"]
    brief = record_of("deputy", "administrator", valid=DAY)
    as_long = record_of("anna", issuer="deputy", start=START + DAY / 2, valid=DAY / 2)
    assert _people(boss(), brief, as_long) == ["boss", "deputy", "anna"]


def test_a_file_that_is_no_list_of_records_is_an_error(tmp_path: Path) -> None:
    for old, new, place in [
        ('["operator"]', "[]", "operators.1.roles"),
        ("    from:", "    form:", "operators.1.form"),
        ('"2026-11-01T00:00:00.000Z"', "5", "operators.0.from"),
    ]:
        site = site_of(tmp_path, boss(), record_of("anna"))
        path = tmp_path / "operators.yaml"
        path.write_text(path.read_text().replace(old, new))
        with pytest.raises(ConfigError, match=f"operators.yaml:\\d+:\\d+: {place}"):
            load_roster(site)


@given(st.data())
def test_no_field_of_a_record_can_be_changed(data: st.DataObject) -> None:
    record = record_of("anna")
    forged: Record = data.draw(
        st.one_of(
            st.from_regex(r"\A[a-z]{1,8}\Z").map(lambda name: {"person": name}),
            st.sampled_from([["administrator"], ["operator", "x"]]).map(lambda r: {"roles": r}),
            st.just({"key": record_of("bert").key}),
            st.sampled_from(["from_", "until"]).map(lambda n: {n: "2026-11-02T00:00:00.000Z"}),
            st.just({"issuer": key_id("anna")}),
            st.integers(0, 511).map(lambda bit: {"signature": _flipped(record.signature, bit)}),
        ).map(lambda update: record.model_copy(update=update))
    )
    operators, faults = judge([boss(), forged], SITE, key_id("boss"))
    is_same = forged == record
    assert len(operators) == 1 + is_same
    assert bool(faults) != is_same


def _flipped(signature: str, bit: int) -> str:
    return f"{int(signature, 16) ^ (1 << bit):0128x}"
