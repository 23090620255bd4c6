"""Denials in lists for some clients, each of which takes from its own list alone, held against a naive evaluator."""

from __future__ import annotations

import os
from random import Random

import pytest

import quick_yaml as yaml
from builders import Value, domains, service_entry, virtual_service
from egress_overlays.injection.applying import apply
from egress_overlays.injection.inject import plan
from egress_overlays.lists.clients import Client
from egress_overlays.manifest.resource import Resource
from egress_overlays.names import parse
from egress_overlays.names.domain import Domain
from egress_overlays.rendered.checking import check
from egress_overlays.rendered.loading import from_text
from egress_overlays.rendered.locations import InFile
from egress_overlays.rendered.rendered import Rendered
from egress_overlays.review.difference import Difference, differences
from evaluated import CLIENTS, HOLED_HOSTS, List, limited_lists, with_clients
from limited import chain_of, decide, limited_list, of_kind, placed, run, spiffe

SHARDS = int(os.environ.get("EGRESS_OVERLAYS_PAIRS", "100")) // 100
"""How many times a hundred pairs of sets are tried; `make holes` tries 10,000 pairs, these the first of them."""


def config_maps(lists: list[List]) -> list[Value]:
    return [
        limited_list("\n".join(lines), limit, f"list-{number}")
        if limit
        else domains("\n".join(lines), name=f"list-{number}")
        for number, (limit, lines) in enumerate(lists)
    ]


def made(lists: list[List], chains: Value | None = None) -> list[Value]:
    objects = [virtual_service(annotations=chains), service_entry(), placed(annotations=chains)]
    resources = [*map(Resource, objects), *map(Resource, config_maps(lists))]
    result = plan(resources)
    assert [str(one) for one in result.findings if one.severity == "error"] == [], lists
    return [value for value in apply(resources, result) if value["kind"] != "ConfigMap"]


def rendered(lists: list[List], chains: Value | None = None) -> Rendered:
    return from_text(yaml.safe_dump_all(made(lists, chains)).encode(), "-")


def unwritten(lists: list[List]) -> Rendered:
    """As `rendered`, in half the time."""
    return Rendered("-", list(map(Resource, made(lists))), (), InFile("-", []))


def answers(found: Rendered, clients: list[str]) -> list[bool]:
    """What the gateway and the sidecars of the client's namespace say, of every name and client."""
    return [
        any(one.allowed for one in check(parse(host)[0], found, Client(client)))
        for client in clients
        for host in HOLED_HOSTS
    ]


def meant(lists: list[List], clients: list[str]) -> list[bool]:
    return [with_clients(host, client, lists) for client in clients for host in HOLED_HOSTS]


@pytest.mark.parametrize("shard", range(SHARDS))
def test_random_pairs_agree_with_the_naive_evaluator(shard: int) -> None:
    random = Random(f"limited holes/{shard}")  # noqa: S311 - no secret
    for number in range(100):
        lists = limited_lists(random), limited_lists(random)
        before, after = map(unwritten if number % 10 else rendered, lists)
        clients = random.sample(CLIENTS, 2)
        wanted = [meant(one, clients) for one in lists]
        assert answers(before, clients) == wanted[0], lists[0]
        assert answers(after, clients) == wanted[1], lists[1]
        if number % 10 == 0:
            assert answers(rendered(lists[0], {"egress-overlays.dev/chains": "24"}), clients) == wanted[0], lists[0]
        (change,) = differences(before, after)
        assert stated(change, after, clients, wanted[0]) == wanted[1], lists


def stated(one: Difference, after: Rendered, asking: list[str], was: list[bool]) -> list[bool]:
    """What a reader who knows what was so takes from the rows to be so now: the narrowest row about a name counts."""
    clients = {str(row.domain): row.after for row in one.clients}
    clients |= {str(row.domain): after.clients(one.set_name, row.domain) for row in one.opened}
    clients |= {str(row.domain): frozenset() for row in one.closed}
    left = {str(name) for row in one.clients for name in row.without}
    left |= {str(name) for row in (*one.opened, *one.closed) for name in (*row.touches, *row.without)}
    asked = [(client, host) for client in asking for host in HOLED_HOSTS]
    found = []
    for (client, host), before in zip(asked, was, strict=True):
        matching = [(name == host, len(name), name) for name in left | clients.keys() if Domain(name).matches(host)]
        name = max(matching)[2] if matching else ""
        found.append(_is_for(clients[name], client) if name in clients else before)
    return found


def _is_for(clients: frozenset[Client] | None, client: str) -> bool:
    return clients is None or any(one.admits(*client.split("/")) for one in clients)


def test_a_wildcard_that_is_for_more_now_leaves_what_is_denied_to_everybody_before_and_after() -> None:
    """Found by `make holes`."""
    before = [("shop", ["*.example.com"]), ("", ["*.c.example.com", "!b.c.example.com"])]
    after = [("shop", ["other.org"]), ("", ["*.example.com", "!b.c.example.com"])]
    (change,) = differences(unwritten(before), unwritten(after))
    assert [(str(row.domain), [*map(str, row.without)]) for row in change.clients] == [
        ("*.example.com", ["b.c.example.com"])
    ]


LISTS: list[List] = [
    ("payments", ["*.example.com", "!admin.example.com", "!*.internal.example.com"]),
    ("blog", ["admin.example.com"]),
    ("", ["example.org"]),
]


