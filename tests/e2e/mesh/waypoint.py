"""The waypoint of base-ambient/: istiod in ambient mode, the pod of the Gateway, and who asks there."""

from __future__ import annotations

import contextlib
import itertools
import re
from typing import TYPE_CHECKING, Any, Literal

import quick_yaml as yaml

from . import hbone
from .processes import eventually
from .proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .mesh import Mesh

NAMESPACE, NAME = "istio-egress", "egress"
AMBIENT = {"ENABLE_WILDCARD_HOST_SERVICE_ENTRIES_FOR_TLS": "true", "PILOT_ENABLE_AMBIENT": "true"}
LABELS = {"gateway.networking.k8s.io/gateway-name": NAME}
# What stock Envoy lacks parts for: Istio's own filters, and the listeners for other networks.
_METADATA = ("waypoint_downstream_peer_metadata", "waypoint_upstream_peer_metadata")
_ORIGINATING = ("inner_connect_originate", "outer_connect_originate")


class Waypoint:
    """A waypoint that runs, and the addresses at which it serves."""

    def __init__(self, mesh: Mesh, proxy: Proxy) -> None:
        self.mesh, self.proxy = mesh, proxy
        self._authority = mesh.istiod.authority(mesh.directory / "mesh-root")

    def addresses(self) -> dict[str, str]:
        """The address of each host, which ztunnel leads to the waypoint."""
        entries = self.mesh.cluster.get("serviceentries.networking.istio.io", f"--namespace={NAMESPACE}")["items"]
        return {
            one["host"]: one["value"]
            for entry in entries
            for one in entry.get("status", {}).get("addresses", [])
            if ":" not in one["value"]
        }

    def title(
        self,
        name: str | None,
        *,
        at: str,
        namespace: str = "apps",
        port: int = 443,
        raw: bytes = b"",
        shown: tuple[Path, Path] | Literal["own"] | None = "own",
    ) -> str | None:
        """The page that a workload of the namespace gets for this name in the SNI, at an address or a host's.

        `raw` is sent instead; `shown` is another certificate, or None for none.
        """
        own = f"spiffe://cluster.local/ns/{namespace}/sa/sleep"
        identity = self._authority.leaf(own) if shown == "own" else shown
        address = at if ":" in at or at[-1:].isdigit() else self.addresses()[at]
        address = f"[{address}]" if ":" in address else address
        root = self.mesh.internet.authority.root
        return hbone.title(self.proxy.pod.address, identity, f"{address}:{port}", name, root, raw=raw)

    def holds(self, objects: list[dict[str, Any]]) -> bool:
        """Whether it serves the hosts of these ServiceEntries, and no others, and each has an address."""
        hosts = {host for one in objects if one["kind"] == "ServiceEntry" for host in one["spec"]["hosts"]}
        return set(self.filters()) == hosts == set(self.addresses())

    def filters(self) -> dict[str, list[str]]:
        """The filters of each of its chains for a host, by the host."""
        listener = self.proxy.config("listeners").get("main_internal", {})
        return {
            chain["name"].rpartition("|")[2]: [one["name"] for one in chain["filters"]]
            for chain in listener.get("filter_chains", [])
            if chain["name"].startswith("inbound-vip|")
        }


def _for_stock_envoy() -> dict[str, Any]:
    """An EnvoyFilter that takes out what only Istio's own Envoy has."""
    manager = {"name": "envoy.filters.network.http_connection_manager"}

    def removed(apply_to: str, listener: dict[str, Any]) -> dict[str, Any]:
        match = {"context": "SIDECAR_INBOUND", "listener": listener}
        return {"applyTo": apply_to, "match": match, "patch": {"operation": "REMOVE"}}

    patches = [removed("NETWORK_FILTER", {"filterChain": {"filter": {"name": one}}}) for one in _METADATA]
    patches += [
        removed("HTTP_FILTER", {"filterChain": {"filter": {**manager, "subFilter": {"name": one}}}})
        for one in _METADATA
    ]
    patches += [removed("LISTENER", {"name": one}) for one in _ORIGINATING]
    target = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": NAME}
    return {
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "EnvoyFilter",
        "metadata": {"name": "stock-envoy", "namespace": NAMESPACE},
        "spec": {"targetRefs": [target], "configPatches": patches},
    }


