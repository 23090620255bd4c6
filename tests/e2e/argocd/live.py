"""What the cluster holds of an overlay, and what it should hold."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

from mesh.live import ROUTES

import quick_yaml as yaml

if TYPE_CHECKING:
    from mesh.cluster import Cluster

    from argocd.installation import ArgoCD
    from argocd.repository import Repository

HINT = "not injected: build with --enable-alpha-plugins --enable-exec"


def live_hosts(cluster: Cluster) -> list[str]:
    """The names that are routed to the gateway."""
    hosts: list[str] = cluster.get("virtualservice", ROUTES, "--namespace=istio-system")["spec"]["hosts"]
    return hosts


def own_build(argocd: ArgoCD, repository: Repository, overlay: str) -> list[dict[str, Any]]:
    """What a person's own build of the overlay gives."""
    command = ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec", f"overlays/{overlay}"]
    # Both ways of a build: overlays for the sidecar list plugin/inject-legacy, the others plugin/inject-installed.
    environ = {
        "PATH": f"{argocd.volume}:{argocd.kustomize.parent}:/usr/bin:/bin",
        "KUSTOMIZE_PLUGIN_HOME": str(argocd.volume),
    }
    built = subprocess.run(command, cwd=repository.directory, env=environ, capture_output=True, text=True, check=True)
    return list(yaml.safe_load_all(built.stdout))


def expected_hosts(argocd: ArgoCD, repository: Repository, overlay: str) -> list[str]:
    """The names that it routes to the gateway."""
    (hosts,) = [
        one["spec"]["hosts"] for one in own_build(argocd, repository, overlay) if one["kind"] == "VirtualService"
    ]
    assert len(hosts) > 3
    return list(hosts)
