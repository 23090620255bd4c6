"""What the function writes of a set with denials, and what the commands read back, held against a naive evaluator."""

from __future__ import annotations

import os
from random import Random
from typing import Any

import pytest

import quick_yaml as yaml
from builders import Value, domains, envoy_filter, run, service_entry, virtual_service
from egress_overlays.injection.applying import apply
from egress_overlays.injection.inject import plan
from egress_overlays.manifest.resource import Resource
from egress_overlays.names import parse
from egress_overlays.names.domain import Domain
from egress_overlays.rendered.checking import check
from egress_overlays.rendered.loading import from_text
from egress_overlays.rendered.rendered import Rendered
from egress_overlays.review.difference import Difference
from evaluated import HOLED_HOSTS, holed_list, with_denials

LIST = "*.example.com\n!admin.example.com\n!*.internal.example.com\nfoo.org\n"
DENIED = ["*.internal.example.com", "admin.example.com"]
USED = {"config.kubernetes.io/local-config": "true"}
"""What marks a list that an earlier run has used: its lines may go."""
SHARDS = int(os.environ.get("EGRESS_OVERLAYS_PAIRS", "300")) // 100
"""How many times a hundred pairs of lists are tried; `make holes` tries 10,000 pairs, these the first of them."""


def gateway(*, chains: Value | None = None) -> list[Value]:
    return [virtual_service(annotations=chains), service_entry(), envoy_filter(annotations=chains)]


def by_kind(text: str, kind: str) -> Any:
    return next(item["spec"] for item in yaml.safe_load(text)["items"] if item["kind"] == kind)


def chains_of(text: str) -> list[Any]:
    patches = by_kind(text, "EnvoyFilter")["configPatches"]
    return next(one["patch"]["value"]["filter_chains"] for one in patches if "filter_chains" in one["patch"]["value"])


def test_each_hop_has_a_chain_that_refuses() -> None:
    outcome = run(*gateway(), domains(LIST))
    assert outcome.code == 0
    service = by_kind(outcome.text, "VirtualService")
    assert service["hosts"] == ["*.example.com", "foo.org"]
    assert service["tls"][1:] == [
        {
            "match": [{"gateways": ["mesh"], "port": 443, "sniHosts": DENIED}],
            "route": [{"destination": {"host": "denied.egress-domains.invalid"}}],
        }
    ]
    allowed, denied = chains_of(outcome.text)
    assert allowed["filter_chain_match"]["server_names"] == ["*.example.com", "foo.org"]
    assert denied["name"] == "denied"
    assert denied["filter_chain_match"] == {"server_names": DENIED}
    assert denied["filters"][0]["typed_config"]["rules"]["action"] == "DENY"
    assert [one["name"] for one in denied["filters"]] == [
        "envoy.filters.network.rbac",
        "envoy.filters.network.tcp_proxy",
    ]
    assert by_kind(outcome.text, "ServiceEntry")["hosts"] == ["*.example.com", "foo.org"]


def test_a_second_run_changes_nothing_and_one_without_denials_takes_them_out() -> None:
    once = run(*gateway(), domains(LIST))
    items = [item for item in yaml.safe_load(once.text)["items"] if item["kind"] != "ConfigMap"]
    again = run(*items, domains(LIST))
    assert yaml.safe_load(again.text) == yaml.safe_load(once.text)
    fewer = run(*items, domains("*.example.com\n!admin.example.com\n", annotations=USED))
    assert chains_of(fewer.text)[1]["filter_chain_match"]["server_names"] == ["admin.example.com"]
    assert len(chains_of(fewer.text)) == len(by_kind(fewer.text, "VirtualService")["tls"]) == 2
    none = run(*items, domains("*.example.com\nfoo.org", annotations=USED))
    fresh = run(*gateway(), domains("*.example.com\nfoo.org"))
    assert yaml.safe_load(none.text) == yaml.safe_load(fresh.text)


def test_a_denial_whose_list_is_gone_is_not_taken_out_in_silence() -> None:
    items = list(yaml.safe_load(run(*gateway(), domains(LIST)).text)["items"])
    outcome = run(*items[:3], domains("*.example.com\nfoo.org"))
    assert outcome.code == 1
    assert 'was injected before with "!*.internal.example.com" and 1 more, and the lists of that run are gone' in (
        outcome.words
    )


def test_beside_chains_that_are_spread() -> None:
    outcome = run(*gateway(chains={"egress-overlays.dev/chains": "24"}), domains(LIST))
    items = [item for item in yaml.safe_load(outcome.text)["items"] if item["kind"] != "ConfigMap"]
    for text in (outcome.text, run(*items, domains(LIST)).text):
        assert [one["filter_chain_match"]["server_names"] for one in chains_of(text)] == [
            ["*.example.com"],
            ["foo.org"],
            DENIED,
        ] or [one["filter_chain_match"]["server_names"] for one in chains_of(text)] == [
            ["foo.org"],
            ["*.example.com"],
            DENIED,
        ]
        tls = by_kind(text, "VirtualService")["tls"]
        assert [len(route["match"]) for route in tls] == [2, 1]
        assert tls[1]["match"][0]["sniHosts"] == DENIED


