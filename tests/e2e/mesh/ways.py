"""The ways out of docs/why.md, each standing in the mesh for as long as somebody asks by it."""

from __future__ import annotations

import contextlib
import itertools
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import quick_yaml as yaml
from builds import config_map

from .askers import SITE, Asker, AtWaypoint, BySidecar
from .connections import EVERYBODY, EXACT, EXACT_LIE, LISTED, NAMES, OTHERS, THEIRS
from .mesh import WORKLOAD
from .network import NODE
from .pki import Authority
from .policy import enforce_egress, stop_enforcing
from .processes import eventually
from .seed import LABELS, SEED, objects_of, remove, serve
from .waypoint import standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .internet import Internet
    from .mesh import Mesh
    from .overlays import Overlays
    from .proxy import Proxy

ROOT = Path(__file__).resolve().parents[3]
WAYS = ROOT / "tests/e2e/ways"
MOST = 256
"""Hosts of a ServiceEntry, as its CRD has it."""


@dataclass(frozen=True)
class Names:
    """The lists of all ways: for everybody and for another namespace alone; and the first one without wildcards."""

    everybody: tuple[str, ...] = EVERYBODY
    exact: tuple[str, ...] = (*NAMES, EXACT, EXACT_LIE)
    others: tuple[str, ...] = (OTHERS,)

    @property
    def every(self) -> set[str]:
        """Those of both lists."""
        return {*self.everybody, *self.others}


def entries(name: str, hosts: Sequence[str], resolution: str, **spec: object) -> list[dict[str, Any]]:
    """ServiceEntries for TLS at 443."""
    ports = [{"number": 443, "name": "tls", "protocol": "TLS"}]
    whole = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": {"name": name, "namespace": "istio-system"},
        "spec": {"hosts": list(hosts), "ports": ports, "location": "MESH_EXTERNAL", "resolution": resolution, **spec},
    }
    return parts(whole)


def parts(one: dict[str, Any]) -> list[dict[str, Any]]:
    """A ServiceEntry as several, where it has more hosts than one may have; another object as it is."""
    if one["kind"] != "ServiceEntry":
        return [one]
    found = []
    for start in range(0, len(one["spec"]["hosts"]), MOST):
        name = f"{one['metadata']['name']}-{start}" if start else one["metadata"]["name"]
        spec = {**one["spec"], "hosts": one["spec"]["hosts"][start : start + MOST]}
        found.append({**one, "metadata": {**one["metadata"], "name": name}, "spec": spec})
    return found


