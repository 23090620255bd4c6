"""`import`: what was not open is not opened in silence, and what was is not dropped in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import quick_yaml as yaml
from command import Run, one_line

if TYPE_CHECKING:
    from pathlib import Path


def imported(run: Run, tree: Path, name: str, text: str) -> tuple[dict[str, list[str]], list[str]]:
    """Names by group, and the notes; the exit code says whether there are any."""
    (tree / name).write_text(text)
    outcome = run("import", tree / name)
    notes = [line.removeprefix(f"{tree / name}:") for line in outcome.err.splitlines()]
    notes = [line for line in notes if not line.startswith("egress-overlays: ")]
    assert outcome.code == int(bool(notes)), outcome.err
    found = yaml.safe_load(outcome.out)["data"]
    return {group: [one.split("#")[0].strip() for one in body.splitlines()] for group, body in found.items()}, notes


NGINX = """map $ssl_preread_server_name $to {
  a.com a.com:443;
  b.com $ssl_preread_server_name:443;
  %s
}
%s
server { ssl_preread on; proxy_pass %s; }
"""


def test_an_nginx_map_that_leads_nowhere_is_left_out(run: Run, tmp_path: Path) -> None:
    other = "map $ssl_preread_server_name $deny { default 0; z.com 1; }"
    groups, notes = imported(run, tmp_path, "nginx.conf", NGINX % ("", other, "$to"))
    assert groups == {"to": ["a.com", "b.com"]}
    assert notes == ["6: left out: map $deny: no proxy_pass goes where it says: its names are left out"]


@pytest.mark.parametrize("target", ["$to", "${to}", "$to:443"])
def test_an_nginx_map_that_is_the_same_here_needs_no_word(target: str, run: Run, tmp_path: Path) -> None:
    assert imported(run, tmp_path, "nginx.conf", NGINX % ("default '';", "", target)) == (
        {"to": ["a.com", "b.com"]},
        [],
    )


@pytest.mark.parametrize(
    ("entry", "more", "note"),
    [
        ("c.com other.internal:8443;", "", "other.internal:8443: names went there, c.com the first"),
        ("c.com up;", "upstream up { server 10.0.0.1:443; }", "10.0.0.1:443: names went there"),
        ('"~^a{2}\\.com$" x; c.com c.com;', "", "a regular expression is not carried over"),
    ],
)
def test_where_else_nginx_sent_a_name_is_said(entry: str, more: str, note: str, run: Run, tmp_path: Path) -> None:
    groups, notes = imported(run, tmp_path, "nginx.conf", NGINX % (entry, more, "$to"))
    assert groups == {"to": ["a.com", "b.com", "c.com"]}
    assert len(notes) == 1
    assert note in notes[0]


@pytest.mark.parametrize(
    ("entry", "more"), [("c.com c.com:9443;", ""), ("c.com up;", "upstream up { server c.com:9443; }")]
)
def test_a_name_that_nginx_took_to_another_port_is_left_out(entry: str, more: str, run: Run, tmp_path: Path) -> None:
    groups, notes = imported(run, tmp_path, "nginx.conf", NGINX % (entry, more, "$to"))
    assert groups == {"to": ["a.com", "b.com"]}
    assert notes == ["4: left out: c.com: went to port 9443; the gateway serves 443 alone"]


def test_every_name_let_through_beside_a_map_is_said(run: Run, tmp_path: Path) -> None:
    text = NGINX % ("", "server { proxy_pass $ssl_preread_server_name:443; }", "$to")
    _, notes = imported(run, tmp_path, "nginx.conf", text)
    assert any("lets every name through" in note for note in notes)


ACLS = """acl ok dstdomain a.com \\
  b.com
acl sni ssl::server_name .sni.com
acl ip dst 192.0.2.1
acl url url_regex ^http://x
acl bad dstdomain .b.com
"""
EVERY = "lets every name through for"
FOR_ALL = "the list is every workload's; limit it with the annotation egress-overlays.dev/clients"
LAST = "is the last, so that Squid lets every other name through; that is not carried over"


@pytest.mark.parametrize(
    ("rules", "groups", "notes"),
    [
        ("http_access allow ok\nhttp_access deny all\n", {"ok": ["a.com", "b.com"]}, []),
        ("http_access allow ok\nhttp_access allow sni\n", {"ok": ["a.com", "b.com"], "sni": [".sni.com"]}, []),
        ("http_access deny !ok\nhttp_access allow all\n", {"ok": ["a.com", "b.com"]}, []),
        (
            "http_access allow ok\nhttp_access deny all\nhttp_access allow sni\n",
            {"ok": ["a.com", "b.com"]},
            ["9: left out: http_access allow sni: comes after http_access deny all, and so decides nothing"],
        ),
        (
            "http_access allow ok\nhttp_access allow ip\nhttp_access allow url\n",
            {"ok": ["a.com", "b.com"]},
            [
                f"8: left out: http_access allow ip: {EVERY} ip (dst); that is not carried over",
                f"9: left out: http_access allow url: {EVERY} url (url_regex); that is not carried over",
            ],
        ),
        (
            "http_access deny bad\nhttp_access allow ok\n",
            {"ok": ["a.com"]},
            ['2: left out: "b.com" is denied by "b.com" (line 6)'],
        ),
        (
            "http_access allow ok\nhttp_access deny ip\n",
            {"ok": ["a.com", "b.com"]},
            [
                "8: opened wider: http_access deny ip: a deny rule by ip (dst) is not carried over",
                f"8: left out: http_access deny ip: {LAST}",
            ],
        ),
        (
            "ssl_bump splice sni ok\nssl_bump splice ok\nssl_bump terminate all\nhttp_access allow ok\n",
            {"ok": ["a.com", "b.com"]},
            [],
        ),
        (
            "http_access allow ip\nhttp_access deny all\nssl_bump splice sni\nssl_bump terminate all\n",
            {"sni": [".sni.com"]},
            [
                f'7: opened wider: http_access allow ip: is for ip (dst) alone, as ".sni.com"; {FOR_ALL}',
            ],
        ),
        (
            "",
            {"ok": ["a.com", "b.com"], "sni": [".sni.com"], "bad": [".b.com"]},
            [
                "4: left out: acl ip: conditions of the kind dst are not carried over; write the names",
                "5: left out: acl url: conditions of the kind url_regex are not carried over; write the names",
            ],
        ),
    ],
)
def test_squid_rules_decide_in_order(
    rules: str, groups: dict[str, list[str]], notes: list[str], run: Run, tmp_path: Path
) -> None:
    assert imported(run, tmp_path, "squid.conf", ACLS + rules) == (groups, notes)


CILIUM = """apiVersion: cilium.io/v2
kind: %s
metadata: {name: web, namespace: payments}
spec:
  endpointSelector: {}
  egress:
  - toFQDNs: [{matchName: a.com}]
    toPorts: [{ports: [%s]}]
  - toFQDNs: [{matchName: b.com}]
    toPorts: [{ports: [{port: "443", protocol: TCP}]}]
