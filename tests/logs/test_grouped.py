"""Connections by the list and group that hold the name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accesslogs import AT, counted, in_json, text
from egress_overlays.lists.clients import Client
from egress_overlays.logs.connection import DIRECT, REFUSED, REPORTED
from egress_overlays.logs.grouped import ALLOWED, DECISIONS, NO_GROUP, Group, Line, by_group

DOCS = Group("default", "shared", "docs")
PAY = Group("default", "till", "payments")
OFFICE = Group("default", "office", "payments")
TOOLS = Group("tools", "builds", "docs")
TILL = frozenset({Client("till/*")})
LINES = (
    Line("*.example.com", DOCS, None),
    Line("docs.example.com", DOCS, None),
    Line("*.pay.example.net", PAY, TILL),
    Line("api.pay.example.net", OFFICE, frozenset({Client("office/clerk")})),
    Line("pay.example.net:8443", PAY, TILL),
)
SENT = "outbound|443|x|egressgateway.istio-egress.svc.cluster.local"


def decided(name: str, client: str, **others: Any) -> str:
    """The gateway's line about a client, as components/client-lists writes it."""
    namespace, account = client.split("/")
    said: dict[str, Any] = {
        "client": f"spiffe://cluster.local/ns/{namespace}/sa/{account}",
        "decision": "allowed",
        "list": "default",
        "details": None,
        "log": "egress-overlays.clients",
        "name": name,
        "time": AT,
    }
    return json.dumps({**said, **others})


def forwarded(name: str, **others: Any) -> str:
    """The gateway's own line, beside that."""
    fields = {"cluster": "dynamic_forward_proxy_cluster", "peer": "envoy", "rest": 'allowed "-"', **others}
    return text(name, destination="envoy://sni_listener/", **fields)


DENIED = {"decision": "denied", "list": None, "details": "rbac_access_denied_matched_policy[none]"}
NO_CHAIN = {"cluster": "-", "details": "filter_chain_not_found", "rest": '- "-"'}


def grouped(*lines: str, listed: tuple[Line, ...] = LINES) -> dict[Group, dict[str, int]]:
    """What is not zero."""
    found = by_group(counted(*lines), listed)
    return {group: dict(counts) for group, counts in found.items() if counts}


def test_every_group_is_there_before_anybody_asks() -> None:
    """Prometheus tells nothing from nought by that alone."""
    assert by_group(counted(), LINES) == {NO_GROUP: {}, DOCS: {}, PAY: {}, OFFICE: {}}


@pytest.mark.parametrize(
    "lines",
    [
        [text("docs.example.com", cluster=SENT)],
        [forwarded("docs.example.com")],
        [text("docs.example.com", cluster=SENT), forwarded("docs.example.com")],
        [forwarded("docs.example.com"), decided("docs.example.com", "blog/web")],
        [text("x.y.example.com", cluster=SENT), forwarded("x.y.example.com"), decided("x.y.example.com", "blog/web")],
    ],
    ids=["sidecar", "gateway", "both", "gateway with clients", "all three, below a wildcard"],
)
def test_a_connection_counts_once_whoever_tells_of_it(lines: list[str]) -> None:
    assert grouped(*lines) == {DOCS: {ALLOWED: 1}}


def test_a_name_of_several_lists_counts_in_the_one_that_is_for_the_client() -> None:
    name = "api.pay.example.net"
    lines = [decided(name, "till/pos"), decided(name, "till/pos"), decided(name, "office/clerk")]
    assert grouped(*lines, *[forwarded(name)] * 3) == {PAY: {ALLOWED: 2}, OFFICE: {ALLOWED: 1}}


def test_what_is_refused_to_one_client_counts_in_the_group_that_holds_it_for_others() -> None:
    line = decided("x.pay.example.net", "blog/web", **DENIED)
    own = forwarded("x.pay.example.net").replace(' - "-" 597', ' rbac_access_denied_matched_policy[none] "-" 597')
    assert grouped(line) == grouped(own) == {PAY: {REFUSED: 1}}
    assert grouped(line, own) == {PAY: {REFUSED: 1}}


def test_a_name_that_no_list_holds_is_of_no_group_however_many_are_made_up() -> None:
    lines = [forwarded(f"n{number}.evil.example.org", **NO_CHAIN) for number in range(300)]
    found = grouped(*lines, text("y.evil.example.org", cluster="BlackHoleCluster", sent=0))
    assert found == {NO_GROUP: {REFUSED: 301}}


def test_refusals_by_sidecars_stand_beside_those_of_the_gateway() -> None:
    lines = [
        decided("x.pay.example.net", "blog/web", **DENIED),
        in_json("x.pay.example.net", upstream_cluster="BlackHoleCluster", bytes_sent=0),
    ]
    assert grouped(*lines) == {PAY: {REFUSED: 2}}


def test_reported_and_direct_ones_are_none_that_were_allowed() -> None:
    reported = "reported by till until 2027-03-31, else rbac_access_denied_matched_policy[none]"
    lines = [
        decided("api.pay.example.net", "shop/x", list=reported),
        forwarded("api.pay.example.net"),
        text("docs.example.com"),
        text("elsewhere.example.org"),
    ]
    assert grouped(*lines) == {OFFICE: {REPORTED: 1}, DOCS: {DIRECT: 1}, NO_GROUP: {DIRECT: 1}}


def test_a_port_is_part_of_the_name_and_each_set_counts_by_itself() -> None:
    name = "pay.example.net"
    at_port = decided(name, "till/pos", port="8443")
    assert grouped(at_port) == {PAY: {ALLOWED: 1}}
    assert grouped(decided(name, "till/pos", **DENIED)) == {NO_GROUP: {REFUSED: 1}}
    twice = grouped(forwarded("docs.example.com"), listed=(*LINES, Line("*.com", TOOLS, None)))
    assert twice == {DOCS: {ALLOWED: 1}, TOOLS: {ALLOWED: 1}}


def test_the_format_writes_every_decision() -> None:
    from egress_overlays.cli.formats import prometheus

    assert prometheus.DECISIONS == DECISIONS
