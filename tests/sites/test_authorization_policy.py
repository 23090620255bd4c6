"""AuthorizationPolicy at a waypoint: what is written for everybody and for some, and what would let more through."""

from __future__ import annotations

from typing import Any

import pytest

from builders import INJECT, NOT_INJECTED, PLACEHOLDER, STATE, domains, run
from egress_overlays.sites.authorization_policy import admits, find

CLIENTS = "egress-overlays.dev/clients"
TARGET = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "egress"}


def rule(**further: Any) -> dict[str, Any]:
    return {"when": [{"key": "connection.sni", "values": ["x.invalid"]}], **further}


def policy(**spec: Any) -> dict[str, Any]:
    whole = {"targetRefs": [TARGET], "rules": [rule()], **spec}
    metadata = {"name": "egress", "labels": {STATE: NOT_INJECTED}, "annotations": {INJECT: "default"}}
    return {"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy", "metadata": metadata, "spec": whole}


def policies(*lists: dict[str, Any]) -> list[tuple[Any, Any]]:
    outcome = run(policy(), *lists)
    assert outcome.code == 0, outcome.words
    again = run(*outcome.items)
    assert (again.code, again.items) == (0, outcome.items)
    rules = [item["spec"]["rules"] for item in outcome.items if item["kind"] == "AuthorizationPolicy"]
    return [(one.get("from"), one["when"][0]["values"]) for (one,) in rules]


def test_a_policy_that_takes_no_part_has_no_list() -> None:
    one = policy(action="DENY", rules=[])
    del one["metadata"]["annotations"]
    assert list(find(one)) == []


def limited(names: str, clients: str) -> dict[str, Any]:
    found = domains(names)
    found["metadata"] |= {"name": "limited", "annotations": {CLIENTS: clients}}
    return found


def test_a_list_for_everybody_asks_nobody() -> None:
    assert policies(domains("*.example.com\napi.example.net\n")) == [(None, ["*.example.com", "api.example.net"])]


@pytest.mark.parametrize(
    ("clients", "principals"),
    [
        ("payments", ["cluster.local/ns/payments/sa/*"]),
        ("payments/checkout", ["cluster.local/ns/payments/sa/checkout"]),
        ("*/checkout", ["*/sa/checkout"]),
        ("a\nb/c", ["cluster.local/ns/a/sa/*", "cluster.local/ns/b/sa/c"]),
    ],
)
def test_a_list_for_some_is_one_more_that_asks_them(clients: str, principals: list[str]) -> None:
    everybody = (None, ["*.example.com"])
    assert policies(domains("*.example.com\n"), limited("a.example.net\n", clients)) == [
        everybody,
        ([{"source": {"principals": principals}}], ["a.example.net"]),
    ]


def test_where_every_list_is_for_some_the_first_one_admits_nothing() -> None:
    assert policies(limited("a.example.net\n", "*/checkout"))[0] == (None, [PLACEHOLDER])


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"action": "DENY"}, "must be ALLOW"),
        ({"targetRefs": []}, "must name the Gateway of a waypoint"),
        ({"targetRefs": [{**TARGET, "kind": "ServiceEntry"}]}, "leaves further ones open"),
        ({"rules": []}, "write one rule with a condition connection.sni"),
        ({"rules": [rule(), {"from": []}]}, "without it the rule lets every name through"),
        ({"rules": [{"when": [{"key": "connection.sni", "values": ["x"], "notValues": ["y"]}]}]}, "must be absent"),
        ({"rules": [{"when": [{"key": "connection.sni", "values": "x"}]}]}, "must be a list"),
    ],
)
def test_what_lets_more_through_is_refused(spec: dict[str, Any], words: str) -> None:
    outcome = run(policy(**spec), domains("a.example.com\n"))
    assert (outcome.code, words in outcome.words) == (1, True), outcome.words


@pytest.mark.parametrize(
    "sources",
    [
        [],
        [{"source": {"principals": ["*"]}}],
        [{"source": {"principals": ["other.domain/ns/a/sa/b"]}}],
        [{"source": {"namespaces": ["a"]}}],
        [{"source": {"principals": ["cluster.local/ns/a/sa/b"], "ipBlocks": ["10.0.0.0/8"]}}],
    ],
)
def test_principals_of_another_form_are_not_read(sources: list[dict[str, Any]]) -> None:
    with pytest.raises((ValueError, KeyError)):
        admits({"spec": {"rules": [{"from": sources}]}}, ("spec", "rules", 0, "when", 0, "values"))
