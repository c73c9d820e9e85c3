"""`policy.yaml`: every wrong thing is told with its place; what is missing allows nothing."""

import os
from collections.abc import Callable
from dataclasses import replace
from errno import EACCES
from pathlib import Path

import pytest

from handwheel.connectors.config import yaml_documents
from handwheel.connectors.config.yaml_documents import Document, parse_document
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import Site, load_site
from handwheel.connectors.model.values import Value
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.playbooks.binding.bind import bind
from handwheel.playbooks.language.loader import load_library
from handwheel.tools.conditions import Expression
from handwheel.tools.guardrails.policy.cross_limits import cross_limits
from handwheel.tools.guardrails.policy.policy import build_policy, load_policy

from ....plants.served import site_of
from ....sites.policy_text import HEAD, SETPOINT, judge, policy_of

ALLOW = f"allow:\n  - {SETPOINT}\n"
# What stands there, what is written instead, where the problem is, its key and its reason.
EDITS = [
    ("schema: policy/1", "schema: policy/2", "schema", "schema", "input should be 'policy/1'"),
    ("nurse: {}", "administrator: {}", "administrator", "roles.administrator", "is reserved"),
    ("nurse: {}", "Head Nurse: {}", "Head", "roles.Head Nurse", "a role is named with"),
    ("[foreman]", "[boss]", "boss", "roles.chief.acts_as.0", "there is no role 'boss'; known: op"),
    ("roles: [operator]", "roles: [opertor]", "opertor", "allow.0.roles.0", "there is no role 'op"),
    ("roles: [operator]", "roles: []", "roles: []", "allow.0.roles", "list should have at least 1"),
    ("[PIC-102.sp]", "[PIC-102.sp, PIC-9.*]", "PIC-9", "allow.0.tags.1", "'PIC-9.*' matches no"),
    ("[PIC-102.sp]", "[PT-102.pv]", "PT-102", "allow.0.tags.0", "'PT-102.pv' matches no writable"),
    ("class: R1", "class: R4", "class", "allow.0.class", "input should be 'R1', 'R2' or 'R3'"),
    ("step: 20 kPa,", "step: 20 bar,", "max_step", "allow.0.max_step",
     "PIC-102.sp is in kPa, not in bar"),
    ("step: 20 kPa,", "step: 20,", "max_step", "allow.0.max_step",
     "PIC-102.sp is in kPa, not in no unit"),
    ("step: 20 kPa,", "step: 0 kPa,", "max_step", "allow.0.max_step", "'0 kPa' must be above zero"),
    ("30 kPa/min", "30 kPa", "rate", "allow.0.rate", "'30 kPa' is no rate; write a quantity per"),
    ("280 kPa ..", "280 ..", "limits", "allow.0.limits", "'280 .. 420 kPa' has two units"),
    ("280 kPa ..", "430 kPa ..", "limits", "allow.0.limits", "'430 kPa .. 420 kPa': the low end"),
    ("280 kPa ..", "nan kPa ..", "limits", "allow.0.limits", "'nan kPa ' is no quantity"),
    ("280 kPa ..", "330 kPa ..", "{tags", "allow.0", "band: 320 .. 380 kPa reaches beyond"),
    (", limits: 280 kPa .. 420 kPa", "", "{tags", "allow.0", "limits: PIC-102.sp is a number: say"),
    ("cooldown: 60 s", "cooldown: 60", "cooldown", "allow.0.cooldown", "60 is no duration"),
    ("2026-11-24", "yesterday", "on: y", "allow.0.commissioned.on", "'yesterday' is no date"),
    ("allow:", "alow:", "alow", "alow", "unknown key; did you mean 'allow'?"),
    ("allow:", "ttl_max: 2 d\nallow:", "ttl_max", "ttl_max", "must lie between 1 s and 1 d"),
    ("nurse: {}", "nurse: {areas: [CW/*, XX/*]}", "XX", "roles.nurse.areas.1",
     "'XX/*' matches the path of no equipment"),
    ("class: R1", "area: XX/*, class: R1", "area", "allow.0.area", "'XX/*' matches the path of no"),
    ("class: R1", "area: CW/E-*, class: R1", "PIC-102.sp]", "allow.0.tags.0",
     "'PIC-102.sp' matches no writable tag in CW/E-*"),
    ("allow:", "groups: [{id: g, tags: [PIC-102.sp], within: 1 h}]\nallow:", "{id: g", "groups.0",
     "a group has writes or travel, or both"),
    ("allow:", "groups: [{id: g, tags: [PIC-9*], writes: 1, within: 1 h}]\nallow:", "PIC-9",
     "groups.0.tags.0", "'PIC-9*' matches no writable tag"),
    ("allow:", "groups: [{id: g, tags: [PIC-102.sp], writes: 0, within: 1 h}]\nallow:", "writes",
     "groups.0.writes", "input should be greater than or equal to 1"),
    ("allow:", "groups: [{id: g, tags: [PIC-102.sp], travel: 4 bar, within: 1 h}]\nallow:",
     "travel", "groups.0.travel", "PIC-102.sp is in kPa, not in bar"),
    ("allow:", "groups: [{id: g, tags: [P-101A.run_cmd], travel: 4 kPa, within: 1 h}]\nallow:",
     "travel", "groups.0.travel", "P-101A.run_cmd is no number but a bool"),
    ("allow:", "groups: [{id: g, tags: [PIC-102.sp], writes: 1, within: 8 d}]\nallow:", "{id: g",
     "groups.0", "within: must lie between 1 s and 7 d"),
    ("allow:", "asking: {pending: 0}\nallow:", "pending", "asking.pending", "input should be gre"),
    ("allow:", "suspend: {alarms: [I-*.active, PT-102.pv]}\nallow:", "PT-102",
     "suspend.alarms.1", "'PT-102.pv' matches no bool tag"),
    ("allow:", "suspend: {within: 2 d}\nallow:", "within", "suspend.within", "must lie between"),
    ("allow:", "suspend: {disk: 0 MB}\nallow:", "disk", "suspend.disk", "'0 MB' is no size from"),
    ("allow:", "asking: {pause_after_rejection: 2 d}\nallow:", "pause",
     "asking.pause_after_rejection", "must not be longer than 1 d"),
]  # fmt: skip
PARTS = "a rule has either tags, or connection and nodes, or connection, table and addresses"
FORBID = [
    ("{tags: [ESD.*], reason: x}", "ESD", "forbid.0.tags.0", "'ESD.*' matches no tag"),
    ("{reason: x}", "{reason", "forbid.0", PARTS),
    ("{tags: [PT-102.pv]}", "{tags", "forbid.0.reason", "is missing"),
    ("{connection: plc, table: coil, addresses: 1, reason: x}", "connection",
     "forbid.0.connection", "there is no connection 'plc'; known: dcs, pkg"),
    ("{connection: dcs, table: coil, addresses: 1, reason: x}", "connection",
     "forbid.0.connection", "dcs is opcua: forbid its tags by name, or by nodes"),
    ("{connection: pkg, nodes: ['nsu=urn:x;s=A'], reason: x}", "connection",
     "forbid.0.connection", "pkg is modbus: forbid its tags by name, or by table and addresses"),
    ("{connection: dcs, nodes: ['ns=2;s=A'], reason: x}", "'ns=", "forbid.0.nodes.0",
     "'ns=2;s=A' is no node id or pattern of one; write nsu=URI;s=NAME"),
    ("{connection: dcs, nodes: ['nsu=urn:x;s=A*'], reason: x}", "'nsu=", "forbid.0.nodes.0",
     "'nsu=urn:x;s=A*' matches the node of no tag on dcs"),
    *((f"{{connection: pkg, table: coil, addresses: {text}, reason: x}}", "addresses",
       "forbid.0.addresses", f"{shown} is no address; write one or two")
      for text, shown in (("9..1", "'9..1'"), ("65536", "65536"), ("-1", "-1"), ("1..", "'1..'"),
                          ("a", "'a'"), ("true", "True"))),
]  # fmt: skip


