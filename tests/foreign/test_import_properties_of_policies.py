"""What `import` makes of random policies and firewalls: nothing is open that they deny, unless a note says so.

The evaluators are written from each format's documentation, and decide one host at a time.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import quick_yaml as yaml
from egress_overlays import Source, import_lists
from evaluated import DOTTED, GLOB, LISTS, NAME, any_under, check, one_label, under

OPEN = [{"port": 443, "protocol": "TCP"}]
CLOSED = [{"port": 8443, "protocol": "TCP"}]
PORTS = st.sampled_from([OPEN, CLOSED, None])


def serves(ports: list[dict[str, Any]] | None, port: int = 443) -> bool:
    return ports is None or ports[0]["port"] == port


@given(rules=st.lists(st.tuples(GLOB, PORTS), max_size=4))
def test_gke(rules: list[tuple[str, list[dict[str, Any]] | None]]) -> None:
    """`*` is one label; names add up."""
    egress = [
        {"matches": [{"pattern" if "*" in name else "name": name}], **({"ports": ports} if ports else {})}
        for name, ports in rules
    ]

    def decide(host: str, port: int) -> bool:
        return any(serves(ports, port) and one_label(name, host) for name, ports in rules)

    policy = {
        "apiVersion": "networking.gke.io/v1alpha1",
        "kind": "FQDNNetworkPolicy",
        "metadata": {"name": "p", "namespace": "shop"},
        "spec": {"podSelector": {}, "egress": egress},
    }
    found = import_lists([Source("p.yaml", yaml.safe_dump(policy).encode())])
    for port in (443, 8443):
        check(found, partial(decide, port=port), port)


RULES = st.lists(st.tuples(st.booleans(), st.one_of(GLOB, st.just("0.0.0.0/0")), PORTS), max_size=5)


@given(rules=RULES)
def test_openshift(rules: list[tuple[bool, str, list[dict[str, Any]] | None]]) -> None:
    """The first rule that matches decides, and what none matches is allowed."""
    egress = [
        {
            "type": "Allow" if allows else "Deny",
            "to": {"cidrSelector" if "/" in to else "dnsName": to},
            **({"ports": ports} if ports else {}),
        }
        for allows, to, ports in rules
    ]

    def decide(host: str, port: int) -> bool:
        for allows, to, ports in rules:
            if serves(ports, port) and ("/" in to or one_label(to, host)):
                return allows
        return True

    firewall = {
        "apiVersion": "k8s.ovn.org/v1",
        "kind": "EgressFirewall",
        "metadata": {"name": "default", "namespace": "shop"},
        "spec": {"egress": egress},
    }
    found = import_lists([Source("p.yaml", yaml.safe_dump(firewall).encode())])
    for port in (443, 8443):
        check(found, partial(decide, port=port), port)


FQDN = st.builds("{}{}".format, st.sampled_from(["", "*.", "*"]), NAME)
COLLECTION = st.tuples(
    st.booleans(), st.integers(100, 103), st.lists(st.tuples(FQDN, st.sampled_from([443, 8443])), max_size=3)
)


def ends(pattern: str, host: str) -> bool:
    """`*name` is every name that ends so."""
    return host.endswith(pattern[1:]) if pattern[:1] == "*" and pattern[:2] != "*." else under(pattern, host)


@given(collections=st.lists(COLLECTION, max_size=4, unique_by=lambda one: one[1]))
def test_azure(collections: list[tuple[bool, int, list[tuple[str, int]]]]) -> None:
    """The collection with the lowest priority number first, and the first rule that matches; else denied."""
    written = [
        {
            "ruleCollectionType": "FirewallPolicyFilterRuleCollection",
            "name": f"c{priority}",
            "priority": priority,
            "action": {"type": "Allow" if allows else "Deny"},
            "rules": [
                {
                    "ruleType": "ApplicationRule",
                    "name": "r",
                    "sourceAddresses": ["*"],
                    "targetFqdns": [name],
                    "protocols": [{"protocolType": "Https", "port": port}],
                }
                for name, port in names
            ],
        }
        for allows, priority, names in collections
    ]

    def decide(host: str, port: int) -> bool:
        for allows, _, names in sorted(collections, key=lambda one: one[1]):
            if any(at == port and ends(name, host) for name, at in names):
                return allows
        return False

    found = import_lists([Source("g.json", json.dumps({"ruleCollections": written}).encode())])
    for port in (443, 8443):
        check(found, partial(decide, port=port), port)


@given(groups=st.lists(st.tuples(st.booleans(), st.booleans(), st.lists(DOTTED, max_size=3)), max_size=3))
def test_aws(groups: list[tuple[bool, bool, list[str]]]) -> None:
    """A DENYLIST drops what is on it, an ALLOWLIST what is not; `.name` is name and all below it."""
    resources = {
        f"G{number}": {
            "Type": "AWS::NetworkFirewall::RuleGroup",
            "Properties": {
                "RuleGroup": {
                    "RulesSource": {
                        "RulesSourceList": {
                            "TargetTypes": ["TLS_SNI" if tls else "HTTP_HOST"],
                            "Targets": names,
                            "GeneratedRulesType": "ALLOWLIST" if allows else "DENYLIST",
                        }
                    }
                }
            },
        }
        for number, (allows, tls, names) in enumerate(groups)
    }

    def on(names: list[str], host: str) -> bool:
        return any(host == one.removeprefix(".") or (one[0] == "." and host.endswith(one)) for one in names)

    def decide(host: str) -> bool:
        some = [(allows, names) for allows, tls, names in groups if tls]
        if any(on(names, host) for allows, names in some if not allows):
            return False
        allowing = [names for allows, names in some if allows]
        return any(on(names, host) for names in allowing) or not allowing

    check(import_lists([Source("t.json", json.dumps({"Resources": resources}).encode())]), decide)


CALICO_RULE = st.tuples(st.sampled_from(["Allow", "Deny", "Allow set"]), LISTS, st.sampled_from([443, 8443]))


@given(policies=st.lists(st.lists(CALICO_RULE, max_size=3), min_size=1, max_size=2), in_set=LISTS)
def test_calico(policies: list[list[tuple[str, list[str], int]]], in_set: list[str]) -> None:
    """By order of the policies, rule by rule; a Deny for all at 443 ends it, and what none allows is denied."""

    def rule(kind: str, names: list[str], port: int) -> dict[str, Any]:
        if kind == "Deny":
            return {"action": "Deny", "protocol": "TCP", "destination": {"ports": [port]}}
        peers = {"selector": "role == 'a'"} if kind == "Allow set" else {"domains": names or ["other.example.net"]}
        return {"action": "Allow", "protocol": "TCP", "destination": {**peers, "ports": [port]}}

    objects: list[dict[str, Any]] = [
        {
            "apiVersion": "projectcalico.org/v3",
            "kind": "GlobalNetworkPolicy",
            "metadata": {"name": f"p{number}"},
            "spec": {"order": number, "egress": [rule(*one) for one in rules], "types": ["Egress"]},
        }
        for number, rules in enumerate(policies)
    ]
    objects.append(
        {
            "apiVersion": "projectcalico.org/v3",
            "kind": "GlobalNetworkSet",
            "metadata": {"name": "s", "labels": {"role": "a"}},
            "spec": {"allowedEgressDomains": in_set},
        }
    )

    def decide(host: str, port: int) -> bool:
        for rules in policies:
            for kind, names, at in rules:
                if at != port:
                    continue
                if kind == "Deny":
                    return False
                if any_under(in_set if kind == "Allow set" else names, host):
                    return True
        return False

    found = import_lists([Source("p.yaml", yaml.safe_dump_all(objects).encode())])
    for port in (443, 8443):
        check(found, partial(decide, port=port), port)


@given(allowed=LISTS, denied=LISTS)
def test_sandbox(allowed: list[str], denied: list[str]) -> None:
    """What is denied is denied whatever is allowed."""
    text = json.dumps({"network": {"allowedDomains": allowed, "deniedDomains": denied}})
    found = import_lists([Source("settings.json", text.encode())])
    check(found, lambda host: any_under(allowed, host) and not any_under(denied, host))


@given(
    rules=st.lists(
        st.tuples(st.sampled_from(["Accept", "Deny", "Pass"]), LISTS, st.sampled_from([443, 8443, 22])), max_size=3
    )
)
def test_cluster_network_policy(rules: list[tuple[str, list[str], int]]) -> None:
    """domainNames count in rules that accept."""
    egress = [
        {
            "action": action,
            "to": [{"domainNames": names}],
            "protocols": [{"tcp": {"destinationPort": {"number": port}}}],
        }
        for action, names, port in rules
    ]
    policy = {
        "apiVersion": "policy.networking.k8s.io/v1alpha2",
        "kind": "ClusterNetworkPolicy",
        "metadata": {"name": "p"},
        "spec": {"tier": "Admin", "priority": 1, "subject": {"namespaces": {}}, "egress": egress},
    }
    found = import_lists([Source("p.yaml", yaml.safe_dump(policy).encode())])

    def decide(host: str, port: int) -> bool:
        return any(action == "Accept" and at == port and any_under(names, host) for action, names, at in rules)

    for port in (443, 8443):
        check(found, partial(decide, port=port), port)
