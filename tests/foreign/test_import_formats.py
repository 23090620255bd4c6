"""`import` in the formats of network policies and firewalls, by small files with what comes of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import quick_yaml as yaml
from command import one_line
from egress_overlays import Source, import_lists

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

GKE = """
apiVersion: networking.gke.io/v1alpha1
kind: FQDNNetworkPolicy
metadata: {name: out, namespace: shop}
spec:
  podSelector: {}
  egress:
  - matches: [{pattern: "*.company.com"}, {name: api.example.com}]
    ports: [{protocol: TCP, port: 443}]
  - matches: [{name: db.example.com}]
    ports: [{protocol: TCP, port: 5432}]
"""
OPENSHIFT = """
apiVersion: k8s.ovn.org/v1
kind: EgressFirewall
metadata: {name: default, namespace: shop}
spec:
  egress:
  - {type: Deny, to: {dnsName: bad.example.com}}
  - {type: Allow, to: {dnsName: bad.example.com}}
  - {type: Allow, to: {dnsName: api.example.com}, ports: [{port: 443, protocol: TCP}]}
  - {type: Allow, to: {dnsName: db.example.com}, ports: [{port: 5432, protocol: TCP}]}
  - {type: Deny, to: {cidrSelector: 0.0.0.0/0}}
  - {type: Allow, to: {dnsName: late.example.com}}
"""
POLICY = """
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: out}
spec:
  tier: Admin
  priority: 10
  subject: {namespaces: {}}
  egress:
  - action: Accept
    to: [{domainNames: ["*.kubernetes.io", k8s.example.com]}]
    protocols: [{tcp: {destinationPort: {number: 443}}}]
  - action: Accept
    to: [{domainNames: [ssh.example.com]}]
    protocols: [{tcp: {destinationPort: {number: 22}}}]
"""
UDS = """
apiVersion: uds.dev/v1alpha1
kind: Package
metadata: {name: pay, namespace: pay}
spec:
  network:
    allow:
    - {direction: Egress, remoteHost: api.example.com, remoteProtocol: TLS, port: 443, serviceAccount: web}
    - {direction: Egress, remoteHost: plain.example.com, remoteProtocol: HTTP, port: 80}
    - {direction: Ingress, remoteHost: in.example.com}
"""
CLOUDFORMATION = """
Resources:
  Allowed:
    Type: AWS::NetworkFirewall::RuleGroup
    Properties:
      Type: STATEFUL
      RuleGroup:
        RulesSource:
          RulesSourceList:
            TargetTypes: [TLS_SNI, HTTP_HOST]
            Targets: [.example.com, api.example.org]
            GeneratedRulesType: ALLOWLIST
  Plain:
    Type: AWS::NetworkFirewall::RuleGroup
    Properties:
      RuleGroup:
        RulesSource:
          RulesSourceList: {TargetTypes: [HTTP_HOST], Targets: [http.example.net], GeneratedRulesType: ALLOWLIST}
"""
DESCRIBED = """{
    "RuleGroupResponse": {"RuleGroupName": "egress"},
    "RuleGroup": {"RulesSource": {"RulesSourceList": {
        "Targets": [".example.com"], "TargetTypes": ["TLS_SNI"], "GeneratedRulesType": "ALLOWLIST"}}}
}
"""
WORKFLOW = """
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
    - uses: step-security/harden-runner@v2
      with:
        egress-policy: block
        allowed-endpoints: >
          api.github.com:443
          *.example.com:443
          mirror.example.org:80
"""
SANDBOX = """{"sandbox": {"network": {
  "allowedDomains": ["*.example.com", "a.example.org"], "deniedDomains": ["x.example.com"]}}}
