"""What the files of a site may say of a heartbeat, and what keeps everybody else away from it."""

from pathlib import Path

import pytest

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import load_site
from handwheel.hmi.site.commissioning.file_check import check_site

from ..testbed.heartbeat import edit, make_beating_site

TAG = "connection: pkg, table: holding, address: 20, type: int, equipment: P-101A, writable: true"
OTHER = "  P-101B: {}"
ALLOW = "{tags: [P-101A.mode], class: R2, roles: [operator]}"

# file, what stands there, what is written instead, and what is said of it.
WRONG = {
    "no such tag": ("site.yaml", "P-101A.hb", "P-101A.hx", "there is no tag 'P-101A.hx'"),
    "too fast": ("site.yaml", "every: 1 s", "every: 199 ms", "must lie between 200 ms and 1 min"),
    "too slow": ("site.yaml", "every: 1 s", "every: 61 s", "must lie between 200 ms and 1 min"),
    "no unit": ("site.yaml", "every: 1 s", "every: 1", "1 is no duration"),
    "no interval": ("site.yaml", ", every: 1 s", "", "every: is missing"),
    "read only": ("tags.yaml", f"{TAG}}}", f"{TAG.removesuffix(', writable: true')}}}",
                  "P-101A.hb cannot be written"),
    "a float": ("tags.yaml", TAG, TAG.replace("int", "float"), "P-101A.hb is a float"),
    "a coil": ("tags.yaml", TAG, TAG.replace("holding", "coil").replace("int", "bool"),
               "P-101A.hb is a bool"),
    "two registers": ("tags.yaml", TAG, f"{TAG}, encoding: uint32", "a heartbeat is one holding"),
    "another's": ("tags.yaml", TAG, TAG.replace("P-101A", "P-101B"), "P-101A.hb belongs to P-101B"),
    "nobody's": ("tags.yaml", TAG, TAG.replace("equipment: P-101A, ", ""),
                 "P-101A.hb belongs to no equipment"),
    "shared by two": ("site.yaml", OTHER, "  P-101B: {heartbeat: {tag: P-101A.hb, every: 1 s}}",
                      "P-101A.hb is the heartbeat of P-101A"),
    "the same register": ("tags.yaml", TAG, TAG.replace("20", "0"), "has the same address"),
    "a readback": ("tags.yaml", f"{TAG}}}", f"{TAG}, readback: self}}", "is the readback of"),
    "a rule": ("policy.yaml", ALLOW, ALLOW.replace("mode", "hb"),
               "names P-101A.hb, the heartbeat of P-101A: only the gate writes it"),
    "a wide rule": ("policy.yaml", ALLOW, ALLOW.replace("[P-101A.mode]", '["P-101A.*"]'),
                    "names P-101A.hb, the heartbeat of P-101A: only the gate writes it"),
    "a prohibition": ("policy.yaml", "allow:", "forbid:\n  - {connection: pkg, table: holding, "
                      "addresses: 20..29, reason: a relay}\nallow:", "forbids P-101A.hb"),
}  # fmt: skip
RIGHT = {
    "as it is": ("site.yaml", "every: 1 s", "every: 1 s"),
    "the fastest": ("site.yaml", "every: 1 s", "every: 200 ms"),
    "the slowest": ("site.yaml", "every: 1 s", "every: 60 s"),
    "with a sign": ("tags.yaml", TAG, f"{TAG}, encoding: int16"),
}


@pytest.mark.parametrize("case", WRONG)
def test_it_is_told_when_the_files_are_checked(tmp_path: Path, case: str) -> None:
    file, old, new, reason = WRONG[case]
    make_beating_site(tmp_path)
    edit(tmp_path, file, old, new)
    with pytest.raises(ConfigError) as caught:
        check_site(tmp_path)
    assert reason in str(caught.value)


@pytest.mark.parametrize("case", RIGHT)
def test_what_is_right_is_taken(tmp_path: Path, case: str) -> None:
    file, old, new = RIGHT[case]
    make_beating_site(tmp_path)
    edit(tmp_path, file, old, new)
    site = check_site(tmp_path)
    tag = site.tags["P-101A.hb"]
    assert (site.is_heartbeat(tag), site.is_writable(tag)) == (True, False)
    assert not load_site(tmp_path).is_heartbeat(site.tags["P-101A.mode"])
