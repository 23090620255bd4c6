"""`import`: the same names, and a word on everything that is not the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import quick_yaml as yaml
from builds import ROOT
from egress_overlays import load, reachable
from egress_overlays.rendered.loading import from_text

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run


pytestmark = pytest.mark.usefixtures("tree")

# A gateway as people wrote it by hand after the Istio blog, with two names at both hops, one that the gateway alone
# admits, and the names of this file's own invention.
BY_HAND = """
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {name: partners-through-gateway, namespace: istio-system}
spec:
  hosts: &hosts ["*.partner.example", shop.example.com, sidecar-only.example.com]
  gateways: [mesh, egress]
  tls:
  - match:
    - {gateways: [mesh], port: 443, sniHosts: *hosts}
    route: [{destination: {host: egress.istio-egress.svc.cluster.local, subset: wildcard}}]
---
apiVersion: networking.istio.io/v1beta1
kind: ServiceEntry
metadata: {name: partners, namespace: istio-system}
spec:
  hosts: ["*.partner.example", shop.example.com]
  ports: [{number: 443, name: tls, protocol: TLS}]
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: forwarder, namespace: istio-system}
spec:
  configPatches:
  - applyTo: LISTENER
    match: {context: GATEWAY}
    patch:
      operation: ADD
      value:
        name: sni_listener
        internal_listener: {}
        filter_chains:
        - filter_chain_match: {server_names: ["*.partner.example", shop.example.com, gateway-only.example.com]}
          filters:
          - name: envoy.filters.network.sni_dynamic_forward_proxy
"""

# The earlier way, with Nginx behind the gateway: its VirtualService decides, Nginx lets through what arrives.
NGINX_SETUP = """
apiVersion: networking.istio.io/v1beta1
kind: ServiceEntry
metadata: {name: partner, namespace: istio-system}
spec: {hosts: ["*.partner.example"], ports: [{number: 443, name: tls, protocol: TLS}]}
---
apiVersion: networking.istio.io/v1beta1
kind: ServiceEntry
metadata: {name: sni-proxy, namespace: istio-system}
spec:
  hosts: [sni-proxy.local]
  location: MESH_EXTERNAL
  ports: [{number: 18443, name: tcp, protocol: TCP}]
  resolution: STATIC
  endpoints: [{address: 127.0.0.1}]
---
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {name: partner-through-nginx, namespace: istio-system}
spec:
  hosts: ["*.partner.example"]
  gateways: [mesh, egress-with-sni-proxy]
  tls:
  - match: [{gateways: [mesh], port: 443, sniHosts: ["*.partner.example"]}]
    route: [{destination: {host: egress-with-sni-proxy.istio-system.svc.cluster.local}}]
  tcp:
  - match: [{gateways: [egress-with-sni-proxy], port: 443}]
    route: [{destination: {host: sni-proxy.local, port: {number: 18443}}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: sni-proxy}
data:
  nginx.conf: |
    stream {
      server { listen 127.0.0.1:18443; proxy_pass $ssl_preread_server_name:443; ssl_preread on; }
    }
"""


def notes(said: str) -> list[str]:
    """The notes, without the line that counts them."""
    return [line for line in said.splitlines() if not line.startswith("egress-overlays: ")]


def imported(run: Run, tree: Path, name: str, text: str, *arguments: str) -> tuple[int, dict[str, list[str]], str]:
    """Exit code, names by group, stderr."""
    (tree / name).write_text(text)
    outcome = run("import", *arguments, name)
    found = yaml.safe_load(outcome.out)
    groups = {
        group: [line.split("#")[0].strip() for line in body.splitlines()] for group, body in found["data"].items()
    }
    return outcome.code, groups, outcome.err


def overlay(run: Run, tree: Path, config_map: str) -> None:
    assert run("init", "overlays/imported").code == 0
    (tree / "overlays/imported/domains.yaml").write_text(config_map)


@pytest.mark.parametrize(("text", "lost"), [(BY_HAND, 2), (NGINX_SETUP, 1)], ids=["by hand", "with Nginx"])
def test_what_was_reachable_is_reachable_after_a_build(text: str, lost: int, run: Run, tree: Path) -> None:
    (tree / "old.yaml").write_text(text)
    outcome = run("import", "old.yaml")
    overlay(run, tree, outcome.out)
    now = load("overlays/imported").hosts("default")
    before = from_text(text.encode(), "old.yaml")
    assert not before.lists or now == reachable(before.lists["default"])
    assert now == (("*.partner.example", "shop.example.com") if text is BY_HAND else ("*.partner.example",))
    assert len(notes(outcome.err)) == lost
    assert outcome.code == 1


def test_the_seeds_own_manifests_are_carried_over_exactly(run: Run, tree: Path) -> None:
    outcome = run("import", ROOT / "tests/e2e/seed.yaml")
    assert (outcome.code, outcome.err) == (0, "")
    overlay(run, tree, outcome.out)
    assert load("overlays/imported").hosts("default") == ("*.wikipedia.org",)


def test_what_stood_at_one_hop_alone_is_said(run: Run, tree: Path) -> None:
    code, groups, said = imported(run, tree, "old.yaml", BY_HAND)
    assert code == 1
    assert groups == {"partners-through-gateway": ["*.partner.example", "shop.example.com"]}
    assert '"sidecar-only.example.com" of partners-through-gateway was not matched by the gateway' in said
    assert '"gateway-only.example.com" of EnvoyFilter' in said


def test_an_nginx_map(run: Run, tree: Path) -> None:
    text = """stream {
  map $ssl_preread_server_name $backend {
    hostnames;   # *.name and .name
    *.partner.example  up;
    .example.com       up;
    shop.example.org   $ssl_preread_server_name:443;
    mail.*             up;
    ~^db\\d+\\.example   up;
    closed.example     "";
    include            /etc/nginx/more.map;
    default            everything;
  }
  server { proxy_pass $backend; ssl_preread on; }
}
"""
    code, groups, said = imported(run, tree, "nginx.conf", text)
    assert (code, groups) == (1, {"backend": ["*.partner.example", ".example.com", "shop.example.org"]})
    for line, words in (
        (7, "mail.*"),
        (8, "regular expression"),
        (10, "include"),
        (11, "default"),
    ):
        assert any(f"nginx.conf:{line}: " in one and words in one for one in said.splitlines()), (line, said)


def test_without_hostnames_nginx_compares_letter_by_letter(run: Run, tree: Path) -> None:
    text = "map $ssl_preread_server_name $b {\n  *.example.com up;\n  example.org up;\n}\nssl_preread on;\n"
    code, groups, said = imported(run, tree, "nginx.conf", text)
    assert (code, groups) == (1, {"b": ["example.org"]})
    assert "without hostnames" in said


def test_smokescreen(run: Run, tree: Path) -> None:
    text = """version: v1
services:
- {name: billing, project: pay, action: enforce, allowed_domains: [api.example.com, "*.example.org"]}
- {name: crawler, project: web, action: open, allowed_domains: [crawl.example.net]}
- name: spy
  action: enforce
  allowed_domains: [spy.example.net]
  mitm_domains: [{domain: spy.example.net}]
default: {project: none, action: enforce, allowed_domains: []}
global_allow_list: [all.example.com]
global_deny_list: [bad.example.com]
"""
    code, groups, said = imported(run, tree, "acl.yaml", text)
    assert code == 1
    assert groups == {
        "billing": ["api.example.com", "*.example.org"],
        "crawler": ["crawl.example.net"],
        "global_allow_list": ["all.example.com"],
        "spy": ["spy.example.net"],
    }
    for words in ("the services' own lists", "crawler has action open", "mitm_domains"):
        assert words in said


def test_cilium(run: Run, tree: Path) -> None:
    text = """apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: to-partners}
