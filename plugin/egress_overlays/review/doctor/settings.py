"""Rules for the mesh's own settings: what of it hides base/'s objects, or lets traffic past them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ...manifest.fields import mapping, mappings, text, texts
from ...manifest.findings import ERROR, WARNING
from ..verification.fault import fault
from .mesh import images

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...manifest.resource import Resource
    from ..verification.fault import Faults
    from .mesh import Mesh

    Version = tuple[int, int]

_DEFAULTS = {
    "VirtualService": "defaultVirtualServiceExportTo",
    "ServiceEntry": "defaultServiceExportTo",
    "Service": "defaultServiceExportTo",
    "DestinationRule": "defaultDestinationRuleExportTo",
}
_EXPORT = "networking.istio.io/exportTo"
_CHECKED, _BASE, _CLIENT_LISTS = (1, 28), (1, 29), (1, 30)


def rule(mesh: Mesh) -> Faults:
    """The faults of settings."""
    yield from _version(mesh)
    yield from _visibility(mesh)
    yield from _discovery(mesh)
    yield from _scope(mesh)
    yield from _outbound(mesh)
    yield from _injection(mesh)


def istio_version(mesh: Mesh) -> Version | None:
    """Major and minor of istiod, by the tag of its image; None where that tells none."""
    return next((found for one in mesh.istiod if (found := version_of(one))), None)


def version_of(one: Resource) -> Version | None:
    """Major and minor of Istio, by the tags of its images in a Pod or workload."""
    tags = (re.search(r"(?:pilot|istiod|proxyv2)[^:]*:(\d+)\.(\d+)", image) for image in images(one))
    return next(((int(tag[1]), int(tag[2])) for tag in tags if tag), None)


def envoy_of(version: Version) -> str:
    """The Envoy in that Istio's proxies: 1.29 carries 1.37, and each minor release the next one."""
    return f"Envoy {version[0]}.{version[1] + 8}"


def _version(mesh: Mesh) -> Faults:
    """Istiod and the gateway's pods, which keep their proxy until they are restarted; each version is told once."""
    pods = [one for one in mesh.of("Pod") if mesh.selects(one.namespace, one.labels)]
    for version, one in {version_of(one): one for one in (*pods, *mesh.istiod)}.items():
        if version is None:
            continue
        has, do = ("runs the proxy of", "restart it, or upgrade istiod") if one in pods else ("is", "upgrade")
        is_it = f"{has} Istio {version[0]}.{version[1]} ({envoy_of(version)})"
        if version < _BASE:
            message = (
                f"{is_it}, whose proxies drop upstream_connect_mode: refused addresses are connected to before they "
                f"are refused; {do} to {_BASE[0]}.{_BASE[1]}"
            )
            works = version >= _CHECKED and not mesh.is_limited
            yield fault("version", message, one, (), WARNING if works else ERROR)
        elif mesh.is_limited and version < _CLIENT_LISTS:
            message = (
                f"{is_it}, whose proxies refuse the listener with lists for clients (components/client-lists), so that "
                f"nobody gets out; {do} to {_CLIENT_LISTS[0]}.{_CLIENT_LISTS[1]}"
            )
            yield fault("version", message, one)


def _visibility(mesh: Mesh) -> Faults:
    own = [*(one for one in mesh.members if one.kind in _DEFAULTS), *mesh.services]
    own += [one for one, is_own in mesh.rules if is_own]
    for one in own:
        setting = _DEFAULTS[one.kind]
        default = texts(mesh.config, setting)
        if default and "*" not in default and not _exported(one):
            where = "annotate it networking.istio.io/exportTo:" if one.kind == "Service" else "write exportTo:"
            message = f'says no exportTo, and the mesh\'s {setting} is {", ".join(default)}: {where} "*"'
            yield fault("visibility", message, one)


def _exported(one: Resource) -> list[str]:
    if one.kind == "Service":
        written = one.annotations.get(_EXPORT)
        return [str(written)] if written else []
    return texts(one.value.get("spec"), "exportTo")


def _discovery(mesh: Mesh) -> Faults:
    selectors = [one for _, one in mappings(mesh.config, "discoverySelectors")]
    for name in sorted(mesh.homes | {one.namespace for one in mesh.members}) if selectors else ():
        namespace = mesh.namespaces.get(name)
        if namespace is None:
            message = f"the Namespace {name} is not among the input, and discoverySelectors go by its labels"
            yield fault("incomplete", message, None, (), WARNING)
        elif name != mesh.root and not any(_selects(one, namespace.labels) for one in selectors):
            wanted = next((mapping(one, "matchLabels") for one in selectors), {})
            labels = ", ".join(f"{key}: {value}" for key, value in wanted.items())
            message = (
                "matches none of the mesh's discoverySelectors, so that istiod does not see it; label it "
                f"{labels or 'as they say'} (components/discovery)"
            )
            yield fault("discovery", message, namespace, ("metadata", "labels"))