def test_each_wrong_thing_is_told_with_its_place(site: Site) -> None:
    for old, new, at, key, reason in EDITS:
        text = HEAD + ALLOW
        assert old in text, old
        _only_problem(site, text.replace(old, new, 1), at, f"{key}: {reason}")


def test_a_prohibition_that_forbids_nothing_is_told(site: Site) -> None:
    for rule, at, key, reason in FORBID:
        text = f"schema: policy/1\nroles: {{}}\nforbid:\n  - {rule}\n"
        _only_problem(site, text, at, f"{key}: {reason}")


def _only_problem(site: Site, text: str, at: str, said: str) -> None:
    before = text[: text.index(at)]
    place = f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
    with pytest.raises(ConfigError) as caught:
        build_policy(parse_document(text, Document("policy.yaml")), site)
    (only,) = caught.value.problems
    assert str(only).startswith(f"policy.yaml:{place}: {said}")


def test_all_problems_are_told_at_once(site: Site) -> None:
    text = HEAD + ALLOW.replace("[operator]", "[a, b]").replace(
        "[PIC-102.sp]", "[X.*, P-101A.mode]"
    )
    with pytest.raises(ConfigError) as caught:
        build_policy(parse_document(text, Document("policy.yaml")), site)
    keys = [problem.key.removeprefix("allow.0.") for problem in caught.value.problems]
    assert keys == ["tags.0", "roles.0", "roles.1", "band", "limits", "max_step", "rate"]


