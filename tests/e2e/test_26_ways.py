"""The ways out of docs/why.md, each in the real mesh with the same requests: what is reached is the page's table.

`make ways` writes the table anew.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from mesh.network import NODE
from mesh.policy import enforce_egress, stop_enforcing
from mesh.processes import eventually
from mesh.seed import LABELS, SEED, objects_of, remove, serve
from mesh.waypoint import standing

import quick_yaml as yaml
from conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mesh.application import Application
    from mesh.internet import Internet
    from mesh.mesh import Impostor, Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy
    from mesh.waypoint import Waypoint

PAGE = ROOT / "docs/why.md"
WAYS = ROOT / "tests/e2e/ways"
BEGIN, END = "<!-- made by `make ways` -->\n", "<!-- end -->\n"

WILDCARD, OTHERS = "*.ways.example.com", "*.others.example.com"
LISTED, LIE, BEHIND = (f"{label}.ways.example.com" for label in ("shop", "lie", "behind"))
THEIRS, UNLISTED, EXACT_LIE = "shop.others.example.com", "elsewhere.example.net", "lie.exact.example.org"
SITE, THEIR_SITE, STRANGER, DEAD = "185.15.63.10", "185.15.63.11", "185.15.63.12", "185.15.63.199"
INSIDE, BEHIND_DEAD = "10.0.0.1", "192.168.7.7"


@dataclass(frozen=True)
class Asker:
    """The application behind its sidecar, and what has its certificate and stands past any sidecar."""

    application: Application
    past: Impostor
    gateway: Proxy | None
    internet: Internet

    def reaches(self, address: str, ask: Callable[[], object]) -> bool:
        """Whether what is asked leads to a connection with the server at this address."""
        before = len(self.internet.arrived(address))
        ask()
        return len(self.internet.arrived(address)) > before

    def by_sidecar(self, name: str, address: str, *, at: str = SITE, times: int = 1) -> bool:
        """Whether the application reaches the server at `address` by a name, which it was told to be `at`.

        Of several addresses Envoy takes one after the other, from any of them on: so many `times` at the most.
        """
        return any(self.reaches(address, lambda: self.application.get(name, address=at)) for _ in range(times))

    def past_it(self, name: str, address: str) -> bool:
        """Whether its workload does past its sidecar: directly, or at the gateway with its own certificate."""
        gateway = self.gateway
        return self.reaches(address, lambda: self.past.application.get(name)) or (
            gateway is not None and self.reaches(address, lambda: self.past.through(gateway, name))
        )


@dataclass(frozen=True)
class AtWaypoint(Asker):
    """The same questions for a waypoint, which ztunnel would lead there; this one speaks HBONE by itself."""

    waypoint: Waypoint

    def by_sidecar(self, name: str, address: str, *, at: str = SITE, times: int = 1) -> bool:
        """Whether the server at `address` is reached by a name at the address that ztunnel knows for it, or at `at`."""
        hosts = self.waypoint.addresses() if at in (SITE, THEIR_SITE) else ()
        host = next((one for one in hosts if name == one or name.endswith(one[1:])), at)
        return any(self.reaches(address, lambda: self.waypoint.title(name, at=host)) for _ in range(times))

    def past_it(self, name: str, address: str) -> bool:
        """Whether it is reached past ztunnel, by the workload's own certificate, at any address of the waypoint."""
        hosts = self.waypoint.addresses()
        return any(self.reaches(address, partial(self.waypoint.title, name, at=host)) for host in hosts)


# What is asked for, whether it should be reached, and how it is asked.
CASES: dict[str, tuple[bool, Callable[[Asker], bool]]] = {
    "a listed name": (True, lambda one: one.by_sidecar(LISTED, SITE)),
    "a name on no list": (False, lambda one: one.by_sidecar(UNLISTED, STRANGER, at=STRANGER)),
    "a listed name whose DNS says 10.0.0.1": (False, lambda one: one.by_sidecar(LIE, INSIDE)),
    "an exact name whose DNS says 10.0.0.1": (False, lambda one: one.by_sidecar(EXACT_LIE, INSIDE)),
    "a listed name whose DNS says a dead address, then 192.168.7.7": (
        False,
        lambda one: one.by_sidecar(BEHIND, BEHIND_DEAD, times=6),
    ),
    "10.0.0.1 itself, a listed name in the SNI": (False, lambda one: one.by_sidecar(LISTED, INSIDE, at=INSIDE)),
    "a stranger's address, a listed name in the SNI": (
        False,
        lambda one: one.by_sidecar(LISTED, STRANGER, at=STRANGER),
    ),
    "a name for another namespace alone": (False, lambda one: one.by_sidecar(THEIRS, THEIR_SITE, at=THEIR_SITE)),
    "the same, past the workload's own sidecar": (False, lambda one: one.past_it(THEIRS, THEIR_SITE)),
    "a name on no list, past the workload's own sidecar": (False, lambda one: one.past_it(UNLISTED, STRANGER)),
}


