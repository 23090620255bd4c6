"""Lines about connections that a denial of a list refused, `!name`: in the sidecar, and in the gateway."""

from __future__ import annotations

import json

import pytest

from accesslogs import counted, text
from egress_overlays.logs import connection

BY_CHAIN = "rbac_access_denied_matched_policy[denied]"
BY_LIST = {
    "client": "spiffe://cluster.local/ns/payments/sa/web",
    "decision": "denied",
    "details": "rbac_access_denied_matched_policy[!payments]",
    "list": None,
    "log": "egress-overlays.clients",
    "name": "api.example.com",
    "time": "2026-11-02T14:33:11.123Z",
}
OURS = {"time": BY_LIST["time"], "sni": "api.example.com", "flags": "-", "bytes_sent": 0, "reason": None}
LINES = {
    "sidecar": (text(cluster="-", flags="NC", sent=0), connection.DENIED_AT_SIDECAR),
    "sidecar, with a cluster": (
        text(cluster="outbound|443||denied.egress-domains.invalid", sent=0),
        connection.DENIED_AT_SIDECAR,
    ),
    "gateway": (
        text(
            cluster="BlackHoleCluster", destination="envoy://sni_listener/", peer="envoy", sent=0, rest='denied "-"'
        ).replace(' - "-" 597', f' {BY_CHAIN} "-" 597'),
        "a denial",
    ),
    "gateway, JSON": (json.dumps({**OURS, "chain": "denied", "denied_by": BY_CHAIN}), "a denial"),
    "gateway, by the client's own list": (json.dumps(BY_LIST), "a denial in list payments"),
}


@pytest.mark.parametrize(("line", "rule"), LINES.values(), ids=LINES)
def test_a_denial_is_told_as_such(line: str, rule: str) -> None:
    ((_, seen),) = counted(line).pairs.items()
    assert (dict(seen.outcomes), list(seen.rules)) == ({connection.REFUSED: 1}, [rule])