def _selects(selector: dict[str, Any], labels: dict[str, Any]) -> bool:
    """Kubernetes, LabelSelector."""
    for _, one in mappings(selector, "matchExpressions"):
        value, operator = labels.get(text(one, "key")), text(one, "operator")
        among = value in texts(one, "values")
        if not {"In": among, "NotIn": not among, "Exists": value is not None, "DoesNotExist": value is None}[operator]:
            return False
    return mapping(selector, "matchLabels").items() <= labels.items()


def _scope(mesh: Mesh) -> Faults:
    if mesh.flags.get("PILOT_SCOPE_GATEWAY_TO_NAMESPACE", "").lower() not in ("true", "1"):
        return
    for gateway in mesh.ours.gateways:
        if mesh.homes and gateway.namespace not in mesh.homes:
            message = (
                "stands in another namespace than the gateway's pods, and istiod has "
                f"PILOT_SCOPE_GATEWAY_TO_NAMESPACE: they get no listener; put it into {', '.join(sorted(mesh.homes))}"
            )
            yield fault("scope", message, gateway, ("metadata", "namespace"))


def outbound(mesh: Mesh) -> str:
    """The mode of meshConfig; ALLOW_ANY where it says none (Istio, MeshConfig.OutboundTrafficPolicy)."""
    return text(mapping(mesh.config, "outboundTrafficPolicy"), "mode") or "ALLOW_ANY"


def _outbound(mesh: Mesh) -> Faults:
    """A Sidecar of a namespace takes the place of the root one as a whole, its outboundTrafficPolicy too."""
    mode = outbound(mesh)
    sidecars = mesh.of("Sidecar")
    default = [one for one in sidecars if one.namespace == mesh.root and not _selector(one)]
    effective = next((_mode(one) for one in default if _mode(one)), mode)
    if effective != "REGISTRY_ONLY" and mesh.has_config:
        message = (
            f"the mesh's outboundTrafficPolicy is {effective}: names that are not listed leave the pods directly; "
            "set REGISTRY_ONLY in meshConfig, or take components/restrict-direct-egress"
        )
        yield fault("outbound", message, None, (), WARNING)
    for one in sidecars:
        own = _mode(one) or mode
        if one not in default and own != "REGISTRY_ONLY" and (_mode(one) or effective == "REGISTRY_ONLY"):
            message = (
                f"takes the place of the mesh's default Sidecar, and its outboundTrafficPolicy is {own}: names that "
                "are not listed leave these pods directly; write mode: REGISTRY_ONLY here, or in meshConfig"
            )
            yield fault("outbound", message, one, ("spec", "outboundTrafficPolicy"))
    for one in sidecars:
        is_ours = one.namespace == "istio-system" and one.name == "default"
        if is_ours and mesh.root != "istio-system" and _mode(one):
            message = f"the mesh's root namespace is {mesh.root}, so that this one counts for istio-system alone"
            yield fault("root-namespace", message, one, ("metadata", "namespace"))


def _selector(one: Resource) -> dict[str, Any]:
    return mapping(one.value, "spec", "workloadSelector")


def _mode(one: Resource) -> str:
    return text(mapping(one.value, "spec", "outboundTrafficPolicy"), "mode")


def _injection(mesh: Mesh) -> Faults:
    for one in _workloads(mesh):
        labels = mapping(one.value, "spec", "template", "metadata", "labels")
        namespace = mesh.namespaces.get(one.namespace)
        around = namespace.labels if namespace else {}
        asked = labels.get("sidecar.istio.io/inject") == "true" or "istio.io/rev" in labels
        if not asked and around.get("istio-injection") != "enabled" and "istio.io/rev" not in around:
            message = 'no webhook completes its pods: write the label sidecar.istio.io/inject: "true" on the template'
            yield fault("injection", message, one, ("spec", "template", "metadata", "labels"))
    for pod in mesh.of("Pod"):
        if mesh.selects(pod.namespace, pod.labels) and "auto" in images(pod):
            message = (
                "has the image auto: no webhook completed it; with a control plane by revision take components/revision"
            )
            yield fault("injection", message, pod)


def _workloads(mesh: Mesh) -> Iterator[Resource]:
    for one in mesh.of("Deployment"):
        labels = mapping(one.value, "spec", "template", "metadata", "labels")
        if labels and any(pods.is_whole and pods.labels == labels for pods in mesh.ours.workloads):
            yield one
