"""Lists for some clients only, and what the injection makes of them."""

from __future__ import annotations

import re
from typing import Any

from builders import PLACEHOLDER, Value, domains, envoy_filter
from egress_overlays.injection.applying import apply
from egress_overlays.injection.inject import plan
from egress_overlays.manifest.resource import Resource

CLIENTS = "egress-overlays.dev/clients"


def placed(of: str = "default", annotations: Value | None = None) -> Value:
    """An EnvoyFilter with the filter that components/client-lists adds."""
    forwarder = {"name": "envoy.filters.network.sni_dynamic_forward_proxy", "typed_config": {"port_value": 443}}
    clients = {"name": "egress-overlays.clients", "typed_config": {"matcher": {}, "shadow_matcher": {}}}
    chain = {"filter_chain_match": {"server_names": [PLACEHOLDER]}, "filters": [forwarder, clients]}
    return envoy_filter(chain=chain, of=of, annotations=annotations)


def limited_list(names: str, clients: str, name: str = "team", **more: Any) -> Value:
    return domains(names, name=name, annotations={CLIENTS: clients}, **more)


def run(*values: Value) -> tuple[list[Value], list[str]]:
    resources = [Resource(value) for value in values]
    result = plan(resources)
    messages = [str(finding) for finding in result.findings]
    if any(finding.severity == "error" for finding in result.findings):
        return [], messages
    return apply(resources, result), messages


def of_kind(values: list[Value], kind: str) -> dict[str, Value]:
    return {value["metadata"]["name"]: value["spec"] for value in values if value["kind"] == kind}


def chain_of(values: list[Value]) -> Value:
    (spec,) = of_kind(values, "EnvoyFilter").values()
    chain: Value = spec["configPatches"][0]["patch"]["value"]["filter_chains"][0]
    return chain


def decide(matcher: Value, identity: str, host: str) -> str | None:
    """Which list lets `identity` reach `host`, worked out from the rules as Envoy documents them."""
    groups = matcher["matcher_tree"]["custom_match"]["typed_config"]["domain_matchers"]
    labels = host.split(".")
    candidates = [host, *("*." + ".".join(labels[start:]) for start in range(1, len(labels)))]
    for candidate in candidates:  # the longest first; a group that does not match sends the search on
        for group in groups:
            if candidate in group["domains"]:
                if "action" in group["on_match"]:
                    return _allowing(group["on_match"])
                (rule,) = group["on_match"]["matcher"]["matcher_list"]["matchers"]
                expression = rule["predicate"]["single_predicate"]["value_match"]["safe_regex"]["regex"]
                if re.fullmatch(expression, identity):
                    return _allowing(rule["on_match"])
                if "on_no_match" in group["on_match"]["matcher"]:
                    return _allowing(group["on_match"]["matcher"]["on_no_match"])
    return None


def _allowing(decides: Value) -> str | None:
    action = decides["action"]["typed_config"]
    return str(action["name"]) if action["action"] == "ALLOW" else None


def spiffe(namespace: str, account: str, trust_domain: str = "cluster.local") -> str:
    return f"spiffe://{trust_domain}/ns/{namespace}/sa/{account}"
