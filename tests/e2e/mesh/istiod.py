"""istiod: configuration for the proxies, certificates, and the webhook that validates Istio's resources."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from .internet import wait_for_port
from .network import NODE
from .pki import Authority
from .processes import Daemon, eventually

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .cluster import Cluster

DISCOVERY = "istiod.istio-system.svc"
VALIDATOR = "istio-validator-istio-system"

# Stock Envoy lacks the filters behind Istio's default metrics: no default providers, no metadata exchange. Access
# logging stays off mesh-wide, as in a default installation; whoever wants it asks for it with a Telemetry.
MESH_CONFIG = {
    "defaultProviders": {},
    "enablePrometheusMerge": False,
    "rootNamespace": "istio-system",
    "defaultConfig": {"discoveryAddress": f"{DISCOVERY}:15012"},
}

# The same webhook as in Istio's chart, reached by its DNS name because no cluster IP answers here.
WEBHOOK = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingWebhookConfiguration",
    "metadata": {"name": VALIDATOR, "labels": {"app": "istiod", "istio": "istiod", "istio.io/rev": "default"}},
    "webhooks": [
        {
            "name": "rev.validation.istio.io",
            "clientConfig": {"url": f"https://{DISCOVERY}:15017/validate"},
            "rules": [
                {
                    "operations": ["CREATE", "UPDATE"],
                    "apiGroups": [
                        "security.istio.io",
                        "networking.istio.io",
                        "telemetry.istio.io",
                        "extensions.istio.io",
                    ],
                    "apiVersions": ["*"],
                    "resources": ["*"],
                }
            ],
            "failurePolicy": "Ignore",  # istiod turns this into Fail once it is ready, and fills in caBundle.
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
        }
    ],
}


class Istiod:
    """One istiod against the cluster's API server."""

    def __init__(self, components: Mapping[str, Path], cluster: Cluster, directory: Path, logs: Path) -> None:
        self.cluster = cluster
        directory.mkdir()
        self._mesh_config = directory / "mesh.json"
        self._mesh_config.write_text(json.dumps(MESH_CONFIG))
        self._daemon = Daemon(
            "istiod",
            [
                components["istiod"],
                "discovery",
                f"--kubeconfig={cluster.kubeconfig}",
                f"--meshConfig={self._mesh_config}",
                "--domain=cluster.local",
                "--httpsAddr=:15017",
            ],
            log=logs / "istiod.log",
            cwd=directory,
            env={
                "POD_NAME": "istiod-0",
                "POD_NAMESPACE": "istio-system",
                "REVISION": "default",
                "CLUSTER_ID": "Kubernetes",
                "PILOT_CERT_PROVIDER": "istiod",
                "PILOT_ENABLE_METADATA_EXCHANGE": "false",
                "PILOT_ENABLE_ALPN_FILTER": "false",
                "VALIDATION_WEBHOOK_CONFIG_NAME": VALIDATOR,
                "INJECTION_WEBHOOK_CONFIG_NAME": "",
            },
        )
        self._usual_environment = dict(self._daemon.env)

    def configure(self, settings: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        """Starts it again with these settings of meshConfig and these variables beside the usual ones."""
        self.stop()
        config = {**MESH_CONFIG, **settings}
        self._mesh_config.write_text(json.dumps(config))
        self._daemon.env = {**self._usual_environment, **environment}
        for namespace in {"istio-system", config["rootNamespace"]}:
            # What an installation has and people read: istiod itself takes the file.
            self.cluster.namespace(namespace)
            metadata = {"name": "istio", "namespace": namespace}
            data = {"mesh": json.dumps(config)}
            self.cluster.apply(
                json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
            )
        self.start()

    def start(self) -> None:
        """Starts it; ready means that the webhook validates and refuses by default."""
        self.cluster.namespace("istio-system")
        if VALIDATOR not in self.cluster.kubectl("get", "validatingwebhookconfigurations", "-o", "name"):
            self.cluster.apply(json.dumps(WEBHOOK))
        self._daemon.start(lambda: wait_for_port(NODE, 15012), within=120)
        eventually(self._validates, within=60, what="istiod's webhook validates")

    def _validates(self) -> bool:
        (webhook,) = self.cluster.get("validatingwebhookconfigurations", VALIDATOR)["webhooks"]
        return webhook["failurePolicy"] == "Fail" and bool(webhook["clientConfig"].get("caBundle"))

    def stop(self) -> None:
        """Stops it."""
        self._daemon.stop()

    def root_certificate(self) -> bytes:
        """The mesh's root, in PEM."""
        return self._secret("ca-cert.pem")

    def authority(self, directory: Path) -> Authority:
        """The mesh's root with its key: what whoever has stolen it could sign with."""
        return Authority.existing(self._secret("ca-cert.pem"), self._secret("ca-key.pem"), directory)

    def _secret(self, key: str) -> bytes:
        secret: Any = self.cluster.get("secret", "istio-ca-secret", "--namespace=istio-system")
        return base64.b64decode(secret["data"][key])