def test_the_gateway_asks_the_other_lists_for_a_denied_name_and_no_wildcard_above_it() -> None:
    matcher = chain_of(made(LISTS))["filters"][1]["typed_config"]["matcher"]
    assert matcher == chain_of(made(LISTS))["filters"][1]["typed_config"]["shadow_matcher"]
    payments, blog = spiffe("payments", "web"), spiffe("blog", "web")
    asked = ("www.example.com", "admin.example.com", "a.internal.example.com", "internal.example.com")
    assert [decide(matcher, payments, host) for host in asked] == ["list-0", None, None, "list-0"]
    assert [decide(matcher, blog, host) for host in asked] == [None, "list-1", None, None]
    groups = matcher["matcher_tree"]["custom_match"]["typed_config"]["domain_matchers"]
    found = {group["domains"][0]: group["on_match"] for group in groups}
    refusals = (found["admin.example.com"]["matcher"]["on_no_match"], found["*.internal.example.com"])
    assert [one["action"]["typed_config"]["action"] for one in refusals] == ["DENY", "DENY"]
    assert {one["action"]["typed_config"]["name"] for one in refusals} == {"!list-0"}, "what the log says"


def test_sidecars_refuse_what_no_list_of_their_namespace_opens() -> None:
    denied = {name: _denied(spec) for name, spec in of_kind(made(LISTS), "VirtualService").items()}
    assert denied == {
        "routes": [],
        "routes-for.blog": [],
        "routes-for.payments": ["*.internal.example.com", "admin.example.com"],
    }
    both: list[List] = [("payments/web", LISTS[0][1]), ("payments/job", ["admin.example.com"])]
    (denied_there,) = [_denied(spec) for name, spec in of_kind(made(both), "VirtualService").items() if "for" in name]
    assert denied_there == ["*.internal.example.com"], "the gateway tells the two accounts apart"


def _denied(spec: Value) -> list[str]:
    routes = [one for one in spec["tls"] if "weight" not in one and one["route"][0]["destination"]["host"] == NOWHERE]
    return [name for route in routes for match in route["match"] for name in match["sniHosts"]]


NOWHERE = "denied.egress-domains.invalid"


def test_a_second_run_changes_nothing_and_one_without_denials_takes_them_out() -> None:
    once = made(LISTS)
    roots = [one for one in once if "for" not in one["metadata"]["name"]]
    again, _ = run(*once, *config_maps(LISTS))
    assert [one for one in again if one["kind"] != "ConfigMap"] == once
    without = [(limit, [line for line in lines if line[0] != "!"]) for limit, lines in LISTS]
    used = [
        {**one, "metadata": {**one["metadata"], "annotations": {**one["metadata"].get("annotations", {}), **USED}}}
        for one in config_maps(without)
    ]
    fresh, _ = run(*roots, *used)
    assert [one for one in fresh if one["kind"] != "ConfigMap"] == made(without)


USED = {"config.kubernetes.io/local-config": "true"}


def findings(*lists: List) -> list[tuple[str, str]]:
    resources = [
        *map(Resource, (virtual_service(), service_entry(), placed())),
        *map(Resource, config_maps(list(lists))),
    ]
    return [(one.severity, one.message) for one in plan(resources).findings]


def test_what_its_own_list_does_not_open_it_cannot_deny() -> None:
    (error,) = [
        words
        for severity, words in findings(("shop", ["api.example.org", "!admin.example.com"]), ("", ["*.example.com"]))
        if severity == "error"
    ]
    assert '"!admin.example.com" denies what its list does not open: no wildcard of it holds the name' in error
    assert "a list for some clients denies for itself alone" in error


def test_what_everybody_reaches_it_denies_to_nobody_and_that_is_said() -> None:
    (warning,) = [
        words
        for severity, words in findings(("shop", ["*.example.com", "!admin.example.com"]), ("", ["admin.example.com"]))
        if severity == "warning" and "denies nothing" in words
    ]
    assert '"admin.example.com" of a list for every workload opens it' in warning


def test_a_name_of_the_list_that_it_denies_opens_nothing() -> None:
    (warning,) = [
        words
        for severity, words in findings(("shop", ["*.example.com", "a.in.example.com", "!*.in.example.com"]))
        if severity == "warning"
    ]
    assert '"a.in.example.com" opens nothing: "!*.in.example.com" (ConfigMap' in warning
    assert "a denial wins within a list" in warning


def test_what_is_denied_is_refused_to_who_reports_too() -> None:
    """Only what no line speaks of is let through and reported."""
    ours = "egress-overlays.dev/"
    lists = config_maps(LISTS)
    lists[0]["metadata"]["annotations"] |= {f"{ours}enforce": "report", f"{ours}report-until": "2027-03-31"}
    placing = placed(annotations={f"{ours}allow-report": "true"})
    values, _ = run(virtual_service(), service_entry(), placing, *lists)
    found = from_text(yaml.safe_dump_all([one for one in values if one["kind"] != "ConfigMap"]).encode(), "-")
    asked = ("www.example.com", "admin.example.com", "a.internal.example.com")
    assert [check(parse(host)[0], found, Client("payments/web"))[0].allowed for host in asked] == [True, False, False]
    matcher = chain_of(values)["filters"][1]["typed_config"]["matcher"]
    assert "on_no_match" in matcher
    groups = matcher["matcher_tree"]["custom_match"]["typed_config"]["domain_matchers"]
    refusing = [
        one["domains"] for one in groups if "action" in one["on_match"] or "on_no_match" in one["on_match"]["matcher"]
    ]
    assert refusing == [["*.internal.example.com"], ["admin.example.com"]]
