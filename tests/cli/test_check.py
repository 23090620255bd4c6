"""`check`: allowed or not, by what, at each hop."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import quick_yaml as yaml
from command import Run, one_line
from egress_overlays import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("tree")


def answers(run: Run, *arguments: object, stdin: bytes = b"") -> dict[str, dict[str, Any]]:
    outcome = run("check", "-o", "json", *arguments, stdin=stdin)
    found = {one["host"]: one for one in json.loads(outcome.out)["hosts"]}
    assert outcome.code == (0 if all(one["allowed"] for one in found.values()) else 1)
    return found


@pytest.mark.parametrize(
    ("host", "entry"),
    [
        ("api.stripe.com", "api.stripe.com"),
        ("API.Stripe.COM.", "api.stripe.com"),
        ("adyen.com", "adyen.com"),
        ("a.b.adyen.com", "*.adyen.com"),
        ("*.adyen.com", "*.adyen.com"),
        ("*.eu.adyen.com", "*.adyen.com"),
        ("stripe.com", None),
        ("evil-adyen.com", None),
        ("api.stripe.com.evil.com", None),
        ("okta.com", None),
        ("*.stripe.com", None),
    ],
)
def test_both_hops_match_as_envoy_does(host: str, entry: str | None, run: Run) -> None:
    (found,) = answers(run, host, "overlays/prod").values()
    assert found["allowed"] is (entry is not None)
    hops = found["sets"][0]["hops"]
    assert [one["match"] for hop in ("sidecar", "gateway") for one in hops[hop]] == [entry, entry]


def test_a_name_that_is_listed_at_another_port_is_said(run: Run) -> None:
    outcome = run("check", "pypi.org:8443", "overlays/prod")
    assert outcome.code == 1
    assert outcome.out.startswith("pypi.org:8443: denied: it is on no list; pypi.org is for port 443 alone\n")


def test_text_says_the_verdict_and_why_and_the_rest_on_demand(run: Run) -> None:
    verdict = (
        "x.okta.com: allowed: *.okta.com in group identity, components/domains-common/domains.yaml:19  "
        "# one host a tenant\n"
    )
    outcome = run("check", "x.okta.com", "overlays/prod")
    assert (outcome.code, outcome.out) == (0, verdict)
    lines = [line.split("  ") for line in run("check", "--all", "x.okta.com", "overlays/prod").out.splitlines()]
    assert [line[0] for line in lines[3:]] == ["sidecar", "gateway", "listed"]
    assert lines[3][1:] == ["matches *.okta.com", "VirtualService istio-system/direct-wildcard-through-egress-gateway"]


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("nothing.example", "denied: it is on no list"),
        ("okta.com", "denied: it is on no list; *.okta.com covers the names below it, not the name itself"),
        ("1.2.3.4", "denied: no list may hold it: "),
        ("db.svc.cluster.local", "denied: no list may hold it: "),
        (PLACEHOLDER, "denied: no list may hold it: "),
    ],
)
def test_a_denial_says_why(host: str, reason: str, run: Run) -> None:
    outcome = run("check", host, "overlays/prod")
    assert (outcome.code, outcome.err) == (1, "")
    assert outcome.out.startswith(f"{host}: {reason}")
    assert outcome.out.count("\n") == 1


@pytest.mark.parametrize(
    ("host", "near"),
    [("okta.com", "*.okta.com"), ("a.pypi.org", "pypi.org"), ("adyn.com", "adyen.com"), ("*.pypi.org", "pypi.org")],
)
def test_the_nearest_entry_is_named(host: str, near: str, run: Run) -> None:
    (found,) = answers(run, host, "overlays/prod").values()
    assert found["nearest"]["name"] == near


def test_nothing_near_is_said_as_nothing(run: Run) -> None:
    assert answers(run, "unrelated.example", "overlays/prod")["unrelated.example"]["nearest"] is None


def test_a_name_at_one_hop_alone_is_denied(run: Run, rendered: Callable[[str], Path]) -> None:
    file = rendered("prod")
    text = file.read_text()
    gateway = text[text.index("kind: EnvoyFilter") :].partition("\n---\n")[0]
    file.write_text(text.replace(gateway, gateway.replace("- pypi.org\n", "- pypi.example\n")))
    found = answers(run, "pypi.org", "pypi.example", file)
    for host, hop in (("pypi.org", "sidecar"), ("pypi.example", "gateway")):
        hops = found[host]["sets"][0]["hops"]
        assert not found[host]["allowed"]
        assert [name for name, entries in hops.items() if entries[0]["match"]] == [hop]


TO_ANYWHERE = {"filters": [{"name": "envoy.filters.network.tcp_proxy", "typed_config": {"cluster": "anywhere"}}]}
OPENED: dict[str, Callable[[dict[str, Any]], object]] = {
    "empty": lambda listener: listener["filter_chains"][0]["filter_chain_match"].update(server_names=[]),
    "null": lambda listener: listener["filter_chains"][0]["filter_chain_match"].update(server_names=None),
    "an empty name": lambda listener: listener["filter_chains"][0]["filter_chain_match"]["server_names"].append(""),
    "no names": lambda listener: listener["filter_chains"][0].update(filter_chain_match={}),
    "no match": lambda listener: listener["filter_chains"][0].pop("filter_chain_match"),
    "a chain more": lambda listener: listener["filter_chains"].append(TO_ANYWHERE),
    "a default chain": lambda listener: listener.update(default_filter_chain=TO_ANYWHERE),
}


@pytest.mark.parametrize("open_up", OPENED.values(), ids=OPENED)
def test_a_gateway_that_matches_every_name_is_shown(
    open_up: Callable[[dict[str, Any]], object], run: Run, rendered: Callable[[str], Path]
) -> None:
    file = rendered("dev")
    documents = list(yaml.safe_load_all(file.read_text()))
    (filter_,) = (one for one in documents if one["kind"] == "EnvoyFilter")
    values = [patch["patch"]["value"] for patch in filter_["spec"]["configPatches"]]
    open_up(next(value for value in values if "filter_chains" in value))
    file.write_text(yaml.safe_dump_all(documents))
    found = answers(run, "unlisted.example", file)
    matches = [one["match"] for one in found["unlisted.example"]["sets"][0]["hops"]["gateway"]]
    assert "*" in matches
    assert run("verify", file).code == 1
    for command in (("list",), ("matrix",), ("diff", "overlays/dev")):
        assert run(*command, file).code == 0


@pytest.mark.parametrize("host", ["https://pypi.org", "*", "pypi", "p\u200bypi.org"])
def test_what_no_list_may_hold_is_denied(host: str, run: Run) -> None:
    assert not answers(run, host, "overlays/prod")[host]["allowed"]


def test_what_means_two_names_is_exit_2(run: Run) -> None:
    assert "means two names" in one_line(run("check", ".pypi.org", "overlays/prod"), 2)


def test_a_configmap_alone_answers_too(run: Run) -> None:
    found = answers(run, "ghcr.io", "nope.example", "components/domains-common/domains.yaml")
    assert found["ghcr.io"]["allowed"]
    assert not found["nope.example"]["allowed"]


def test_a_name_on_no_list_has_no_line_of_clients(run: Run) -> None:
    outcome = run("check", "nope.example", "components/domains-common/domains.yaml")
    assert outcome.out == "nope.example: denied: it is on no list\n"


def test_two_sets_answer_each_for_itself(run: Run, tree: Path) -> None:
    text = "".join(
        (tree / f"base/{name}.yaml")
        .read_text()
        .replace("inject: default", f"inject: {set_name}")
        .replace('"not injected: build with --enable-alpha-plugins --enable-exec"', "injected")
        .replace("egress-domains.invalid", f"{set_name}.example.com")
        + "---\n"
        for set_name in ("one", "two")
        for name in ("virtualservice", "envoyfilter")
    )
    (found,) = answers(run, "two.example.com", "-", stdin=text.encode()).values()
    assert found["allowed"]
    assert {one["set"]: one["allowed"] for one in found["sets"]} == {"one": False, "two": True}
