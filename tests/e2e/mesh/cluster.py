"""The Kubernetes API: etcd and kube-apiserver, spoken to with kubectl. No controllers, no kubelet: pods by hand."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import yaml

from builds import FLUX, OWNER

from .components import CRDS
from .internet import wait_for_port
from .network import NODE
from .pki import Authority, signing_key
from .processes import Daemon

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ADMIN_TOKEN = "e2e-admin"  # noqa: S105 -- of an API server that lives for one test run
TOKENS = {OWNER: "e2e-argocd", FLUX: "e2e-flux"}
"""Of the service accounts that sync: they have every right of RBAC, and no group that may do as it likes."""
PORT = 6443


class Refused(RuntimeError):  # noqa: N818 -- an answer, not a fault
    """kubectl said no; the message is what it printed."""


AUDIT = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {
            "level": "Metadata",
            "verbs": ["create", "update", "patch", "delete"],
            "resources": [{"group": group} for group in ("networking.istio.io", "networking.k8s.io", "apps")],
        },
        {"level": "None"},
    ],
}
"""What is audited: changes of what components/admission looks at."""


class Cluster:
    """An API server with an empty etcd behind it."""

    def __init__(self, components: Mapping[str, Path], directory: Path, logs: Path) -> None:
        self._components = components
        self._synced: set[tuple[str, str, str]] = set()
        directory.mkdir()
        self.kubeconfig = directory / "kubeconfig.json"
        authority = Authority.new("kubernetes", directory / "pki")
        certificate, key = authority.leaf(NODE, "127.0.0.1", "kubernetes.default.svc")
        tokens = directory / "tokens.csv"
        tokens.write_text(
            f"{ADMIN_TOKEN},admin,admin,system:masters\n"
            + "".join(f"{token},{user},{user},system:serviceaccounts\n" for user, token in TOKENS.items())
        )
        accounts = signing_key(directory / "service-accounts.key")
        self._root = authority.root
        self.kubeconfig.write_text(json.dumps(_kubeconfig(authority.root, ADMIN_TOKEN)))
        audit = directory / "audit.json"
        audit.write_text(json.dumps(AUDIT))
        self._audit_log = logs / "audit.log"
        self.etcd = Daemon(
            "etcd",
            [
                components["etcd"],
                f"--data-dir={directory / 'etcd'}",
                "--unsafe-no-fsync",
                "--log-level=warn",
                "--max-request-bytes=1572864",
            ],
            log=logs / "etcd.log",
        )
        self.api_server = Daemon(
            "kube-apiserver",
            [
                components["kube-apiserver"],
                "--etcd-servers=http://127.0.0.1:2379",
                f"--secure-port={PORT}",
                f"--advertise-address={NODE}",
                "--endpoint-reconciler-type=none",
                f"--tls-cert-file={certificate}",
                f"--tls-private-key-file={key}",
                f"--token-auth-file={tokens}",
                "--authorization-mode=RBAC",
                "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
                f"--service-account-key-file={accounts}",
                f"--service-account-signing-key-file={accounts}",
                "--service-cluster-ip-range=10.96.0.0/16",
                f"--audit-policy-file={audit}",
                f"--audit-log-path={self._audit_log}",
                "--disable-admission-plugins=ServiceAccount",  # Its controller, which makes the accounts, does not run.
            ],
            log=logs / "kube-apiserver.log",
        )

    def start(self) -> None:
        """Starts both and loads the CRDs of Istio, the Gateway API and the Prometheus operator."""
        self.etcd.start(lambda: wait_for_port("127.0.0.1", 2379))
        self.start_api_server()
        for crds in CRDS:
            self.kubectl("apply", "--server-side", "-f", str(self._components[crds]))
        self.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")

    def start_api_server(self) -> None:
        """Starts the API server, or starts it again on the same etcd."""
        self.api_server.start(self._ready, within=90)

    def restart_api_server(self) -> None:
        """Ends the API server and starts it again: beside a running Argo CD it takes some 25 MB more each second."""
        self.api_server.stop()
        self.start_api_server()

    def _ready(self) -> bool:
        try:
            return self.kubectl("get", "--raw", "/readyz").strip() == "ok"
        except Refused:
            return False

    def stop(self) -> None:
        """Stops both."""
        self.api_server.stop()
        self.etcd.stop()

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Runs kubectl as the cluster's administrator and returns its stdout; Refused carries what it said instead."""
        done = self._run(*arguments, stdin=stdin)
        if done.returncode:
            raise Refused(done.stderr.strip())
        return done.stdout

    def said(self, *arguments: str, stdin: str | None = None) -> tuple[bool, str]:
        """Whether kubectl did it, and what it said on stderr, where warnings stand too."""
        done = self._run(*arguments, stdin=stdin)
        return not done.returncode, done.stderr.strip()

    def _run(self, *arguments: str, stdin: str | None) -> subprocess.CompletedProcess[str]:
        command = [str(self._components["kubectl"]), f"--kubeconfig={self.kubeconfig}", *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)

    def audited(self, annotation: str) -> list[tuple[str, str, str]]:
        """(user, object's name, value) of each event of the audit log that has this annotation."""
        events = [json.loads(line) for line in self._audit_log.read_text().splitlines()]
        return [
            (one.get("impersonatedUser", one["user"])["username"], one["objectRef"].get("name", ""), value)
            for one in events
            if (value := one.get("annotations", {}).get(annotation))
        ]

    def kubeconfig_of(self, user: str) -> Path:
        """The kubeconfig of one of TOKENS, who may do what RBAC can allow."""
        path = self.kubeconfig.with_name(f"{TOKENS[user]}.json")
        if not path.exists():
            path.write_text(json.dumps(_kubeconfig(self._root, TOKENS[user])))
            self.kubectl("create", "clusterrolebinding", TOKENS[user], "--clusterrole=cluster-admin", f"--user={user}")
        return path

    def apply(self, manifests: str) -> str:
        """`kubectl apply --server-side`: what a person types."""
        return self.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=manifests)

    def sync(self, manifests: str) -> None:
        """Applies, then deletes what the last sync had and this one lacks, as GitOps tools do."""
        self.apply(manifests)
        wanted = objects(manifests)
        for gone in self._synced - wanted:
            kind, namespace, name = gone
            self.kubectl("delete", kind, name, f"--namespace={namespace}", "--ignore-not-found", "--wait=false")
        self._synced = wanted

    def refusals(self, manifests: str, *arguments: str) -> str:
        """What the API server and every webhook say against these manifests (a dry run): empty if they take all."""
        dry = ("apply", "--server-side", "--force-conflicts", "--dry-run=server")
        try:
            self.kubectl(*dry, *arguments, "-f", "-", stdin=manifests)
        except Refused as refused:
            return str(refused)
        return ""

    def get(self, *arguments: str) -> Any:
        """`kubectl get ... -o json`, parsed."""
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def namespace(self, name: str) -> None:
        """Makes a namespace if it is not there."""
        self.apply(json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))

    def service_account(self, name: str, namespace: str) -> None:
        """Makes a service account if it is not there."""
        metadata = {"name": name, "namespace": namespace}
        self.apply(json.dumps({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}))

    def token(self, account: str, namespace: str, audience: str) -> str:
        """A service account's token, as a projected volume would hold it."""
        return self.kubectl("create", "token", account, f"--namespace={namespace}", f"--audience={audience}").strip()

    def pod(self, name: str, namespace: str, template: Mapping[str, Any], address: str) -> None:
        """Makes a pod from a template (metadata and spec of a Deployment's) and says that it runs at this address."""
        metadata = {**template.get("metadata", {}), "name": name, "namespace": namespace}
        self.apply(json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}))
        now = "2026-01-01T00:00:00Z"
        status = {
            "phase": "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": now}],
        }
        patch = ("patch", "pod", name, f"--namespace={namespace}", "--subresource=status", "--type=merge")
        self.kubectl(*patch, "-p", json.dumps({"status": status}))

    def roll_out(self, namespace: str) -> None:
        """Says of every Deployment that it runs as it now is, as the controllers would: none run here."""
        for item in self.get("deployments", f"--namespace={namespace}")["items"]:
            name, generation = item["metadata"]["name"], item["metadata"]["generation"]
            if item.get("status", {}).get("observedGeneration") == generation:
                continue
            count = item["spec"].get("replicas", 1)
            now = "2026-01-01T00:00:00Z"
            reasons = {"Available": "MinimumReplicasAvailable", "Progressing": "NewReplicaSetAvailable"}
            status = {
                "observedGeneration": generation,
                **dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), count),
                "conditions": [
                    {"type": kind, "status": "True", "reason": reason, "lastTransitionTime": now, "lastUpdateTime": now}
                    for kind, reason in reasons.items()
                ],
            }
            patch = ("patch", "deployment", name, f"--namespace={namespace}", "--subresource=status", "--type=merge")
            self.kubectl(*patch, "-p", json.dumps({"status": status}))

    def endpoints(self, service: str, namespace: str, pods: Mapping[str, str], ports: list[dict[str, Any]]) -> None:
        """An EndpointSlice for a Service, as its controller would write it: pod names to addresses."""
        ready = {"ready": True, "serving": True, "terminating": False}
        self.apply(
            json.dumps(
                {
                    "apiVersion": "discovery.k8s.io/v1",
                    "kind": "EndpointSlice",
                    "metadata": {
                        "name": f"{service}-e2e",
                        "namespace": namespace,
                        "labels": {"kubernetes.io/service-name": service},
                    },
                    "addressType": "IPv4",
                    "ports": ports,
                    "endpoints": [
                        {
                            "addresses": [address],
                            "conditions": ready,
                            "targetRef": {"kind": "Pod", "name": name, "namespace": namespace},
                        }
                        for name, address in pods.items()
                    ],
                }
            )
        )


def objects(manifests: str) -> set[tuple[str, str, str]]:
    """Kind, namespace and name of a stream's objects, but for namespaces: nothing here finishes deleting one."""
    found = (item for item in yaml.load_all(manifests, yaml.CSafeLoader) if item and item["kind"] != "Namespace")
    return {
        (
            f"{item['kind']}.{item['apiVersion'].rpartition('/')[0]}".rstrip("."),
            item["metadata"].get("namespace", ""),
            item["metadata"]["name"],
        )
        for item in found
    }


def _kubeconfig(root: Path, token: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "e2e",
        "contexts": [{"name": "e2e", "context": {"cluster": "e2e", "user": "admin"}}],
        "clusters": [
            {"name": "e2e", "cluster": {"server": f"https://{NODE}:{PORT}", "certificate-authority": str(root)}}
        ],
        "users": [{"name": "admin", "user": {"token": token}}],
    }
