"""A list of names in each format that `import` reads, as small as the format allows."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

Sample = Callable[[Sequence[str]], tuple[str, str]]
"""What makes a file of names: its name and text."""

_443 = [{"port": "443", "protocol": "TCP"}]


def _object(version: str, kind: str, spec: dict[str, Any], **metadata: Any) -> str:
    return json.dumps(
        {"apiVersion": version, "kind": kind, "metadata": {"name": "list", **metadata}, "spec": spec}, indent=1
    )


def _istio(names: Sequence[str]) -> tuple[str, str]:
    match = {"gateways": ["mesh"], "port": 443, "sniHosts": names}
    route = {"destination": {"host": "egress.istio-egress.svc.cluster.local"}}
    routes = {"hosts": names, "gateways": ["mesh", "egress"], "tls": [{"match": [match], "route": [route]}]}
    chain = {"filters": [{"name": "envoy.filters.network.sni_dynamic_forward_proxy"}]}
    listener = {"filter_chains": [{"filter_chain_match": {"server_names": names}, **chain}], "internal_listener": {}}
    patch = {"applyTo": "LISTENER", "match": {"context": "GATEWAY"}, "patch": {"operation": "ADD", "value": listener}}
    entry = {"hosts": names, "ports": [{"number": 443, "name": "tls", "protocol": "TLS"}]}
    when = [{"key": "connection.sni", "values": names}]
    objects = [
        _object("networking.istio.io/v1", "VirtualService", routes),
        _object("networking.istio.io/v1alpha3", "EnvoyFilter", {"configPatches": [patch]}),
        _object("networking.istio.io/v1", "ServiceEntry", entry),
        _object("security.istio.io/v1", "AuthorizationPolicy", {"action": "ALLOW", "rules": [{"when": when}]}),
    ]
    return "istio.yaml", "\n---\n".join(objects)


def _cilium(names: Sequence[str]) -> tuple[str, str]:
    rule = {"toFQDNs": [{"matchPattern": name} for name in names], "toPorts": [{"ports": _443, "serverNames": names}]}
    spec = {"endpointSelector": {}, "egress": [rule]}
    return "cilium.yaml", _object("cilium.io/v2", "CiliumClusterwideNetworkPolicy", spec)


def _calico(names: Sequence[str]) -> tuple[str, str]:
    rule = {"action": "Allow", "protocol": "TCP", "destination": {"domains": names, "ports": [443]}}
    return "calico.yaml", _object("projectcalico.org/v3", "GlobalNetworkPolicy", {"egress": [rule]})


def _gke(names: Sequence[str]) -> tuple[str, str]:
    matches = [{"pattern" if "*" in name else "name": name} for name in names]
    spec = {"podSelector": {}, "egress": [{"matches": matches, "ports": [{"port": 443, "protocol": "TCP"}]}]}
    return "gke.yaml", _object("networking.gke.io/v1alpha1", "FQDNNetworkPolicy", spec, namespace="shop")


def _openshift(names: Sequence[str]) -> tuple[str, str]:
    rules = [{"type": "Allow", "to": {"dnsName": name}} for name in names]
    spec = {"egress": [*rules, {"type": "Deny", "to": {"cidrSelector": "0.0.0.0/0"}}]}
    return "openshift.yaml", _object("k8s.ovn.org/v1", "EgressFirewall", spec, namespace="shop")


def _network_policy(names: Sequence[str]) -> tuple[str, str]:
    rule = {"action": "Accept", "to": [{"domainNames": names}]}
    spec = {"tier": "Admin", "priority": 1, "subject": {"namespaces": {}}, "egress": [rule]}
    return "network-policy.yaml", _object("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy", spec)


def _uds(names: Sequence[str]) -> tuple[str, str]:
    rules = [{"direction": "Egress", "remoteHost": name, "port": 443} for name in names]
    return "uds.yaml", _object("uds.dev/v1alpha1", "Package", {"network": {"allow": rules}}, namespace="shop")


def _aws(names: Sequence[str]) -> tuple[str, str]:
    targets = "".join(f'        "{name.removeprefix("*")}",\n' for name in names)
    return "aws.tf", (
        'resource "aws_networkfirewall_rule_group" "list" {\n  rule_group {\n    rules_source {\n'
        '      rules_source_list {\n        generated_rules_type = "ALLOWLIST"\n        target_types = ["TLS_SNI"]\n'
        f"        targets = [\n{targets}        ]\n      }}\n    }}\n  }}\n}}\n"
    )


def _aws_json(names: Sequence[str]) -> tuple[str, str]:
    listed = {"Targets": names, "TargetTypes": ["TLS_SNI"], "GeneratedRulesType": "ALLOWLIST"}
    return "aws.json", json.dumps({"RuleGroup": {"RulesSource": {"RulesSourceList": listed}}}, indent=1)


def _azure(names: Sequence[str]) -> tuple[str, str]:
    protocols = [{"protocolType": "Https", "port": 443}]
    rule = {"ruleType": "ApplicationRule", "sourceAddresses": ["*"], "protocols": protocols, "targetFqdns": names}
    collection = {"name": "list", "priority": 1, "action": {"type": "Allow"}, "rules": [rule]}
    return "azure.json", json.dumps({"ruleCollections": [collection]}, indent=1)


def _bicep(names: Sequence[str]) -> tuple[str, str]:
    listed = "".join(f"            '{name}'\n" for name in names)
    return "azure.bicep", (
        "resource list 'Microsoft.Network/firewallPolicies/ruleCollectionGroups@2024-01-01' = {\n  name: 'list'\n"
        "  properties: {\n    ruleCollections: [\n      {\n        name: 'list'\n        action: { type: 'Allow' }\n"
        "        rules: [\n          {\n            ruleType: 'ApplicationRule'\n            sourceAddresses: [ '*' ]\n"
        "            protocols: [ { protocolType: 'Https', port: 443 } ]\n            targetFqdns: [\n"
        f"{listed}            ]\n          }}\n        ]\n      }}\n    ]\n  }}\n}}\n"
    )


def _harden_runner(names: Sequence[str]) -> tuple[str, str]:
    settings = {"egress-policy": "block", "allowed-endpoints": "\n".join(f"{name}:443" for name in names)}
    step = {"uses": "step-security/harden-runner@v2", "with": settings}
    return "workflow.yaml", json.dumps({"on": "push", "jobs": {"list": {"steps": [step]}}}, indent=1)


def _sandbox(names: Sequence[str]) -> tuple[str, str]:
    return "settings.json", json.dumps({"sandbox": {"network": {"allowedDomains": names}}}, indent=1)


def _smokescreen(names: Sequence[str]) -> tuple[str, str]:
    service = {"name": "list", "project": "shop", "action": "enforce", "allowed_domains": names}
    acl = {"version": "v1", "services": [service], "global_deny_list": [], "global_allow_list": names}
    return "acl.yaml", json.dumps(acl, indent=1)


def _nginx(names: Sequence[str]) -> tuple[str, str]:
    entries = "".join(f"    {name} $ssl_preread_server_name:443;\n" for name in names)
    return "nginx.conf", (
        f"stream {{\n  map $ssl_preread_server_name $list {{\n    hostnames;\n{entries}  }}\n"
        "  server { listen 443; ssl_preread on; proxy_pass $list; }\n}\n"
    )


def _squid(names: Sequence[str]) -> tuple[str, str]:
    acls = "".join(f"acl list dstdomain {name.removeprefix('*')}\n" for name in names)
    return "squid.conf", f"{acls}http_access allow list\nhttp_access deny all\n"


def _plain(names: Sequence[str]) -> tuple[str, str]:
    return "list.txt", "".join(f"{name}\n" for name in names)


def _denials(names: Sequence[str]) -> list[str]:
    """For each wildcard one denial below it."""
    return [f"bad{name.removeprefix('*')}" for name in names if name[0] == "*"]


def _istio_denials(names: Sequence[str]) -> tuple[str, str]:
    file, text = _istio(names)
    rules = [{"when": [{"key": "connection.sni", "values": _denials(names)}]}]
    policy = _object("security.istio.io/v1", "AuthorizationPolicy", {"action": "DENY", "rules": rules})
    return file, f"{text}\n---\n{policy}"


def _openshift_denials(names: Sequence[str]) -> tuple[str, str]:
    rules = [{"type": "Deny", "to": {"dnsName": name}} for name in _denials(names)]
    rules += [{"type": "Allow", "to": {"dnsName": name}} for name in names]
    spec = {"egress": [*rules, {"type": "Deny", "to": {"cidrSelector": "0.0.0.0/0"}}]}
    return "openshift.yaml", _object("k8s.ovn.org/v1", "EgressFirewall", spec, namespace="shop")


def _aws_denials(names: Sequence[str]) -> tuple[str, str]:
    lists = {"ALLOWLIST": [name.removeprefix("*") for name in names], "DENYLIST": _denials(names)}
    groups = {
        kind: {
            "Type": "AWS::NetworkFirewall::RuleGroup",
            "Properties": {
                "RuleGroup": {
                    "RulesSource": {
                        "RulesSourceList": {"Targets": found, "TargetTypes": ["TLS_SNI"], "GeneratedRulesType": kind}
                    }
                }
            },
        }
        for kind, found in lists.items()
    }
    return "aws.json", json.dumps({"Resources": groups}, indent=1)


def _azure_denials(names: Sequence[str]) -> tuple[str, str]:
    protocols = [{"protocolType": "Https", "port": 443}]
    collections = [
        {
            "name": kind,
            "priority": number,
            "action": {"type": kind},
            "rules": [
                {"ruleType": "ApplicationRule", "sourceAddresses": ["*"], "protocols": protocols, "targetFqdns": found}
            ],
        }
        for number, (kind, found) in enumerate([("Deny", _denials(names)), ("Allow", names)], 100)
    ]
    return "azure.json", json.dumps({"ruleCollections": collections}, indent=1)


def _sandbox_denials(names: Sequence[str]) -> tuple[str, str]:
    network = {"allowedDomains": names, "deniedDomains": _denials(names)}
    return "settings.json", json.dumps({"sandbox": {"network": network}}, indent=1)


def _smokescreen_denials(names: Sequence[str]) -> tuple[str, str]:
    service = {"name": "list", "project": "shop", "action": "enforce", "allowed_domains": []}
    acl = {"services": [service], "global_deny_list": _denials(names), "global_allow_list": names}
    return "acl.yaml", json.dumps(acl, indent=1)


def _nginx_denials(names: Sequence[str]) -> tuple[str, str]:
    file, text = _nginx(names)
    entries = "".join(f"    {name} 127.0.0.1:9;\n" for name in _denials(names))
    return file, text.replace("hostnames;\n", f"hostnames;\n{entries}")


def _squid_denials(names: Sequence[str]) -> tuple[str, str]:
    file, text = _squid(names)
    acls = "".join(f"acl no dstdomain {name}\n" for name in _denials(names))
    return file, f"{acls}http_access deny no\n{text}"


def _plain_denials(names: Sequence[str]) -> tuple[str, str]:
    return "list.txt", "".join(f"{name}\n" for name in [*names, *(f"!{name}" for name in _denials(names))])


def _cilium_ports(names: Sequence[str]) -> tuple[str, str]:
    ports = [*_443, {"port": "8443", "protocol": "TCP"}, {"port": "9093", "protocol": "TCP"}]
    rule = {"toFQDNs": [{"matchPattern": name} for name in names], "toPorts": [{"ports": ports}]}
    spec = {"endpointSelector": {}, "egress": [rule]}
    return "cilium.yaml", _object("cilium.io/v2", "CiliumClusterwideNetworkPolicy", spec)


def _in_all(sample: Sample, parts: int) -> Sample:
    """`sample` of so many names that these and the denials, or the ports, of each come to as many as were asked for."""
    return lambda names: sample(names[: -(-len(names) * 2 // parts)])


SAMPLES: dict[str, Sample] = {
    "istio": _istio,
    "cilium": _cilium,
    "calico": _calico,
    "gke": _gke,
    "openshift": _openshift,
    "network-policy": _network_policy,
    "uds": _uds,
    "aws": _aws_json,
    "aws (Terraform)": _aws,
    "azure": _azure,
    "azure (Bicep)": _bicep,
    "harden-runner": _harden_runner,
    "sandbox": _sandbox,
    "smokescreen": _smokescreen,
    "nginx": _nginx,
    "squid": _squid,
    "plain": _plain,
    "istio, denials": _in_all(_istio_denials, 3),
    "openshift, denials": _in_all(_openshift_denials, 3),
    "aws, denials": _in_all(_aws_denials, 3),
    "azure, denials": _in_all(_azure_denials, 3),
    "sandbox, denials": _in_all(_sandbox_denials, 3),
    "smokescreen, denials": _in_all(_smokescreen_denials, 3),
    "nginx, denials": _in_all(_nginx_denials, 3),
    "squid, denials": _in_all(_squid_denials, 3),
    "plain, denials": _in_all(_plain_denials, 3),
    "cilium, three ports": _in_all(_cilium_ports, 6),
}