spec:
  endpointSelector: {matchLabels: {app: pay}}
  egress:
  - toFQDNs: [{matchName: api.example.com}, {matchPattern: "*.one.example"}, {matchPattern: "**.any.example"}]
    toPorts: [{ports: [{port: "443", protocol: TCP}, {port: "8443"}]}]
  - toFQDNs: [{matchPattern: "db*.example.com"}, {matchPattern: "*"}]
  - toCIDR: [192.0.2.0/24]
  egressDeny: [{toFQDNs: [{matchName: no.example.com}]}]
"""
    code, groups, said = imported(run, tree, "policy.yaml", text)
    assert (code, groups) == (
        1,
        {
            "to-partners": [
                f"{name}{port}"
                for name in ("api.example.com", "*.one.example", "*.any.example")
                for port in ("", ":8443")
            ]
        },
    )
    for words in (
        "some workloads",
        "port 8443",
        '"*.one.example" means one label',
        '"db*.example.com"',
        '"*"',
        "deny",
        "toCIDR",
    ):
        assert words in said, words
    assert "any.example" not in said
    assert "all ports were open" in said


def test_squid(run: Run, tree: Path) -> None:
    text = """acl localnet src 10.0.0.0/8
acl good dstdomain .example.com api.example.org
acl good dstdomain "/etc/squid/more.txt"
acl bad dstdomain .bad.example
acl unused dstdomain .unused.example
acl pattern dstdom_regex -i \\.foo\\.com$
http_access deny bad
http_access allow localnet good
http_access deny all
"""
    code, groups, said = imported(run, tree, "squid.conf", text)
    assert (code, groups) == (1, {"good": [".example.com", "api.example.org"]})
    for words in ("more.txt", "http_access allow localnet good: is for localnet (src) alone"):
        assert words in said, words


def test_a_plain_list(run: Run, tree: Path) -> None:
    code, groups, said = imported(
        run, tree, "names.txt", "# ours\nAPI.example.com.\n*.x.org # why\n.y.org\n\n10.0.0.1\n"
    )
    assert (code, groups) == (1, {"names": ["api.example.com", "*.x.org", ".y.org"]})
    assert said.startswith('names.txt:6: left out: "10.0.0.1": is an IP address')


def test_a_list_that_is_carried_over_exactly_is_exit_0_and_builds(run: Run, tree: Path) -> None:
    code, groups, said = imported(
        run, tree, "1.txt", 'a.example.com # it\'s: "odd" | text\nbücher.example\n', "--set", "default"
    )
    assert (code, said) == (0, "")
    assert list(groups) == ["1"]
    overlay(run, tree, run("import", "1.txt").out)
    assert load("overlays/imported").hosts("default") == ("a.example.com", "xn--bcher-kva.example")


def test_json_says_what_yaml_says(run: Run, tree: Path) -> None:
    (tree / "names.txt").write_text("a.example.com # why\nb.example.com\n")
    (tree / "squid.conf").write_text("acl s dstdomain .c.example\n")
    as_json = json.loads(run("import", "-o", "json", "names.txt", "squid.conf").out)
    assert as_json.pop("notes") == []
    assert set(as_json.pop("counts").values()) == {0}
    assert as_json == yaml.safe_load(run("import", "names.txt", "squid.conf").out)
    assert as_json["metadata"]["labels"] == {"egress-overlays.dev/set": "default"}
    assert run("import", "-o", "text", "-", stdin=b"a.example.com\n").out.splitlines()[1].split() == [
        "a.example.com",
        "stdin",
    ]
