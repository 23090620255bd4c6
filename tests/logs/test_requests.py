"""Lines of requests by plain HTTP: the gateway's and the sidecars', what each says, and hostile ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from accesslogs import AT, POD, SITE, counted, in_json
from accesslogs import of_request as gateway
from egress_overlays import Domain
from egress_overlays.logs import connection, formats, requests, tally
from egress_overlays.logs.learning import learn
from egress_overlays.logs.proposed import config_map

if TYPE_CHECKING:
    from egress_overlays.logs.tally import Tally

NAME = "deb.example.com"
EGRESS = "outbound|31080|wildcard|egressgateway.istio-egress.svc.cluster.local"
REFUSED = "rbac_access_denied_matched_policy[not-listed]"


def gateway_json(
    host: str, *, status: int = 200, details: str = "via_upstream", route: str = "allowed", part: str = ""
) -> str:
    """What it writes with components/json-access-log."""
    line: dict[str, Any] = {"flags": "-", "host": host, "log": "egress-overlays.http", "method": "GET"}
    port = {"port": part.split("_")[1]} if part else {}
    line |= {"reason": details, "route": None if route == "-" else route, "status": status, "time": AT, **port}
    return json.dumps(line, separators=(",", ":"))


def sidecar(
    host: str, *, cluster: str = EGRESS, status: int = 200, route: str = "default", at: str = f"{SITE}:80"
) -> str:
    """Istio's default text of a sidecar."""
    return (
        f'[{AT}] "GET /long?{"x" * 2000} HTTP/1.1" {status} - via_upstream - "-" 0 8 1 0 "-" "Debian APT-HTTP/1.3" '
        f'"b2c7" "{host}" "10.0.0.5:31080" {cluster} {POD}:41456 {at} {POD}:41444 - {route}'
    )


def sidecar_json(
    host: str, *, cluster: str = EGRESS, status: int = 200, route: str = "default", at: str = f"{SITE}:80"
) -> str:
    """Istio's default JSON of it."""
    others: dict[str, Any] = {"authority": host, "method": "GET", "response_code": status, "bytes_sent": 0}
    others |= {
        "route_name": route,
        "upstream_cluster": None if cluster == "-" else cluster,
        "downstream_local_address": at,
    }
    return in_json(None, **others)


def decided(host: str, *, decision: str | None = "allowed", listed: str = "shop", details: str = "via_upstream") -> str:
    """What components/plain-http/client-lists writes besides."""
    line = {"client": "spiffe://cluster.local/ns/shop/sa/app", "decision": decision, "details": details, "host": host}
    line |= {"list": listed, "log": "egress-overlays.http-clients", "method": "GET", "time": AT}
    return json.dumps(line, separators=(",", ":"))


REPORTED = "reported by till until 2099-12-31"
DECISIONS: list[tuple[dict[str, Any], tuple[str, str]]] = [
    ({}, (connection.DECIDED, "")),
    ({"listed": f"{REPORTED}, else shop"}, (connection.REPORTED, REPORTED)),
    (
        {"decision": "denied", "details": REFUSED.replace("not-listed", "none")},
        (connection.REFUSED, "no list of this client"),
    ),
    ({"decision": None, "details": REFUSED}, (connection.REFUSED, "not on the gateway's list")),
    ({"details": REFUSED.replace("not-listed", "not-global")}, (connection.REFUSED, "address not-global")),
    ({"details": "dns_resolution_failure{cares_norecords:x}"}, (connection.FAILED, "no answer")),
]


@pytest.mark.parametrize(("asked", "outcome"), DECISIONS)
def test_what_lists_for_clients_decided(asked: dict[str, Any], outcome: tuple[str, str]) -> None:
    found = counted(decided(NAME, **asked), gateway(NAME))
    (mine,) = [seen for (client, _), seen in found.pairs.items() if str(client) == "shop/app"]
    assert (next(iter(mine.outcomes)), next(iter(mine.rules), "")) == outcome
    assert {name for _, name in found.pairs} == {f"{NAME}:80/http"}


FORWARDED = [
    (NAME, "", f"{NAME}:80/http"),
    (f"{NAME.upper()}:80", "", f"{NAME}:80/http"),
    (f"{NAME}:11371", "port_11371_", f"{NAME}:11371/http"),
]


@pytest.mark.parametrize("line", [gateway, gateway_json], ids=["text", "JSON"])
@pytest.mark.parametrize(("host", "part", "pair"), FORWARDED)
def test_what_the_gateway_let_out(line: Any, host: str, part: str, pair: str) -> None:
    assert said(counted(line(host, part=part))) == {pair: (connection.FORWARDED, "")}


