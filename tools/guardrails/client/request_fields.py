"""Requests as programs get them, by `--json` and over the gate's socket."""

from ..ledger.listing import ListedRequest


def request_fields(request: ListedRequest) -> dict[str, object]:
    """Returns the request as fields for JSON."""
    return {
        "request_id": request.request_id,
        "digest": request.digest,
        "state": request.state.value,
        "reason": request.reason,
        "risk_class": request.risk_class,
        "roles": request.roles,
        "quorum": request.quorum,
        "proposer": request.proposer,
        "why": request.why,
        "filed_at": request.filed_at,
        "within_s": request.within_s,
        "run": request.run,
        "actions": [
            {
                "action_id": each.action_id,
                "tag": write.tag,
                "value": write.value,
                "wire": write.wire,
                "step": write.step,
                "state": each.state.value,
                "reason": each.reason,
            }
            for write, each in zip(request.writes, request.actions, strict=True)
        ],
    }
