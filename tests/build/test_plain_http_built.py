"""components/plain-http: what the function makes of names for plain HTTP, and that every command knows them."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

import live
from builds import COMPONENTS, build, config_map, overlay
from egress_overlays.injection.applying import apply
from egress_overlays.injection.inject import plan
from egress_overlays.manifest.resource import Resource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from command import Run

pytestmark = pytest.mark.long

NAMES = ("deb.example.com", "http://deb.example.com", "http://*.mirror.example.com", "http://keys.example.com:11371")
Object = dict[str, Any]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return overlay(tmp_path_factory.mktemp("http"), ("plain-http",), NAMES)


@pytest.fixture(scope="module")
def made(directory: Path) -> list[Object]:
    return build(directory)


def named(objects: list[Object], kind: str, name: str) -> Object:
    return next(one for one in objects if (one["kind"], one["metadata"]["name"]) == (kind, name))


def manager(objects: list[Object], name: str) -> Object:
    listener = named(objects, "EnvoyFilter", name)["spec"]["configPatches"][2]["patch"]["value"]
    found: Object = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return found


def domains(objects: list[Object], name: str) -> list[str]:
    (host,) = manager(objects, name)["route_config"]["virtual_hosts"]
    found: list[str] = host["domains"]
    return found


def test_each_port_has_a_listener_and_a_list_of_its_own(made: list[Object]) -> None:
    assert domains(made, "sni-egressgateway-http") == [
        *("*.mirror.example.com", "*.mirror.example.com:80"),
        *("deb.example.com", "deb.example.com:80"),
    ]
    assert domains(made, "sni-egressgateway-http-port.11371") == ["keys.example.com:11371"]
    service = named(made, "VirtualService", "plain-http-through-egress-gateway")["spec"]
    assert service["hosts"] == ["*.mirror.example.com", "deb.example.com"]
    assert service["http"][0]["match"] == [{"gateways": ["mesh"], "port": 80}]
    assert service["http"][0]["route"][0]["destination"]["port"] == {"number": 31080}
    further = named(made, "VirtualService", "plain-http-through-egress-gateway-port.11371")["spec"]
    assert further["http"][0]["match"][0]["port"] == further["tcp"][0]["match"][0]["port"] == 11371
    entry = named(made, "ServiceEntry", "plain-http-port.11371")["spec"]
    assert (entry["hosts"], entry["ports"][0]["number"]) == (["keys.example.com"], 11371)
    servers = named(made, "Gateway", "sni-egressgateway")["spec"]["servers"]
    assert [one["port"]["number"] for one in servers] == [8443, 31080, 11371]
    assert {one["tls"]["mode"] for one in servers} == {"ISTIO_MUTUAL"}
    rules = named(made, "NetworkPolicy", "sni-egressgateway")["spec"]["egress"]
    assert [one["port"] for one in rules[2]["ports"]] == [443, 80, 11371]


def test_a_name_by_http_says_nothing_of_the_name_by_tls(made: list[Object]) -> None:
    by_tls = json.dumps(named(made, "EnvoyFilter", "sni-egressgateway"))
    assert "deb.example.com" in by_tls
    assert "mirror.example.com" not in by_tls
    assert named(made, "ServiceEntry", "wildcard")["spec"]["hosts"] == ["deb.example.com"]


def test_addresses_and_resolving_are_those_of_the_gateway_for_tls(tmp_path: Path) -> None:
    found = build(overlay(tmp_path, ("deny-addresses", "dual-stack", "plain-http"), NAMES))
    chain = named(found, "EnvoyFilter", "sni-egressgateway")["spec"]["configPatches"][2]["patch"]["value"]
    _, rbac, _ = chain["filter_chains"][0]["filters"]
    cluster = named(found, "EnvoyFilter", "sni-egressgateway")["spec"]["configPatches"][1]["patch"]["value"]
    for name in ("sni-egressgateway-http", "sni-egressgateway-http-port.11371"):
        *_, forwarder, addresses, _ = manager(found, name)["http_filters"]
        assert addresses["typed_config"]["rules"] == rbac["typed_config"]["rules"]
        assert "denied-addresses" in addresses["typed_config"]["rules"]["policies"]
        cache = cluster["cluster_type"]["typed_config"]["dns_cache_config"]
        assert forwarder["typed_config"]["dns_cache_config"] == cache
        own = named(found, "EnvoyFilter", name)["spec"]["configPatches"][1]["patch"]["value"]
        assert own["cluster_type"]["typed_config"]["dns_cache_config"] == cache


def test_it_is_the_same_a_second_time_and_a_port_that_goes_leaves_nothing(made: list[Object], tmp_path: Path) -> None:
    def by_name(objects: list[Any]) -> dict[tuple[str, str], Object]:
        return {(one["kind"], one["metadata"]["name"]): one for one in objects}

    def again(names: tuple[str, ...]) -> dict[tuple[str, str], Object]:
        lists = config_map(names)
        lists["metadata"]["annotations"] = {"config.kubernetes.io/local-config": "true"}
        resources = [Resource(one) for one in (*copy.deepcopy(made), lists)]
        return by_name(apply(resources, plan(resources))[:-1])

    assert again(NAMES) == by_name(made)
    fewer = build(overlay(tmp_path, ("plain-http",), NAMES[:2]))
    assert again(NAMES[:2]) == by_name(fewer)


def test_without_such_a_line_nothing_is_opened(tmp_path: Path) -> None:
    found = build(overlay(tmp_path, ("plain-http",), NAMES[:1]))
    assert domains(found, "sni-egressgateway-http") == ["egress-domains.invalid", "egress-domains.invalid:80"]
    servers = named(found, "Gateway", "sni-egressgateway")["spec"]["servers"]
    assert [one["port"]["number"] for one in servers] == [8443]


@pytest.mark.parametrize(
    ("names", "components", "reason"),
    [
        (NAMES, (), '"deb.example.com:80/http" is for plain HTTP, and no VirtualService and no ServiceEntry'),
        (NAMES, ("ports",), "add components/plain-http"),
        ((*NAMES, "deb.example.com:11371"), ("plain-http",), "a port is for one protocol"),
        (("http://deb.example.com/debian",), ("plain-http",), 'write "http://deb.example.com"'),
    ],
)
def test_refused_with_the_reason(
    names: tuple[str, ...], components: tuple[str, ...], reason: str, tmp_path: Path, run: Run
) -> None:
    outcome = run("list", overlay(tmp_path, components, names))
    assert outcome.code == 2
    assert reason in outcome.err


def test_a_line_without_the_component_is_one_error(tmp_path: Path, run: Run) -> None:
    """It brings components/ports; a line by TLS at a port asks for that one itself."""
    outcome = run("verify", overlay(tmp_path, (), ("http://deb.example.com", "broker.example.com:9093")))
    said = [line for line in outcome.out.splitlines() if "error" in line]
    (mine,) = [line for line in said if "deb.example.com" in line]
    assert "add components/plain-http to the build" in mine
    (other,) = [line for line in said if "broker.example.com" in line]
    assert "add components/ports to the build" in other


@pytest.mark.parametrize("component", [name for name in COMPONENTS if name not in ("plain-http", "ports")])
def test_beside_every_other_component(component: str, tmp_path: Path, run: Run) -> None:
    beside = {"compact-registry": "ports/compact-registry", "restrict-direct-egress": "ports/restrict-direct-egress"}
    further = (beside[component],) if component in beside else ()
    directory = overlay(tmp_path, (component, "plain-http", *further), NAMES)
    assert domains(build(directory), "sni-egressgateway-http")[0] == "*.mirror.example.com"
    outcome = run("verify", directory)
    assert outcome.code == 0, outcome.out


def test_check_list_diff_and_matrix(directory: Path, tmp_path: Path, run: Run) -> None:
    allowed = ("http://deb.example.com", "http://x.mirror.example.com", "http://keys.example.com:11371")
    assert run("check", *allowed, directory).code == 0
    for name in ("http://keys.example.com", "mirror.example.com", "x.mirror.example.com", "http://deb.example.com:81"):
        assert run("check", name, directory).code == 1, name
    for command in ("list", "matrix"):
        assert "*.mirror.example.com:80/http" in run(command, directory).out
    outcome = run("diff", overlay(tmp_path, ("plain-http",), NAMES[:2]), directory)
    assert "keys.example.com:11371/http" in outcome.out


def another_host(objects: list[Object]) -> None:
    domains(objects, "sni-egressgateway-http").append("evil.example.net")


def every_host(objects: list[Object]) -> None:
    domains(objects, "sni-egressgateway-http").append("*")


def another_route(objects: list[Object]) -> None:
    hosts = manager(objects, "sni-egressgateway-http")["route_config"]["virtual_hosts"]
    hosts.append({**hosts[0], "name": "more", "domains": ["evil.example.net"]})


def ports_left_out(objects: list[Object]) -> None:
    manager(objects, "sni-egressgateway-http")["route_config"]["ignore_port_in_host_matching"] = True


def upgrades(objects: list[Object]) -> None:
    manager(objects, "sni-egressgateway-http")["upgrade_configs"] = [{"upgrade_type": "websocket"}]


def without_addresses(objects: list[Object]) -> None:
    del manager(objects, "sni-egressgateway-http")["http_filters"][3]


def one_address_fewer(objects: list[Object]) -> None:
    rules = manager(objects, "sni-egressgateway-http")["http_filters"][3]["typed_config"]["rules"]
    policy = rules["policies"]["not-global"]["permissions"][0]["and_rules"]["rules"][0]
    del policy["or_rules"]["rules"][1]


def an_address_more_by_tls(objects: list[Object]) -> None:
    listener = named(objects, "EnvoyFilter", "sni-egressgateway")["spec"]["configPatches"][2]["patch"]["value"]
    policies = listener["filter_chains"][0]["filters"][1]["typed_config"]["rules"]["policies"]
    ranges = policies["not-global"]["permissions"][0]["and_rules"]["rules"][0]
    policies["denied-addresses"] = {"principals": [{"any": True}], "permissions": [ranges]}


def without_mutual_tls(objects: list[Object]) -> None:
    named(objects, "Gateway", "sni-egressgateway")["spec"]["servers"][1]["tls"] = {"mode": "PASSTHROUGH"}


@pytest.mark.parametrize(
    "change",
    [
        *(another_host, every_host, another_route, ports_left_out, upgrades),
        *(without_addresses, one_address_fewer, an_address_more_by_tls, without_mutual_tls),
    ],
    ids=lambda one: one.__name__,
)
def test_verify_tells_what_is_changed(change: Callable[[list[Object]], None], made: list[Object], run: Run) -> None:
    outcome = live.changed(run, made, change)
    assert outcome.code == 1, outcome.out


def test_verify_takes_it_as_it_is(made: list[Object], tmp_path: Path, run: Run) -> None:
    file = tmp_path / "made.json"
    file.write_bytes(live.text(made))
    outcome = run("verify", file)
    assert outcome.code == 0, outcome.out