@pytest.mark.parametrize("line", [gateway, gateway_json], ids=["text", "JSON"])
@pytest.mark.parametrize(
    ("route", "details", "outcome"),
    [
        ("-", REFUSED, (connection.REFUSED, "not on the gateway's list")),
        ("-", "route_not_found", (connection.REFUSED, "not on the gateway's list")),
        ("allowed", REFUSED.replace("not-listed", "not-global"), (connection.REFUSED, "address not-global")),
        ("allowed", REFUSED.replace("not-listed", "method"), (connection.REFUSED, "its method")),
        ("allowed", REFUSED.replace("not-listed", "capitals-in-host"), (connection.REFUSED, "capitals in Host")),
        ("allowed", REFUSED.replace("not-listed", "none"), (connection.REFUSED, "no list of this client")),
        ("allowed", REFUSED.replace("not-listed", "!shop"), (connection.REFUSED, "a denial in list shop")),
        ("denied", REFUSED.replace("not-listed", "denied"), (connection.REFUSED, connection.DENIAL)),
        ("-", "low_version", (connection.FAILED, "status 403")),
    ],
)
def test_what_the_gateway_refused(line: Any, route: str, details: str, outcome: tuple[str, str]) -> None:
    found = counted(line(NAME, status=403, route=route, details=details))
    assert said(found) == {f"{NAME}:80/http": outcome}


@pytest.mark.parametrize("line", [sidecar, sidecar_json], ids=["text", "JSON"])
@pytest.mark.parametrize(
    ("asked", "pair", "outcome"),
    [
        ({}, f"{NAME}:80/http", (connection.SENT, "")),
        ({"status": 404}, f"{NAME}:80/http", (connection.SENT, "")),
        ({"status": 403}, f"{NAME}:80/http", (connection.FAILED, "status 403")),
        ({"status": 0}, f"{NAME}:80/http", (connection.FAILED, "no answer")),
        ({"cluster": EGRESS.replace("31080", "11371")}, f"{NAME}:11371/http", (connection.SENT, "")),
        ({"cluster": "PassthroughCluster", "status": 403}, f"{NAME}:80/http", (connection.DIRECT, "")),
        ({"cluster": "PassthroughCluster", "at": f"{SITE}:8080"}, f"{NAME}:8080/http", (connection.DIRECT, "")),
        ({"cluster": f"outbound|80||{NAME}"}, f"{NAME}:80/http", (connection.DIRECT, "")),
        (
            {"cluster": "-", "route": "block_all", "status": 502},
            f"{NAME}:80/http",
            (connection.REFUSED, connection.UNREGISTERED),
        ),
    ],
)
def test_what_a_sidecar_says(line: Any, asked: Any, pair: str, outcome: tuple[str, str]) -> None:
    assert said(counted(line(NAME, **asked))) == {pair: outcome}


def test_the_route_of_a_connection_by_tls_is_no_method() -> None:
    assert said(counted(in_json(NAME, route_name="default"))) == {NAME: (connection.DIRECT, "")}


ASIDE = {
    "into a workload": ({"cluster": "inbound|8080||"}, connection.INBOUND),
    "inside": ({"cluster": "outbound|9080||reviews.shop.svc.cluster.local"}, connection.INSIDE),
    "a proxy's own answer": ({"cluster": "-", "status": 301}, connection.UNKNOWN),
    "at TLS's port": ({"cluster": "PassthroughCluster", "at": f"{SITE}:443"}, connection.HTTP),
}


@pytest.mark.parametrize("line", [sidecar, sidecar_json], ids=["text", "JSON"])
@pytest.mark.parametrize(("asked", "why"), ASIDE.values(), ids=ASIDE)
def test_what_is_counted_alone(line: Any, asked: Any, why: str) -> None:
    found = counted(line(NAME, **asked))
    assert (said(found), dict(found.aside)) == ({}, {why: 1})


def test_a_name_that_dns_does_not_know_failed() -> None:
    line = gateway_json(NAME, status=503, details="dns_resolution_failure{cares_norecords:no_data}")
    assert said(counted(line.replace('"flags":"-"', '"flags":"DF"'))) == {f"{NAME}:80/http": (connection.FAILED, "DF")}


