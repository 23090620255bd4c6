"""Which pods an egress gateway is: what tells its EnvoyFilters and VirtualServices from those of other gateways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..istiod.workload import Workload
from ..manifest.fields import mapping, mappings, number, text, texts
from ..sites import BY_PATCHES, BY_ROUTES, GROUP, acts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..manifest.resource import Resource

ROOT_NAMESPACE = "istio-system"


class Destination(NamedTuple):
    """Where a route leads: a Service's name and namespace, or a host; `port` is 0 where the route names none."""

    name: str
    namespace: str
    port: int = 0

    @property
    def title(self) -> str:
        """`name.namespace`."""
        return ascii(f"{self.name}.{self.namespace}".strip("."))[1:-1]

    @property
    def full(self) -> str:
        """The Service's whole name, as sidecars have it; the host itself where it is no Service's."""
        return f"{self.name}.{self.namespace}.svc.cluster.local" if self.namespace else self.name

    def is_same(self, other: Destination) -> bool:
        """Whether both may lead to one listener."""
        return self[:2] == other[:2] and (not self.port or not other.port or self.port == other.port)


class Gateways:
    """The gateways that `members`, VirtualServices and EnvoyFilters that take part, configure.

    `workloads` are their pods, `destinations` where sidecars send to, `gateways` the Gateway objects at hand, and
    `ports` those that they listen at, none where that is not known.
    """

    def __init__(self, resources: Sequence[Resource], members: Sequence[Resource], root_namespace: str) -> None:
        self.root_namespace = root_namespace
        services = [resource for resource in members if acts(resource, BY_ROUTES)]
        filters = [resource for resource in members if acts(resource, BY_PATCHES)]
        self.destinations = {one for service in services for one in destinations(service, from_mesh=True)}
        self.gateways = [one for one in resources if is_istio(one, "Gateway") and any(binds(s, one) for s in services)]
        self.ports = {
            number(server.get("port"), "number")
            for gateway in self.gateways
            for _, server in mappings(gateway.value.get("spec"), "servers")
        } - {0}
        self.workloads = [
            found for partial in self._partial(filters) for found in _templates(resources, partial) or [partial]
        ]
        self.destinations |= {
            Destination(one.name, one.namespace)
            for one in resources
            if one.kind == "Service" and one.group == "" and any(_leads_to(one, pods) for pods in self.workloads)
        }

    @property
    def services(self) -> set[tuple[str, str]]:
        """The names and namespaces of the Services where sidecars send to."""
        return {one[:2] for one in self.destinations}

    def _partial(self, filters: Iterable[Resource]) -> Iterator[Workload]:
        """The pods, as selectors tell: those of the EnvoyFilters, each with what the Gateways add."""
        selectors = [mapping(gateway.value, "spec", "selector") for gateway in self.gateways]
        elsewhere = {one.namespace for one in self.destinations if one.namespace} or {""}
        chosen = []
        for resource in filters:
            labels = selector(resource)
            merged = dict(labels)
            for more in selectors:
                if Workload("", "", merged, is_whole=False).selected(more) is not False:
                    merged |= more
            chosen.append(merged)
            is_root = resource.namespace == self.root_namespace
            for namespace in elsewhere if is_root else (resource.namespace,):
                yield Workload("", namespace, merged, is_whole=False)
        for labels in selectors:
            if not any(Workload("", "", merged, is_whole=False).selected(labels) for merged in chosen):
                for namespace in elsewhere:
                    yield Workload("", namespace, labels, is_whole=False)

    def reached_by(self, resource: Resource) -> tuple[Workload, bool] | None:
        """The pods that the EnvoyFilter `resource` reaches, and whether that is certain; None where it reaches none."""
        by_reference = bool(mapping(resource.value, "spec").get("targetRefs"))
        doubtful = None
        for pods in self.workloads:
            is_near = resource.namespace == pods.namespace
            if not (is_near or not pods.namespace or (resource.namespace == self.root_namespace and not by_reference)):
                continue
            is_selected = None if by_reference else pods.selected(selector(resource))
            # In the gateway's own namespace there is hardly another one that could be meant.
            is_own = is_near and resource.namespace != self.root_namespace and not by_reference
            if is_selected or (is_selected is None and is_own):
                return pods, True
            if is_selected is None:
                doubtful = pods, False
        return doubtful


