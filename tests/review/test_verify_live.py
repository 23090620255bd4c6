"""`verify`, `check` and `list` on what runs: objects that take part in no set, at our gateway and at others."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

import pytest

from live import TCP_PROXY, built, bypasses, chain, findings, live, of, patch, service, small, sneaky, text

if TYPE_CHECKING:
    from command import Run

    Object = dict[str, Any]

INJECT = "egress-overlays.dev/inject"


FORWARDER = {"name": "envoy.filters.network.sni_dynamic_forward_proxy"}
MESH = {"portNumber": 8443, "filterChain": {"filter": {"name": "envoy.filters.network.tcp_proxy"}}}


@pytest.fixture(name="built")
def _built() -> list[Object]:
    return built()


@pytest.fixture(name="live")
def _live() -> list[Object]:
    return live()


@pytest.mark.parametrize("names", [None, [], ["pypi.org", "evil.example"]], ids=["open", "empty", "named"])
def test_a_second_forwarder_is_found(names: list[str] | None, run: Run, live: list[Object]) -> None:
    assert bypasses(run, live) == []
    live.append(sneaky(live, names))
    assert bypasses(run, live) == ["error"]
    outcome = run("check", "--all", "evil.example", "-", stdin=text(live))
    matched = "evil.example" if names else "*"
    assert re.search(rf"gateway +matches {re.escape(matched)} +EnvoyFilter istio-egress/sneaky, ", outcome.out)
    assert "verify` shows" in outcome.err
    assert "verify` shows" in run("list", "-", stdin=text(live)).err


GRAVE = [
    patch("LISTENER", "MERGE", {"filter_chains": [chain(filters=[FORWARDER])]}, {"name": "sni_listener"}),
    patch("LISTENER", "ADD", {"filter_chains": [chain(["evil.example"])]}),
    patch("LISTENER", "ADD", {"filterChains": [{"filterChainMatch": {"serverNames": ["evil.example"]}}]}),
    patch("FILTER_CHAIN", "ADD", chain(), {"portNumber": 8443}),
    patch("FILTER_CHAIN", "ADD", chain(["evil.example"]), {"name": "0.0.0.0_8443"}),
    patch("NETWORK_FILTER", "MERGE", TCP_PROXY, MESH),
    patch("NETWORK_FILTER", "REPLACE", {"name": "x"}, MESH),
    patch("NETWORK_FILTER", "MERGE", TCP_PROXY),
    patch("NETWORK_FILTER", "INSERT_FIRST", FORWARDER, {"portNumber": 8443}),
    {key: value for key, value in patch("NETWORK_FILTER", "MERGE", TCP_PROXY).items() if key != "match"},
]


@pytest.mark.parametrize("one", GRAVE)
@pytest.mark.parametrize("where", ["istio-egress", "istio-system"])
def test_what_changes_our_gateway_is_found(
    one: Object, where: str, run: Run, live: list[Object], built: list[Object]
) -> None:
    for objects in (live, built):
        for labels in ({"istio": "sni-egressgateway"}, dict[str, str]()):
            found = findings(run, [*objects, small(one, namespace=where, labels=labels)])
            errors = {each["rule"] for each in found if each["severity"] == "error"}
            assert errors in ({"bypass"}, {"unknown"})
            # Without a match it is a patch of sidecars, too.
            assert {each["rule"] for each in found} <= {*errors, *([] if "match" in one or labels else ["beside"])}


@pytest.mark.parametrize(
    ("one", "rule"),
    [
        (patch("NETWORK_FILTER", "INSERT_BEFORE", {"name": "envoy.filters.network.local_ratelimit"}, MESH), "unknown"),
        (patch("NETWORK_FILTER", "INSERT_BEFORE", {"name": "envoy.filters.network.set_filter_state"}, MESH), "bypass"),
        (patch("LISTENER", "ADD", {"filter_chains": [chain()]}), "bypass"),
    ],
)
def test_a_filter_or_a_listener_more_is_an_error(one: Object, rule: str, run: Run, live: list[Object]) -> None:
    assert [(found["rule"], found["severity"]) for found in findings(run, [*live, small(one)])] == [(rule, "error")]


UNRELATED = {
    "another gateway of the root namespace": small(*GRAVE, namespace="istio-system", labels={"istio": "ingress"}),
    "another gateway of the same namespace": small(*GRAVE, labels={"istio": "ingress"}),
    "every gateway of another namespace": small(*GRAVE[:-1], namespace="shop", labels={}),
    "the same labels in another namespace": small(*GRAVE, namespace="shop"),
    "sidecars alone": small(patch("LISTENER", "ADD", {"filter_chains": [chain(["x.org"])]}, context="SIDECAR_INBOUND")),
    "another port": small(patch("NETWORK_FILTER", "MERGE", TCP_PROXY, {"portNumber": 15021})),
    "another port, named": small(patch("FILTER_CHAIN", "MERGE", chain(), {"name": "0.0.0.0_8080"})),
    "clusters": small(patch("CLUSTER", "MERGE", {"connect_timeout": "1s"})),
    "a listener's buffer": small(patch("LISTENER", "MERGE", {"per_connection_buffer_limit_bytes": 1}, MESH)),
    "HTTP filters": small(patch("HTTP_FILTER", "INSERT_BEFORE", {"name": "envoy.filters.http.lua"})),
    "waypoints": {
        **small(*GRAVE, namespace="istio-system"),
        "spec": {"targetRefs": [{"kind": "Gateway", "name": "x"}], "configPatches": GRAVE},
    },
}


@pytest.mark.parametrize("one", UNRELATED.values(), ids=UNRELATED)
def test_what_is_of_other_gateways_is_not(one: Object, run: Run, live: list[Object], built: list[Object]) -> None:
    assert bypasses(run, [*live, one]) == []
    assert bypasses(run, [*built, one]) == []


class TestLabelsThatNobodyKnows:
    """Without the gateway's Deployment, a selector of other labels may mean its pods or not."""

    def test_in_the_root_namespace_it_is_a_warning(self, run: Run, live: list[Object], built: list[Object]) -> None:
        one = small(*GRAVE[:-1], namespace="istio-system", labels={"app": "ingress"})
        assert bypasses(run, [*live, one]) == ["warning"]
        assert bypasses(run, [*built, one]) == []

    def test_in_the_gateways_namespace_it_is_an_error(self, run: Run, live: list[Object], built: list[Object]) -> None:
        one = small(*GRAVE[:-1], labels={"app": "anything"})
        assert bypasses(run, [*live, one]) == ["error"]
        assert bypasses(run, [*built, one]) == []

    def test_labels_that_pods_get_later_are_not_in_the_template(self, run: Run, built: list[Object]) -> None:
        assert bypasses(run, [*built, small(*GRAVE[:-1], labels={"istio.io/rev": "default"})]) == ["error"]