def _service() -> dict[str, Any]:
    """The Service that istiod makes of the Gateway."""
    ports = [{"name": "mesh", "port": hbone.PORT, "protocol": "TCP"}]
    metadata = {"name": NAME, "namespace": NAMESPACE, "labels": LABELS}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"selector": LABELS, "ports": ports}}


def _bootstrap(mesh: Mesh, directory: Path) -> Path:
    """The bootstrap template without the extension that stock Envoy lacks."""
    text = mesh.components["envoy-bootstrap"].read_text()
    found = directory / "bootstrap.json"
    found.write_text(re.sub(r"\{\{- if \.metadata_discovery \}\}.*?\{\{- end \}\}", "", text, flags=re.DOTALL))
    return found


# A pod's network stays to the end of a run, in which two files have a waypoint each.
_NUMBERS = itertools.count()


@contextlib.contextmanager
def ambient(mesh: Mesh) -> Iterator[None]:
    """istiod as a waypoint needs it; as it was afterwards."""
    mesh.istiod.configure({}, AMBIENT)
    try:
        yield
    finally:
        mesh.istiod.configure({}, {})


@contextlib.contextmanager
def standing(mesh: Mesh, manifests: str) -> Iterator[Waypoint]:
    """These manifests of base-ambient/ in the mesh, and their waypoint; istiod is as it was afterwards."""
    built = [one for one in yaml.safe_load_all(manifests) if one["kind"] != "Namespace"]
    with ambient(mesh):
        mesh.cluster.apply(yaml.safe_dump_all(built))
        try:
            with running(mesh, built) as waypoint:
                yield waypoint
        finally:
            _remove(mesh, built)


@contextlib.contextmanager
def running(mesh: Mesh, objects: list[dict[str, Any]]) -> Iterator[Waypoint]:
    """The waypoint's pod for these objects, which are there, in a mesh whose istiod is AMBIENT."""
    cluster = mesh.cluster
    own = [_for_stock_envoy(), _service()]
    cluster.apply(yaml.safe_dump_all(own))
    cluster.service_account(NAME, NAMESPACE)
    pod = mesh.pod_network(f"waypoint-{next(_NUMBERS)}")
    container = {
        "name": "istio-proxy",
        "image": "auto",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    labels = {**LABELS, "gateway.istio.io/managed": "istio.io-mesh-controller"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container], "serviceAccountName": NAME}}
    cluster.pod(pod.name, NAMESPACE, template, pod.address)
    cluster.endpoints(NAME, NAMESPACE, {pod.name: pod.address}, _service()["spec"]["ports"])
    directory = mesh.directory / "pods" / pod.name
    directory.mkdir(parents=True)
    proxy = Proxy(
        {**mesh.components, "envoy-bootstrap": _bootstrap(mesh, directory)},
        pod,
        role="waypoint",
        namespace=NAMESPACE,
        account=NAME,
        labels=labels,
        annotations={},
        directory=directory,
        logs=mesh.logs,
    )
    # Without a version istiod takes it for one that speaks what stock Envoy does not.
    proxy.environment = {"ISTIO_META_ISTIO_VERSION": "1.29.1"}
    try:
        proxy.start(cluster, mesh.istiod)
        waypoint = Waypoint(mesh, proxy)
        eventually(lambda: waypoint.holds(objects), within=60, what="every host at the waypoint")
        yield waypoint
    finally:
        proxy.stop()
        cluster.kubectl("delete", "pod", pod.name, f"--namespace={NAMESPACE}", "--wait=false", "--force")
        _remove(mesh, own)


def _remove(mesh: Mesh, objects: list[dict[str, Any]]) -> None:
    for one in objects:
        kind = f"{one['kind']}.{one['apiVersion'].rpartition('/')[0]}".rstrip(".")
        mesh.cluster.kubectl(
            "delete", kind, one["metadata"]["name"], f"--namespace={one['metadata']['namespace']}", "--ignore-not-found"
        )