def entry(name: str, hosts: list[str], resolution: str, **spec: object) -> dict[str, Any]:
    """A ServiceEntry for TLS at 443."""
    ports = [{"number": 443, "name": "tls", "protocol": "TLS"}]
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": {"name": name, "namespace": "istio-system"},
        "spec": {"hosts": hosts, "ports": ports, "location": "MESH_EXTERNAL", "resolution": resolution, **spec},
    }


class Stage:
    """The mesh in which one way after the other stands, REGISTRY_ONLY for all of them."""

    def __init__(self, mesh: Mesh, overlays: Overlays, gateway: Proxy, sidecar: Proxy, internet: Internet) -> None:
        self.mesh, self.overlays, self.gateway, self.sidecar = mesh, overlays, gateway, sidecar
        self.application = mesh.application(sidecar.pod)
        self.past = mesh.impostor("impostor-0")
        self.internet = internet

    def asker(self, gateway: Proxy | None = None) -> Asker:
        """Who asks; past its sidecar at this gateway too."""
        return Asker(self.application, self.past, gateway, self.internet)

    def lead(self) -> bool:
        """Whether the listed name is reached."""
        return self.application.get(LISTED, address=SITE).title == LISTED

    def checked(self) -> bool:
        """Whether the sidecar checks the addresses of wildcards."""
        chains = self.sidecar.config("listeners")["0.0.0.0_443"]["filter_chains"]
        return any(one["name"] == "envoy.filters.network.rbac" for chain in chains for one in chain["filters"])

    @contextlib.contextmanager
    def standing(self, objects: list[dict[str, Any]], what: str) -> Iterator[Asker]:
        """ServiceEntries alone."""
        self.mesh.cluster.apply(yaml.safe_dump_all(objects))
        eventually(self.lead, within=30, what=what)
        if any(one["kind"] == "EnvoyFilter" for one in objects):
            eventually(self.checked, within=30, what="the filter in the sidecar")
        yield self.asker()
        for one in objects:
            self.mesh.cluster.kubectl("delete", one["kind"], one["metadata"]["name"], "--namespace=istio-system")
        eventually(lambda: not self.lead(), within=30, what="no ServiceEntry any more")

    def entries(self, resolution: str, listed: list[str], theirs: str) -> contextlib.AbstractContextManager[Asker]:
        """ServiceEntries by hand."""
        objects = [
            entry("listed", listed, resolution),
            entry("theirs", [theirs], resolution, exportTo=["others"]),
        ]
        return self.standing(objects, f"ServiceEntries of {resolution}")

    def direct(self, *kinds: str) -> contextlib.AbstractContextManager[Asker]:
        """What base-direct/ makes of the lists that base/ takes, of these kinds; its Sidecar stands already."""
        built = yaml.safe_load_all(self.overlays.build(WAYS / "direct"))
        objects = [one for one in built if one["kind"] in ("ServiceEntry", *kinds)]
        hosts = sorted(host for one in objects for host in one["spec"].get("hosts", []))
        assert hosts == [OTHERS, WILDCARD, EXACT_LIE]
        return self.standing(objects, "base-direct/")

    @contextlib.contextmanager
    def direct_with_policies(self) -> Iterator[Asker]:
        """The same, and every pod of applications held to global addresses by a NetworkPolicy."""
        closed = self.overlays.build(ROOT / "components/restrict-direct-egress/direct-namespace")
        (policy,) = yaml.safe_load_all(closed)
        with self.direct("EnvoyFilter") as asker:
            for pod in (self.sidecar.pod, self.past.application.pod):
                enforce_egress(pod, policy, selected=[NODE])
            yield asker
            for pod in (self.sidecar.pod, self.past.application.pod):
                stop_enforcing(pod)

    @contextlib.contextmanager
    def ambient(self) -> Iterator[Asker]:
        """base-ambient/ with the same lists, its NetworkPolicy enforced around the waypoint."""
        with standing(self.mesh, self.overlays.build(WAYS / "ambient")) as waypoint:
            policy = self.mesh.cluster.get("networkpolicy", "egress", "--namespace=istio-egress")
            enforce_egress(waypoint.proxy.pod, policy, selected=[NODE])
            yield AtWaypoint(self.application, self.past, None, self.internet, waypoint)
            stop_enforcing(waypoint.proxy.pod)

    @contextlib.contextmanager
    def seed(self) -> Iterator[Asker]:
        """The post's gateway, which has one list for everybody and no NetworkPolicy."""
        objects = objects_of(SEED, [WILDCARD, EXACT_LIE, OTHERS])
        self.mesh.cluster.apply(yaml.safe_dump_all(objects))
        proxy = self.mesh.router("ways-seed-0", "istio-egress", LABELS)
        serve(self.mesh, proxy)
        eventually(
            lambda: proxy.allowed_names() == {WILDCARD, EXACT_LIE, OTHERS},
            within=30,
            what="the list in the seed's gateway",
        )
        eventually(self.lead, within=30, what="the seed's gateway serves")
        yield self.asker(proxy)
        serve(self.mesh, self.gateway)
        proxy.stop()
        remove(self.mesh.cluster, objects)

    @contextlib.contextmanager
    def ours(self) -> Iterator[Asker]:
        """base/ with client-lists and restrict-direct-egress, its NetworkPolicies enforced."""
        cluster = self.mesh.cluster
        cluster.sync(self.overlays.build(WAYS / "gateway"))
        names = {WILDCARD, EXACT_LIE, OTHERS}
        eventually(lambda: self.gateway.allowed_names() == names, within=30, what="both lists in base/'s gateway")
        eventually(self.lead, within=30, what="base/'s gateway serves")
        own = cluster.get("networkpolicy", "sni-egressgateway", "--namespace=istio-egress")
        closed = cluster.get("networkpolicy", "restrict-direct-egress", "--namespace=default")
        enforce_egress(self.gateway.pod, own, selected=[NODE])
        for pod in (self.sidecar.pod, self.past.application.pod):
            enforce_egress(pod, closed, selected=[self.gateway.pod.address, NODE])
        yield self.asker(self.gateway)
        for pod in (self.gateway.pod, self.sidecar.pod, self.past.application.pod):
            stop_enforcing(pod)


