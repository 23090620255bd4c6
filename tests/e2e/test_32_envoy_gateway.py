"""deploy/envoy-gateway: what Envoy Gateway makes of it, in a real Envoy, asked as every other way is."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from mesh.application import Application
from mesh.components import installed
from mesh.internet import Internet, wait_for_port
from mesh.network import PodNetwork, make_node
from mesh.overlays import Overlays
from mesh.pki import Authority
from mesh.processes import Daemon

import quick_yaml as yaml
from conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


WAY = ROOT / "tests/e2e/ways/envoy-gateway"
READ = ("GatewayClass", "Gateway", "TLSRoute", "Backend", "EnvoyPatchPolicy")
"""The kinds that Envoy Gateway reads."""
PORT = 10443  # Envoy Gateway adds 10,000 to ports below 1,024.
SHOP, LIE, BEHIND = (f"{one}.moving.example.com" for one in ("shop", "lie", "behind"))
EXACT_NAME, UNLISTED = "exact.moving.example.org", "elsewhere.example.net"
SITE, STRANGER, DEAD, INSIDE, BEHIND_DEAD = "185.15.63.40", "185.15.63.41", "185.15.63.199", "10.0.0.4", "192.168.7.4"
SERVED = {
    SHOP: [SITE],
    EXACT_NAME: [SITE],
    UNLISTED: [STRANGER],
    LIE: [INSIDE],
    BEHIND: [DEAD, BEHIND_DEAD],
}


def values(node: Any, key: str) -> Iterator[Any]:
    """What stands under a key, wherever it is."""
    if isinstance(node, dict):
        if key in node:
            yield node[key]
        for value in node.values():
            yield from values(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from values(value, key)


@pytest.fixture(scope="module")
def programs() -> dict[str, Path]:
    return installed("egctl", "envoy", "kustomize")


@pytest.fixture(scope="module")
def internet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Internet]:
    """The servers of all names, without a mesh."""
    directory = tmp_path_factory.mktemp("internet")
    for one in (directory, directory.parent, directory.parent.parent):
        one.chmod(0o755)  # The client, who is nobody, reads the root certificate below.
    make_node(directory / "resolv.conf")
    found = Internet(Authority.new("the internet", directory / "pki"))
    found.start()
    for name, addresses in SERVED.items():
        for address in set(addresses) - {DEAD}:
            found.listen(address)
        found.dns.records[name] = addresses
    yield found
    found.stop()


def translated(egctl: Path, objects: list[dict[str, Any]], directory: Path) -> tuple[dict[str, Any], list[Any]]:
    """The listener that Envoy Gateway makes, and the clusters."""
    source = directory / "in.yaml"
    source.write_text(yaml.safe_dump_all([one for one in objects if one["kind"] in READ]))
    command = [egctl, "x", "translate", "--from", "gateway-api", "--to", "xds", "--type", "all", "-o", "yaml", "-f"]
    done = subprocess.run([*map(str, command), str(source)], capture_output=True, text=True, check=True)
    found = yaml.safe_load(done.stdout)
    (listener,) = [
        one for one in values(found, "listener") if isinstance(one, dict) and one["name"] == "egress/egress/tls"
    ]
    clusters = [one for one in values(found, "cluster") if isinstance(one, dict) and "name" in one]
    clusters = [one for one in clusters if one["name"].startswith("tlsroute/")]
    for one in (listener, *clusters):
        del one["@type"]  # it stands in an Any there
    return listener, clusters


class Gateway:
    """An Envoy with a listener of Envoy Gateway's, and a client of it."""

    def __init__(self, internet: Internet, application: Application, address: str) -> None:
        self.internet, self.application, self.address = internet, application, address

    def reached(self, name: str | None, times: int = 1) -> set[str]:
        """The addresses that are connected to."""
        before = len(self.internet.arrivals)
        for _ in range(times):
            asked = {"address": self.address, "port": PORT, "unverified": True}
            outcome = self.application.get(name or SHOP, sni=name, **asked)
            assert "client has ended" not in str(outcome.error)
        return {one.address for one in self.internet.arrivals[before:]}


@pytest.fixture(scope="module")
def application(internet: Internet) -> Iterator[Application]:
    pod = PodNetwork("client", 10)
    pod.create()
    found = Application(pod, internet.authority.root)
    yield found
    found.stop()


@pytest.fixture(scope="module", params=[True, False], ids=["as it is", "without the patches"])
def served(
    request: pytest.FixtureRequest,
    programs: dict[str, Path],
    internet: Internet,
    application: Application,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Gateway, bool]]:
    directory = tmp_path_factory.mktemp("envoy-gateway")
    objects = list(yaml.safe_load_all(Overlays(ROOT, programs, directory).build(WAY)))
    if not request.param:
        objects = [one for one in objects if one["kind"] != "EnvoyPatchPolicy"]
    listener, clusters = translated(programs["egctl"], objects, directory)
    admin = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}}
    bootstrap = {"static_resources": {"listeners": [listener], "clusters": clusters}, "admin": admin}
    (directory / "envoy.json").write_text(json.dumps(bootstrap))
    pod = PodNetwork(f"gateway-{request.param}", 11 + request.param)
    pod.create()
    command = pod.command(programs["envoy"], "-c", directory / "envoy.json", "--log-level", "warning")
    daemon = Daemon("envoy-gateway", command, log=directory / "envoy.log")
    daemon.start(lambda: wait_for_port(pod.address, PORT), within=60)
    yield Gateway(internet, application, pod.address), request.param
    daemon.stop()


def test_names_of_the_list_are_reached_and_no_others(served: tuple[Gateway, bool]) -> None:
    gateway, _ = served
    assert gateway.reached(SHOP) == {SITE}
    assert gateway.reached(EXACT_NAME) == {SITE}
    for name in (UNLISTED, None, "moving.example.com"):
        assert gateway.reached(name) == set(), name


def test_addresses_inside_are_refused_by_the_patches_alone(served: tuple[Gateway, bool]) -> None:
    gateway, is_patched = served
    assert gateway.reached(LIE) == (set() if is_patched else {INSIDE})


def test_an_address_behind_a_dead_one_is_for_the_network_policy(served: tuple[Gateway, bool]) -> None:
    gateway, _ = served
    assert gateway.reached(BEHIND, times=6) == {BEHIND_DEAD}
