"""Whoever answers DNS for a listed name, against a gateway with components/resolver: real unbound, real Envoy.

The probe's world stands on loopback: one address of it, which plays the internet, is taken out of what unbound strips.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builds import build, overlay
from egress_overlays.istiod.configuration import configuration
from egress_overlays.istiod.gateway import workloads
from egress_overlays.lists.clients import Client
from egress_overlays.probe import bootstrap, envoy
from egress_overlays.probe.client import Hello, reach
from egress_overlays.probe.identity import spiffe
from egress_overlays.probe.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "listed.wikipedia.org"


def asked(names: dict[str, tuple[str, ...]], *, resolver: bool, running: bool = True) -> list[str]:
    """For each of `names`, with what DNS answers for it , who answered; "global" and "closed" stand for
    global addresses, where somebody listens and nobody."""
    components = ("resolver",) if resolver else ()
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(envoy.workspace())
        resources = build(overlay(directory, components, ("*.wikipedia.org",)))
        world = stack.enter_context(World(directory))
        for name, answers in names.items():
            played = {"closed": world.closed, "global": world.stand_in}
            world.names.records[name] = tuple(played.get(one, one) for one in answers)
        if resolver:
            port = stack.enter_context(unbound(resources, world, directory, running=running))
            world.dns_port = port
        (workload,) = workloads(resources)
        made = configuration(resources, workload)
        config = bootstrap.build(made.listeners, made.clusters, world, directory)
        (mesh,) = [one["name"] for one in made.listeners if "address" in one]
        at = stack.enter_context(envoy.Envoy(envoy.find(), config, directory)).port(mesh)
        certificates = {"mesh": world.mesh.issue("client", spiffe(Client("apps/any")))}
        return [reach(at, Hello(name), world.mesh.root, certificates) for name in names]


@contextlib.contextmanager
def unbound(resources: list[dict[str, Any]], world: World, directory: Path, *, running: bool) -> Iterator[int]:
    """The resolver of the gateway's pod, as the ConfigMap says; its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    (config,) = [
        one["data"]["unbound.conf"] for one in resources if one["kind"] == "ConfigMap" and "unbound.conf" in one["data"]
    ]
    text = re.sub(r"private-address: 127.0.0.0/8.*", "\n  ".join(_loopback_without(world.stand_in)), config)
    text = text.replace("port: 5353", f"port: {port}").replace("/run/unbound", str(directory))
    (directory / "forward.conf").write_text(f"forward-addr: 127.0.0.1@{world.dns_port}\n")
    (directory / "unbound.conf").write_text(text)
    command = [shutil.which("unbound") or "unbound", "-d", "-c", str(directory / "unbound.conf")]
    if not running:
        yield port
        return
    with (directory / "unbound.log").open("wb") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline and process.poll() is None:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
            assert process.poll() is None, (directory / "unbound.log").read_text()
            yield port
        finally:
            process.terminate()


def _loopback_without(stand_in: str) -> list[str]:
    pieces = ipaddress.IPv4Network("127.0.0.0/8").address_exclude(ipaddress.IPv4Network(f"{stand_in}/31"))
    return [f"private-address: {piece}" for piece in pieces]


DEAD_THEN_INTERNAL: dict[str, tuple[str, ...]] = {f"a.{NAME}": ("closed", "127.0.0.1")}


def test_without_the_resolver_a_second_address_is_reached() -> None:
    """The counter-proof: what the resolver is for."""
    assert asked(DEAD_THEN_INTERNAL, resolver=False) == ["127.0.0.1"]


def test_a_second_address_is_not_reached() -> None:
    found = asked({**DEAD_THEN_INTERNAL, NAME: (), f"b.{NAME}": ("127.0.0.1",)}, resolver=True)
    assert found == ["", "", ""]


def test_a_global_address_is_reached_whatever_stands_beside_it() -> None:
    found = asked({NAME: ("global",), f"b.{NAME}": ("127.0.0.1", "global")}, resolver=True)
    assert all(one.startswith("127.") and one != "127.0.0.1" for one in found)


def test_without_its_resolver_a_gateway_resolves_nothing() -> None:
    assert asked({NAME: ("global",)}, resolver=True, running=False) == [""]
