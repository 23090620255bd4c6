"""The gateway of rendered manifests, up in a real Envoy, for tests that ask it by themselves."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from egress_overlays.istiod.configuration import configuration
from egress_overlays.istiod.gateway import workloads
from egress_overlays.lists.clients import Client
from egress_overlays.probe import bootstrap, envoy
from egress_overlays.probe.client import Hello, reach
from egress_overlays.probe.identity import spiffe
from egress_overlays.probe.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Standing:
    """A gateway that answers at `port`; `log` is what it has written, once it has ended."""

    def __init__(self, world: World, port: int) -> None:
        self._world = world
        self._port = port
        self._certificates: dict[str, Any] = {}
        self.log = ""

    def issue(self, client: str) -> None:
        """Make the certificate of `client`, `namespace/serviceaccount`."""
        self._certificates[client] = self._world.mesh.issue(client.replace("/", "-"), spiffe(Client(client)))

    def reaches(self, name: str, client: str, certificate: str = "mesh") -> bool:
        """Whether `client` reaches `name`, with a certificate of this kind (see Hello)."""
        if client not in self._certificates:
            self.issue(client)
        hello = Hello(name, certificate=certificate)
        return bool(reach(self._port, hello, self._world.mesh.root, {"mesh": self._certificates[client]}))


@contextmanager
def standing(manifests: list[dict[str, Any]], binary: Path) -> Iterator[Standing]:
    """The one gateway of `manifests`, in the Envoy `binary`."""
    (workload,) = workloads(manifests)
    made = configuration(manifests, workload)
    with envoy.workspace() as directory, World(directory) as world:
        config = bootstrap.build(made.listeners, made.clusters, world, directory)
        with envoy.Envoy(binary, config, directory) as running:
            found = Standing(world, running.port(next(one["name"] for one in made.listeners if "address" in one)))
            yield found
        found.log = (directory / "stdout.log").read_text()
