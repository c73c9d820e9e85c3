from pathlib import Path

import pytest

from handwheel.arguments import known_tag, reason_text, seconds, texts, write_texts
from handwheel.errors import InvalidArguments

from ..sites.in_memory import make_site


@pytest.mark.parametrize("given", ["PT-102.pv", 5, ["PT-102.pv", 5], None])
def test_one_text_or_no_text_is_no_list(given: object) -> None:
    with pytest.raises(InvalidArguments, match=r"give a list of texts"):
        texts("expect", given)


def test_several_tags_are_not_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidArguments, match=r"one tag, and not \['PT-102\.pv'\]"):
        known_tag(make_site(tmp_path), ["PT-102.pv"])


@pytest.mark.parametrize("given", [{}, [("PIC-102.sp", 352)], {5: "x"}, {"PIC-102.sp": None}])
def test_writes_of_another_form_are_refused_by_name(given: object) -> None:
    with pytest.raises(InvalidArguments, match=r"^writes: "):
        write_texts(given)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (" ", "the reason is empty; say why"),
        ("x" * 2001, "the reason has 2001 characters"),
        (None, "reason: give a text, and not None"),
    ],
)
def test_reason_that_says_nothing_is_refused(given: object, told: str) -> None:
    with pytest.raises(InvalidArguments, match=told):
        reason_text(given)


def test_values_become_texts() -> None:
    given = {"P-101B.run_cmd": True, "PIC-102.sp": 352.5, "LIC-101.sp": "50 %"}
    assert write_texts(given) == {
        "P-101B.run_cmd": "true", "PIC-102.sp": "352.5", "LIC-101.sp": "50 %"
    }  # fmt: skip


def test_number_without_a_unit_is_no_duration() -> None:
    with pytest.raises(InvalidArguments, match="within: 5 is no duration"):
        seconds("within", 5)  # type: ignore[arg-type]  # as a program may call it