def test_the_root_namespace_is_as_it_is_named(run: Run, live: list[Object]) -> None:
    one = small(*GRAVE[:-1], namespace="mesh-root")
    assert bypasses(run, [*live, one]) == []
    assert bypasses(run, [*live, one], "--root-namespace", "mesh-root") == ["error"]


@pytest.mark.parametrize("host", ["egressgateway.istio-egress.svc.cluster.local", "egressgateway.istio-egress"])
@pytest.mark.parametrize("kind", ["tls", "tcp"])
def test_a_virtualservice_that_sends_to_the_gateway_is_found(
    host: str, kind: str, run: Run, live: list[Object]
) -> None:
    live.append(service({"host": host}, kind))
    assert bypasses(run, live) == ["error"]
    out = run("check", "--all", "evil.example", "-", stdin=text(live)).out
    matched = "evil.example" if kind == "tls" else "*"
    (line,) = (line for line in out.splitlines() if line.startswith("sidecar") and "VirtualService shop/other" in line)
    assert re.search(rf"sidecar +matches {re.escape(matched)} +VirtualService shop/other, which is of no set", line)


def test_a_short_name_is_of_the_virtualservices_namespace(run: Run, live: list[Object]) -> None:
    assert bypasses(run, [*live, service({"host": "egressgateway"}, namespace="istio-egress")]) == ["error"]
    assert bypasses(run, [*live, service({"host": "egressgateway"})]) == []


def test_another_service_of_the_same_pods_is_the_gateway_too(run: Run, built: list[Object]) -> None:
    more = copy.deepcopy(of(built, "Service"))
    more["metadata"]["name"] = "back-door"
    assert bypasses(run, [*built, more, service({"host": "back-door.istio-egress"})]) == ["error"]


@pytest.mark.parametrize(
    "route",
    [
        {"host": "evil.example"},
        {"host": "istio-egressgateway.istio-system.svc.cluster.local"},
        {"host": "egressgateway.shop.svc.cluster.local"},
    ],
)
def test_a_virtualservice_that_sends_elsewhere_is_not(route: Object, run: Run, live: list[Object]) -> None:
    assert bypasses(run, [*live, service(route)]) == []


def test_both_together_let_the_name_through(run: Run, live: list[Object]) -> None:
    live += [sneaky(live, None), service({"host": "egressgateway.istio-egress"})]
    assert bypasses(run, live) == ["error", "error"]
    assert run("check", "--all", "evil.example", "-", stdin=text(live)).code == 0
    assert "evil.example" in run("list", "-", stdin=text(live)).out


def test_an_annotation_alone_makes_nothing_take_part(run: Run, live: list[Object]) -> None:
    one = small(patch("NETWORK_FILTER", "MERGE", TCP_PROXY, MESH))
    one["metadata"] |= {"annotations": {INJECT: "default"}, "labels": {"egress-overlays.dev/state": "injected"}}
    assert {found["rule"] for found in findings(run, [*live, one])} == {"bypass", "place"}
