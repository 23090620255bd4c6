"""Rules for components/admission: its policies are in force as they are, and nobody changes what is applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...manifest.fields import mapping, mappings, text, texts
from ...manifest.findings import ERROR, WARNING
from .fault import fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...manifest.resource import Resource
    from ...rendered.rendered import Rendered
    from .fault import Fault, Faults, Options

_OURS = "egress-gateway-"
_GROUPS = {"*", "networking.istio.io", "networking.k8s.io"}
_EVERYBODY = {"system:authenticated", "system:unauthenticated", "system:serviceaccounts", "*"}
"""Groups of Kubernetes that every user, or every pod, is in."""
_FREE = "variables.isOwner || variables.isCluster || variables.isBookkeeping"
_MUTATING = ("MutatingWebhookConfiguration", "MutatingAdmissionPolicy")


def rule(found: Rendered, _options: Options) -> Faults:
    """What keeps the admission policies of the gateway from refusing what they are for."""
    objects = [one for one in found.resources if one.group == "admissionregistration.k8s.io"]
    if not found.members:
        return
    for one in found.resources:
        if (one.kind, one.group) == ("CustomResourceDefinition", "apiextensions.k8s.io"):
            yield from _converting(one)
    bound = {
        text(one.value.get("spec"), "policyName") for one in objects if one.kind == "ValidatingAdmissionPolicyBinding"
    }
    for one in objects:
        if one.kind in _MUTATING:
            yield from _mutating(one)
        elif one.kind == "ValidatingAdmissionPolicy" and one.name.startswith(_OURS):
            yield from _policy(one, is_bound=one.name in bound)
        elif one.kind == "ValidatingAdmissionPolicyBinding" and one.name.startswith(_OURS):
            yield from _binding(one)


def _policy(resource: Resource, *, is_bound: bool) -> Iterator[Fault]:
    spec = mapping(resource.value, "spec")
    if not is_bound:
        yield fault("guard", "has no binding, and so refuses nothing", resource)
    if text(spec, "failurePolicy") not in ("", "Fail"):
        message = "lets through what it cannot judge: write failurePolicy: Fail"
        yield fault("guard", message, resource, ("spec", "failurePolicy"))
    if spec.get("matchConditions"):
        message = "looks away where its matchConditions say so: components/admission has none"
        yield fault("guard", message, resource, ("spec", "matchConditions"))
    for index, variable in mappings(spec, "variables"):
        name, expression = text(variable, "name"), text(variable, "expression")
        everybody = [one for one in expression.split('"')[1:2] for one in one.split() if one in _EVERYBODY]
        if name == "owners" and everybody:
            message = f"refuses nobody: {everybody[0]} among its owners is everybody; name who syncs the gateway"
            yield fault("guard", message, resource, ("spec", "variables", index, "expression"))
        if name == "free" and expression != _FREE:
            message = f"lets through more than components/admission does: there it is {_FREE}"
            yield fault("guard", message, resource, ("spec", "variables", index, "expression"))
    for index, validation in mappings(spec, "validations"):
        if text(validation, "expression").strip() == "true":
            yield fault("guard", "takes everything", resource, ("spec", "validations", index))


def _binding(resource: Resource) -> Iterator[Fault]:
    spec = mapping(resource.value, "spec")
    if "Deny" not in texts(spec, "validationActions"):
        message = "refuses nothing yet: write actions: [Deny] in GatewayOwners when the audit shows nobody else"
        yield fault("guard", message, resource, ("spec", "validationActions"), WARNING)
    if spec.get("matchResources"):
        message = "is for some objects alone: components/admission binds its policies for all"
        yield fault("guard", message, resource, ("spec", "matchResources"), ERROR)


def _converting(resource: Resource) -> Iterator[Fault]:
    """A definition of Istio's kinds whose objects go through a webhook whenever they are read."""
    spec = mapping(resource.value, "spec")
    if text(spec, "group") in _GROUPS and text(mapping(spec, "conversion"), "strategy") == "Webhook":
        message = "has a webhook change Istio's objects whenever they are read: verify what is live, too"
        yield fault("guard", message, resource, ("spec", "conversion"), WARNING)


def _mutating(resource: Resource) -> Iterator[Fault]:
    """What changes Istio's objects or NetworkPolicies on their way into the cluster."""
    value = resource.value
    rules = [rule for _, hook in mappings(value, "webhooks") for _, rule in mappings(hook, "rules")]
    rules += [rule for _, rule in mappings(mapping(value, "spec", "matchConstraints"), "resourceRules")]
    if any(_GROUPS & set(texts(rule, "apiGroups")) for rule in rules):
        message = "may change Istio's objects or NetworkPolicies after they were verified: verify what is live, too"
        yield fault("guard", message, resource, (), WARNING)
