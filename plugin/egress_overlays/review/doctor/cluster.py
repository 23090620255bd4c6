"""Rules for the cluster: whether NetworkPolicies are enforced, what they and AuthorizationPolicies let through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...manifest.fields import mapping, mappings, number, text, texts
from ...manifest.findings import WARNING
from ..verification.fault import fault
from .mesh import PORT, images

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...manifest.resource import Resource
    from ..verification.fault import Faults
    from .mesh import Mesh

ENFORCING = {
    "antrea-agent": "Antrea",
    "aws-eks-nodeagent": "AWS VPC CNI with its network policy agent",
    "azure-npm": "Azure Network Policy Manager",
    "calico-node": "Calico",
    "canal": "Canal",
    "cilium": "Cilium",
    "kube-network-policies": "kube-network-policies",
    "kube-router": "kube-router",
    "ovnkube-node": "OVN-Kubernetes",
    "weave-net": "Weave Net",
}
"""DaemonSets, or containers of theirs, of network plugins that enforce NetworkPolicies, by their usual names."""
_PLAIN = {"kube-flannel-ds": "Flannel", "kube-flannel": "Flannel", "aws-node": "AWS VPC CNI without its policy agent"}
_DNS = (("kube-system", "kube-dns"), ("openshift-dns", "dns-default"))


def rule(mesh: Mesh) -> Faults:
    """The faults of the cluster."""
    if mesh.homes:
        yield from _enforcement(mesh)
        yield from _dns(mesh)
        yield from _authorization(mesh)


def plugin(mesh: Mesh) -> tuple[str, bool]:
    """The network plugin in use, "" where none is recognised, and whether it enforces NetworkPolicies."""
    names = [name for one in mesh.of("DaemonSet") for name in (one.name, *_containers(one))]
    for known, enforces in ((ENFORCING, True), (_PLAIN, False)):
        for name in names:
            if name in known:
                return known[name], enforces
    return "", False


def _containers(one: Resource) -> Iterator[str]:
    for _, container in mappings(mapping(one.value, "spec", "template", "spec"), "containers"):
        yield text(container, "name")


def _enforcement(mesh: Mesh) -> Faults:
    if not mesh.policies("NetworkPolicy"):
        message = (
            f"no NetworkPolicy selects the gateway's pods in {', '.join(sorted(mesh.homes))}: a second address of a "
            "DNS answer may be an internal one; apply base/networkpolicy.yaml"
        )
        yield fault("enforcement", message)
    name, enforces = plugin(mesh)
    if name and not enforces:
        message = f"the network plugin is {name}, which enforces no NetworkPolicy; add one that does"
        yield fault("enforcement", message)
    elif not name:
        message = "no network plugin is recognised among the DaemonSets: make sure that it enforces NetworkPolicies"
        yield fault("enforcement", message, None, (), WARNING)


def _dns(mesh: Mesh) -> Faults:
    policies = mesh.policies("NetworkPolicy")
    rules = [one for policy in policies for _, one in mappings(policy.value.get("spec"), "egress") if "ports" in one]
    open_everywhere = any(
        not one.get("ports") for policy in policies for _, one in mappings(policy.value.get("spec"), "egress")
    )
    allowed = {number(port, "port") for one in rules for _, port in mappings(one, "ports")}
    restricts = any("Egress" in texts(policy.value.get("spec"), "policyTypes") for policy in policies)
    for service in mesh.of("Service") if restricts and not open_everywhere else ():
        if (service.namespace, service.name) in _DNS:
            for port in sorted(_listening(mesh, service) - allowed):
                message = (
                    f"its pods listen at {port}, which no NetworkPolicy of the gateway allows: the gateway resolves no "
                    "name where the network plugin sees the pods' port; take components/openshift, or allow it"
                )
                yield fault("dns-port", message, service, ("spec", "ports"))


def _listening(mesh: Mesh, service: Resource) -> set[int]:
    """The ports of the pods behind the Service, its targetPorts; those that are names, by the pods' own."""
    labels = mapping(service.value, "spec", "selector")
    found = set()
    for _, port in mappings(service.value.get("spec"), "ports"):
        if number(port, "port") != 53:
            continue
        target = port.get("targetPort", 53)
        found |= {target} if isinstance(target, int) else set(_named(mesh, service.namespace, labels, str(target)))
    return found


def _named(mesh: Mesh, namespace: str, labels: dict[str, object], name: str) -> Iterator[int]:
    for one in mesh.resources:
        template = one.value if one.kind == "Pod" else mapping(one.value, "spec", "template")
        if one.namespace == namespace and labels.items() <= mapping(template, "metadata", "labels").items():
            for _, container in mappings(template.get("spec"), "containers"):
                for _, port in mappings(container, "ports"):
                    if text(port, "name") == name:
                        yield number(port, "containerPort")


def _authorization(mesh: Mesh) -> Faults:
    """Where an ALLOW policy means a pod, what none of them allows is refused (Istio, AuthorizationPolicy)."""
    policies = mesh.policies("AuthorizationPolicy")
    allowing = [one for one in policies if (text(one.value.get("spec"), "action") or "ALLOW") == "ALLOW"]
    if allowing and not any(_allows(one) for one in allowing):
        message = (
            f"it means the gateway's pods, and no policy allows connections to port {PORT}: nothing gets out; "
            "take components/authorization"
        )
        yield fault("authorization", message, allowing[0])
    for one in policies:
        if text(one.value.get("spec"), "action") == "DENY" and any(
            _is_for_port(rule) and not rule.get("from") for _, rule in mappings(one.value.get("spec"), "rules")
        ):
            message = "denies every connection to the gateway's pods, before any policy allows; leave these pods out"
            yield fault("authorization", message, one)


def _allows(one: Resource) -> bool:
    return any(_is_for_port(rule) for _, rule in mappings(one.value.get("spec"), "rules"))


def _is_for_port(rule: dict[str, object]) -> bool:
    operations = [mapping(to, "operation") for _, to in mappings(rule, "to")]
    ports = [texts(operation, "ports") for operation in operations]
    return not operations or any(not one or str(PORT) in one for one in ports)


def gateway_images(mesh: Mesh) -> list[str]:
    """The images that the gateway's pods run, each once."""
    pods = [one for one in mesh.of("Pod") if mesh.selects(one.namespace, one.labels)]
    return sorted({image for one in pods for image in images(one)})
