"""What verify tells of gateways whose rules for clients by plain HTTP were changed after the function ran."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

import live
from builds import built_of
from http_clients import COMPONENTS, LISTED, LISTS, Object, clients, groups, manager, named

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from command import Run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Object]:
    return built_of(tmp_path_factory.mktemp("http"), LISTS, COMPONENTS)


def _expression(objects: list[Object]) -> Object:
    rule = groups(objects)[1]["on_match"]["matcher"]["matcher_list"]["matchers"][0]
    found: Object = rule["predicate"]["single_predicate"]["value_match"]["safe_regex"]
    return found


def _both(objects: list[Object], change: Callable[[Any], None]) -> None:
    """`change` in the rules that decide and in those that are logged."""
    change(clients(objects)["matcher"])
    change(clients(objects)["shadow_matcher"])


def _filter(objects: list[Object], name: str) -> tuple[list[Any], int]:
    filters = manager(objects)["http_filters"]
    return filters, [one["name"] for one in filters].index(name)


def filter_removed(objects: list[Object]) -> None:
    filters, index = _filter(objects, "egress-overlays.clients")
    del filters[index]


def filter_after_the_router(objects: list[Object]) -> None:
    filters, index = _filter(objects, "egress-overlays.clients")
    filters.append(filters.pop(index))


def filter_after_the_look_up(objects: list[Object]) -> None:
    filters, index = _filter(objects, "egress-overlays.clients")
    filters.insert(index + 1, filters.pop(index))


def filter_disabled(objects: list[Object]) -> None:
    filters, index = _filter(objects, "egress-overlays.clients")
    filters[index]["disabled"] = True


def another_type(objects: list[Object]) -> None:
    clients(objects)["@type"] = "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer"


def shadow_alone(objects: list[Object]) -> None:
    del clients(objects)["matcher"]


def rules_in_place_of_the_matcher(objects: list[Object]) -> None:
    del clients(objects)["matcher"]
    clients(objects)["rules"] = {"action": "DENY", "policies": {}}


def no_rule(objects: list[Object]) -> None:
    clients(objects)["matcher"] = {}
    clients(objects)["shadow_matcher"] = {}


def a_group_removed(objects: list[Object]) -> None:
    _both(objects, lambda rules: rules["matcher_tree"]["custom_match"]["typed_config"]["domain_matchers"].pop())


def wider_principal(objects: list[Object]) -> None:
    expression = _expression(objects)
    expression["regex"] = expression["regex"].replace("/ns/shop/", "/ns/.*/")


def any_principal(objects: list[Object]) -> None:
    _expression(objects)["regex"] = ".*"


def everybody(objects: list[Object]) -> None:
    found = groups(objects)
    found[1]["on_match"] = {
        "action": found[0]["on_match"]["matcher"]["matcher_list"]["matchers"][0]["on_match"]["action"]
    }


def everybody_at_one_spelling(objects: list[Object]) -> None:
    found = groups(objects)
    found[1]["domains"].remove("own.example.com:80")
    found[0]["domains"].append("own.example.com:80")


def every_name(objects: list[Object]) -> None:
    groups(objects)[0]["domains"].append("*")


def let_through_without_match(objects: list[Object]) -> None:
    allow = groups(objects)[0]["on_match"]["matcher"]["matcher_list"]["matchers"][0]["on_match"]
    _both(objects, lambda rules: rules.update(on_no_match=allow))


def another_header(objects: list[Object]) -> None:
    _both(objects, lambda rules: rules["matcher_tree"]["input"]["typed_config"].update(header_name="x-host"))


def an_identity_that_the_client_says(objects: list[Object]) -> None:
    header = {
        "@type": "type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput",
        "header_name": "x-client",
    }
    rule = groups(objects)[1]["on_match"]["matcher"]["matcher_list"]["matchers"][0]
    rule["predicate"]["single_predicate"]["input"]["typed_config"] = header


def route_turns_it_off(objects: list[Object]) -> None:
    host = manager(objects)["route_config"]["virtual_hosts"][0]
    host["typed_per_filter_config"]["egress-overlays.clients"] = host["typed_per_filter_config"][
        "egress-overlays.listed"
    ]


def one_route_turns_it_off(objects: list[Object]) -> None:
    host = manager(objects)["route_config"]["virtual_hosts"][0]
    host["routes"][0]["typed_per_filter_config"] = {
        "egress-overlays.clients": host["typed_per_filter_config"]["egress-overlays.listed"]
    }


def all_routes_turn_it_off(objects: list[Object]) -> None:
    routes = manager(objects)["route_config"]
    routes["typed_per_filter_config"] = {
        "egress-overlays.clients": {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": True}
    }


def a_denial_that_forwards(objects: list[Object]) -> None:
    allowed, denied = manager(objects)["route_config"]["virtual_hosts"]
    denied["routes"] = allowed["routes"]


def a_denial_lifted(objects: list[Object]) -> None:
    manager(objects)["route_config"]["virtual_hosts"].pop()


def a_denial_gone_from_the_rules(objects: list[Object]) -> None:
    groups(objects, "sni-egressgateway-http-port.18080").pop()


def a_denial_of_one_spelling(objects: list[Object]) -> None:
    manager(objects)["route_config"]["virtual_hosts"][1]["domains"].remove("no.everybody.example.com")


def a_rule_for_one_spelling(objects: list[Object]) -> None:
    groups(objects)[1]["domains"].remove("own.example.com")


def capitals_allowed(objects: list[Object]) -> None:
    filters, index = _filter(objects, "egress-overlays.methods")
    del filters[index]["typed_config"]["rules"]["policies"]["capitals-in-host"]


def _patches(objects: list[Object]) -> list[Any]:
    found: list[Any] = named(objects, "EnvoyFilter", "sni-egressgateway-http")["spec"]["configPatches"]
    return found


def identity_from_elsewhere(objects: list[Object]) -> None:
    (patch,) = [one for one in _patches(objects) if one["patch"]["value"].get("name") == "egress-overlays.identity"]
    (state,) = patch["patch"]["value"]["typed_config"]["on_downstream_tls_handshake"]
    state["format_string"]["text_format_source"]["inline_string"] = "spiffe://cluster.local/ns/shop/sa/any"


def identity_that_a_pool_may_lend(objects: list[Object]) -> None:
    (patch,) = [one for one in _patches(objects) if one["patch"]["value"].get("name") == "egress-overlays.identity"]
    (state,) = patch["patch"]["value"]["typed_config"]["on_downstream_tls_handshake"]
    state["factory_key"] = "envoy.string"


def identity_left_out(objects: list[Object]) -> None:
    patches = _patches(objects)
    patches[:] = [one for one in patches if one["patch"]["value"].get("name") != "egress-overlays.identity"]


MUTANTS = (
    *(filter_removed, filter_after_the_router, filter_after_the_look_up, filter_disabled, another_type, shadow_alone),
    *(rules_in_place_of_the_matcher, no_rule, a_group_removed, wider_principal, any_principal, everybody),
    *(everybody_at_one_spelling, every_name, let_through_without_match, another_header),
    *(an_identity_that_the_client_says, route_turns_it_off, one_route_turns_it_off, all_routes_turn_it_off),
    *(a_denial_that_forwards, a_denial_lifted, a_denial_gone_from_the_rules, capitals_allowed),
    *(a_denial_of_one_spelling, a_rule_for_one_spelling),
    *(identity_from_elsewhere, identity_that_a_pool_may_lend, identity_left_out),
)


@pytest.mark.parametrize("change", MUTANTS, ids=lambda one: one.__name__)
def test_verify_tells_what_is_changed(change: Callable[[list[Object]], None], made: list[Object], run: Run) -> None:
    outcome = live.changed(run, made, change, *LISTED)
    assert outcome.code == 1, outcome.out


@pytest.mark.parametrize("change", [a_denial_of_one_spelling, a_rule_for_one_spelling], ids=lambda one: one.__name__)
def test_half_a_name_is_told_without_the_lists_too(
    change: Callable[[list[Object]], None], made: list[Object], run: Run
) -> None:
    assert live.changed(run, made, change).code == 1


@pytest.mark.parametrize("part", [("patch",), ("patch", "value"), ("applyTo",)])
def test_a_patch_with_something_missing_ends_nothing(
    part: tuple[str, ...], made: list[Object], tmp_path: Path, run: Run
) -> None:
    objects = copy.deepcopy(made)
    patch = named(objects, "EnvoyFilter", "sni-egressgateway-http")["spec"]["configPatches"][1]
    for step in part[:-1]:
        patch = patch[step]
    del patch[part[-1]]
    file = tmp_path / "changed.json"
    file.write_bytes(live.text(objects))
    assert run("verify", file).code == 1
