"""From the seed's pods to base/'s and back to the seed's while requests go on: docs/migrating.md, step by step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from mesh.application import Load
from mesh.overlays import only
from mesh.processes import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mesh.application import Application
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

NAMES = ["en.wikipedia.org", "de.wikipedia.org"]
LIST = ["*.wikipedia.org"]
OLD_LABELS = {"istio": "egressgateway"}
PORTS = [{"name": "tls-egress", "port": 8443, "protocol": "TCP"}]


def seed() -> str:
    """The seed's Istio objects, its EnvoyFilter for the old pods alone: the guide's first command."""
    objects = list(yaml.safe_load_all(only(Path(__file__).with_name("seed.yaml").read_text(), groups=("istio.io",))))
    for one in objects:
        if one["kind"] == "EnvoyFilter":
            one["spec"]["workloadSelector"] = {"labels": OLD_LABELS}
    return yaml.safe_dump_all(objects)


def serve(mesh: Mesh, gateway: Proxy) -> None:
    """What the Service's controller does when its selector means these pods."""
    mesh.cluster.endpoints("egressgateway", "istio-egress", {gateway.pod.name: gateway.pod.address}, PORTS)


@pytest.fixture
def old(mesh: Mesh, gateway: Proxy, sidecar: Proxy) -> Iterator[Proxy]:
    """The seed's gateway, which serves."""
    del sidecar
    manifests = seed()
    mesh.cluster.apply(manifests)
    old = mesh.router("old-egress-0", "istio-egress", OLD_LABELS)
    eventually(lambda: old.allowed_names() == set(LIST), within=30, what="the seed's list in its gateway")
    serve(mesh, old)
    yield old
    serve(mesh, gateway)


def test_no_request_is_lost_forward_and_back(
    mesh: Mesh, overlays: Overlays, gateway: Proxy, old: Proxy, application: Application
) -> None:
    def step(*components: str) -> None:
        mesh.cluster.apply(overlays.make(LIST, components=components))
        eventually(lambda: gateway.allowed_names() == set(LIST), within=30, what="the list in the new gateway")
        eventually(lambda: "0.0.0.0_8443" in gateway.config("listeners"), within=30, what="the new listener")

    beside, switch = "move-from-seed/beside", "move-from-seed/switch"
    step(beside)
    selector = mesh.cluster.get("service", "egressgateway", "--namespace=istio-egress")["spec"]["selector"]
    assert selector == OLD_LABELS
    eventually(lambda: application.get(NAMES[0]).ok, within=30, what="the seed's gateway serves")
    with Load(application, NAMES, rate=20) as load:

        def passed(proxy: Proxy) -> None:
            """Waits until requests go by this gateway, and some more after that."""
            before = load.done
            lines = len(proxy.log.read_text(errors="replace").splitlines())
            eventually(
                lambda: (
                    load.done > before + 40 and len(proxy.log.read_text(errors="replace").splitlines()) > lines + 10
                ),
                within=30,
                what=f"requests by {proxy.pod.name}",
            )

        passed(old)
        step(switch)
        serve(mesh, gateway)
        passed(gateway)
        step(beside)
        serve(mesh, old)
        passed(old)
        step(switch)
        serve(mesh, gateway)
        passed(gateway)
        step()
        for one in yaml.safe_load_all(seed()):
            kept = one["kind"] in ("VirtualService", "ServiceEntry")
            if not kept:
                place = f"--namespace={one['metadata']['namespace']}"
                mesh.cluster.kubectl("delete", one["kind"], one["metadata"]["name"], place)
        passed(gateway)
    assert load.failures == []
    assert load.done > 200
