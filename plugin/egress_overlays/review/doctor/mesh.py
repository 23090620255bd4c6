"""A live mesh as `kubectl get` prints it: its configuration, and which objects are our gateway's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...manifest.fields import mapping, mappings, text
from ...rendered.workloads import Gateways, is_istio
from ...sites import SIDECAR
from ...yamltext import InvalidInput, NotPlain, anystyle
from ...yamltext.document import Document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...manifest.resource import Resource
    from ...rendered.host_lists import HostList
    from ...rendered.rendered import Rendered

PORT = 8443
"""Where base/'s mesh listener is."""


class Mesh:
    """`config` is meshConfig, `flags` istiod's environment, `root` the root namespace; `ours` the gateways of the sets.

    `members` take part in a set, `routed` are their names in sidecars. `has_config`: the ConfigMap istio was there.
    `is_limited`: the gateway asks who a client is, for lists that are for some alone.
    """

    def __init__(self, found: Rendered) -> None:
        self.resources = found.resources
        self.config, self.has_config = _config(self.resources)
        self.istiod = [one for one in self.of("Deployment") if _is_istiod(one)]
        self.flags = {key: value for one in self.istiod for key, value in _environment(one)}
        self.root = text(self.config, "rootNamespace") or "istio-system"
        entries = [entry for lists in found.lists.values() for entry in lists]
        self.is_limited = any(found.rules.values())
        self.members = found.members
        self.routed: list[HostList] = [entry for entry in entries if entry.hop == SIDECAR]
        self.ours = Gateways(self.resources, self.members, self.root)
        self.namespaces = {one.name: one for one in self.of("Namespace")}

    def of(self, kind: str) -> list[Resource]:
        """The objects of `kind`; of Istio's, those of networking.istio.io."""
        istio = kind in ("Gateway", "VirtualService", "ServiceEntry", "DestinationRule", "Sidecar", "EnvoyFilter")
        return [one for one in self.resources if (is_istio(one, kind) if istio else one.kind == kind)]

    @property
    def homes(self) -> set[str]:
        """The namespaces of the gateway's pods."""
        return {pods.namespace for pods in self.ours.workloads if pods.namespace}

    def selects(self, namespace: str, labels: dict[str, Any]) -> bool:
        """Whether a selector in `namespace` (any, where it is the root one) certainly means pods of ours."""
        return any(
            namespace in (pods.namespace, self.root) and pods.selected(labels) is True for pods in self.ours.workloads
        )

    @property
    def services(self) -> list[Resource]:
        """The Services that sidecars send to."""
        known = {(one.name, one.namespace) for one in self.ours.destinations}
        return [one for one in self.of("Service") if (one.name, one.namespace) in known]

    @property
    def rules(self) -> list[tuple[Resource, bool]]:
        """The DestinationRules for our Services, and whether each is the gateway's own: beside it, or a member's."""
        known = {(one.name, one.namespace) for one in self.ours.destinations}
        own = self.homes | {one.namespace for one in self.members} | {self.root}
        found = []
        for one in self.of("DestinationRule"):
            parts = [*text(one.value.get("spec"), "host").split("."), one.namespace]
            if (parts[0], parts[1]) in known:
                found.append((one, one.namespace in own))
        return found

    def policies(self, kind: str) -> list[Resource]:
        """The NetworkPolicies or AuthorizationPolicies that mean our pods."""
        holders = {"NetworkPolicy": "podSelector", "AuthorizationPolicy": "selector"}
        found = []
        for one in self.of(kind):
            near = one.namespace in self.homes or (kind == "AuthorizationPolicy" and one.namespace == self.root)
            labels = mapping(one.value, "spec", holders[kind], "matchLabels")
            if near and any(pods.selected(labels) is True for pods in self.ours.workloads):
                found.append(one)
        return found


def _config(resources: list[Resource] | Any) -> tuple[dict[str, Any], bool]:
    for one in resources:
        if one.kind == "ConfigMap" and (one.name == "istio" or one.name.startswith("istio-")):
            written = text(one.value.get("data"), "mesh")
            if written:
                return _parsed(written), True
    return {}, False


def _parsed(written: str) -> dict[str, Any]:
    try:
        return Document(written, "").resource.value
    except NotPlain:
        first = anystyle.documents(written)[:1]
        return Document(first[0], "").resource.value if first else {}
    except InvalidInput:
        return {}


def _is_istiod(one: Resource) -> bool:
    return one.labels.get("app") == "istiod" or one.name == "istiod" or one.name.startswith("istiod-")


def _environment(one: Resource) -> Iterator[tuple[str, str]]:
    for _, container in mappings(mapping(one.value, "spec", "template", "spec"), "containers"):
        for _, variable in mappings(container, "env"):
            yield text(variable, "name"), text(variable, "value")


def images(one: Resource) -> Iterator[str]:
    """The images of a Pod, or of the pods of a workload."""
    spec = mapping(one.value, "spec") if one.kind == "Pod" else mapping(one.value, "spec", "template", "spec")
    for kind in ("containers", "initContainers"):
        for _, container in mappings(spec, kind):
            yield text(container, "image")
