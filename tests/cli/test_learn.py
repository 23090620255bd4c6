"""`learn`: from access logs to ConfigMaps that build, and to nothing that nobody asked for."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

import quick_yaml as yaml
from accesslogs import in_json, text
from command import Run, one_line
from egress_overlays import parse

if TYPE_CHECKING:
    from pathlib import Path

SHOP = [f"[pod/pay-7c9f4d5b6-x2x4z/istio-proxy] {text(name)}" for name in ("api.stripe.com", "files.stripe.com")]
LOG = "\n".join([*SHOP, *SHOP, "Envoy is ready", f"[pod/pay-0/istio-proxy] {text('10.0.0.1')}"]) + "\n"


def learned(run: Run, log: str, *options: object) -> dict[str, dict[str, str]]:
    """The groups by the ConfigMap's name."""
    found = run("learn", "-", *options, stdin=log.encode())
    assert found.code in (0, 1), found.err
    return {one["metadata"]["name"]: one["data"] for one in yaml.safe_load_all(found.out) if one}


def active(groups: dict[str, str]) -> set[str]:
    """The names that a ConfigMap lists."""
    lines = [line.partition("#")[0].strip() for text in groups.values() for line in text.splitlines()]
    return {line for line in lines if line}


def test_names_are_listed_with_how_often_when_and_by_whom(run: Run) -> None:
    outcome = run("learn", "--namespace", "shop", "-", stdin=LOG.encode())
    assert outcome.code == 0
    assert yaml.safe_load(outcome.out)["metadata"] == {
        "name": "egress-domains-shop",
        "labels": {"egress-overlays.dev/set": "default"},
        "annotations": {"egress-overlays.dev/clients": "shop"},
    }
    assert "    api.stripe.com  # 2 times, 2026-11-02, from shop/pay\n" in outcome.out
    assert "1  an IP address in place of a name\n" in outcome.err
    assert "1  lines that are no access log\n" in outcome.err
    assert "components/client-lists" in outcome.err


@pytest.mark.parametrize(("by", "components"), [("namespace", "client-lists"), ("all", "high-availability")])
def test_what_is_printed_builds_and_lets_through_what_was_asked_for(
    by: str, components: str, run: Run, tree: Path
) -> None:
    overlay = tree / "overlays" / "learned"
    overlay.mkdir()
    found = run("learn", "--namespace", "shop", "--by", by, "-", stdin=LOG.encode())
    (overlay / "domains.yaml").write_text(found.out)
    (overlay / "kustomization.yaml").write_text(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../../base, domains.yaml]\n"
        f"components: [../../components/{components}]\ntransformers: [../../plugin/inject]\n"
    )
    subprocess.run(
        ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec", overlay], check=True, capture_output=True
    )
    assert run("check", "--as", "shop/pay", "api.stripe.com", "files.stripe.com", overlay).code == 0
    assert run("check", "--as", "shop/pay", "js.stripe.com", overlay).code == 1
    again = run("learn", "--namespace", "shop", "-", overlay, stdin=LOG.encode())
    assert (again.code, again.out) == (1, "")
    assert "4  names that are allowed already\n" in again.err


def test_names_at_other_ports_are_listed_with_their_port(run: Run, tree: Path) -> None:
    overlay = tree / "overlays" / "learned"
    overlay.mkdir()
    pod, names = "[pod/pay-0/istio-proxy] ", [f"n{number}.queue.example.com" for number in range(12)]
    lines = [f"{pod}{text(name, destination='151.101.1.1:9093')}" for name in names]
    lines += [f"{pod}{text('mail.example.com', destination='151.101.1.1:25')}", f"{pod}{text('api.stripe.com')}"]
    outcome = run("learn", "--by", "all", "--namespace", "shop", "-", stdin="\n".join(lines).encode())
    groups = yaml.safe_load(outcome.out)["data"]
    assert active(groups) == {*(f"{name}:9093" for name in names), "api.stripe.com"}
    assert "would stand for" not in outcome.out  # a wildcard at a port is nobody's proposal
    assert "1  other ports than 443, without a name or without TLS from the first byte\n" in outcome.err
    (overlay / "domains.yaml").write_text(outcome.out)
    (overlay / "kustomization.yaml").write_text(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../../base, domains.yaml]\n"
        "components: [../../components/ports]\ntransformers: [../../plugin/inject]\n"
    )
    assert run("check", f"{names[0]}:9093", "api.stripe.com", overlay).code == 0
    again = run("learn", "--namespace", "shop", "-", overlay, stdin="\n".join(lines).encode())
    assert "13  names that are allowed already\n" in again.err


def test_names_of_a_client_that_nobody_knows_are_listed_for_nobody(run: Run) -> None:
    outcome = run("learn", "-", stdin=f"{text('api.stripe.com')}\n".encode())
    assert outcome.code == 1
    assert list(yaml.safe_load_all(outcome.out)) == []
    assert "nobody knows which workload asked" in outcome.out