def test_what_cannot_deny_is_refused() -> None:
    route: Value = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "TLSRoute",
        "metadata": {"name": "names", "annotations": {"egress-overlays.dev/inject": "default"}},
        "spec": {"hostnames": ["egress-domains.invalid"], "rules": []},
    }
    outcome = run(route, domains(LIST))
    assert outcome.code == 1
    assert 'which denies names inside of wildcards ("!*.internal.example.com"), and a TLSRoute cannot' in outcome.words


def test_a_way_without_a_gateway_cannot_deny() -> None:
    spec = {"hosts": ["*.egress-domains.invalid"], "location": "MESH_EXTERNAL", "resolution": "DYNAMIC_DNS"}
    part = {"egress-overlays.dev/names": "wildcards"}
    exact = {"egress-overlays.dev/names": "exact"}
    outcome = run(
        service_entry(spec=spec, annotations=part),
        service_entry(
            "exact", spec={**spec, "hosts": ["egress-domains.invalid"], "resolution": "DNS"}, annotations=exact
        ),
        domains(LIST),
    )
    assert outcome.code == 1
    assert "ServiceEntry istio-system/wildcard: takes the set" in outcome.words
    assert "a ServiceEntry cannot say that" in outcome.words


def test_a_denial_of_every_workload_reaches_the_limited_lists_too() -> None:
    limited = domains(
        "*.example.com\nadmin.example.com\n", name="shop", annotations={"egress-overlays.dev/clients": "shop"}
    )
    result = plan([*map(Resource, gateway()), Resource(limited), Resource(domains("!admin.example.com\nfoo.org"))])
    (copy,) = result.copies[0]
    assert copy["spec", "hosts"] == ["*.example.com"]
    assert copy["spec", "tls", 1]["match"][0]["sniHosts"] == ["admin.example.com"]
    assert ("spec", "tls", 1) not in result.edits[0]


def rendered(lines: list[str]) -> Rendered:
    resources = [*map(Resource, gateway()), Resource(domains("\n".join(lines)))]
    values = apply(resources, plan(resources))
    return from_text(yaml.safe_dump_all(values[:3]).encode(), "-")


@pytest.mark.parametrize("shard", range(SHARDS))
def test_random_pairs_agree_with_the_naive_evaluator(shard: int) -> None:
    random = Random(f"holes/{shard}")  # noqa: S311 - no secret
    for _ in range(100):
        lists = holed_list(random), holed_list(random)
        before, after = map(rendered, lists)
        for lines, found in zip(lists, (before, after), strict=True):
            said = [any(one.allowed for one in check(parse(host)[0], found)) for host in HOLED_HOSTS]
            assert said == [with_denials(host, lines) for host in HOLED_HOSTS], lines
        one = Difference(
            "default",
            before.hosts("default"),
            after.hosts("default"),
            denied=(before.holes("default"), after.holes("default")),
        )
        for changes, now, then in ((one.opened, lists[1], lists[0]), (one.closed, lists[0], lists[1])):
            stated = [_is_stated(host, changes) for host in HOLED_HOSTS]
            assert stated == [with_denials(host, now) and not with_denials(host, then) for host in HOLED_HOSTS], lists


def _is_stated(host: str, changes: list[Any]) -> bool:
    """What a reader takes from the rows: a name changes unless something narrower is said to stay."""
    said = {str(one.domain): True for one in changes}
    said |= {str(name): False for one in changes for name in (*one.touches, *one.without)}
    matching = [(name == host, len(name), state) for name, state in said.items() if Domain(name).matches(host)]
    return bool(matching) and max(matching)[2]


@pytest.mark.parametrize("hop", ["VirtualService", "EnvoyFilter"])
def test_verify_says_where_one_hop_lacks_a_denial(hop: str) -> None:
    from egress_overlays.review.verification import verify

    resources = [*map(Resource, gateway()), Resource(domains(LIST))]
    values: list[Any] = apply(resources, plan(resources))
    for value in values[:3]:
        if value["kind"] == hop == "VirtualService":
            value["spec"]["tls"].pop()
        elif value["kind"] == hop:
            value["spec"]["configPatches"][0]["patch"]["value"]["filter_chains"].pop()
    found = from_text(yaml.safe_dump_all(values[:3]).encode(), "-")
    what = "the sidecars (sniHosts)" if hop == "VirtualService" else "the gateway (server_names)"
    said = [one.finding.message for one in verify(found) if one.finding.rule == "agreement"]
    assert any(f'disagree: {what} lack "!*.internal.example.com"' in one for one in said), said
    assert not any(one.allowed for one in check(parse("admin.example.com")[0], found)), "the other hop refuses it"
