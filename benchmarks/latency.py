"""Time from a value that changes in the plant to the request in the ledger."""

import json
import socket
import struct
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep, time

from handwheel.connectors.model.endpoints import ModbusConnection
from handwheel.connectors.model.site import load_site
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.ledger.records import load_requests
from handwheel.tools.requests.timestamps import parse_stamp

from .connectors.modbus import libmodbus
from .peers.launch import NotHere
from .running_site import Place, running_site

_TAGS = 1000
_WHAT = f"latency: value to request, {_TAGS:,} tags, scans of 100 ms"
_EACH = 10  # tags of one playbook
_LONGEST = 12  # of about 15 s each, until the case is closed
_WAIT_S = 20.0
_COIL = 20  # of P-101B.run_cmd
_ANSWERS = """\
schema: playbook/1
id: bench/answer
version: 1.0.0
title: Answer the start of the standby
owner: bench
style: computer-assisted
trigger: {any: [{when: "P-101B.run_cmd", for: 1 ms}], rearm: "not P-101B.run_cmd"}
concurrency: {key: [E-101], policy: reject}
permissives: [{id: load, that: "FIC-201.sp > 0 m3/h"}]
approval: {role: operator, within: 15 min, on_timeout: hold}
steps:
  - id: less-load
    title: Less load
    write: {FIC-201.sp: 36 m3/h}
    verify: {that: "FIC-201.sp < 37 m3/h", within: 1 min}
    undo: none
    on_fail: {then: hold}
limits: {max_writes: 1, max_duration: 30 min}
"""
_WATCHES = """\
schema: playbook/1
id: bench/watch-NUMBER
version: 1.0.0
title: Watch ten tags
owner: bench
style: computer-assisted
trigger: {any: [{when: "CONDITION", for: 1 ms}], rearm: "not P-101B.running"}
concurrency: {key: [E-101], policy: reject}
steps:
  - {id: tell, title: Tell, notify: {to: operations, text: "It is high"}}
limits: {max_writes: 0, max_duration: 30 min}
"""


def rows(repeats: int) -> list[tuple[str, str]]:
    """Returns the median and the 95th percentile, with 1,000 tags at scans of 100 ms.

    The time begins when the device has answered the write of another client, so it contains up to
    one scan.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        try:
            port = stack.enter_context(libmodbus(folder))
        except NotHere as missing:
            return [(_WHAT, f"not here: {missing}")]
        place = stack.enter_context(running_site(folder, partial(_prepare, port=port)))
        for scope in ("PUMPS-101", "E-101"):
            place.run("authority", "give", scope, "--for", "1h", "--as", "anna", *place.signed())
        with place.served("run"):
            sleep(2.0)  # until every connection is scanned
            times = sorted(_latency(place) for _ in range(min(repeats, _LONGEST)))
    late = times[min(len(times) - 1, round(0.95 * len(times)))]
    return [
        (f"{_WHAT}, median", f"{median(times) * 1e3:.0f} ms"),
        (f"{_WHAT}, 95 % of {len(times)}", f"{late * 1e3:.0f} ms"),
    ]


def _prepare(place: Place, port: int) -> None:
    """Writes playbooks that read 1,000 tags of another device."""
    site, tags = place.site / "site.yaml", place.site / "tags.yaml"
    text = site.read_text(encoding="utf-8").replace("scan: 500 ms", "scan: 100 ms")
    other = (
        "more: {kind: modbus, host: 127.0.0.1, scan: 100 ms, simulated: true, "
        f"read: {{port: {port}}}}}"
    )
    policy = place.site / "policy.yaml"
    rules = policy.read_text(encoding="utf-8").replace("unattended: never", "unattended: simulated")
    policy.write_text(rules, encoding="utf-8")
    # The plant's clock goes in steps of 0.5 s, for which the trigger would wait.
    text = text.replace("clock: {kind: plant, tag: SIM-CLOCK.pv}", "clock: {kind: wall}")
    text = text.replace("tags: tags.yaml", f"  {other}\ntags: tags.yaml")
    site.write_text(
        text.replace('playbooks: [playbooks/, "package:cw"]', "playbooks: [playbooks/]"), "utf-8"
    )
    where = "{connection: more, table: holding, type: int, encoding: uint16, address: "
    more = "".join(f"  X-{n}.pv: {where}{n}}}\n" for n in range(_TAGS))
    tags.write_text(tags.read_text(encoding="utf-8") + more, encoding="utf-8")
    folder = place.site / "playbooks"
    folder.mkdir(exist_ok=True)
    (folder / "answer.yaml").write_text(_ANSWERS, encoding="utf-8")
    for number in range(_TAGS // _EACH):
        names = [f"good(X-{number * _EACH + n}.pv)" for n in range(_EACH)]
        condition = f"P-101B.running and not ({' and '.join(names)})"
        text = _WATCHES.replace("NUMBER", str(number)).replace("CONDITION", condition)
        (folder / f"watch-{number}.yaml").write_text(text, encoding="utf-8")


def _latency(place: Place) -> float:
    """Returns the seconds from the device's answer to the filing of the request."""
    site = load_site(place.site)
    before = _requests(place)
    changed_s = _write_coil(place, is_on=True)
    until_s = perf_counter() + _WAIT_S
    while len(found := _requests(place)) == len(before):
        assert perf_counter() < until_s, place.run("cases", "list", "--json")
        sleep(0.02)
    filed_s = found[-1]
    (run,) = json.loads(place.run("runs", "list", "--json"))
    place.run("runs", "stop", str(run["run_id"]))
    _write_coil(place, is_on=False)
    while json.loads(place.run("cases", "list", "--json")):
        assert perf_counter() < until_s, f"the case stays open at {site.id}"
    return filed_s - changed_s


def _requests(place: Place) -> Sequence[float]:
    """Returns when each request was filed, wall-clock seconds."""
    site = load_site(place.site)
    with connect.open_ledger(site) as database:
        records = load_requests(database)
    return [parse_stamp(each.request.filed_at).timestamp() for each in records]


def _write_coil(place: Place, *, is_on: bool) -> float:
    """Writes the command of the standby as another client, and returns when it was answered."""
    package = load_site(place.site).connections["pkg"]
    assert isinstance(package, ModbusConnection)
    assert package.write is not None
    with socket.create_connection((package.host, package.write.port), timeout=5.0) as client:
        pdu = struct.pack(">BHH", 5, _COIL, 0xFF00 if is_on else 0)
        unit = package.unit or 1
        client.sendall(struct.pack(">HHHB", 1, 0, len(pdu) + 1, unit) + pdu)
        answer = client.recv(64)
        assert answer[7:] == pdu, answer
        return time()
