"""components/steady-connections under 1,000 held connections: what a change of one name cuts in sidecar and gateway.

`make e2e-steady` makes 100 changes in each layout of names, `make e2e` a sample of them.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from mesh.application import Load
from mesh.holder import Holder
from mesh.processes import eventually

import quick_yaml as yaml
from egress_overlays.injection.spreading import number_of
from egress_overlays.names.domain import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mesh.internet import Internet
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

GATEWAY = "sni-egressgateway"
PORTS = [{"name": "tls-egress", "port": 8443, "protocol": "TCP"}]
CHANGES = int(os.environ.get("EGRESS_OVERLAYS_CHANGES", "4"))
CHAINS = 24
NAMES, EACH = 200, 5
COMING_AND_GOING = 40
DRAIN = 2  # seconds: a change is over after that, and there are many
CONFIG = "proxy.istio.io/config"

LAYOUTS = {
    "sites apart": ("api.site{}.example", (), ""),
    "one domain": ("n{}.held.example.net", ("client-lists", "compact-registry"), "steady/sleep"),
}


def drains_soon(proxy: Proxy, mesh: Mesh) -> Proxy:
    """The proxy, started again with a short drain time."""
    own = yaml.safe_load(proxy.annotations.get(CONFIG, "{}")) or {}
    proxy.annotations = {**proxy.annotations, CONFIG: json.dumps(own | {"drainDuration": f"{DRAIN}s"})}
    proxy.start(mesh.cluster, mesh.istiod)
    return proxy


def serve(mesh: Mesh, pod: Proxy) -> None:
    mesh.cluster.endpoints("egressgateway", "istio-egress", {pod.pod.name: pod.pod.address}, PORTS)


@pytest.fixture(scope="module")
def pods(mesh: Mesh, internet: Internet, overlays: Overlays, gateway: Proxy) -> Iterator[tuple[Proxy, Proxy]]:
    """A sidecar and a gateway of their own."""
    for zone in ("*.example", "*.held.example.net"):
        internet.serve(zone, "185.15.59.252")
    ours = drains_soon(mesh.second_pod("steady-gateway", GATEWAY, "istio-egress"), mesh)
    sidecar = drains_soon(mesh.sidecar("steady-0", "steady"), mesh)
    serve(mesh, ours)
    yield sidecar, ours
    serve(mesh, gateway)
    mesh.cluster.sync(overlays.build("staging"))
    ours.stop()
    sidecar.stop()


class Lists:
    """The list in the mesh, changed a name at a time."""

    def __init__(self, mesh: Mesh, overlays: Overlays, pods: tuple[Proxy, Proxy], layout: str) -> None:
        self._mesh, self._overlays, self._pods = mesh, overlays, pods
        form, components, self._clients = LAYOUTS[layout]
        self._components = (*components, *os.environ.get("EGRESS_OVERLAYS_STEADY", "steady-connections").split())
        self.names = [form.format(number) for number in range(NAMES)]

    def apply(self, present: set[str]) -> None:
        """Writes the list down, builds and applies, and waits until both proxies have it."""
        built = self._overlays.make(sorted(present), components=self._components, clients=self._clients)
        self._mesh.cluster.sync(built)
        sidecar, gateway = self._pods
        for where, names in (("sidecar", sidecar.routed_names), ("gateway", gateway.allowed_names)):
            eventually(lambda: names() - {PLACEHOLDER} == present, within=20, what=f"the list in the {where}")  # noqa: B023 -- used at once


def ended(holder: Holder, wanted: dict[str, int], name: str) -> tuple[dict[str, int], float]:
    """Which connections end after a change: those of the changed chain by the drain time, a second later any others.

    Then after how many seconds the last one to `name` had.
    """
    found: Counter[str] = Counter()
    started, seconds = time.monotonic(), 0.0

    def all_of_them() -> bool:
        nonlocal seconds
        found.update(holder.ended())
        seconds = seconds or (found[name] == wanted.get(name) and time.monotonic() - started) or 0.0
        return wanted.items() <= found.items()

    eventually(all_of_them, within=2 * DRAIN, what=f"the end of {wanted}")
    time.sleep(1)
    found.update(holder.ended())
    return dict(found), seconds


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_changed_name_cuts_the_connections_of_its_chain_alone(
    layout: str, mesh: Mesh, overlays: Overlays, pods: tuple[Proxy, Proxy], capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(7)  # noqa: S311 -- the same changes every time
    lists = Lists(mesh, overlays, pods, layout)
    changing = lists.names[:COMING_AND_GOING]
    staying = lists.names[COMING_AND_GOING:]
    present = set(lists.names)
    application = mesh.application(pods[0].pod)
    cut: list[float] = []
    removed: list[float] = []
    ever: set[str] = set()
    touched: set[int] = set()
    lists.apply(present)
    eventually(lambda: application.get(staying[0]).ok, within=20, what="the first list")

    with Holder(pods[0].pod, mesh.internet.authority.root, EACH) as holder, Load(application, staying, rate=20) as load:
        holder.open(lists.names)
        for number in range(CHANGES):
            name = chance.choice(changing)
            shared = {one: EACH for one in present if number_of(one, CHAINS) == number_of(name, CHAINS)}
            before = len(present) * EACH
            present ^= {name}
            lists.apply(present)
            if name in present:
                assert application.get(name).title == name
            gone, seconds = ended(holder, shared, name)
            if name not in present:
                removed.append(seconds)
            assert {number_of(one, CHAINS) for one in gone} <= {number_of(name, CHAINS)}
            ever |= set(gone)
            touched.add(number_of(name, CHAINS))
            cut.append(sum(count for one, count in gone.items() if one != name) / before)
            holder.open(sorted(present))
            if number % 10 == 9:
                holder.ask()
        holder.ask()

    with capsys.disabled():
        sys.stdout.write(
            f"\n{layout}: {CHANGES} changes cut {sum(cut) / len(cut):.4f} on the mean, {max(cut):.4f} at most; "
        )
        sys.stdout.write(f"those to a removed name end within {max(removed):.1f} s; {load.done} requests\n")
    assert load.failures == []
    assert load.done > CHANGES
    never = {name for name in staying if number_of(name, CHAINS) not in touched}
    assert never
    assert not never & ever
    # Counted from when both proxies have the list, which is asked for every now and then: they drain by then.
    assert 0 < max(removed) <= DRAIN + 1
    assert sum(cut) / len(cut) <= 1 / 16
    assert max(cut) <= 1 / 8
