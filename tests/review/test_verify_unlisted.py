"""What stands beside a list that goes out otherwise than by base/, and opens more, is found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import command
import quick_yaml as yaml
from builds import ROOT, build

if TYPE_CHECKING:
    from pathlib import Path

WAYS = {"direct": "ways/direct", "ambient": "ways/ambient", "envoy-gateway": "ways/envoy-gateway"}
WAYPOINT = "targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: egress}]"
RBAC = "listener: {filterChain: {filter: {name: envoy.filters.network.rbac}}}"


def filter_of(namespace: str, context: str, further: str = "") -> str:
    """An EnvoyFilter that takes out what refuses addresses."""
    return f"""
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {{name: other, namespace: {namespace}}}
spec:
  {further}
  configPatches:
  - {{applyTo: NETWORK_FILTER, match: {{{context}{RBAC}}}, patch: {{operation: REMOVE}}}}
"""


def policy(namespace: str, target: str, action: str = "ALLOW") -> str:
    """An AuthorizationPolicy that is for every name."""
    return f"""
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: other, namespace: {namespace}}}
spec: {{action: {action}, {target}, rules: [{{}}]}}
"""


def of_gateway_api(kind: str, spec: str, group: str = "gateway.networking.k8s.io/v1", namespace: str = "egress") -> str:
    """An object of Gateway API's or Envoy Gateway's."""
    return f"""
apiVersion: {group}
kind: {kind}
metadata: {{name: other, namespace: {namespace}}}
spec: {spec}
"""


ROUTED = """
  parentRefs: [{name: egress}]
  rules: [{backendRefs: [{group: gateway.envoyproxy.io, kind: Backend, name: internet}]}]
"""
OPEN = """
  gatewayClassName: egress
  listeners:
  - {name: a, port: 443, protocol: TLS, tls: {mode: Passthrough}, allowedRoutes: {namespaces: {from: All}}}
"""
EVERYONES = "targetRefs: [{group: gateway.networking.k8s.io, kind: GatewayClass, name: istio-waypoint}]"
OPENS = {
    "a filter of sidecars": ("direct", filter_of("istio-system", "context: SIDECAR_OUTBOUND, ")),
    "one of all proxies": ("direct", filter_of("apps", "")),
    "a filter of the waypoint": ("ambient", filter_of("istio-egress", "context: SIDECAR_INBOUND, ", WAYPOINT)),
    "one of the root namespace": ("ambient", filter_of("istio-system", "")),
    "a policy of the waypoint": ("ambient", policy("istio-egress", WAYPOINT)),
    "a policy of all waypoints": ("ambient", policy("istio-system", EVERYONES)),
    "another TLSRoute": ("envoy-gateway", of_gateway_api("TLSRoute", ROUTED)),
    "a TCPRoute": ("envoy-gateway", of_gateway_api("TCPRoute", ROUTED, "gateway.networking.k8s.io/v1alpha2")),
    "an open Gateway": ("envoy-gateway", of_gateway_api("Gateway", OPEN)),
    "another Backend": (
        "envoy-gateway",
        of_gateway_api(
            "Backend", "{endpoints: [{ip: {address: 10.0.0.1, port: 443}}]}", "gateway.envoyproxy.io/v1alpha1"
        ),
    ),
    "other patches": (
        "envoy-gateway",
        of_gateway_api("EnvoyPatchPolicy", "{type: JSONPatch, jsonPatches: []}", "gateway.envoyproxy.io/v1alpha1"),
    ),
    "a class with settings": (
        "envoy-gateway",
        of_gateway_api("GatewayClass", "{controllerName: gateway.envoyproxy.io/x, parametersRef: {name: a}}").replace(
            ", namespace: egress", ""
        ),
    ),
}
HARMLESS = {
    "a policy that denies": ("ambient", policy("istio-egress", WAYPOINT, "DENY")),
    "a policy of pods": ("ambient", policy("istio-egress", "selector: {matchLabels: {a: b}}")),
    "a filter of gateways": ("direct", filter_of("istio-system", "context: GATEWAY, ")),
    "a route elsewhere": ("envoy-gateway", of_gateway_api("TLSRoute", ROUTED, namespace="apps")),
}


def said(tmp_path: Path, way: str, beside: str) -> tuple[int, str]:
    """What `verify` says of a way with an object beside it."""
    objects: list[Any] = [*build(ROOT / "tests/e2e" / WAYS[way]), yaml.safe_load(beside)]
    file = tmp_path / "rendered.yaml"
    file.write_text(yaml.safe_dump_all(objects))
    outcome = command.run("verify", file)
    return outcome.code, outcome.out


@pytest.mark.parametrize("title", OPENS)
def test_what_opens_beside_the_list_is_found(tmp_path: Path, title: str) -> None:
    way, beside = OPENS[title]
    code, text = said(tmp_path, way, beside)
    assert code == 1, text
    assert "/other, " in text or "GatewayClass other, " in text, text


@pytest.mark.parametrize("title", HARMLESS)
def test_what_opens_nothing_is_none(tmp_path: Path, title: str) -> None:
    way, beside = HARMLESS[title]
    code, text = said(tmp_path, way, beside)
    assert code == 0, text