def is_istio(resource: Resource, kind: str) -> bool:
    """Whether it is of Istio's networking `kind`."""
    return resource.kind == kind and resource.group == GROUP


def selector(resource: Resource) -> dict[str, Any]:
    """The labels that an EnvoyFilter selects workloads by; none for all."""
    return mapping(resource.value, "spec", "workloadSelector", "labels")


def bound_gateways(service: Resource, match: Any = None) -> list[str]:
    """The gateways that a match of a VirtualService, or all of it, is for (Istio, TLSMatchAttributes.gateways)."""
    return texts(match, "gateways") or texts(service.value.get("spec"), "gateways") or ["mesh"]


def destinations(service: Resource, *, from_mesh: bool = False) -> Iterator[Destination]:
    """Where the TLS and TCP routes of a VirtualService lead; with `from_mesh`, those that sidecars take by a name."""
    spec = service.value.get("spec")
    for kind in ("tls",) if from_mesh else ("tls", "tcp"):
        for _, route in mappings(spec, kind):
            matches = [match for _, match in mappings(route, "match")]
            if not from_mesh or any("mesh" in bound_gateways(service, match) for match in matches):
                yield from route_destinations(service, route)


def route_destinations(service: Resource, route: dict[str, Any]) -> Iterator[Destination]:
    """Where one route leads."""
    for _, target in mappings(route, "route"):
        named = mapping(target, "destination")
        host = text(named, "host")
        if host:
            yield destination_of(host, service.namespace, number(named.get("port"), "number"))


def destination_of(host: str, namespace: str, port: int = 0) -> Destination:
    """What `host` means in an object of `namespace`, which completes short names (Istio, Destination.host)."""
    parts = host.lower().rstrip(".").split(".")
    if len(parts) == 1:
        return Destination(parts[0], namespace, port)
    if len(parts) == 2 or parts[2] == "svc":
        return Destination(parts[0], parts[1], port)
    return Destination(".".join(parts), "", port)


def governs(rule: Resource, target: Destination, root_namespace: str) -> bool:
    """Whether sidecars of some namespace take this DestinationRule for `target`.

    They look in their own namespace, then in the Service's, then in the root namespace, and take a wildcard where it is
    the closest (Istio, Traffic Management Best Practices, "Cross-namespace configuration"). A wildcard beside the
    Service or in the root namespace stands back behind base/'s exact rule.
    """
    host = text(rule.value.get("spec"), "host").lower()
    if not host.startswith("*"):
        return destination_of(host, rule.namespace)[:2] == target[:2]
    return target.full.endswith(host[1:]) and rule.namespace not in (target.namespace, root_namespace)


def binds(service: Resource, gateway: Resource) -> bool:
    """Whether the VirtualService is bound to the Gateway, in itself or by one of its matches."""
    spec = service.value.get("spec")
    names = set(texts(spec, "gateways"))
    for kind in ("tls", "tcp", "http"):
        for _, route in mappings(spec, kind):
            for _, match in mappings(route, "match"):
                names.update(texts(match, "gateways"))
    for name in names:
        namespace, _, short = name.rpartition("/")
        if short == gateway.name and (namespace or service.namespace) in (gateway.namespace, "."):
            return True
    return False


def deployed(resources: Iterable[Resource]) -> Iterator[Workload]:
    """The pods of the Deployments and their like at hand, as far as their templates have labels."""
    for resource in resources:
        labels = mapping(resource.value, "spec", "template", "metadata", "labels")
        if resource.group == "apps" and labels:
            yield Workload(resource.name, resource.namespace, labels)


def _templates(resources: Iterable[Resource], partial: Workload) -> list[Workload]:
    """The pods of `partial` as the templates at hand have them."""
    return [
        pods
        for pods in (deployed(resources) if partial.labels else ())
        if partial.namespace in ("", pods.namespace) and partial.labels.items() <= pods.labels.items()
    ]


def _leads_to(service: Resource, pods: Workload) -> bool:
    labels = mapping(service.value, "spec", "selector")
    return bool(labels) and service.namespace == pods.namespace and bool(pods.selected(labels))
