"""Lines of access logs: in every format and envelope that people have, and what each says."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from accesslogs import AT, POD, counted, in_json, outcomes, text
from egress_overlays.logs import connection
from egress_overlays.logs.formats import InvalidFormat, TextFormat
from egress_overlays.logs.workloads import InvalidPods, Pods

NAME = "api.example.com"
STAMP = "2026-11-02T14:33:11.123456789Z"
KUBERNETES: dict[str, Any] = {"namespace_name": "shop", "pod_name": "pay-7c9f4d5b6-x2x4z"}

ENVELOPES = {
    "nothing": ("unknown", "{}"),
    "kubectl --prefix": ("pay", "[pod/pay-7c9f4d5b6-x2x4z/istio-proxy] {}"),
    "kubectl --timestamps": ("unknown", STAMP + " {}"),
    "kubectl --prefix --timestamps": ("pay", "[pod/pay-7c9f4d5b6-x2x4z/istio-proxy] " + STAMP + " {}"),
    "CRI": ("unknown", STAMP + " stdout F {}"),
    "stern": ("pay", "pay-0 istio-proxy {}"),
    "stern -A": ("shop/pay", "shop pay-0 istio-proxy {}"),
    "stern in colour": ("pay", "\x1b[31mpay-0\x1b[0m \x1b[32mistio-proxy\x1b[0m {}"),
    "a carriage return": ("unknown", "{}\r"),
}
OBJECTS: dict[str, tuple[str, Any]] = {
    "Docker": ("unknown", {"log": "LINE\n", "stream": "stdout", "time": STAMP}),
    "Fluent Bit": ("shop/pay", {"log": "LINE", "kubernetes": KUBERNETES}),
    "stern -o json": ("shop/pay", {"message": "LINE", "namespace": "shop", "podName": "pay-0", "containerName": "x"}),
    "logcli": ("shop/pay", {"labels": {"namespace": "shop", "pod": "pay-0"}, "line": "LINE", "timestamp": STAMP}),
    "elasticdump": ("shop/pay", {"_index": "a", "_source": {"message": "LINE", "kubernetes": KUBERNETES}}),
    "Elastic Common Schema": (
        "shop/pay",
        {"_source": {"message": "LINE", "kubernetes": {"namespace": "shop", "pod": {"name": "pay-0"}}}},
    ),
    "CloudWatch event": (
        "shop/pay",
        {"logStreamName": f"x-kube.var.log.containers.pay-0_shop_istio-proxy-{'a' * 64}.log", "message": "LINE"},
    ),
}


@pytest.mark.parametrize("line", [text(NAME), in_json(NAME)], ids=["text", "JSON"])
@pytest.mark.parametrize(("whose", "envelope"), ENVELOPES.values(), ids=ENVELOPES)
def test_what_surrounds_a_line_is_taken_off(whose: str, envelope: str, line: str) -> None:
    tally = counted(envelope.replace("{}", line))
    assert outcomes(tally) == {(whose, NAME): {connection.DIRECT: 1}}
    assert not tally.aside
    (seen,) = tally.pairs.values()
    assert (seen.first, seen.last) == (AT, AT)


@pytest.mark.parametrize("line", [text(NAME), in_json(NAME)], ids=["text", "JSON"])
@pytest.mark.parametrize(("whose", "value"), OBJECTS.values(), ids=OBJECTS)
def test_an_object_of_a_log_store_holds_a_line(whose: str, value: Any, line: str) -> None:
    tally = counted(json.dumps(value).replace("LINE", json.dumps(line)[1:-1]))
    assert outcomes(tally) == {(whose, NAME): {connection.DIRECT: 1}}


def test_a_log_store_may_have_parsed_the_line() -> None:
    source = {**json.loads(in_json(NAME)), "kubernetes": KUBERNETES}
    assert outcomes(counted(json.dumps({"_source": source}))) == {("shop/pay", NAME): {connection.DIRECT: 1}}


EGRESS = "outbound|443|wildcard|egressgateway.istio-egress.svc.cluster.local"
MEANINGS = {
    "past the gateway": (text(), connection.DIRECT),
    "by a ServiceEntry": (text(cluster="outbound|443||api.example.com"), connection.DIRECT),
    "to the gateway": (text(cluster=EGRESS), connection.SENT),
    "refused by the sidecar": (text(cluster="BlackHoleCluster", sent=0), connection.REFUSED),
    "not connected": (text(flags="UF,URX", sent=0), connection.FAILED),
    "no answer": (text(sent=0), connection.FAILED),
    "no answer in JSON": (in_json(bytes_sent=0), connection.FAILED),
    "closed by the other side": (text(flags="UC"), connection.DIRECT),
}


@pytest.mark.parametrize(("line", "outcome"), MEANINGS.values(), ids=MEANINGS)
def test_a_line_says_what_came_of_a_connection(line: str, outcome: str) -> None:
    assert outcomes(counted(line)) == {("unknown", NAME): {outcome: 1}}


OURS: dict[str, Any] = {"time": AT, "sni": NAME, "chain": "allowed", "flags": "-", "bytes_sent": 9, "reason": None}
DENIED = {
    "client": "spiffe://cluster.local/ns/blog/sa/web",
    "decision": "denied",
    "details": "rbac_access_denied_matched_policy[none]",
    "list": None,
    "log": "egress-overlays.clients",
    "name": NAME,
    "time": AT,
}
FORWARDER: dict[str, Any] = {"cluster": "dynamic_forward_proxy_cluster", "destination": "envoy://sni_listener/"}
GATEWAY = {
    "let out": (text(**FORWARDER, peer="envoy", rest='allowed "-"'), connection.FORWARDED, ""),
    "not listed": (
        text(cluster="-", flags="NR", details="filter_chain_not_found", sent=0, destination="envoy://x/", rest='- "-"'),
        connection.REFUSED,
        "not on the gateway's list",
    ),
    "JSON: let out": (
        json.dumps(OURS),
        connection.FORWARDED,
        "",
    ),
    "JSON: refused address": (
        json.dumps({**OURS, "bytes_sent": 0, "denied_by": "rbac_access_denied_matched_policy[not-global]"}),
        connection.REFUSED,
        "address not-global",
    ),
    "JSON: a client without a right": (
        json.dumps(DENIED),
        connection.REFUSED,
        "no list of this client",
    ),
}


@pytest.mark.parametrize(("line", "outcome", "rule"), GATEWAY.values(), ids=GATEWAY)
def test_the_gateways_own_lines_are_read(line: str, outcome: str, rule: str) -> None:
    tally = counted(line)
    ((_, name),) = tally.pairs
    (seen,) = tally.pairs.values()
    assert (name, dict(seen.outcomes), list(seen.rules)) == (NAME, {outcome: 1}, [rule] if rule else [])


def at_port(port: int, **fields: Any) -> str:
    own = {"cluster": f"port_{port}_dynamic_forward_proxy_cluster", "destination": f"envoy://port_{port}_sni_listener/"}
    return text(**{**own, **fields})


_SERVICE = "wildcard|egressgateway.istio-egress.svc.cluster.local"
_NO_CHAIN: dict[str, Any] = {"flags": "NR", "details": "filter_chain_not_found", "sent": 0, "rest": '- "-"'}
AT_PORTS = {
    "let out": (at_port(9093, peer="envoy", rest='allowed "-"'), 9093, connection.FORWARDED),
    "not on the list of the port": (at_port(9093, cluster="-", **_NO_CHAIN), 9093, connection.REFUSED),
    "to the gateway": (text(cluster=f"outbound|9093|{_SERVICE}", destination=f"{POD}:9093"), 9093, connection.SENT),
    "to the gateway, below 1024": (text(cluster=f"outbound|31993|{_SERVICE}"), 993, connection.SENT),
    "to the gateway, the mesh listener's": (text(cluster=f"outbound|32443|{_SERVICE}"), 8443, connection.SENT),
    "to the gateway, in JSON": (in_json(upstream_cluster=f"outbound|32443|{_SERVICE}"), 8443, connection.SENT),
    "refused by the sidecar": (
        text(cluster="BlackHoleCluster", sent=0, destination="151.101.1.1:9093"),
        9093,
        connection.REFUSED,
    ),
    "past the gateway": (text(destination="151.101.1.1:9093"), 9093, connection.DIRECT),
    "by a ServiceEntry": (text(cluster="outbound|9093||api.example.com"), 9093, connection.DIRECT),
    "our JSON": (json.dumps({**OURS, "port": "9093"}), 9093, connection.FORWARDED),
    "our JSON of clients": (json.dumps({**DENIED, "port": "9093"}), 9093, connection.REFUSED),
}


@pytest.mark.parametrize(("line", "port", "outcome"), AT_PORTS.values(), ids=AT_PORTS)
def test_a_connection_at_another_port_is_one_to_a_pair(line: str, port: int, outcome: str) -> None:
    tally = counted(line)
    ((_, pair), seen) = next(iter(tally.pairs.items()))
    assert (pair, dict(seen.outcomes), tally.aside.total()) == (f"{NAME}:{port}", {outcome: 1}, 0)
    assert counted(f"{line}\n{text('other.example.org')}\n{line}").pairs.keys() > tally.pairs.keys()


def test_the_gateways_first_line_at_another_port_counts_as_at_443() -> None:
    mesh = text("outbound_.9093_.wildcard_.x", cluster="port_9093_sni_cluster", destination=f"{POD}:9093")
    assert dict(counted(mesh).aside) == {connection.TWICE: 1}


@pytest.mark.parametrize("line", [json.dumps(OURS), json.dumps(DENIED)], ids=["gateway", "clients"])
def test_our_lines_are_the_same_in_an_envelope(line: str) -> None:
    """The quick way takes a line as it stands, the slow one what it finds within another object."""
    pairs = counted(line).pairs
    assert counted(json.dumps({"log": line, "stream": "stdout"})).pairs == pairs
    assert counted(json.dumps({**json.loads(line), "nested": {}})).pairs == pairs
    assert counted(f"{line}\n{text('other.example.org')}\n{line}").pairs.keys() >= pairs.keys()


@pytest.mark.parametrize("first", [in_json("a.example.org"), json.dumps(OURS), text("b.example.org"), "{", "words", ""])
def test_lines_of_all_kinds_may_follow_each_other(first: str) -> None:
    """What a piece of a log begins with decides which way is tried first, and nothing else."""
    odd = text("e.example.org").replace(":41444", ":" + "4" * 600)  # the quick way reads it, the slow one does not
    others = [text(NAME), in_json("c.example.org"), json.dumps(DENIED), f"[pod/web-0/x] {text('d.example.org')}", odd]
    whole, single = counted(first, *others), [counted(line) for line in (first, *others)]
    assert whole.pairs.keys() == set().union(*(one.pairs for one in single))
    assert whole.aside == sum((one.aside for one in single), Counter())


@pytest.mark.parametrize("opening", ["{", "[", '{"a":', '{"sni":'])
@pytest.mark.parametrize(
    "envelope", ["{}", '{"log": 1, "a": {}', "2026-11-01T00:00:00Z stdout F {}", '{"time":"","x":{}']
)
def test_nesting_without_end_is_a_broken_line(envelope: str, opening: str) -> None:
    tally = counted(envelope.replace("{}", opening * 9000), text(NAME))
    assert tally.aside.total() == 1
    assert [name for _, name in tally.pairs] == [NAME]


@pytest.mark.parametrize("at", ["2026-11-02T14:33:61.000Z", "2026-02-30T14:33:11Z", "2026-13-02T14:33:11.123Z"])
@pytest.mark.parametrize("line", [text(NAME), in_json(NAME)], ids=["text", "JSON"])
def test_a_time_that_never_is_counts_as_none(line: str, at: str) -> None:
    tally = counted(line.replace(AT, at))
    assert [(name, seen.first, seen.last) for (_, name), seen in tally.pairs.items()] == [(NAME, "", "")]
    assert tally.window.first == ""


@pytest.mark.parametrize("at", ["9026-99-02T14:33:11.123Z", "0", ""])
def test_a_broken_time_beside_a_good_one_leaves_a_window(at: str) -> None:
    tally = counted(in_json(NAME), in_json(NAME, start_time=at))
    assert (tally.window.first, tally.window.last) == (AT, AT)


def test_a_line_of_ours_in_an_object_with_its_pod_is_of_that_pod() -> None:
    tally = counted(json.dumps({"_source": {**OURS, "kubernetes": KUBERNETES}}))
    assert [name for _, name in tally.pairs] == [NAME]


def test_the_identity_of_a_client_is_read() -> None:
    ((workload, _),) = counted(GATEWAY["JSON: a client without a right"][0]).pairs
    assert (workload.namespace, workload.account) == ("blog", "web")


ASIDE = {
    "an address": (text("10.0.0.1"), connection.ADDRESS),
    "no SNI": (text("-"), connection.NO_NAME),
    "no SNI in JSON": (in_json(None), connection.NO_NAME),
    "a port that no list may hold": (text(destination="151.101.1.1:25"), connection.PORTS),
    "another port without a name": (text("-", destination="151.101.1.1:5432"), connection.PORTS),
    "a port in the name": (text("api.example.com:9093"), "names that no list may hold"),
    "plain HTTP without Host": (text(request="GET / HTTP/1.1"), connection.NO_HOST),
    "inside": (text("db.shop.svc.cluster.local"), connection.INSIDE),
    "inside, by its cluster": (text(cluster="outbound|443||db.shop.svc.cluster.local"), connection.INSIDE),
    "one label": (text("localhost"), connection.INSIDE),
    "inbound": (text(cluster="inbound|8080||"), connection.INBOUND),
    "the mesh listener": (text("outbound_.443_.x_.y", cluster="sni_cluster"), connection.TWICE),
    "no certificate": (text(cluster="-", rest="no-mesh-tls"), connection.NO_CERTIFICATE),
    "other words": ("2026-11-02T14:33:11.123456Z\tinfo\tEnvoy proxy is ready", connection.OTHER),
    "other JSON": ('{"level":"info","msg":"started"}', connection.OTHER),
    "cut off": (text()[:140], connection.BROKEN),
    "JSON cut off": (in_json()[:140], connection.BROKEN),
    "written into each other": (text()[:100] + text(), connection.BROKEN),
    "JSON written into each other": (in_json()[:100] + in_json(), connection.BROKEN),
    "a part of a line (CRI)": (f"{STAMP} stdout P {text()}", connection.BROKEN),
    "a name with a blank": (text("a.example.com b.example.com"), connection.BROKEN),
    "an underscore": (text("_x.example.com"), "names that no list may hold"),
    "a name of 64 KB": (text("a" * 64_000 + ".com"), connection.TOO_LONG),
    "a name of 400": (text("a." * 200 + "com"), connection.TOO_LONG),
    "a name of 700": (text("a." * 350 + "com"), connection.BROKEN),
    "a name of 6 KB in JSON": (in_json("a" * 6_000 + ".com"), connection.TOO_LONG),
    "a line of 70 KB": (text("a" * 70_000 + ".com"), connection.TOO_LONG),
}


@pytest.mark.parametrize(("line", "why"), ASIDE.values(), ids=ASIDE)
def test_what_is_no_candidate_is_counted(line: str, why: str) -> None:
    tally = counted(line)
    assert outcomes(tally) == {}
    assert dict(tally.aside) == {why: 1}


def test_a_format_of_ones_own_is_read() -> None:
    form = TextFormat("%START_TIME% | %REQUESTED_SERVER_NAME% | %UPSTREAM_CLUSTER% | %BYTES_SENT% %RESPONSE_FLAGS%\n")
    tally = counted(f"{AT} | {NAME} | PassthroughCluster | 9 -", f"{AT} | {NAME} | PassthroughCluster | 0 -", form=form)
    assert outcomes(tally) == {("unknown", NAME): {connection.DIRECT: 1, connection.FAILED: 1}}


BAD = ["%START_TIME%", "%REQUESTED_SERVER_NAME%", "", "%START_TIME% %REQUESTED_SERVER_NAME% %x"]


@pytest.mark.parametrize("form", BAD)
def test_a_format_that_cannot_be_read_is_refused(form: str) -> None:
    with pytest.raises(InvalidFormat, match="must be one of Envoy's"):
        TextFormat(form)


def test_pods_tell_workloads_by_address_and_name() -> None:
    pods = Pods()
    item = {
        "metadata": {"namespace": "shop", "name": "pay-7c9f4d5b6-x2x4z"},
        "spec": {"serviceAccountName": "checkout"},
        "status": {"podIPs": [{"ip": POD}]},
    }
    pods.add(json.dumps({"items": [item]}).encode())
    for line in (text(NAME), f"[pod/pay-7c9f4d5b6-x2x4z/istio-proxy] {text(NAME, peer='10.9.9.9')}"):
        ((workload, _),) = counted(line, pods=pods).pairs
        assert tuple(workload) == ("shop", "checkout", "pay")
    with pytest.raises(InvalidPods, match="kubectl get pods --all-namespaces"):
        pods.add(b"NAME READY\n")


def test_the_quick_way_and_the_slow_way_agree() -> None:
    lines = [text(f"n{number % 7}.example.com") for number in range(50)]
    mixed = [one for line in lines for one in (line, "something else")]
    assert outcomes(counted(*lines)) == outcomes(counted(*mixed))