def test_unattended_is_for_simulated_plants_only(site: Site) -> None:
    assert policy_of(site, more="unattended: simulated\n").unattended
    assert not policy_of(site).unattended
    real = {"dcs": site.connections["dcs"].model_copy(update={"simulated": False})}
    mixed = replace(site, connections={**site.connections, **real})
    with pytest.raises(ConfigError, match=r"3:1: unattended: only where .* simulated; dcs is not"):
        policy_of(mixed, more="unattended: simulated\n")


def test_conditions_across_tags_keep_their_place(site: Site) -> None:
    rule = '{id: a-pump-runs, that: "P-101A.running", with: after}'
    policy = policy_of(site, more=f"ttl_max: 5 min\nacross:\n  - {rule}\n")
    (across,) = policy.across
    assert (across.id, across.text, across.with_) == ("a-pump-runs", "P-101A.running", "after")
    assert str(across.problem("no")) == "policy.yaml:5:23: across.a-pump-runs.that: no"
    assert policy.ttl_max_s == 300.0
    with pytest.raises(ConfigError, match=r"6:6: across.1.id: 'a-pump-runs' stands here twice"):
        policy_of(site, more=f"ttl_max: 5 min\nacross:\n  - {rule}\n  - {rule}\n")


def test_a_policy_that_is_missing_or_was_changed_allows_nothing(tmp_path: Path) -> None:
    site = site_of(tmp_path, PlantEndpoints())
    path = tmp_path / "policy.yaml"
    assert judge(load_policy(site), site, "PIC-102.sp", 355.0).is_allowed
    path.write_text(path.read_text() + "# changed\n")
    with pytest.raises(ConfigError, match=r"policy.yaml: it changed while the site was being read"):
        load_policy(site)
    path.unlink()
    with pytest.raises(ConfigError, match=r"policy.yaml: there is no such file, .* create it"):
        load_policy(load_site(tmp_path))


# By plant, the writes of its reference's right answers, each with the present value.
ANSWERS: list[tuple[str, str, Value, Value]] = [
    ("cw-100", "FIC-201.sp", 40.0, 28.0),  # F03, F05, F09, F12: cut the load
    ("cw-100", "FIC-201.sp", 28.0, 40.0),
    ("cw-100", "TIC-202.mode", 1, 0),  # F08
    ("cw-100", "TIC-202.op", 51.5, 70.0),
    ("cw-100", "LIC-101.mode", 1, 0),  # F06, F09: make-up by hand
    ("cw-100", "LIC-101.op", 15.0, 100.0),
    ("cw-100", "P-101B.run_cmd", True, False),  # F16
    ("tep", "PRODUCTION.sp", 22.949, 20.8),  # IDV6
    ("tep", "AIC-A.mode", 1, 0),
    ("tep", "RATIO-1.sp", 0.01, 0.0),
    ("tep", "RATIO-4.sp", 0.0892, 0.0987),
    ("quadtank", "SC-101.sp", 3.0, 4.3),  # Q01
    ("cstr", "FIC-101.sp", 100.0, 70.0),  # C01, C02, C03
]


def test_a_new_sites_policy_allows_what_its_plants_faults_ask_for(tmp_path: Path) -> None:
    for plant in dict.fromkeys(plant for plant, *_ in ANSWERS):
        site = site_of(tmp_path / plant, PlantEndpoints(), plant)
        policy = load_policy(site)
        for name, now, value in (row[1:] for row in ANSWERS if row[0] == plant):
            ruling = judge(policy, site, name, value, now)
            assert ruling.is_allowed, (name, ruling.reasons)
            if ruling.rate_per_s is not None:  # a first step counts as a minute after another
                assert abs(float(value) - float(now)) <= ruling.rate_per_s * 60.0, name


