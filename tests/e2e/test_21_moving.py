"""From the pods of the seed and of 0.1.0 to base/'s and back under load: docs/migrating.md, step by step."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from mesh.application import Load
from mesh.processes import eventually
from mesh.seed import LABELS, SEED, objects_of, remove, serve

import quick_yaml as yaml
from documents import block

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mesh.application import Application
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

NAMES = ["en.wikipedia.org", "de.wikipedia.org"]
LIST = ["*.wikipedia.org"]
NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Old:
    """A gateway that serves before the move, and its Istio objects."""

    proxy: Proxy
    objects: list[dict[str, Any]]


@pytest.fixture(params=[SEED, "build/prod-0.1.0.yaml"], ids=["the seed", "0.1.0"])
def old(request: pytest.FixtureRequest, mesh: Mesh, gateway: Proxy, sidecar: Proxy) -> Iterator[Old]:
    """The old gateway, which serves."""
    del sidecar
    objects = objects_of(request.param, LIST)
    mesh.cluster.apply(yaml.safe_dump_all(objects))
    proxy = mesh.router(f"old-egress-{next(NUMBERS)}", "istio-egress", LABELS)
    eventually(lambda: proxy.allowed_names() == set(LIST), within=30, what="the list in the old gateway")
    serve(mesh, proxy)
    yield Old(proxy, objects)
    serve(mesh, gateway)
    proxy.stop()


def test_no_request_is_lost_forward_and_back(
    mesh: Mesh, overlays: Overlays, gateway: Proxy, old: Old, application: Application
) -> None:
    accounts = yaml.safe_load(block("docs/migrating.md", "accounts").text)["patches"]

    def step(*components: str) -> None:
        mesh.cluster.apply(overlays.make(LIST, components=components, patches=accounts if components else ()))
        eventually(lambda: gateway.allowed_names() == set(LIST), within=30, what="the list in the new gateway")
        eventually(lambda: "0.0.0.0_8443" in gateway.config("listeners"), within=30, what="the new listener")

    beside, switch = "move-from-seed/beside", "move-from-seed/switch"
    step(beside)
    selector = mesh.cluster.get("service", "egressgateway", "--namespace=istio-egress")["spec"]["selector"]
    assert selector == LABELS
    eventually(lambda: application.get(NAMES[0]).ok, within=30, what="the old gateway serves")
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

        passed(old.proxy)
        step(switch)
        serve(mesh, gateway)
        passed(gateway)
        step(beside)
        serve(mesh, old.proxy)
        passed(old.proxy)
        step(switch)
        serve(mesh, gateway)
        passed(gateway)
        step()
        remove(mesh.cluster, old.objects)
        passed(gateway)
    assert load.failures == []
    assert load.done > 200
