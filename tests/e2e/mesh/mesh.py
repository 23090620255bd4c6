"""The mesh as tests use it: the internet, the cluster, istiod, and pods with a proxy in each."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .application import Application, Outcome
from .cluster import Cluster
from .internet import Internet
from .istiod import DISCOVERY, Istiod
from .network import NODE, PodNetwork, make_node
from .pki import Authority
from .processes import eventually
from .proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SLEEP: dict[str, Any] = {
    "metadata": {"labels": {"app": "sleep"}},
    "spec": {"containers": [{"name": "sleep", "image": "none.invalid/sleep"}], "serviceAccountName": "sleep"},
}


# What sidecars put into the SNI of the mutual TLS to the gateway's subset.
SIDECARS_NAME = "outbound_.443_.wildcard_.egressgateway.istio-egress.svc.cluster.local"
WORKLOAD = "spiffe://cluster.local/ns/apps/sa/sleep"


@dataclass(frozen=True)
class Impostor:
    """A client that speaks the mesh's mutual TLS by itself, past any sidecar."""

    application: Application
    certificate: Path | None
    key: Path | None

    def through(self, gateway: Proxy, name: str, *, outer: str | None = SIDECARS_NAME, port: int = 8443) -> Outcome:
        """Asks a gateway for a name, as a sidecar would: TLS for the name inside of mutual TLS for `outer`."""
        shown = {"certificate": str(self.certificate), "key": str(self.key)} if self.certificate else {}
        where = {"address": gateway.pod.address, "port": port}
        return self.application.get(name, **where, sni=outer, inner=name, unverified=True, **shown)


