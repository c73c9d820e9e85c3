"""The first six checks: is it this gate, this request, these people, this time, these files."""

from collections.abc import Sequence
from hashlib import sha256

from handwheel.connectors.site import POLICY_FILE, SITE_FILE, Site
from handwheel.connectors.tags import Tag

from ...errors import PermitRefused, PolicyViolation
from ...requests.filing import equipment_of, requirements
from ...requests.request import Action
from ..bench import Bench
from ..deciding import check_card, is_unattended_allowed
from ..decisions import Signed
from ..ledger.lifecycle import FIRST_CLAIM_S, FOLLOW_UP_S
from ..ledger.records import DecisionRecord, load_decisions
from ..quorum import Verdict, check_quorum
from .passage import Passage


async def one_gate(passage: Passage) -> None:
    """1: this gate holds the lock, none has started since, and the ledger is the anchored one."""
    post = passage.post
    newest = post.database.all("SELECT max(epoch) FROM gate")[0][0]
    if not post.lock.is_held() or newest != post.epoch:
        raise PermitRefused("another gate has started since")
    post.database.check_anchors()


async def same_request(passage: Passage) -> None:
    """2: the request is the one that was filed; the signatures of step 3 cover its digest."""
    if not passage.record.is_intact:
        raise PermitRefused("the request is not the one that was filed: its digest differs")
    if passage.record.request.site != passage.post.site.id:
        raise PermitRefused("the request is another site's")


async def enough_signatures(passage: Passage) -> None:
    """3: enough different people have signed exactly this, none objects, no key is revoked."""
    request = passage.record.request
    decisions = [
        each
        for each in load_decisions(passage.post.database, request.request_id)
        if each.verdict != "propose"
    ]
    verdict = _verdict(passage, decisions)
    if not verdict.is_met:
        raise PermitRefused("; ".join(str(each) for each in verdict.findings))
    cards = {each.text: each.card for each in decisions}
    for approval in verdict.approvals:
        check_card(approval.decision, passage.record, cards[approval.decision.text])
    if not verdict.is_attended and not is_unattended_allowed(passage.post.policy, request):
        raise PermitRefused("a script approved it, and the policy or the device does not allow it")


def _verdict(passage: Passage, decisions: Sequence[DecisionRecord]) -> Verdict:
    post, record = passage.post, passage.record
    bench = Bench(post.site, post.database, post.policy, post.people())
    # A later command is judged by what was valid when its request was approved; keys and
    # objections count as they are now.
    at = post.clock() if passage.is_first or record.approved is None else record.approved
    return check_quorum(
        record.request,
        [Signed(each.text, each.signature) for each in decisions],
        bench.roster,
        post.policy.satisfies,
        bench.revoked_keys(),
        at,
    )


async def in_time(passage: Passage) -> None:
    """4: the approval has not expired, on both clocks; a restart or a set clock ends it."""
    record, now = passage.record, passage.post.clock()
    since_s = now.since_s(record.approved) if record.approved else None
    if since_s is None:
        raise PermitRefused("a restart or a clock step came after the approval")
    limit_s = FIRST_CLAIM_S if passage.is_first else FOLLOW_UP_S
    if not 0.0 <= since_s <= limit_s:
        raise PermitRefused(f"the approval is {since_s:.0f} s old; it holds for {limit_s:.0f} s")


async def policy_allows(passage: Passage) -> None:
    """5: the policy still allows it, and asks for no more than what was signed."""
    post, action, request = passage.post, passage.action, passage.record.request
    tag = post.site.tags.get(action.tag)
    if tag is None:
        raise PolicyViolation(f"{action.tag} is no tag of this site")
    ruling = post.policy.judge(tag, action.value, passage.seen.get(action.tag))
    if not ruling.is_allowed or request.risk_class == "R4":
        raise PolicyViolation("; ".join(ruling.reasons) or "the class is R4")
    if (
        ruling.risk_class > request.risk_class
        or ruling.quorum > request.quorum
        or not set(ruling.roles) <= set(request.roles)
    ):
        raise PolicyViolation(f"it is {ruling.risk_class} by now, and more must sign")
    if request.within_s > post.policy.ttl_max_s:
        raise PolicyViolation("the request waits longer than the policy allows")


async def same_map(passage: Passage) -> None:
    """6: site, tags and policy are the files that the request was made with, and still are."""
    post, action = passage.post, passage.action
    hashes = passage.record.request.hashes.model_dump()
    if hashes != dict(post.site.hashes):
        raise PermitRefused("the site's files are not those that the request was made with")
    files = {"site": SITE_FILE, "tags": post.site.tags_file, "policy": POLICY_FILE}
    for name, file in files.items():
        try:
            content = (post.site.root / file).read_bytes()
        except OSError as error:
            raise PermitRefused(f"{file}: {error.strerror}") from None
        if sha256(content).hexdigest() != hashes[name]:
            raise PermitRefused(f"{file} was changed; start the gate again and ask again")
    _check_description(post.site, post.site.tags[action.tag], action)


def _check_description(site: Site, tag: Tag, action: Action) -> None:
    """Refuses a request that describes the tag otherwise than filing would have.

    Lockouts, holds, the read-back and the person's eyes all go by the description.
    """
    found = {
        "connection": tag.connection,
        "address": str(tag.address),
        "type": tag.kind,
        "unit": tag.unit,
        "equipment": equipment_of(tag),
        "readback": tag.readback or None,
        "shown": tag.show_value(action.value),
    }
    for name, value in found.items():
        if getattr(action, name) != value:
            raise PermitRefused(f"{tag.name} is not what the request says: its {name} is {value}")
    for requirement in requirements(site, tag):
        if requirement not in action.requires:
            raise PermitRefused(f"the request leaves out {requirement.why}: {requirement.text}")
    if action.kind == "command" and all(each.tag != tag.name for each in action.expected):
        raise PermitRefused(f"nothing is expected of {tag.name} before it is written")
