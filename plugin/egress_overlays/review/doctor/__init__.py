"""What of a live mesh keeps base/ from working, or opens it: settings, neighbours, and the cluster around them.

A rule is a function that takes the Mesh and yields Faults; all of them are in `_RULES`. It knows what `kubectl get`
prints and asks nobody anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...manifest.fields import mappings, texts
from ...manifest.findings import ERROR, WARNING
from ..verification.fault import fault
from . import cluster, neighbours, settings
from .catalogue import RULES
from .mesh import Mesh

if TYPE_CHECKING:
    from ...manifest.findings import Finding
    from ...rendered.rendered import Rendered
    from ..verification.fault import Faults

__all__ = ["KINDS", "RULES", "Examination", "examine"]

KINDS = (
    "namespaces",
    "services",
    "pods",
    "deployments.apps",
    "daemonsets.apps",
    "networkpolicies.networking.k8s.io",
    "gateways.networking.istio.io",
    "virtualservices.networking.istio.io",
    "serviceentries.networking.istio.io",
    "destinationrules.networking.istio.io",
    "envoyfilters.networking.istio.io",
    "sidecars.networking.istio.io",
    "authorizationpolicies.security.istio.io",
)
"""What `kubectl get` is asked for, of all namespaces; the ConfigMaps of the root namespace besides."""

_RULES = (settings.rule, neighbours.rule, cluster.rule)


class Examination(NamedTuple):
    """`facts`, each with its name, and what was found."""

    facts: dict[str, str]
    findings: list[Finding]


def examine(found: Rendered) -> Examination:
    """Everything there is to say of the mesh whose objects `found` holds."""
    mesh = Mesh(found)
    findings = [finding for finding, _ in _incomplete(mesh)]
    findings += [finding for rule in _RULES for finding, _ in rule(mesh)]
    return Examination(_facts(mesh), findings)


def _incomplete(mesh: Mesh) -> Faults:
    if not mesh.members:
        message = (
            "no egress list is among the input: no VirtualService or EnvoyFilter that takes part; apply the overlay "
            "first, or read all namespaces"
        )
        yield fault("incomplete", message, None, (), ERROR)
    if not mesh.has_config:
        message = (
            "the mesh's configuration is not among the input (ConfigMap istio, or istio-REVISION, of the root "
            "namespace), so that defaults are assumed; add `kubectl get configmaps -n istio-system -o yaml`"
        )
        yield fault("incomplete", message, None, (), WARNING)


def _facts(mesh: Mesh) -> dict[str, str]:
    version = settings.istio_version(mesh)
    plugin, enforces = cluster.plugin(mesh)
    default = {key: texts(mesh.config, key) for key in ("defaultVirtualServiceExportTo", "defaultServiceExportTo")}
    return {
        "Istio": ".".join(map(str, version)) if version else "not known",
        "gateway's proxies": ", ".join(cluster.gateway_images(mesh)) or "no pod among the input",
        "root namespace": mesh.root,
        "gateway's namespace": ", ".join(sorted(mesh.homes)) or "not known",
        "exportTo defaults": ", ".join(f"{key}: {' '.join(value)}" for key, value in default.items() if value) or "*",
        "gateways scoped to their namespace": mesh.flags.get("PILOT_SCOPE_GATEWAY_TO_NAMESPACE") or "false",
        "discoverySelectors": str(len(list(mappings(mesh.config, "discoverySelectors")))),
        "outboundTrafficPolicy": settings.outbound(mesh),
        "network plugin": f"{plugin}, {'enforces' if enforces else 'does not enforce'} NetworkPolicies"
        if plugin
        else "not known",
    }