DOUBTFUL = {
    "refused": (text("a.stripe.com", cluster="BlackHoleCluster", sent=0), "was refused once: not in the sidecar's"),
    "never answered": (text("a.stripe.com", flags="UF", sent=0), "was never answered: UF"),
    "an internal address": (text("a.stripe.com", destination="10.0.0.1:443"), "not global"),
    "a tunnel": (text("x.ngrok.io"), "is below ngrok.io, which is a tunnel service"),
    "a tunnel of an operator that few know": (text("x.loca.lt"), "is a tunnel"),
    "a resolver": (text("dns.google"), "# dns.google resolves names past your own DNS"),
    "an upload site": (text("up.wetransfer.com"), "is below wetransfer.com, which is a paste or upload site"),
    "dynamic DNS": (text("me.duckdns.org"), "whose names anybody can take"),
    "no top-level domain": (text("a.b.exmaple"), "lies under a top-level domain that does not exist"),
    "a look-alike": (text("xn--pypal-4ve.com"), "mixes"),
    "a look-alike in one script": (text("xn--80ak6aa92e.com"), "looks like apple.com, in letters of another script"),
    "digits for letters": (text("fine.examp1e.org"), "looks like example.org"),
    "two letters for one": (text("fine.exarnple.org"), "looks like example.org"),
    "another's name in front": (text("fine.example.org.cdn-1.net"), "has example.org in it, and belongs to cdn-1.net"),
    "with hyphens": (text("example-org.login.net"), "has example.org in it, and belongs to login.net"),
}


@pytest.mark.parametrize(("line", "why"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_what_somebody_has_to_decide_is_a_comment(line: str, why: str, run: Run) -> None:
    groups = learned(run, f"{line}\n{text('fine.example.org')}\n", "--by", "all")["egress-domains-learned"]
    assert active(groups) == {"fine.example.org"}
    assert why in "".join(groups.values())


def test_what_was_refused_once_is_a_comment_for_all_its_clients(run: Run) -> None:
    lines = [text("a.stripe.com"), text("a.stripe.com", cluster="BlackHoleCluster"), text("b.stripe.com")]
    assert active(learned(run, "\n".join(lines), "--by", "all")["egress-domains-learned"]) == {"b.stripe.com"}


@pytest.mark.parametrize(
    "name",
    [
        "d41d8cd98f00b204e9800998ecf8427e.example.com",
        "3f2a1b4c-1111-2222-3333-444455556666.example.com",
        "a1b2c3d4e5f6g7h8.example.com",
        "xkqzvbtrwplmhdgf.example.com",
    ],
)
def test_names_that_look_generated_are_counted(name: str, run: Run) -> None:
    outcome = run("learn", "--by", "all", "-", stdin=f"{text(name)}\n".encode())
    assert (outcome.code, outcome.out) == (1, "")
    assert "1  names that look generated\n" in outcome.err


BELOW = {
    "of one registered domain": ("{}.example.com", "*.example.com"),
    "of a part of it": ("{}.cdn.example.com", "*.cdn.example.com"),
    "of a public suffix": ("{}.co.uk", ""),
    "of a shared suffix": ("{}.github.io", ""),
    "below one customer of it": ("{}.team.github.io", "*.team.github.io"),
}


@pytest.mark.parametrize(("pattern", "wildcard"), BELOW.values(), ids=BELOW)
def test_a_wildcard_is_proposed_below_one_owner_alone(pattern: str, wildcard: str, run: Run) -> None:
    words = ("ape", "bear", "cat", "dog", "eel")
    log = "\n".join(text(pattern.format(word)) for word in words)
    groups = learned(run, log, "--by", "all", "--wildcards", 5)["egress-domains-learned"]
    assert active(groups) == {pattern.format(word) for word in words}
    proposed = [line for text in groups.values() for line in text.splitlines() if line.startswith("# *")]
    assert [line.split()[1] for line in proposed] == ([wildcard] if wildcard else [])
    more = learned(run, log, "--by", "all", "--wildcards", 6)["egress-domains-learned"]
    assert "# *" not in "".join(more.values())


def test_every_name_is_one_that_was_asked_for(run: Run) -> None:
    asked = [f"{word}{number}.example{number % 3}.com" for number in range(9) for word in ("a", "b")]
    log = "\n".join(in_json(name) for name in asked)
    groups = learned(run, log, "--by", "all", "--wildcards", 3)["egress-domains-learned"]
    assert active(groups) == set(asked)
    assert all(parse(name) for name in active(groups))


def test_service_accounts_get_lists_of_their_own(run: Run) -> None:
    lines = [
        json.dumps(
            {
                "client": f"spiffe://cluster.local/ns/shop/sa/{account}",
                "decision": "allowed",
                "list": "x",
                "log": "egress-overlays.clients",
                "name": f"{account}.example.com",
                "time": "2026-11-02T14:33:11.123Z",
            }
        )
        for account in ("pay", "web")
    ]
    found = learned(run, "\n".join(lines), "--by", "serviceaccount")
    assert {name: active(groups) for name, groups in found.items()} == {
        "egress-domains-shop-pay": {"pay.example.com"},
        "egress-domains-shop-web": {"web.example.com"},
    }


def test_json_is_a_list_that_kubectl_takes(run: Run) -> None:
    found = json.loads(run("learn", "--namespace", "shop", "-o", "json", "-", stdin=LOG.encode()).out)
    assert (found["kind"], [one["kind"] for one in found["items"]]) == ("List", ["ConfigMap"])
    words = run("learn", "--namespace", "shop", "-o", "text", "-", stdin=LOG.encode()).out.splitlines()
    assert [line.split()[:3] for line in words[1:]] == [
        ["api.stripe.com", "shop", "2"],
        ["files.stripe.com", "shop", "2"],
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("none.log",), "none.log: no such file"),
        (("-", "--wildcards", "2"), "two names make no pattern"),
        (("-", "--format", "%X%"), "must be one of Envoy's"),
        (("-", "--pods", "none.json"), "--pods none.json: cannot be read"),
        (("-", "--set", "a b"), '--set "a b": a set'),
    ],
)
def test_wrong_use_is_one_line(arguments: tuple[str, ...], said: str, run: Run, tree: Path) -> None:
    del tree
    assert said in one_line(run("learn", *arguments), 2)
