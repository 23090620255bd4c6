"""Denials below a wildcard that is open: a line `!name` where a list can say so, else a note of the first kind."""

from __future__ import annotations

import json
from typing import Any

import pytest

import quick_yaml as yaml
from egress_overlays import Source, import_lists
from egress_overlays.foreign.config_maps import config_maps
from egress_overlays.lists import allowlist
from egress_overlays.manifest.findings import ERROR
from egress_overlays.manifest.resource import Resource

OUT = {"destination": {"host": "egress.istio-egress.svc.cluster.local"}}


def _istio(*tls: tuple[str, str], **policy: Any) -> str:
    routes = [
        {"match": [{"gateways": ["mesh"], "port": 443, "sniHosts": [name]}], "route": [{"destination": {"host": host}}]}
        for name, host in tls
    ]
    objects = [
        {
            "apiVersion": "networking.istio.io/v1",
            "kind": "VirtualService",
            "metadata": {"name": "v", "namespace": "n"},
            "spec": {"hosts": ["*.example.com"], "gateways": ["mesh"], "tls": routes},
        },
        *(
            {
                "apiVersion": "security.istio.io/v1",
                "kind": "AuthorizationPolicy",
                "metadata": {"name": f"p{number}", "namespace": "istio-egress"},
                "spec": {"action": action, "rules": [{"when": [{"key": "connection.sni", **values}]}]},
            }
            for number, (action, values) in enumerate(policy.get("policies", []))
        ),
    ]
    return yaml.safe_dump_all(objects)


def _aws(*groups: tuple[str, list[str]]) -> str:
    listed = [{"TargetTypes": ["TLS_SNI"], "Targets": names, "GeneratedRulesType": kind} for kind, names in groups]
    return json.dumps(
        {
            "Resources": {
                f"G{number}": {
                    "Type": "AWS::NetworkFirewall::RuleGroup",
                    "Properties": {"RuleGroup": {"RulesSource": {"RulesSourceList": one}}},
                }
                for number, one in enumerate(listed)
            }
        }
    )


def _azure(*collections: tuple[str, str]) -> str:
    return json.dumps(
        {
            "ruleCollections": [
                {
                    "name": action,
                    "priority": number,
                    "action": {"type": action},
                    "rules": [
                        {
                            "ruleType": "ApplicationRule",
                            "sourceAddresses": ["*"],
                            "protocols": [{"protocolType": "Https", "port": 443}],
                            "targetFqdns": [name],
                        }
                    ],
                }
                for number, (action, name) in enumerate(collections, 100)
            ]
        }
    )


def _openshift(*rules: tuple[str, str, int], kind: str = "dnsName") -> str:
    egress = [
        {"type": one, "to": {kind: name}, "ports": [{"port": port, "protocol": "TCP"}]} for one, name, port in rules
    ]
    return json.dumps(
        {
            "apiVersion": "k8s.ovn.org/v1",
            "kind": "EgressFirewall",
            "metadata": {"name": "default", "namespace": "shop"},
            "spec": {"egress": [*egress, {"type": "Deny", "to": {"cidrSelector": "0.0.0.0/0"}}]},
        }
    )


def _smokescreen(deny: list[str], allow: list[str], own: list[str] | None = None) -> str:
    service = {"name": "web", "project": "shop", "action": "enforce", "allowed_domains": own or []}
    return json.dumps({"services": [service], "global_deny_list": deny, "global_allow_list": allow})


def _squid(*lines: str, **lists: str) -> str:
    acls = "".join(f"acl {name} dstdomain {' '.join(names.split(','))}\n" for name, names in lists.items())
    return acls + "".join(f"{line}\n" for line in lines)


def _nginx(*entries: str, more: str = "") -> str:
    lines = "".join(f"  {entry};\n" for entry in entries)
    return (
        f"map $ssl_preread_server_name $to {{\n  hostnames;\n{lines}}}\n{more}"
        "server { listen 443; ssl_preread on; proxy_pass $to; }\n"
    )


