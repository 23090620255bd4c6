"""Objects that take a part of a set: its wildcards, or its exact names."""

from __future__ import annotations

from typing import Any

import pytest

from builders import PLACEHOLDER, domains, envoy_filter, generated, run, service_entry, sites, virtual_service
from egress_overlays.manifest.resource import NAMES_ANNOTATION

PORTS = [{"number": 443, "name": "tls", "protocol": "TLS"}]
CLIENTS = "egress-overlays.dev/clients"


def entry(part: str | None, resolution: str | None = None, **spec: Any) -> dict[str, Any]:
    resolution = resolution or {"wildcards": "DYNAMIC_DNS"}.get(str(part), "DNS")
    spec = {"hosts": ["x.invalid"], "location": "MESH_EXTERNAL", "resolution": resolution, "ports": PORTS, **spec}
    return service_entry(f"direct-{part}", annotations={NAMES_ANNOTATION: part} if part else None, spec=spec)


def hosts(*resources: dict[str, Any]) -> dict[str, list[str]]:
    outcome = run(*resources)
    assert outcome.code == 0, outcome.words
    return {item["metadata"]["name"]: item["spec"]["hosts"] for item in outcome.items if item["kind"] == "ServiceEntry"}


def test_each_object_takes_its_part() -> None:
    listed = domains(".example.com\napi.example.net\nb.example.com\n")
    assert hosts(entry("wildcards"), entry("exact"), listed) == {
        "direct-wildcards": ["*.example.com"],
        "direct-exact": ["api.example.net", "example.com"],
    }


def test_a_name_below_a_wildcard_is_left_out_of_the_exact_ones_too() -> None:
    assert hosts(entry("wildcards"), entry("exact"), domains("*.example.com\nb.example.com\n"))["direct-exact"] == [
        PLACEHOLDER
    ]


def test_a_part_without_a_name_holds_a_placeholder_that_istio_takes_there() -> None:
    assert hosts(entry("wildcards"), entry("exact"), domains("a.example.com\n")) == {
        "direct-wildcards": [f"*.{PLACEHOLDER}"],
        "direct-exact": ["a.example.com"],
    }


def test_a_second_run_changes_nothing() -> None:
    lists = domains("*.example.com\na.example.net\n")
    first = run(entry("wildcards"), entry("exact"), lists)
    second = run(*first.items)
    assert (second.code, second.items) == (0, first.items)


def test_long_parts_are_sharded_by_their_own_count() -> None:
    names = [*generated(300), *(f"*.w{number}.example" for number in range(10))]
    found = hosts(entry("wildcards"), entry("exact"), domains("\n".join(names)))
    assert len(found["direct-wildcards"]) == 10
    assert sorted(name for title, part in found.items() if "exact" in title for name in part) == sorted(generated(300))
    assert all(len(part) <= 256 for part in found.values())
    assert len(found) == 3


def test_limited_lists_are_for_their_namespaces_where_no_gateway_is() -> None:
    limited = domains("*.example.org\npay.example.org.example\n", name="shop", annotations={CLIENTS: "shop/api"})
    outcome = run(entry("wildcards"), entry("exact"), domains("a.example.net\n"), limited)
    assert outcome.code == 0, outcome.words
    found = {
        item["metadata"]["name"]: (item["spec"].get("exportTo"), item["spec"]["hosts"])
        for item in outcome.items
        if item["kind"] == "ServiceEntry"
    }
    assert found == {
        "direct-wildcards": (None, [f"*.{PLACEHOLDER}"]),
        "direct-wildcards-for.shop": (["shop"], ["*.example.org"]),
        "direct-exact": (None, ["a.example.net"]),
        "direct-exact-for.shop": (["shop"], ["pay.example.org.example"]),
    }


def test_limited_lists_are_refused_where_a_gateway_is_missing() -> None:
    limited = domains("a.example.com\n", annotations={CLIENTS: "shop"})
    assert run(*sites()[:2], limited).code == 1


@pytest.mark.parametrize(
    ("resources", "said"),
    [
        ([entry("exakt", "DNS")], '"exakt" is no part of a list; write wildcards or exact, or remove the annotation'),
        ([entry("exact")], 'asks for exact alone, and no ServiceEntry takes "*.example.com"'),
        ([entry("wildcards")], 'asks for wildcards alone, and no ServiceEntry takes "a.example.net"'),
        ([entry(None, "DYNAMIC_DNS")], "is DYNAMIC_DNS, which Istio takes for wildcards alone"),
        ([entry("exact", "DYNAMIC_DNS"), entry("wildcards")], "is DYNAMIC_DNS, which Istio takes for wildcards alone"),
    ],
)
def test_a_part_that_loses_names_is_refused(resources: list[dict[str, Any]], said: str) -> None:
    outcome = run(*resources, domains("*.example.com\na.example.net\n"))
    assert outcome.code == 1
    assert said in outcome.words


def test_any_kind_may_take_a_part() -> None:
    outcome = run(
        virtual_service(),
        service_entry(),
        envoy_filter("sni-exact", annotations={NAMES_ANNOTATION: "exact"}),
        envoy_filter("sni-wildcards", annotations={NAMES_ANNOTATION: "wildcards"}),
        domains("*.example.com\na.example.net\n"),
    )
    assert outcome.code == 0, outcome.words
    assert [
        item["spec"]["configPatches"][0]["patch"]["value"]["filter_chains"][0]["filter_chain_match"]["server_names"]
        for item in outcome.items
        if item["kind"] == "EnvoyFilter"
    ] == [["a.example.net"], ["*.example.com"]]