def test_a_new_sites_policy_allows_every_write_of_the_library(tmp_path: Path) -> None:
    site = site_of(tmp_path, PlantEndpoints())
    policy = load_policy(site)
    playbooks, broken = load_library(site)
    assert not broken
    writes = [write for each in playbooks for write in bind(each, site).writes]
    assert len({write.tag.name for write in writes}) >= 4
    for write in writes:
        if isinstance(write.value, Expression):  # known when it is asked for
            continue
        # Less than 25 m3/h comes by a ramp, or after a standstill.
        is_cut = write.tag.name == "FIC-201.sp" and float(write.value) >= 25.0
        now = 40.0 if is_cut else write.value
        ruling = judge(policy, site, write.tag.name, write.value, now)
        assert ruling.is_allowed, (write.tag.name, ruling.reasons)


def test_a_new_sites_policy_allows_its_own_set_points_and_pumps_only(tmp_path: Path) -> None:
    site = site_of(tmp_path, PlantEndpoints(unattended=True))
    policy = load_policy(site)
    present = {"PIC-102.sp": 350.0, "TIC-202.sp": 48.0, "TIC-106.sp": 26.0, "FIC-201.sp": 40.0,
               "LIC-101.sp": 70.0}  # fmt: skip
    for name, value in present.items():
        assert judge(policy, site, name, value, value).risk_class == "R1"
    allowed = {
        tag.name for tag in site.tags.values() for value in (True, 1, present.get(tag.name, 50.0))
        if judge(policy, site, tag.name, value, value).is_allowed
    }  # fmt: skip
    pumps = {f"P-101{side}.{what}" for side in "AB" for what in ("run_cmd", "mode")}
    outputs = {f"{loop}.{what}" for loop in ("LIC-101", "TIC-106", "TIC-202")
               for what in ("op", "mode")}  # fmt: skip
    assert allowed == {*present, *pumps, *outputs}
    (limit,) = cross_limits(site, policy)
    judged = {name for name, tag in site.tags.items() if tag.writable and limit.concerns(tag)}
    assert judged >= pumps | {"PIC-102.op", "PIC-102.mode"}
    assert not judged & outputs
    assert not any(name.endswith(".sp") for name in judged)
    assert policy.unattended
    assert not load_policy(site_of(tmp_path / "other", PlantEndpoints())).unattended


def test_a_rule_for_whom_nobody_counts_is_told(site: Site) -> None:
    text = (HEAD + ALLOW).replace("operator: {}", "operator: {areas: [CW/E-*]}")
    reason = "PIC-102.sp lies outside the areas of operator, so it could not be approved"
    with pytest.raises(ConfigError, match=rf"policy.yaml:4:\d+: allow.0.roles.0: {reason}"):
        build_policy(parse_document(text, Document("policy.yaml")), site)
    inside = text.replace("CW/E-*", "CW/PUMPS-101*")
    assert build_policy(parse_document(inside, Document("policy.yaml")), site)


UNREADABLE: list[tuple[str, Callable[[Path], object]]] = [
    ("there is no such file, and without a policy nothing may be written", Path),
    ("cannot be read: is a directory", Path.mkdir),
    ("cannot be read: is no regular file", os.mkfifo),
    ("cannot be read: not UTF-8 at byte 0", lambda path: path.write_bytes(b"\xff")),
    ("cannot be read: larger than 200000 bytes", lambda path: path.write_text("- []\n" * 120_000)),
    ("cannot be read: larger than 10000000 bytes", lambda path: path.write_bytes(b"#" * 10**7 * 2)),
]


def test_a_policy_that_cannot_be_read_is_told_at_once(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(folder: str, make: Callable[[Path], object], reason: str) -> None:
        path = tmp_path / folder / "policy.yaml"
        path.parent.mkdir()
        make(path)
        with pytest.raises(ConfigError, match=reason) as caught:
            load_policy(replace(site, root=path.parent))
        assert str(path) in str(caught.value)

    for number, (reason, make) in enumerate(UNREADABLE):
        told(str(number), make, reason)
    monkeypatch.setattr(yaml_documents, "read_regular", _forbidden)  # root reads everything
    told("forbidden", Path.touch, "cannot be read: permission denied")


def test_a_pipe_for_a_policy_keeps_no_site_waiting(site: Site, tmp_path: Path) -> None:
    for name in ("site.yaml", "tags.yaml"):
        (tmp_path / name).write_bytes((site.root / name).read_bytes())
    os.mkfifo(tmp_path / "policy.yaml")
    assert load_site(tmp_path).hashes == {**site.hashes, "policy": ""}


def _forbidden(*_: object) -> bytes:
    raise PermissionError(EACCES, "Permission denied")
