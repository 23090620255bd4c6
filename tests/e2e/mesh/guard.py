"""components/admission in force: its owners go on, and a team with every right of RBAC is told no."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import yaml

from builds import OWNER

from .cluster import Refused
from .overlays import only
from .processes import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .cluster import Cluster
    from .overlays import Overlays

TEAM = "system:serviceaccount:blog:deployer"
CONTROLLERS = "system:kube-controller-manager"
OPENING = {
    "apiVersion": "networking.istio.io/v1",
    "kind": "Gateway",
    "metadata": {"name": "mine", "namespace": "blog"},
    "spec": {
        "servers": [
            {
                "port": {"number": 443, "name": "tls", "protocol": "TLS"},
                "hosts": ["*.example.com"],
                "tls": {"mode": "PASSTHROUGH"},
            }
        ]
    },
}
"""A Gateway for every pod."""


def attempt(cluster: Cluster, manifest: dict[str, Any], user: str = TEAM) -> str:
    """What the API server says to `user`, who has every right of RBAC, against a dry run; empty if it takes it."""
    arguments = ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "--field-manager=team"]
    try:
        cluster.kubectl(*arguments, f"--as={user}", "-f", "-", stdin=json.dumps(manifest))
    except Refused as refused:
        return str(refused)
    return ""


def answered(cluster: Cluster, manifest: dict[str, Any], user: str = TEAM) -> tuple[bool, str]:
    """Whether the API server takes it, in a dry run, and what it says to `user`, be it a warning."""
    arguments = ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "--field-manager=team"]
    return cluster.said(*arguments, f"--as={user}", "-f", "-", stdin=json.dumps(manifest))


@contextlib.contextmanager
def on_guard(cluster: Cluster, overlays: Overlays, actions: Sequence[str] = ("Deny",)) -> Iterator[None]:
    """The policies are in force while the `with` block lasts; all users here may do what RBAC can allow."""
    for namespace in ("blog", "apps"):
        cluster.namespace(namespace)
    users = [f"--user={user}" for user in (TEAM, OWNER, CONTROLLERS)]
    cluster.kubectl("create", "clusterrolebinding", "team", "--clusterrole=cluster-admin", *users)
    made = overlays.make(["*.example.com"], components=("admission",), actions=actions)
    policies = only(made, groups=("admissionregistration.k8s.io",))
    assert len(list(yaml.safe_load_all(policies))) == 8
    cluster.apply(policies)
    try:
        eventually(lambda: answered(cluster, OPENING)[1], within=30, what="the policies are in force")
        yield
    finally:
        cluster.kubectl("delete", "--ignore-not-found", "-f", "-", stdin=policies)
        eventually(lambda: not answered(cluster, OPENING)[1], within=30, what="the policies are gone")
        cluster.kubectl("delete", "clusterrolebinding", "team")


@contextlib.contextmanager
def unbound(cluster: Cluster, name: str) -> Iterator[None]:
    """One of the policies is not bound while the `with` block lasts."""
    binding = cluster.get("validatingadmissionpolicybinding", name)
    kept = {**binding, "metadata": {"name": name}}
    cluster.kubectl("delete", "validatingadmissionpolicybinding", name)
    try:
        yield
    finally:
        cluster.apply(json.dumps(kept))