GO = "$ssl_preread_server_name:443"
# The file, what stands on the list, and which names notes of the first kind are about.
DENIED = {
    "smokescreen": ("a.yaml", _smokescreen(["bad.example.com", "*.bad.example.com"], ["*.example.com"])),
    "squid, a line before": (
        "squid.conf",
        _squid(
            "http_access deny no",
            "http_access allow yes",
            "http_access deny all",
            no=".bad.example.com",
            yes=".example.com",
        ),
    ),
    "squid, a list left out of a line": (
        "squid.conf",
        _squid("http_access allow yes !no", "http_access deny all", no=".bad.example.com", yes=".example.com"),
    ),
    "squid, two stages": (
        "squid.conf",
        _squid(
            "http_access deny no",
            "http_access allow yes",
            "http_access deny all",
            no=".bad.example.com",
            yes=".example.com",
        )
        + "acl sni ssl::server_name .example.com .bad.example.com\nssl_bump splice sni\nssl_bump terminate all\n",
    ),
    "nginx": ("n.conf", _nginx(f"*.example.com {GO}", ".bad.example.com 127.0.0.1:9")),
    "nginx, by an expression": ("n.conf", _nginx(f"~^.+\\.example\\.com$ {GO}", ".bad.example.com 127.0.0.1:9")),
    "azure": ("a.json", _azure(("Deny", "bad.example.com"), ("Deny", "*.bad.example.com"), ("Allow", "*.example.com"))),
    "aws": ("a.json", _aws(("ALLOWLIST", [".example.com"]), ("DENYLIST", [".bad.example.com"]))),
    "openshift": (
        "o.yaml",
        _openshift(
            ("Deny", "bad.example.com", 443), ("Deny", "*.bad.example.com", 443), ("Allow", "*.example.com", 443)
        ),
    ),
    "istio, a policy": (
        "i.yaml",
        _istio(
            ("*.example.com", OUT["destination"]["host"]),
            policies=[("DENY", {"values": ["bad.example.com", "*.bad.example.com"]})],
        ),
    ),
    "istio, values that are not meant": (
        "i.yaml",
        _istio(
            ("*.example.com", OUT["destination"]["host"]),
            policies=[("ALLOW", {"values": ["*.example.com"], "notValues": ["bad.example.com", "*.bad.example.com"]})],
        ),
    ),
    "istio, a route to nowhere": (
        "i.yaml",
        _istio(
            ("*.example.com", OUT["destination"]["host"]),
            ("bad.example.com", "blackhole.invalid"),
            ("*.bad.example.com", "blackhole.invalid"),
        ),
    ),
    "sandbox": (
        "s.json",
        json.dumps(
            {
                "network": {
                    "allowedDomains": ["*.example.com"],
                    "deniedDomains": ["bad.example.com", "*.bad.example.com"],
                }
            }
        ),
    ),
    "plain": ("l.txt", "*.example.com\n!.bad.example.com\n"),
}
# What a list cannot say, and what is said of it.
OPEN = {
    "a name below it is open": (
        "a.yaml",
        _smokescreen(["*.bad.example.com"], ["*.example.com"], own=["fine.bad.example.com"]),
        "*.bad.example.com",
    ),
    "another firewall opens it": (
        "o.yaml",
        _openshift(("Deny", "bad.example.com", 443), ("Allow", "*.example.com", 443))
        + "\n---\n"
        + _openshift(("Allow", "*.example.com", 443)),
        "bad.example.com",
    ),
    "another format opens it": (
        "t.yaml",
        _smokescreen(["bad.example.com"], ["*.example.com"])
        + "\n---\n"
        + json.dumps({"network": {"allowedDomains": ["*.example.com"]}}),
        "bad.example.com",
    ),
    "no name of a list": (
        "a.yaml",
        _smokescreen(["bad_one.example.com"], ["*.example.com"]),
        "bad_one.example.com",
    ),
}


@pytest.mark.parametrize("name", DENIED)
def test_a_denial_below_a_wildcard_is_carried_over(name: str) -> None:
    file, text = DENIED[name]
    found = import_lists([Source(file, text.encode())])
    (one,) = config_maps(found)
    sets, faults = allowlist.read([Resource(one.value)])
    assert [str(fault) for fault in faults if fault.severity == ERROR] == []
    (allowed,) = sets.values()
    for host in ("bad.example.com", "x.bad.example.com"):
        assert allowed.covering(host) is None, one.yaml()
    assert allowed.covering("ok.example.com") is not None
    assert not [note for note in found.notes if note.kind == "opened wider" and "bad.example.com" in note.words]


@pytest.mark.parametrize("name", OPEN)
def test_a_denial_that_no_list_can_say_is_said(name: str) -> None:
    file, text, denied = OPEN[name]
    found = import_lists([Source(file, text.encode())])
    assert not [line for names in found.groups.values() for line in names if line[0] == "!"]
    assert [note.name for note in found.notes if "was denied, and is open now by" in note.words] == [denied]


def test_what_another_line_of_squid_lets_through_is_open() -> None:
    text = _squid(
        "http_access allow yes !no",
        "http_access allow no",
        "http_access deny all",
        no="a.example.com",
        yes=".example.com",
    )
    found = import_lists([Source("squid.conf", text.encode())])
    assert (found.groups, found.notes) == ({"yes": {".example.com": ""}, "no": {"a.example.com": ""}}, [])


def test_a_name_that_one_stage_of_squid_denies_is_not_open_by_the_other() -> None:
    text = (
        "acl no dstdomain bad.example.com\nacl yes dstdomain .example.com\nacl sni ssl::server_name bad.example.com\n"
        "http_access deny no\nhttp_access allow yes\nhttp_access deny all\n"
        "ssl_bump splice sni\nssl_bump terminate all\n"
    )
    found = import_lists([Source("squid.conf", text.encode())])
    assert found.groups == {}
    assert "bad.example.com" in [note.name for note in found.notes]


def test_a_denial_at_another_port_denies_nothing_at_443() -> None:
    firewall = _openshift(("Deny", "a.example.com", 8443), ("Allow", "a.example.com", 443))
    found = import_lists([Source("o.yaml", firewall.encode())])
    assert found.groups == {"shop": {"a.example.com": ""}}
