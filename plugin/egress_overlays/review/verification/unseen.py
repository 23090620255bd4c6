"""What verify could not look at: kinds that these manifests have none of, kinds that nobody here knows, and rights.

It may be as it should, or missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...manifest.fields import mapping, mappings, text, texts
from ...manifest.findings import INFO
from ...sites import BY_PATCHES, acts
from ..reaching import is_known
from .fault import fault

if TYPE_CHECKING:
    from collections.abc import Collection

    from ...manifest.resource import Resource
    from ...rendered.rendered import Rendered
    from .fault import Faults, Options

_PARTS = {
    "Gateway": "who may connect",
    "DestinationRule": "how sidecars connect",
    "Service": "where they connect to",
    "Deployment": "which pods they reach",
    "NetworkPolicy": "where those may connect to",
}
_CLUSTERS = {
    *("apiextensions.k8s.io", "admissionregistration.k8s.io", "gateway.networking.k8s.io", "node.k8s.io"),
    *("rbac.authorization.k8s.io", "scheduling.k8s.io", "storage.k8s.io", "egress-overlays.dev"),
    "security.openshift.io",
}
"""Groups of objects of a cluster that others judge, or that say nothing of what runs."""
_RBAC = "rbac.authorization.k8s.io"
_WRITES = {"*", "create", "update", "patch", "delete", "deletecollection", "bind", "escalate", "impersonate"}
_GUARDED = {
    *("*", "networking.istio.io", "networking.k8s.io", "security.istio.io", "gateway.networking.k8s.io"),
    *("admissionregistration.k8s.io", "apiextensions.k8s.io", "extensions.istio.io", _RBAC),
}
_SHOWN = 3


def rule(found: Rendered, options: Options) -> Faults:
    """The kinds of base/ of which none is at hand, beside a gateway's EnvoyFilter, and what is not judged."""
    holder = next((one for one in found.members if acts(one, BY_PATCHES)), None)
    if holder is None:
        return
    here = {one.kind for one in found.resources}
    missing = [f"{kind} ({what})" for kind, what in _PARTS.items() if kind not in here]
    homes = {one.namespace for one in found.members} | {options.root_namespace}
    rights = [one.described for one in found.resources if _gives_rights(one, homes, found.resources)]
    strange = [one.described for one in found.resources if _is_strange(one)]
    deploying = [one.described for one in found.resources if _deploys(one, homes)]
    said = []
    if missing:
        said.append(f"for these manifests have none: {', '.join(missing)}")
    if strange:
        said.append(f"for nobody here knows what they do: {_some(strange)}")
    if rights:
        said.append(f"who may change the gateway by {_some(rights)}")
    if deploying:
        said.append(f"what is deployed beside the gateway by {_some(deploying)}")
    if said:
        yield fault("unseen", f"not looked at, {'; '.join(said)}", holder, (), INFO)


def _some(titles: list[str]) -> str:
    more = f" and {len(titles) - _SHOWN} more" if len(titles) > _SHOWN else ""
    return f"{', '.join(titles[:_SHOWN])}{more}"


def _is_strange(resource: Resource) -> bool:
    """An object of the cluster, or one that may be applied to any namespace, of a kind that is not known."""
    is_free = not resource.namespace and resource.group and resource.group not in _CLUSTERS
    is_free = is_free and not (resource.group == "networking.k8s.io" and resource.kind.startswith("Ingress"))
    return bool(is_free) and not is_known(resource)


def _deploys(resource: Resource, homes: Collection[str]) -> bool:
    """Whether Argo CD or Flux lays objects from elsewhere into a namespace of the gateway's."""
    spec = mapping(resource.value, "spec")
    if (resource.group, resource.kind) == ("argoproj.io", "Application"):
        return text(mapping(spec, "destination"), "namespace") in homes
    if resource.group in ("kustomize.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io"):
        return (text(spec, "targetNamespace") or resource.namespace) in homes
    return False


def _gives_rights(resource: Resource, homes: Collection[str], resources: Collection[Resource]) -> bool:
    """Whether a binding lets somebody write what the gateway is made of; of a role not at hand nobody knows."""
    if resource.group != _RBAC or not resource.kind.endswith("Binding"):
        return False
    if resource.kind == "RoleBinding" and resource.namespace not in homes:
        return False
    name, kind = text(mapping(resource.value, "roleRef"), "name"), text(mapping(resource.value, "roleRef"), "kind")
    for one in resources:
        where = resource.namespace if kind == "Role" else ""
        if (one.kind, one.group, one.name, one.namespace) == (kind, _RBAC, name, where):
            return any(
                _WRITES & set(texts(rule, "verbs")) and _GUARDED & set(texts(rule, "apiGroups"))
                for _, rule in mappings(one.value, "rules")
            )
    return name != "view" and not name.startswith("system:")
