"""Names that are open at other ports than 443: carried over as NAME:PORT where a rule names that port by itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import quick_yaml as yaml
from egress_overlays import Source, import_lists
from egress_overlays.foreign.config_maps import config_maps
from egress_overlays.lists import allowlist
from egress_overlays.manifest.findings import ERROR
from egress_overlays.manifest.resource import Resource

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run


def _object(version: str, kind: str, spec: dict[str, Any], **metadata: str) -> str:
    named = {"name": "list", **metadata}
    return json.dumps({"apiVersion": version, "kind": kind, "metadata": named, "spec": spec})


def _entry(*ports: tuple[int, str]) -> str:
    listed = [{"number": number, "name": f"p{number}", "protocol": protocol} for number, protocol in ports]
    return _object("networking.istio.io/v1", "ServiceEntry", {"hosts": ["a.example.com"], "ports": listed})


def _route(port: int, **more: Any) -> str:
    match = {"gateways": ["mesh"], "port": port, "sniHosts": ["a.example.com"]}
    routes = [{"match": [match], "route": [{"destination": {"host": "egress.istio-egress.svc.cluster.local"}}]}]
    spec = {"hosts": ["*.example.com"], "gateways": ["mesh", "egress"], "tls": [*routes, *more.get("tls", [])]}
    return _object("networking.istio.io/v1", "VirtualService", spec, namespace="n")


def _cilium(*ports: tuple[str, str], end: int = 0, **more: Any) -> str:
    listed = [{"port": port, "protocol": protocol, **({"endPort": end} if end else {})} for port, protocol in ports]
    rule = {"toFQDNs": [{"matchName": "a.example.com"}], "toPorts": [{"ports": listed}]}
    return _object("cilium.io/v2", "CiliumClusterwideNetworkPolicy", {"endpointSelector": {}, "egress": [rule], **more})


def _calico(*rules: dict[str, Any]) -> str:
    return _object("projectcalico.org/v3", "GlobalNetworkPolicy", {"egress": list(rules)})


def _calico_rule(action: str, *ports: int | str, names: bool = True) -> dict[str, Any]:
    destination = {"ports": list(ports), **({"domains": ["a.example.com"]} if names else {})}
    return {"action": action, "protocol": "TCP", "destination": destination}


def _openshift(*rules: tuple[str, str, int]) -> str:
    egress = [
        {
            "type": kind,
            "to": {"cidrSelector" if "/" in name else "dnsName": name},
            **({"ports": [{"port": port, "protocol": "TCP"}]} if port else {}),
        }
        for kind, name, port in [*rules, ("Deny", "0.0.0.0/0", 0)]
    ]
    return _object("k8s.ovn.org/v1", "EgressFirewall", {"egress": egress}, namespace="shop")


def _azure(*rules: tuple[str, str, int]) -> str:
    return json.dumps(
        {
            "ruleCollections": [
                {
                    "name": "list",
                    "priority": number,
                    "action": {"type": action},
                    "rules": [
                        {
                            "ruleType": "ApplicationRule",
                            "sourceAddresses": ["*"],
                            "protocols": [{"protocolType": "Https", "port": port}],
                            "targetFqdns": [name],
                        }
                    ],
                }
                for number, (action, name, port) in enumerate(rules, 100)
            ]
        }
    )


def _azure_network(*ports: str) -> str:
    rule = {
        "ruleType": "NetworkRule",
        "sourceAddresses": ["*"],
        "ipProtocols": ["TCP"],
        "destinationPorts": list(ports),
        "destinationFqdns": ["a.example.com"],
    }
    collection = {"name": "list", "priority": 1, "action": {"type": "Allow"}, "rules": [rule]}
    return json.dumps({"ruleCollections": [collection]})


def _workflow(*endpoints: str) -> str:
    settings = {"egress-policy": "block", "allowed-endpoints": "\n".join(endpoints)}
    step = {"uses": "step-security/harden-runner@v2", "with": settings}
    return json.dumps({"on": "push", "jobs": {"list": {"steps": [step]}}})


def _uds(**rule: Any) -> str:
    allow = [{"direction": "Egress", "remoteHost": "a.example.com", **rule}]
    return _object("uds.dev/v1alpha1", "Package", {"network": {"allow": allow}}, namespace="shop")


def _gke(*ports: int) -> str:
    egress = [
        {"matches": [{"name": "a.example.com"}], "ports": [{"port": port, "protocol": "TCP"} for port in ports]},
    ]
    return _object("networking.gke.io/v1alpha1", "FQDNNetworkPolicy", {"podSelector": {}, "egress": egress})


def _policy(*ports: int) -> str:
    protocols = [{"tcp": {"destinationPort": {"number": port}}} for port in ports]
    rule = {"action": "Accept", "to": [{"domainNames": ["a.example.com"]}], "protocols": protocols}
    spec = {"tier": "Admin", "priority": 1, "subject": {"namespaces": {}}, "egress": [rule]}
    return _object("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy", spec)


def _sandbox(allowed: list[str], denied: list[str]) -> str:
    return json.dumps({"network": {"allowedDomains": allowed, "deniedDomains": denied}})


POLICY = _object(
    "security.istio.io/v1",
    "AuthorizationPolicy",
    {"action": "DENY", "rules": [{"when": [{"key": "connection.sni", "values": ["a.example.com"]}]}]},
)
ALL = {"ports": [{"ports": [{"port": "8443", "protocol": "TCP"}]}]}
# The file, and the lines that come of it: `a` stands for a.example.com.
ROWS = {
    "entry": (_entry((443, "TLS"), (8443, "TLS"), (9093, "TCP"), (8080, "HTTP")), ["a", "a:8443", "a:9093"]),
    "entry, plain HTTP": (_entry((80, "HTTP")), []),
    "entry, a port without TLS": (_entry((5672, "TCP")), []),
    "route": (_route(8443), ["a:8443"]),
    "route, a port that no list holds": (_route(15001), []),
    "route, a policy": (f"{_route(8443)}\n---\n{POLICY}", []),
    "cilium": (_cilium(("443", "TCP"), ("8443", "TCP"), ("9093", "UDP")), ["a", "a:8443"]),
    "cilium, a range": (_cilium(("8000", "TCP"), end=9000), []),
    "cilium, denied": (_cilium(("443", "TCP"), ("8443", "TCP"), egressDeny=[{"toPorts": ALL["ports"]}]), ["a"]),
    "calico": (_calico(_calico_rule("Allow", 8443, "9000:9100")), ["a:8443"]),
    "calico, denied": (
        _calico(_calico_rule("Deny", "8000:9000", names=False), _calico_rule("Allow", 443, 8443)),
        ["a"],
    ),
    "openshift": (_openshift(("Allow", "a.example.com", 443), ("Allow", "a.example.com", 8443)), ["a", "a:8443"]),
    "openshift, denied": (_openshift(("Deny", "a.example.com", 0), ("Allow", "a.example.com", 8443)), []),
    "openshift, denied there": (
        _openshift(("Deny", "a.example.com", 443), ("Allow", "a.example.com", 8443), ("Allow", "a.example.com", 443)),
        ["a:8443"],
    ),
    "azure": (_azure(("Allow", "a.example.com", 443), ("Allow", "a.example.com", 8443)), ["a", "a:8443"]),
    "azure, denied": (_azure(("Deny", "a.example.com", 8443), ("Allow", "a.example.com", 8443)), []),
    "azure, network rule": (_azure_network("443", "8443", "9000-9100"), ["a", "a:8443"]),
    "azure, all ports": (_azure_network("*"), ["a"]),
    "harden-runner": (_workflow("a.example.com:8443", "a.example.com:22", "a.example.com"), ["a:8443", "a"]),
    "uds": (_uds(ports=[443, 8443, 80]), ["a", "a:8443"]),
    "uds, plain HTTP": (_uds(port=8080, remoteProtocol="HTTP"), []),
    "gke": (_gke(443, 8443), ["a", "a:8443"]),
    "policy": (_policy(443, 8443), ["a", "a:8443"]),
    "sandbox": (_sandbox(["a.example.com:8443", "a.example.com"], []), ["a:8443", "a"]),
    "sandbox, denied": (_sandbox(["a.example.com:8443", "a.example.com:443"], ["a.example.com:8443"]), ["a"]),
    "sandbox, denied at all": (_sandbox(["a.example.com:8443", "a.example.com:443"], ["a.example.com"]), []),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_name_is_carried_over_with_its_port(name: str) -> None:
    text, lines = ROWS[name]
    found = import_lists([Source("file.yaml", text.encode())])
    listed = [line for names in found.groups.values() for line in names]
    assert sorted(listed) == sorted(line.replace("a", "a.example.com", 1) for line in lines), list(
        map(str, found.notes)
    )
    words = "for other ports than 443, by TLS alone: the overlay needs components/ports"
    assert sum(words in note.words for note in found.notes) == any(":" in line for line in lines)
    # What is not carried over is said.
    assert lines or any(note.kind == "left out" for note in found.notes)


def test_ports_that_few_clients_reach_by_tls_are_said() -> None:
    found = import_lists([Source("e.yaml", _entry((5432, "TCP")).encode())])
    assert [name for names in found.groups.values() for name in names] == ["a.example.com:5432"]
    left, remark = found.notes
    assert (left.kind, left.name, remark.kind) == ("left out", "a.example.com:5432", "remark")
    assert "sslnegotiation=direct" in left.words


def test_a_denial_at_a_port_is_one_there() -> None:
    text = _azure(("Deny", "bad.example.com", 8443), ("Allow", "*.example.com", 8443), ("Allow", "*.example.com", 443))
    found = import_lists([Source("a.json", text.encode())])
    assert [name for names in found.groups.values() for name in names] == [
        "!bad.example.com:8443",
        "*.example.com:8443",
        "*.example.com",
    ]
    (one,) = config_maps(found)
    sets, faults = allowlist.read([Resource(one.value)])
    assert [str(fault) for fault in faults if fault.severity == ERROR] == []
    assert (sets["default"].covering("bad.example.com:8443"), sets["default"].covering("bad.example.com") is None) == (
        None,
        False,
    )


def test_the_build_and_check_take_what_comes(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "v.yaml"
    file.write_text(_route(8443))
    outcome = run("import", file)
    assert outcome.code == 0
    made = tmp_path / "list.yaml"
    made.write_text(outcome.out)
    assert yaml.safe_load(outcome.out)["data"] == {"list": "a.example.com:8443\n"}
    for path in (file, made):
        assert run("check", "a.example.com:8443", path).code == 0
        assert run("check", "a.example.com", path).code == 1


def test_a_pasted_line_with_another_port_stays_out(run: Run) -> None:
    """A line that was pasted says little of what its port means; the proposal is a line that a list may hold."""
    outcome = run("import", "--fix", "-o", "json", "-", stdin=b"ok.example.com\nb.example.com:8443\nc.example.com:80\n")
    notes = json.loads(outcome.out)["notes"]
    assert [note["proposal"] for note in notes] == ["b.example.com:8443", "c.example.com"]
    assert [note["kind"] for note in notes] == ["left out", "left out"]
    assert "--fix takes it" not in notes[0]["message"]