HOSTILE = {
    "": connection.NO_HOST,
    "-": connection.NO_HOST,
    "10.0.0.1": connection.ADDRESS,
    "[::1]:80": connection.ADDRESS,
    f"{NAME}:22": connection.OTHER_PORT,
    f"{NAME}:080": connection.OTHER_PORT,
    f"{NAME}:": connection.OTHER_PORT,
    f"{NAME}:80:80": connection.OTHER_PORT,
    f"{NAME}:80/http": connection.OTHER_PORT,
    f"{NAME}:x.evil.example": connection.OTHER_PORT,
    "*.example.com": tally.NO_NAMES,
    ".example.com": tally.NO_NAMES,
    f"{NAME}.": tally.NO_NAMES,
    f"evil@{NAME}": tally.NO_NAMES,
    f"{NAME}/http": tally.NO_NAMES,
    f"{NAME},evil.example": tally.NO_NAMES,
    f"{NAME}\n    *.evil.example": tally.NO_NAMES,
    f"{NAME}\x00": tally.NO_NAMES,
    f"{NAME}\u202e": tally.NO_NAMES,
    "lines or names that are too long": connection.INSIDE,
    "reviews": connection.INSIDE,
    "a." * 200 + "example.com": connection.TOO_LONG,
    "x" * 65536: connection.TOO_LONG,
}


@pytest.mark.parametrize("host", HOSTILE, ids=lambda host: ascii(host[:30]))
@pytest.mark.parametrize("line", [sidecar_json, gateway_json], ids=["sidecar", "gateway"])
def test_a_host_that_is_no_name_is_counted_and_listed_nowhere(line: Any, host: str) -> None:
    found = counted(line(host))
    assert (said(found), dict(found.aside)) == ({}, {HOSTILE[host]: 1})
    assert learn(found, "all", 3)[0] == []


@pytest.mark.parametrize("host", [one for one in HOSTILE if one.isprintable() and len(one) < 500])
@pytest.mark.parametrize("line", [sidecar, gateway], ids=["sidecar", "gateway"])
def test_likewise_in_text(line: Any, host: str) -> None:
    found = counted(line(host))
    assert (said(found), found.aside.total()) == ({}, 1)


@pytest.mark.parametrize("host", [one for one in HOSTILE if one.isprintable() and len(one) < 300])
@pytest.mark.parametrize("status", [0, 200, 403])
def test_the_quick_way_reads_a_line_as_the_slow_one_does(status: int, host: str) -> None:
    for cluster in (EGRESS, "PassthroughCluster", "-", "inbound|8080||"):
        for line in (sidecar(host, cluster=cluster, status=status), gateway(host, status=status, route="-")):
            rest: list[bytes] = []
            ((at, key),) = formats.Quick().read([line.encode()], rest)
            quick = formats.fields(key)
            slow = formats.ISTIO[0].read(line)
            assert rest == []
            assert slow is not None
            assert quick is not None
            assert at.decode() == slow[0]
            assert requests.read(quick) == requests.read(slow[1])
            assert quick._replace(termination="", answered=True) == slow[1]._replace(termination="", answered=True)


def test_a_line_of_64_kb_in_text_is_counted() -> None:
    assert dict(counted(sidecar("x" * 65536), gateway("y" * 65536)).aside) == {connection.TOO_LONG: 2}


def test_a_client_cannot_write_a_line_of_its_own_into_another_ones() -> None:
    """What it calls itself may hold quotes; the line is none then."""
    faked = f'x" "1" "evil.example.net" "{SITE}:80" {EGRESS} {POD}:1 {SITE}:80 {POD}:2 - default'
    found = counted(sidecar(NAME).replace("Debian APT-HTTP/1.3", faked))
    assert [name for _, name in found.pairs] == []


def test_many_made_up_hosts_are_comments() -> None:
    lines = [gateway(f"word{number}.evil.example.com") for number in range(200)]
    ((proposal,), _) = learn(counted(*lines), "all", 3)
    assert (proposal.listed, proposal.wildcards) == (0, {})


def test_what_is_proposed_is_a_line_of_a_list_and_what_was_refused_a_comment() -> None:
    tallied = counted(
        gateway(NAME),
        gateway(f"keys.{NAME}:11371", part="port_11371_"),
        gateway("refused.example.com", status=403, route="-", details=REFUSED),
        gateway("pastebin.com"),
    )
    (proposal,), _ = learn(tallied, "all", 3)
    written = config_map(proposal, "default")
    lines = [line.strip().split(" ")[:2] for line in written.splitlines() if "http" in line]
    assert [line for line in lines if line[0] != "#"] == [
        [f"http://{NAME}", ""],
        [f"http://keys.{NAME}:11371", ""],
    ]
    assert {line[1] for line in lines if line[0] == "#"} == {"http://refused.example.com", "http://pastebin.com"}
    assert Domain(f"{NAME}:80/http") in {Domain(one.name) for one in proposal.groups["example.com"]}


def said(found: Tally) -> dict[str, tuple[str, str]]:
    """The one outcome of each name, and the rule."""
    return {name: (next(iter(seen.outcomes)), next(iter(seen.rules), "")) for (_, name), seen in found.pairs.items()}
