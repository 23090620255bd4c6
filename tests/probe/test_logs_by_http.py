"""What real Envoy logs of requests by plain HTTP, read by `usage` and `learn`: a gateway's lines, and a sidecar's."""

from __future__ import annotations

import http.client
import time
from typing import TYPE_CHECKING, Any

import pytest

from accesslogs import counted, outcomes
from builds import build, overlay
from egress_overlays.istiod.gateway import _ISTIO_FORMAT as ISTIO_TEXT
from egress_overlays.istiod.gateway import TYPE, file_log
from egress_overlays.logs import connection, tally
from egress_overlays.probe import envoy
from odd_requests import ALL, OTHER, PORT, request
from plain_http import Gateway, Origin

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("a.example.com", f"http://deb.example.com:{PORT}", f"http://*.mirror.example.com:{PORT}")
ISTIO_JSON = {
    "authority": "%REQ(:AUTHORITY)%",
    "bytes_sent": "%BYTES_SENT%",
    "connection_termination_details": "%CONNECTION_TERMINATION_DETAILS%",
    "downstream_local_address": "%DOWNSTREAM_LOCAL_ADDRESS%",
    "downstream_remote_address": "%DOWNSTREAM_REMOTE_ADDRESS%",
    "method": "%REQ(:METHOD)%",
    "path": "%REQ(:PATH)%",
    "requested_server_name": "%REQUESTED_SERVER_NAME%",
    "response_code": "%RESPONSE_CODE%",
    "response_code_details": "%RESPONSE_CODE_DETAILS%",
    "response_flags": "%RESPONSE_FLAGS%",
    "route_name": "%ROUTE_NAME%",
    "start_time": "%START_TIME%",
    "upstream_cluster": "%UPSTREAM_CLUSTER_RAW%",
    "user_agent": "%REQ(USER-AGENT)%",
}
"""The keys of Istio's default encoding in JSON that tell something here."""
EGRESS = "outbound|31080|wildcard|egressgateway.istio-egress.svc.cluster.local"


@pytest.mark.parametrize("components", [("plain-http",), ("plain-http", "json-access-log")], ids=["text", "JSON"])
def test_what_a_gateway_logs(components: tuple[str, ...], newest: Path, tmp_path: Path) -> None:
    manifests = build(overlay(tmp_path, components, NAMES))
    with envoy.workspace() as directory, Gateway(newest, manifests, directory, PORT) as gateway:
        gateway.world.names.records["lies.mirror.example.com"] = ("10.0.0.1",)
        for host in ("deb.example.com", "x.mirror.example.com", "lies.mirror.example.com", "evil.example.net"):
            gateway.send(request(host=f"{host}:{PORT}".encode()), PORT)
        found = counted(*_lines(gateway, 8))
        assert outcomes(found) == {
            ("unknown", f"deb.example.com:{PORT}/http"): {connection.FORWARDED: 1},
            ("unknown", f"x.mirror.example.com:{PORT}/http"): {connection.FORWARDED: 1},
            ("unknown", f"lies.mirror.example.com:{PORT}/http"): {connection.REFUSED: 1},
            ("unknown", f"evil.example.net:{PORT}/http"): {connection.REFUSED: 1},
        }
        rules = {name: list(seen.rules) for (_, name), seen in found.pairs.items() if seen.rules}
        assert rules == {
            f"lies.mirror.example.com:{PORT}/http": ["address not-global"],
            f"evil.example.net:{PORT}/http": ["not on the gateway's list"],
        }
        assert dict(found.aside) == {connection.TWICE: 4}


@pytest.mark.long
@pytest.mark.parametrize("components", [("plain-http",), ("plain-http", "json-access-log")], ids=["text", "JSON"])
def test_odd_requests_name_nothing_but_what_was_asked_for(
    components: tuple[str, ...], newest: Path, tmp_path: Path
) -> None:
    manifests = build(overlay(tmp_path, components, NAMES))
    with envoy.workspace() as directory, Gateway(newest, manifests, directory, PORT) as gateway:
        for odd in (one for group in ALL.values() for one in group):
            gateway.send(odd.raw, PORT, answers=len(odd.statuses))
        lines = _lines(gateway, 0)
    found = counted(*lines)
    assert {name for _, name in found.pairs} <= {
        f"deb.example.com:{PORT}/http",
        f"x.y.mirror.example.com:{PORT}/http",
        f"{OTHER}/http",
        f"mirror.example.com:{PORT}/http",
    }
    assert set(found.aside) <= {
        *(connection.TWICE, connection.NO_HOST, connection.OTHER_PORT, connection.ADDRESS, connection.INSIDE),
        tally.NO_NAMES,
    }
    assert found.lines == sum(seen.outcomes.total() for seen in found.pairs.values()) + found.aside.total()