class Stage:
    """The mesh in which one way after the other stands, REGISTRY_ONLY for all of them, with the lists `names`.

    `put` writes down what `names` is by now, and waits until every proxy of the way that stands has it.
    """

    def __init__(self, mesh: Mesh, overlays: Overlays, gateway: Proxy, sidecar: Proxy, internet: Internet) -> None:
        self.mesh, self.overlays, self.gateway, self.sidecar = mesh, overlays, gateway, sidecar
        self.application = mesh.application(sidecar.pod)
        self.past = mesh.impostor("impostor-0")
        self.internet = internet
        self.stranger = Authority.new("another mesh", mesh.directory / "another-mesh").leaf(WORKLOAD)
        self.stranger[1].chmod(0o644)
        self.names = Names()
        self.put: Callable[[], None] = lambda: None
        self._numbers = itertools.count()

    def ways(self) -> dict[str, Callable[[], contextlib.AbstractContextManager[Asker]]]:
        """Each way by its name, in the order of the table."""
        return {
            "ServiceEntry, exact, `DNS`": self.exact,
            "ServiceEntry, wildcard, `NONE`": self.wildcards,
            "`DYNAMIC_DNS`": self.direct,
            "base-direct/": lambda: self.direct("EnvoyFilter"),
            "base-direct/, NetworkPolicies": self.direct_with_policies,
            "base-ambient/": self.ambient,
            "the seed": self.seed,
            "this gateway": self.ours,
        }

    def shipped(self) -> dict[str, Callable[[], contextlib.AbstractContextManager[Asker]]]:
        """Those that this repository has: the others change with Istio alone."""
        return {name: way for name, way in self.ways().items() if name.startswith("base") or name == "this gateway"}

    def asker(self, gateway: Proxy | None = None) -> Asker:
        """Who asks; past its sidecar at this gateway too."""
        return BySidecar(self.internet, self.application, self.past, gateway, self.stranger)

    def rest(self) -> None:
        """No way stands: what is not registered is refused, and nothing that is asked for is."""
        self.mesh.cluster.sync(self.overlays.make(["*.unused.example.net"], components=["restrict-direct-egress"]))
        eventually(lambda: not self.lead(), within=60, what="what is not registered is refused")

    def lead(self) -> bool:
        """Whether the listed name is reached."""
        return self.application.get(LISTED, address=SITE).title == LISTED

    def checked(self) -> bool:
        """Whether the sidecar checks the addresses of wildcards."""
        chains = self.sidecar.config("listeners")["0.0.0.0_443"]["filter_chains"]
        return any(one["name"] == "envoy.filters.network.rbac" for chain in chains for one in chain["filters"])

    def built(self, way: str) -> str:
        """A kustomization of tests/e2e/ways with the lists `names` in place of its own."""
        if self.names == Names():
            return self.overlays.build(WAYS / way)
        with tempfile.TemporaryDirectory() as made:
            text = (WAYS / way / "kustomization.yaml").read_text()
            here = os.path.relpath(ROOT, Path(made).resolve())
            lists = [config_map(self.names.everybody)]
            if "../lists" in text:
                others = config_map(self.names.others, "others")
                others["metadata"]["name"] = "others"
                lists.append(others)
            text = text.replace("../../../..", here)
            text = text.replace("- ../lists", "- lists.yaml").replace("- ../everybody", "- lists.yaml")
            (Path(made) / "kustomization.yaml").write_text(text)
            (Path(made) / "lists.yaml").write_text(yaml.safe_dump_all(lists))
            return self.overlays.build(made)

    @contextlib.contextmanager
    def standing(self, objects: Callable[[], list[dict[str, Any]]], listed: Callable[[], set[str]]) -> Iterator[Asker]:
        """ServiceEntries alone, and in the sidecar these names."""
        applied: dict[tuple[str, str], None] = {}
        ever: set[str] = set()

        def put() -> None:
            wanted = objects()
            self.mesh.cluster.apply(yaml.safe_dump_all(wanted))
            applied.update(dict.fromkeys((one["kind"], one["metadata"]["name"]) for one in wanted))
            ever.update(listed())
            eventually(
                lambda: listed() == self.sidecar.server_names() & ever, within=30, what="the list in the sidecar"
            )
            eventually(self.lead, within=30, what="the list serves")
            if any(kind == "EnvoyFilter" for kind, _ in applied):
                eventually(self.checked, within=30, what="the filter in the sidecar")

        self.put = put
        put()
        yield self.asker()
        for kind, name in applied:
            self.mesh.cluster.kubectl("delete", kind, name, "--namespace=istio-system")
        eventually(lambda: not self.lead(), within=30, what="no ServiceEntry any more")

    def exact(self) -> contextlib.AbstractContextManager[Asker]:
        """ServiceEntries by hand, which istiod's sidecars resolve."""
        theirs = entries("theirs", [THEIRS], "DNS", exportTo=["others"])
        return self.standing(
            lambda: [*entries("listed", self.names.exact, "DNS"), *theirs], lambda: set(self.names.exact)
        )

    def wildcards(self) -> contextlib.AbstractContextManager[Asker]:
        """ServiceEntries by hand, by which the application's own address counts."""

        def objects() -> list[dict[str, Any]]:
            theirs = entries("theirs", self.names.others, "NONE", exportTo=["others"])
            return [*entries("listed", self.names.everybody, "NONE"), *theirs]

        return self.standing(objects, lambda: set(self.names.everybody))

    def direct(self, *kinds: str) -> contextlib.AbstractContextManager[Asker]:
        """What base-direct/ makes of the lists that base/ takes, of these kinds; its Sidecar stands already."""

        def objects() -> list[dict[str, Any]]:
            built = yaml.safe_load_all(self.built("direct"))
            return [one for one in built if one["kind"] in ("ServiceEntry", *kinds)]

        return self.standing(objects, lambda: set(self.names.everybody))

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
        with standing(self.mesh, self.built("ambient")) as waypoint:

            def put() -> None:
                wanted = [one for one in yaml.safe_load_all(self.built("ambient")) if one["kind"] != "Namespace"]
                self.mesh.cluster.apply(yaml.safe_dump_all(wanted))
                eventually(lambda: waypoint.holds(wanted), within=30, what="the list at the waypoint")

            self.put = put
            policy = self.mesh.cluster.get("networkpolicy", "egress", "--namespace=istio-egress")
            enforce_egress(waypoint.proxy.pod, policy, selected=[NODE])
            yield AtWaypoint(self.internet, waypoint, tuple(waypoint.addresses().values()), self.stranger)
            stop_enforcing(waypoint.proxy.pod)

    @contextlib.contextmanager
    def seed(self) -> Iterator[Asker]:
        """The post's gateway, which has one list for everybody and no NetworkPolicy."""
        objects: list[dict[str, Any]] = []

        def put() -> None:
            objects[:] = [part for one in objects_of(SEED, sorted(self.names.every)) for part in parts(one)]
            self.mesh.cluster.apply(yaml.safe_dump_all(objects))

        def put_and_wait() -> None:
            put()
            eventually(lambda: proxy.allowed_names() == self.names.every, within=30, what="the list in the seed's")

        put()
        proxy = self.mesh.router(f"ways-seed-{next(self._numbers)}", "istio-egress", LABELS)
        serve(self.mesh, proxy)
        self.put = put_and_wait
        put_and_wait()
        eventually(self.lead, within=30, what="the seed's gateway serves")
        yield self.asker(proxy)
        serve(self.mesh, self.gateway)
        proxy.stop()
        remove(self.mesh.cluster, objects)
        for one in objects:
            if one["kind"] == "ServiceEntry" and one["metadata"]["name"] != "wildcard":
                self.mesh.cluster.kubectl("delete", "serviceentry", one["metadata"]["name"], "--namespace=istio-system")
        self.rest()

    @contextlib.contextmanager
    def ours(self) -> Iterator[Asker]:
        """base/ with client-lists and restrict-direct-egress, its NetworkPolicies enforced."""
        cluster = self.mesh.cluster

        def put() -> None:
            cluster.sync(self.built("gateway"))
            eventually(
                lambda: self.gateway.allowed_names() == self.names.every, within=30, what="both lists in base/'s"
            )

        self.put = put
        put()
        eventually(self.lead, within=30, what="base/'s gateway serves")
        own = cluster.get("networkpolicy", "sni-egressgateway", "--namespace=istio-egress")
        closed = cluster.get("networkpolicy", "restrict-direct-egress", "--namespace=default")
        enforce_egress(self.gateway.pod, own, selected=[NODE])
        for pod in (self.sidecar.pod, self.past.application.pod):
            enforce_egress(pod, closed, selected=[self.gateway.pod.address, NODE])
        yield self.asker(self.gateway)
        for pod in (self.gateway.pod, self.sidecar.pod, self.past.application.pod):
            stop_enforcing(pod)
        self.rest()