"""
TLSROUTE = """
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: out, namespace: shop}
spec:
  parentRefs: [{name: egress}]
  hostnames: [api.example.com]
  rules: [{backendRefs: [{group: networking.istio.io, kind: Hostname, name: api.example.com, port: 443}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: "in", namespace: shop}
spec:
  parentRefs: [{name: ingress}]
  hostnames: [shop.example.com]
  rules: [{backendRefs: [{name: shop, port: 443}]}]
"""

WIDE = ["opened wider", "opened wider"]
ROWS = {
    "gke": (GKE, {"out": ["*.company.com", "api.example.com", "db.example.com:5432"]}, [*WIDE, "left out", "remark"]),
    "openshift": (
        OPENSHIFT,
        {"shop": ["api.example.com", "db.example.com:5432"]},
        ["opened wider", "left out", "left out", "remark"],
    ),
    "policy": (POLICY, {"out": ["*.kubernetes.io", "k8s.example.com"]}, ["left out"]),
    "uds": (UDS, {"pay": ["api.example.com"]}, ["opened wider", "left out"]),
    "cloudformation": (CLOUDFORMATION, {"Allowed": [".example.com", "api.example.org"]}, ["left out"]),
    "describe-rule-group": (DESCRIBED, {"egress": [".example.com"]}, []),
    "harden-runner": (WORKFLOW, {"build": ["api.github.com", "*.example.com"]}, ["left out"]),
    "sandbox": (SANDBOX, {"file": ["*.example.com", "a.example.org", "!x.example.com"]}, []),
    "tlsroute": (TLSROUTE, {"out": ["api.example.com"]}, ["left out"]),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_format_gives_what_it_let_through(name: str) -> None:
    text, groups, kinds = ROWS[name]
    found = import_lists([Source("file.yaml", text.encode())])
    assert {group: list(names) for group, names in found.groups.items()} == groups
    assert [note.kind for note in found.notes] == kinds, list(map(str, found.notes))


def test_objects_of_several_formats_in_one_file_are_each_read(run: Run) -> None:
    outcome = run("import", "-", stdin=f"{GKE}---{POLICY}---{UDS}".encode())
    assert set(yaml.safe_load(outcome.out)["data"]) == {"out", "pay"}


def test_names_for_some_clients_get_a_list_of_their_own(run: Run) -> None:
    outcome = run("import", "--clients", "-", stdin=UDS.encode())
    (one,) = yaml.safe_load_all(outcome.out)
    assert one["metadata"]["name"] == "egress-domains-pay-web"
    assert one["metadata"]["annotations"] == {"egress-overlays.dev/clients": "pay/web\n"}
    assert "opened wider: 0" in outcome.err
    outcome = run("import", "--by-namespace", "-", stdin=GKE.encode())
    (one,) = yaml.safe_load_all(outcome.out)
    assert one["metadata"]["annotations"] == {"egress-overlays.dev/clients": "shop\n"}


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("kind: ServiceEntry\napiVersion: networking.istio.io/v1\nspec:\n  hosts: [{{ .Values.host }}]\n", (4, 11)),
        ("kind: ServiceEntry\napiVersion: networking.istio.io/v1\nspec:\n  hosts: [${HOST}]\n", (4, 11)),
        ("kind: ServiceEntry\napiVersion: networking.istio.io/v1\nspec: [\n", (4, 1)),
    ],
)
def test_yaml_that_is_not_finished_is_refused_with_line_and_column(text: str, where: tuple[int, int], run: Run) -> None:
    outcome = run("import", "-", stdin=text.encode())
    assert (outcome.code, outcome.out) == (2, "")
    assert f"line {where[0]}, column {where[1]}" in outcome.err


def test_a_kind_that_is_not_known_and_holds_names_is_named(run: Run) -> None:
    text = "apiVersion: x.example/v1\nkind: EgressPolicy\nmetadata: {name: a}\nspec: {toFQDNs: [a.example.com]}\n"
    outcome = run("import", "-", stdin=f"{text}---\n{POLICY}".encode())
    assert "EgressPolicy is not known to import" in outcome.err
    assert run("import", "-", stdin=f"{text.replace('EgressPolicy', 'Widget')}---\n{DESCRIBED}".encode()).err == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"apiVersion: v1\nkind: Service\nmetadata: {name: a}\n", "of a kind that import does not know"),
        (b"# nothing\n", "holds nothing that could be taken over"),
        (
            b"This is a letter.\nNot a list, in no way.\nYours\n",
            'is no list of names, nor any other format: "This is a letter."',
        ),
        (b"\xff\xfe", "is not UTF-8"),
    ],
)
def test_what_is_no_list_is_one_line(text: bytes, words: str, run: Run, tree: Path) -> None:
    (tree / "file").write_bytes(text)
    assert words in one_line(run("import", "file"), 2)
    assert "cannot be read" in one_line(run("import", "nowhere"), 2)