def _lines(gateway: Gateway, count: int) -> list[str]:
    """What the gateway has logged, once that is so many lines, or for a while nothing more."""
    deadline, lines = time.monotonic() + 5, list[str]()
    while time.monotonic() < deadline and (not count or len(lines) < count):
        time.sleep(0.1)
        now = gateway.log().splitlines()
        if not count and len(now) == len(lines):
            break
        lines = now
    return lines


ROUTES = {
    "deb.example.com": (EGRESS, "default"),
    "direct.example.com": ("PassthroughCluster", "allow_any"),
    "entry.example.com": ("outbound|80||entry.example.com", "default"),
    "reviews.shop": ("outbound|9080||reviews.shop.svc.cluster.local", "default"),
}


@pytest.mark.parametrize(
    "form",
    [{"text_format_source": {"inline_string": ISTIO_TEXT}}, {"json_format": ISTIO_JSON}],
    ids=["text", "JSON"],
)
def test_what_a_sidecar_logs(form: dict[str, Any], newest: Path) -> None:
    origin = Origin(["127.0.0.1"], 0)
    try:
        with envoy.workspace() as directory, envoy.Envoy(newest, _sidecar(form, origin.port), directory) as running:
            at = running.port("outbound")
            for host in (*ROUTES, "blocked.example.com", "deb.example.com:80"):
                client = http.client.HTTPConnection("127.0.0.1", at, timeout=10)
                client.request("GET", "/?" + "x" * 3000, headers={"Host": host, "User-Agent": "y" * 2000})
                client.getresponse().read()
                client.close()
            time.sleep(0.3)
            log = running.stdout.read_text()
    finally:
        origin.close()
    found = counted(*log.replace(f"127.0.0.1:{at}", "151.101.1.1:80").splitlines())
    assert outcomes(found) == {
        ("unknown", "deb.example.com:80/http"): {connection.SENT: 2},
        ("unknown", "direct.example.com:80/http"): {connection.DIRECT: 1},
        ("unknown", "entry.example.com:80/http"): {connection.DIRECT: 1},
        ("unknown", "blocked.example.com:80/http"): {connection.REFUSED: 1},
    }
    assert dict(found.aside) == {connection.INSIDE: 1}


def _sidecar(form: dict[str, Any], server: int) -> dict[str, Any]:
    """A listener with the routes and clusters as istiod calls them, all of which lead to one server."""
    hosts: list[dict[str, Any]] = [
        {
            "name": host,
            "domains": [host, f"{host}:80"],
            "routes": [{"name": route, "match": {"prefix": "/"}, "route": {"cluster": cluster}}],
        }
        for host, (cluster, route) in ROUTES.items()
    ]
    blocked = {"name": "block_all", "match": {"prefix": "/"}, "direct_response": {"status": 502}}
    hosts.append({"name": "block_all", "domains": ["*"], "routes": [blocked]})
    manager = {
        "@type": TYPE + "filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "outbound",
        "route_config": {"virtual_hosts": hosts},
        "http_filters": [
            {"name": "envoy.filters.http.router", "typed_config": {"@type": TYPE + "filters.http.router.v3.Router"}}
        ],
        "access_log": [file_log("/dev/stdout", form)],
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    listener = {
        "name": "outbound",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
        "filter_chains": [chain],
    }
    clusters = [_cluster(name, server) for name in dict.fromkeys(cluster for cluster, _ in ROUTES.values())]
    return {
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}},
        "static_resources": {"listeners": [listener], "clusters": clusters},
    }


def _cluster(name: str, port: int) -> dict[str, Any]:
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address}}]}]
    return {"name": name, "load_assignment": {"cluster_name": name, "endpoints": endpoints}}