"""
HTTPS = '{port: "443", protocol: TCP}'
OURS = '5: opened wider: policy web is for the workloads of the namespace payments, as "a.com" and 1 more; the list is'


def test_a_policy_of_a_namespace_is_no_list_for_every_workload(run: Run, tmp_path: Path) -> None:
    groups, notes = imported(run, tmp_path, "p.yaml", CILIUM % ("CiliumNetworkPolicy", HTTPS))
    assert groups == {"web": ["a.com", "b.com"]}
    assert [note[: len(OURS)] for note in notes] == [OURS]
    everywhere = imported(run, tmp_path, "p.yaml", CILIUM % ("CiliumClusterwideNetworkPolicy", HTTPS))
    assert everywhere == (groups, [])


@pytest.mark.parametrize(
    ("port", "kept", "note"),
    [
        ('{port: "443", protocol: UDP}', False, "port 443 for UDP is not carried over"),
        ('{port: "443"}', True, "port 443 for ANY is not carried over"),
        ('{port: "80", protocol: TCP}', False, "port 80 is not carried over"),
        ('{port: "400", endPort: 500, protocol: TCP}', True, "port 400-500 is not carried over"),
    ],
)
def test_other_ports_and_protocols_are_said(port: str, kept: bool, note: str, run: Run, tmp_path: Path) -> None:
    groups, notes = imported(run, tmp_path, "p.yaml", CILIUM % ("CiliumClusterwideNetworkPolicy", port))
    assert groups == {"web": [*(["a.com"] if kept else []), "b.com"]}
    assert any(note in one for one in notes)
    assert any('"a.com": was not open at TCP port 443' in one for one in notes) is not kept


ISTIO = """apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: v}
spec:
  hosts: [a.com, "*.b.com"]
  gateways: [mesh]
  tls:
  - match: [{port: 443, sniHosts: [a.com, "*.b.com"]}]
    route: [{destination: {host: egress}}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: s}
spec: {hosts: [%s], ports: [{number: 443, name: tls, protocol: TLS}]}
"""


def test_a_name_that_was_reached_past_the_gateway_is_said(run: Run, tmp_path: Path) -> None:
    groups = {"v": ["a.com", "*.b.com"]}
    assert imported(run, tmp_path, "i.yaml", ISTIO % 'a.com, "*.b.com", c.b.com') == (groups, [])
    assert imported(run, tmp_path, "i.yaml", ISTIO % "direct.example.com") == (
        groups,
        ['14: left out: "direct.example.com" of ServiceEntry s was reached past the gateway, if at all: left out'],
    )


@pytest.mark.parametrize(("old", "new"), [("[mesh]", "7"), ('[a.com, "*.b.com"]\n  gateways', "7\n  gateways")])
def test_odd_manifests_are_at_most_one_line(old: str, new: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "i.yaml").write_text((ISTIO % "a.com").replace(old, new))
    outcome = run("import", tmp_path / "i.yaml")
    assert "Traceback" not in outcome.err
    assert len(outcome.err.splitlines()) <= 1


@pytest.mark.parametrize(
    ("option", "value"),
    [("--name", "Bad Name"), ("--name", ""), ("--name", "a" * 254), ("--set", "x y"), ("--set", "a-"), ("--set", "")],
)
def test_a_name_that_no_api_server_takes_is_refused(option: str, value: str, run: Run) -> None:
    said = one_line(run("import", option, value, "-", stdin=b"a.com\n"), 2)
    assert said.startswith(f"egress-overlays: error: {option} ")


def test_where_nothing_is_taken_over_every_reason_is_said(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "squid.conf"
    file.write_text("acl a dstdomain .a.com\n" + "".join(f"http_access allow x{one}\n" for one in range(5)))
    outcome = run("import", file)
    assert (outcome.code, outcome.out) == (1, "")
    assert all(f"allow x{one}:" in outcome.err for one in range(5))
