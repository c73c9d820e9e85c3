"""Small policies as text, for a site of the simulated plant."""

from collections.abc import Sequence
from time import monotonic

from handwheel.connectors.config.yaml_documents import Document, parse_document
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import GOOD, DataValue, StatusCode, Value
from handwheel.tools.guardrails.policy.policy import Policy, Ruling, build_policy

HEAD = """\
schema: policy/1
roles: {operator: {}, foreman: {acts_as: [operator]}, chief: {acts_as: [foreman]}, nurse: {}}
"""
DONE = "commissioned: {by: anna, on: 2026-11-24}"
SETPOINT = (
    "{tags: [PIC-102.sp], class: R1, roles: [operator], band: 320 kPa .. 380 kPa, "
    f"limits: 280 kPa .. 420 kPa, max_step: 20 kPa, rate: 30 kPa/min, cooldown: 60 s, {DONE}}}"
)
PUMPS = f'{{tags: ["P-101?.run_cmd", "P-101?.mode"], class: R2, roles: [operator], {DONE}}}'


def policy_of(
    site: Site, *, allow: Sequence[str] = (), forbid: Sequence[str] = (), more: str = ""
) -> Policy:
    rules = "".join(
        f"{name}:\n" + "".join(f"  - {rule}\n" for rule in rules)
        for name, rules in (("allow", allow), ("forbid", forbid))
        if rules
    )
    return build_policy(parse_document(HEAD + more + rules, Document("policy.yaml")), site)


def reads(value: Value | None, status: StatusCode = GOOD) -> DataValue:
    return DataValue(value, status, None, None, monotonic())


def judge(
    policy: Policy, site: Site, name: str, value: Value, now: Value | DataValue | None = 350.0
) -> Ruling:
    present = now if isinstance(now, DataValue) or now is None else reads(now)
    return policy.judge(site.tags[name], value, present)