class Mesh:
    """Everything that runs; each part is started by the fixture named after it, and all of it ends with `stop`."""

    def __init__(self, components: Mapping[str, Path], directory: Path) -> None:
        self.components = components
        self.directory = directory
        self.logs = directory / "logs"
        self.logs.mkdir(parents=True)
        directory.chmod(0o755)  # The application, who is nobody, reads the internet's root certificate below.
        make_node(directory / "resolv.conf")
        self._ending = contextlib.ExitStack()
        self._impostors: dict[str, Impostor] = {}
        self._pod_numbers = itertools.count(10)
        self.internet = Internet(Authority.new("the internet", directory / "internet"))
        self._ending.callback(self.internet.stop)
        self.internet.start()
        self.internet.dns.records[DISCOVERY] = [NODE]
        self.cluster = Cluster(components, directory / "cluster", self.logs)
        self._ending.callback(self.cluster.stop)
        self.istiod = Istiod(components, self.cluster, directory / "istiod", self.logs)
        self._ending.callback(self.istiod.stop)

    def start(self) -> None:
        """Starts the control plane."""
        self.cluster.start()
        self.istiod.start()

    def stop(self) -> None:
        """Ends everything, the last started first."""
        self._ending.close()

    def pod_network(self, name: str) -> PodNetwork:
        """A network namespace for one more pod."""
        pod = PodNetwork(name, next(self._pod_numbers))
        pod.create()
        return pod

    def _proxy(
        self, pod: PodNetwork, role: str, namespace: str, account: str, metadata: Mapping[str, Mapping[str, str]]
    ) -> Proxy:
        directory = self.directory / "pods" / pod.name
        directory.mkdir(parents=True)
        proxy = Proxy(
            self.components,
            pod,
            role="router" if role == "router" else "sidecar",
            namespace=namespace,
            account=account,
            labels=metadata["labels"],
            annotations=metadata.get("annotations", {}),
            directory=directory,
            logs=self.logs,
        )
        self._ending.callback(proxy.stop)
        return proxy

    def gateway(self, deployment: str, service: str, namespace: str, *, pod_name: str = "") -> Proxy:
        """What follows from a Deployment with gateway injection and its Service: a running pod, and its endpoint."""
        template = self.cluster.get("deployment", deployment, f"--namespace={namespace}")["spec"]["template"]
        # istiod reads the pod's account for the certificate the sidecars expect; admission would fill in the default.
        account = template["spec"].setdefault("serviceAccountName", "default")
        pod = self.pod_network(pod_name or f"{deployment}-0")
        self.cluster.service_account(account, namespace)
        self.cluster.pod(pod.name, namespace, template, pod.address)
        self.expose(pod, service, namespace)
        proxy = self._proxy(pod, "router", namespace, account, template["metadata"])
        proxy.start(self.cluster, self.istiod)
        return proxy

    def expose(self, pod: PodNetwork, service: str, namespace: str) -> None:
        """The endpoint of a pod, with every port that its Service has now."""
        found = self.cluster.get("service", service, f"--namespace={namespace}")["spec"]["ports"]
        ports = [{"name": port["name"], "port": port["targetPort"], "protocol": "TCP"} for port in found]
        self.cluster.endpoints(service, namespace, {pod.name: pod.address}, ports)

    def roll_out(self, gateway: Proxy, deployment: str) -> None:
        """Starts a gateway again as its Deployment now asks for it, in the same pod."""
        found = self.cluster.get("deployment", deployment, f"--namespace={gateway.namespace}")
        gateway.annotations = found["spec"]["template"]["metadata"]["annotations"]
        gateway.start(self.cluster, self.istiod)

    def second_pod(self, name: str, deployment: str, namespace: str) -> Proxy:
        """One more pod of a Deployment with gateway injection, ready, and no endpoint of any Service yet."""
        template = self.cluster.get("deployment", deployment, f"--namespace={namespace}")["spec"]["template"]
        account = template["spec"]["serviceAccountName"]
        pod = self.pod_network(name)
        self.cluster.service_account(account, namespace)
        self.cluster.pod(name, namespace, template, pod.address)
        proxy = self._proxy(pod, "router", namespace, account, template["metadata"])
        container = next(one for one in template["spec"]["containers"] if one["name"] == "istio-proxy")
        proxy.environment = {one["name"]: one["value"] for one in container.get("env", [])}
        proxy.start(self.cluster, self.istiod)
        return proxy

    def router(self, name: str, namespace: str, labels: Mapping[str, str]) -> Proxy:
        """A gateway pod of somebody else's: labels and the default account."""
        self.cluster.namespace(namespace)
        self.cluster.service_account("default", namespace)
        pod = self.pod_network(name)
        # As a namespace of base/ asks for it (Pod Security Standards, restricted).
        context = {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        containers = [{"name": "istio-proxy", "image": "auto", "securityContext": context}]
        template: dict[str, Any] = {
            "metadata": {"labels": labels},
            "spec": {"containers": containers, "serviceAccountName": "default"},
        }
        self.cluster.pod(name, namespace, template, pod.address)
        proxy = self._proxy(pod, "router", namespace, "default", template["metadata"])
        proxy.start(self.cluster, self.istiod)
        return proxy

    def sidecar(self, name: str, namespace: str) -> Proxy:
        """The seed's sleep pod with its sidecar, whose access log is on (a Telemetry of the namespace's own)."""
        self.cluster.namespace(namespace)
        self.cluster.service_account("sleep", namespace)
        telemetry = {
            "apiVersion": "telemetry.istio.io/v1",
            "kind": "Telemetry",
            "metadata": {"name": "access-log", "namespace": namespace},
            "spec": {"accessLogging": [{"providers": [{"name": "envoy"}]}]},
        }
        self.cluster.apply(json.dumps(telemetry))
        pod = self.pod_network(name)
        pod.redirect_to_sidecar()
        self.cluster.pod(pod.name, namespace, SLEEP, pod.address)
        proxy = self._proxy(pod, "sidecar", namespace, "sleep", SLEEP["metadata"])
        proxy.start(self.cluster, self.istiod)
        return proxy

    def robbed(self, name: str, namespace: str) -> tuple[Proxy, Path, Path]:
        """As `sidecar`, and the files of certificate and key that istiod issued to it, which its pilot-agent wrote."""
        issued = self.directory / f"issued-to-{namespace}"
        issued.mkdir()
        os.environ["OUTPUT_CERTS"] = str(issued)
        try:
            sidecar = self.sidecar(name, namespace)
        finally:
            del os.environ["OUTPUT_CERTS"]
        certificate, key = issued / "cert-chain.pem", issued / "key.pem"
        eventually(key.exists, within=10, what=f"the certificate of {namespace}")
        for file in (certificate, key):
            file.chmod(0o644)  # The client is nobody.
        return sidecar, certificate, key

    def impostor(self, name: str) -> Impostor:
        """Whoever has got hold of the mesh's root: a client outside the mesh with a workload's certificate."""
        if name not in self._impostors:
            certificate, key = self.istiod.authority(self.directory / "mesh-root").leaf(WORKLOAD)
            key.chmod(0o644)
            self._impostors[name] = Impostor(self.application(self.pod_network(name)), certificate, key)
        return self._impostors[name]

    def application(self, pod: PodNetwork) -> Application:
        """A client in a pod."""
        application = Application(pod, self.internet.authority.root)
        self._ending.callback(application.stop)
        return application
