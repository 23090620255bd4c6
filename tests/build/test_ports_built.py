"""components/ports: what the function makes of names at other ports, and that `verify` holds it to that."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

import live
from builds import build, overlay
from egress_overlays.injection.applying import apply
from egress_overlays.injection.inject import plan
from egress_overlays.manifest.resource import Resource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from command import Run

pytestmark = pytest.mark.long

NAMES = ("a.example.com", "*.example.com:9093", "b.example.com:8443", "m.example.com:993")
Object = dict[str, Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Object]:
    return build(overlay(tmp_path_factory.mktemp("ports"), ("ports",), NAMES))


def named(objects: list[Object], kind: str, name: str) -> Object:
    return next(one for one in objects if (one["kind"], one["metadata"]["name"]) == (kind, name))


def forwarders(node: Any) -> list[tuple[list[str], int]]:
    """The names of each chain that forwards, and the port that it connects to."""
    if isinstance(node, list):
        return [found for child in node for found in forwarders(child)]
    if not isinstance(node, dict):
        return []
    if "filter_chain_match" in node:
        return [(node["filter_chain_match"]["server_names"], node["filters"][0]["typed_config"]["port_value"])]
    return [found for child in node.values() for found in forwarders(child)]


def test_each_port_has_a_listener_a_list_and_a_forwarder_of_its_own(made: list[Object]) -> None:
    filters = [one for one in made if one["kind"] == "EnvoyFilter"]
    assert sorted((port, names) for one in filters for names, port in forwarders(one)) == [
        (443, ["a.example.com"]),
        (993, ["m.example.com"]),
        (8443, ["b.example.com"]),
        (9093, ["*.example.com"]),
    ]
    service = named(made, "VirtualService", "direct-wildcard-through-egress-gateway-port.8443")["spec"]
    assert service["hosts"] == ["b.example.com"]
    assert [(one["port"], one["sniHosts"]) for one in service["tls"][0]["match"]] == [(8443, ["b.example.com"])]
    assert service["tls"][0]["route"][0]["destination"]["port"] == {"number": 32443}
    assert service["tcp"][0]["match"][0]["port"] == 32443
    entry = named(made, "ServiceEntry", "wildcard-port.993")["spec"]
    assert (entry["hosts"], [one["number"] for one in entry["ports"]]) == (["m.example.com"], [993])


def test_gateway_service_and_network_policy_are_opened(made: list[Object]) -> None:
    servers = named(made, "Gateway", "sni-egressgateway")["spec"]["servers"]
    assert [one["port"]["number"] for one in servers] == [8443, 31993, 32443, 9093]
    assert {one["tls"]["mode"] for one in servers} == {"ISTIO_MUTUAL"}
    ports = named(made, "Service", "egressgateway")["spec"]["ports"]
    assert [(one["port"], one["targetPort"]) for one in ports] == [
        (443, 8443),
        (31993, 31993),
        (32443, 32443),
        (9093, 9093),
    ]
    rules = named(made, "NetworkPolicy", "sni-egressgateway")["spec"]["egress"]
    assert [one["port"] for one in rules[2]["ports"]] == [443, 993, 8443, 9093]
    assert rules[2]["to"][0]["ipBlock"]["except"]


def again(objects: list[Object], names: tuple[str, ...]) -> list[Object]:
    """What the function makes of what it has made, with these names."""
    lists = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"all": "\n".join(names)}}
    lists["metadata"] = {
        "name": "egress-domains",
        "labels": {"egress-overlays.dev/set": "default"},
        "annotations": {"config.kubernetes.io/local-config": "true"},
    }
    resources = [Resource(one) for one in (*copy.deepcopy(objects), lists)]
    return apply(resources, plan(resources))[:-1]


def by_name(objects: list[Object]) -> dict[tuple[str, str], Object]:
    return {(one["kind"], one["metadata"]["name"]): one for one in objects}


def test_the_mesh_may_use_the_ports_where_a_policy_says_what_it_may_use(tmp_path: Path) -> None:
    made = build(overlay(tmp_path, ("authorization", "ports", "ports/authorization"), NAMES))

    def opened(objects: list[Object]) -> list[str]:
        (rule,) = named(objects, "AuthorizationPolicy", "sni-egressgateway")["spec"]["rules"]
        found: list[str] = rule["to"][0]["operation"]["ports"]
        return found

    assert opened(made) == ["8443", "31993", "32443", "9093"]
    assert opened(again(made, NAMES)) == opened(made)
    assert opened(again(made, NAMES[:2])) == ["8443", "9093"]


def test_it_is_the_same_a_second_time_and_a_port_that_goes_leaves_nothing(made: list[Object], tmp_path: Path) -> None:
    assert by_name(again(made, NAMES)) == by_name(made)
    fewer = build(overlay(tmp_path, ("ports",), NAMES[:2]))
    assert by_name(again(made, NAMES[:2])) == by_name(fewer)


def test_a_list_at_443_alone_renders_as_without_the_component(tmp_path: Path) -> None:
    for name in ("with", "without"):
        (tmp_path / name).mkdir()
    found = build(overlay(tmp_path / "with", ("ports",), NAMES[:1]))
    for one in found:
        one["metadata"].get("annotations", {}).pop("egress-overlays.dev/ports", None)
        if not one["metadata"].get("annotations", True):
            del one["metadata"]["annotations"]
    assert found == build(overlay(tmp_path / "without", (), NAMES[:1]))


def test_without_the_component_such_a_line_is_an_error(tmp_path: Path, run: Run) -> None:
    outcome = run("list", overlay(tmp_path, (), NAMES))
    assert outcome.code == 2
    assert '"*.example.com:9093" needs a port of its own at the gateway' in outcome.err
    assert "add components/ports" in outcome.err


@pytest.mark.parametrize(
    "components",
    [
        ("ports",),
        ("ports", "client-lists", "steady-connections", "dual-stack"),
        ("compact-registry", "ports", "ports/compact-registry", "json-access-log", "resolver"),
        ("restrict-direct-egress", "ports", "ports/restrict-direct-egress", "own-namespace"),
    ],
    ids="+".join,
)
def test_verify_takes_it_for_a_gateway_of_base(components: tuple[str, ...], tmp_path: Path, run: Run) -> None:
    for clients in ("", "shop/checkout") if "client-lists" in components else ("",):
        scratch = tmp_path / ("some" if clients else "all")
        scratch.mkdir()
        outcome = run("verify", overlay(scratch, components, NAMES, clients))
        assert outcome.code == 0, outcome.out


def other_port(objects: list[Object]) -> None:
    text = json.dumps(named(objects, "EnvoyFilter", "sni-egressgateway-port.9093"))
    changed = json.loads(text.replace('"port_value": 9093', '"port_value": 9094'))
    named(objects, "EnvoyFilter", "sni-egressgateway-port.9093")["spec"] = changed["spec"]


def other_list(objects: list[Object]) -> None:
    text = json.dumps(named(objects, "EnvoyFilter", "sni-egressgateway-port.9093"))
    changed = json.loads(text.replace('"cluster": "port_9093_sni_cluster"', '"cluster": "port_8443_sni_cluster"'))
    named(objects, "EnvoyFilter", "sni-egressgateway-port.9093")["spec"] = changed["spec"]


def further_name(objects: list[Object]) -> None:
    value = named(objects, "EnvoyFilter", "sni-egressgateway-port.9093")["spec"]["configPatches"][2]["patch"]["value"]
    value["filter_chains"][0]["filter_chain_match"]["server_names"].append("evil.example.com")


def without_mutual_tls(objects: list[Object]) -> None:
    named(objects, "Gateway", "sni-egressgateway")["spec"]["servers"][2]["tls"] = {"mode": "PASSTHROUGH"}


def of_another_port(objects: list[Object]) -> None:
    copied = named(objects, "EnvoyFilter", "sni-egressgateway-port.9093")
    copied["metadata"]["annotations"]["egress-overlays.dev/shard"] = "port.8883"
    copied["metadata"]["name"] = "sni-egressgateway-port.8883"


@pytest.mark.parametrize(
    "change", [other_port, other_list, further_name, without_mutual_tls, of_another_port], ids=lambda one: one.__name__
)
def test_verify_tells_what_is_changed_in_a_port(
    change: Callable[[list[Object]], None], made: list[Object], run: Run
) -> None:
    outcome = live.changed(run, made, change)
    assert outcome.code == 1, outcome.out


def test_check_and_diff_know_pairs(tmp_path: Path, run: Run) -> None:
    for name in ("before", "after"):
        (tmp_path / name).mkdir()
    before = overlay(tmp_path / "before", ("ports",), NAMES)
    after = overlay(tmp_path / "after", ("ports",), (*NAMES[:3], "m.example.com:995"))
    assert run("check", "x.example.com:9093", "b.example.com:8443", "a.example.com:443", before).code == 0
    for name in ("x.example.com", "b.example.com", "a.example.com:9094", "b.example.com:443"):
        assert run("check", name, before).code == 1, name
    outcome = run("diff", before, after)
    assert "m.example.com:995" in outcome.out
    assert "m.example.com:993" in outcome.out


def test_a_compact_registry_knows_the_ports_or_the_build_fails(tmp_path: Path, run: Run) -> None:
    for name in ("with", "without"):
        (tmp_path / name).mkdir()
    found = build(overlay(tmp_path / "with", ("compact-registry", "ports", "ports/compact-registry"), NAMES))
    entry = named(found, "ServiceEntry", "wildcard")["spec"]
    assert [one["number"] for one in entry["ports"]] == [443, 993, 8443, 9093]
    outcome = run("list", overlay(tmp_path / "without", ("compact-registry", "ports"), NAMES))
    assert "no ServiceEntry with the annotation egress-overlays.dev/ports" in outcome.err


def test_rules_of_a_policy_speak_of_names_at_every_port(tmp_path: Path, run: Run) -> None:
    directory = overlay(tmp_path, ("ports",), NAMES)
    (directory / "egress-policy.yaml").write_text("- {never: x.example.com}\n")
    outcome = run("verify", directory)
    assert '"*.example.com:9093" opens x.example.com, which must not stand here' in outcome.out


def test_a_denial_at_a_port_is_one_of_that_port_alone(tmp_path: Path, run: Run) -> None:
    names = ("*.example.com", "*.example.com:9093", "!admin.example.com:9093")
    directory = overlay(tmp_path, ("ports",), names)
    made = build(directory)
    chains = {
        one["metadata"]["name"]: [
            chain["filter_chain_match"]["server_names"]
            for patch in one["spec"]["configPatches"]
            for chain in patch["patch"]["value"].get("filter_chains", ())
        ]
        for one in made
        if one["kind"] == "EnvoyFilter" and "sni" in one["metadata"]["name"]
    }
    assert sorted(chains.values()) == [[["*.example.com"]], [["*.example.com"], ["admin.example.com"]]]
    service = named(made, "VirtualService", "direct-wildcard-through-egress-gateway-port.9093")["spec"]
    assert [(one["match"][0]["port"], one["match"][0]["sniHosts"]) for one in service["tls"]] == [
        (9093, ["*.example.com"]),
        (9093, ["admin.example.com"]),
    ]
    assert service["tls"][1]["route"] == [{"destination": {"host": "denied.egress-domains.invalid"}}]
    (verified,) = json.loads(run("verify", "-o", "json", directory).out)
    assert [one for one in verified["findings"] if one["severity"] in ("error", "warning")] == []
    hosts = ("admin.example.com", "admin.example.com:9093", "x.example.com:9093")
    answers = json.loads(run("check", *hosts, "-o", "json", directory).out)["hosts"]
    assert [one["allowed"] for one in answers] == [True, False, True]
    assert "!admin.example.com:9093 (" in answers[1]["reason"]
    # A second run of the function, and one without the denial.
    again = apply([*map(Resource, made)], plan([*map(Resource, made), Resource(_lists(*names))]))
    assert [one for one in again if one["kind"] != "ConfigMap"] == made
    fewer = _lists(*names[:2], annotations={"config.kubernetes.io/local-config": "true"})
    found = apply([*map(Resource, made)], plan([*map(Resource, made), Resource(fewer)]))
    assert "admin.example.com" not in json.dumps(found)


def _lists(*names: str, annotations: Object | None = None) -> Object:
    metadata = {"name": "d", "labels": {"egress-overlays.dev/set": "default"}, "annotations": annotations or {}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"all": "\n".join(names)}}
