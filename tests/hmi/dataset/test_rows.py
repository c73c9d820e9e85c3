from dataclasses import replace
from datetime import UTC, datetime

from handwheel.hmi.dataset.rows import Pseudonyms, table_rows
from handwheel.hmi.dataset.tables import TABLES, Origin, data_sheet

from .sample_cases import DIAGNOSIS, OPENED, WORN, sample_cases

PEOPLE = Pseudonyms(["anna", "bert", "ben", *sample_cases()[0].people])


def test_rows_have_every_column_with_labels_evidence_and_writes() -> None:
    rows = table_rows(sample_cases(), PEOPLE).of
    for table in TABLES:
        assert all([*row] == [each.name for each in table.columns] for row in rows[table.name])
    whole, bare = rows["episodes"]
    assert whole["opened_at"] == datetime(2026, 11, 25, 8, tzinfo=UTC)
    assert (whole["found"], whole["named"], whole["kept"]) == ("bearing-worn", [WORN], 1)
    assert (whole["gain_promised"], whole["gain_measured"], whole["gain_unit"]) == (2.5, None, "kW")
    assert (bare["found"], bare["gain_unit"], bare["runs"]) == (None, None, 0)
    first, second = rows["evidence"]
    assert (first["measured"], first["threshold"], first["unit"]) == (5.1, 4.0, "mm/s")
    assert (first["weight_db"], first["tags"], first["ahead_db"]) == (18.5, ["VT-101A.pv"], 12.5)
    assert (second["sign"], second["measured"]) == ("hot", None)
    (action,) = rows["actions"]
    assert (action["tag"], action["wanted"], action["wanted_number"]) == (
        "P-101B.run_cmd", "true", None,
    )  # fmt: skip
    assert (action["decided_roles"], action["verdicts"], action["decided_after_s"]) == (
        ["operator", "shift-supervisor"], ["approve", "approve"], 599.0,
    )  # fmt: skip


def test_rows_have_pseudonyms_for_people_also_in_texts_unless_names_are_kept() -> None:
    rows = table_rows(sample_cases(), PEOPLE).of
    assert rows["actions"][0]["decided_by"] == ["person-1", "person-2"]
    assert rows["actions"][0]["asked_by"] == "person-4"
    assert rows["episodes"][0]["found_by"] == "person-3"
    assert rows["episodes"][0]["found_note"] == "person-3 and person-1: \\u202eworn"
    assert rows["evidence"][1]["text"] == "person-1, field: yes"
    kept = table_rows(sample_cases(), Pseudonyms(())).of
    assert kept["episodes"][0]["found_note"] == "Ben and anna: \\u202eworn"


def test_rows_of_a_damaged_case_are_in_no_table_and_it_is_told() -> None:
    whole, bare = sample_cases()
    damaged = replace(whole, diagnoses=((OPENED, {**DIAGNOSIS, "hypotheses": [{}]}),))
    rows = table_rows([damaged, bare], PEOPLE)
    assert [len(rows.of[each.name]) for each in TABLES] == [1, 0, 0]
    assert rows.problems == ["case C-1 is damaged: KeyError: 'id'"]


def test_data_sheet_counts_rows_and_labels_and_says_what_is_missing() -> None:
    rows = table_rows(sample_cases(), PEOPLE).of
    origin = Origin(
        "cw", "cw-100", OPENED, False, 3, {"handwheel": "1"}, {"x": "ab"}, ("it is so",)
    )
    sheet = data_sheet(origin, rows)
    for line in (
        "| `evidence.parquet` | 2 | a row for each sign of a hypothesis in a judgement that the "
        "journal has |",
        "The cases were opened from 2026-11-25 to 2026-11-25 (UTC), at one site.",
        "Verdicts: named 1, none 1.", "Labels: bearing-worn 1.", "Given by: person-3 1.",
        "- Cases that are still open: 3.", "- it is so.", "| SHA-256 of x | `ab` |",
        "| `at` | timestamp, µs, UTC |  | when it was judged |",
    ):  # fmt: skip
        assert line in sheet.splitlines()
    assert "1 of 2 cases have it" in sheet
    assert "are replaced by pseudonyms" in sheet