@pytest.fixture(scope="module")
def stage(mesh: Mesh, overlays: Overlays, gateway: Proxy, sidecar: Proxy, internet: Internet) -> Iterator[Stage]:
    """The servers of all names, and a mesh that lets out nothing that is not registered."""
    for name, addresses in (
        (LISTED, [SITE]),
        (THEIRS, [THEIR_SITE]),
        (UNLISTED, [STRANGER]),
        (LIE, [INSIDE]),
        (EXACT_LIE, [INSIDE]),
    ):
        internet.serve(name, *addresses)
    internet.listen(BEHIND_DEAD)
    internet.dns.records[BEHIND] = [DEAD, BEHIND_DEAD]
    mesh.cluster.namespace("others")
    mesh.cluster.sync(overlays.make(["*.unused.example.net"], components=["restrict-direct-egress"]))
    made = Stage(mesh, overlays, gateway, sidecar, internet)
    eventually(lambda: not made.lead(), within=60, what="what is not registered is refused")
    yield made
    mesh.cluster.sync(overlays.build("staging"))
    eventually(lambda: "*.wikipedia.org" in gateway.allowed_names(), within=60, what="staging in the gateway")


def table(stage: Stage) -> str:
    """What each way lets through, in Markdown; what it should not is bold."""
    ways = {
        "ServiceEntry, exact, `DNS`": stage.entries("DNS", [LISTED, LIE, EXACT_LIE, BEHIND], THEIRS),
        "ServiceEntry, wildcard, `NONE`": stage.entries("NONE", [WILDCARD, EXACT_LIE], OTHERS),
        "`DYNAMIC_DNS`": stage.direct(),
        "base-direct/": stage.direct("EnvoyFilter"),
        "base-direct/, NetworkPolicies": stage.direct_with_policies(),
        "base-ambient/": stage.ambient(),
        "the seed": stage.seed(),
        "this gateway": stage.ours(),
    }
    cells: dict[str, list[str]] = {case: [] for case in CASES}
    for way in ways.values():
        with way as asker:
            for case, (should, ask) in CASES.items():
                reached = ask(asker)
                word = "reached" if reached else "refused"
                cells[case].append(word if reached == should else f"**{word}**")
    lines = [f"| asked for | should be | {' | '.join(ways)} |", "|---" * (len(ways) + 2) + "|"]
    for case, (should, _) in CASES.items():
        lines.append(f"| {case} | {'reached' if should else 'refused'} | {' | '.join(cells[case])} |")
    return "\n".join(lines) + "\n"


def test_the_page_says_what_each_way_lets_through(stage: Stage, request: pytest.FixtureRequest) -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    written, _, after = rest.partition(END)
    seen = table(stage)
    if request.config.getoption("--write-golden"):
        PAGE.write_text(before + BEGIN + seen + END + after, encoding="utf-8")
    assert written == seen
    ours = [line.rpartition("| ")[2] for line in seen.splitlines()[2:]]
    assert ours == ["reached |", *["refused |"] * (len(CASES) - 1)]
