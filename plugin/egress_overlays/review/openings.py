"""What of the manifests makes the egress gateway another one than base/ and components/ of this version do."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..istiod.closed import judge
from ..istiod.configuration import model
from ..istiod.shapes import known
from ..manifest.fields import mapping
from ..rendered.workloads import ROOT_NAMESPACE, Gateways, is_istio, selector
from ..sites import BY_PATCHES, acts
from .company import company
from .leading import leading
from .reaching import at_home, attached, extending, of_namespace, redirecting
from .tiers import before_policies

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..istiod.workload import Workload
    from ..manifest.edits import Path
    from ..manifest.resource import Resource
    from ..rendered.rendered import Rendered
    from .found import Found


class Opening(NamedTuple):
    """What `resource` does at `path`, in `words`, to the gateway of `workload`.

    `opens`: it may let through what the lists do not hold; else it is not understood. `is_certain`: it does reach these
    pods, and not perhaps. `is_old`: all of it is as an earlier base/ made it.
    """

    resource: Resource | None
    path: Path
    words: str
    workload: Workload
    opens: bool = True
    is_certain: bool = True
    is_old: bool = False


def _pods(gateways: Gateways) -> list[Workload]:
    """The pods of `gateways`, each once."""
    once = {(one.namespace, *sorted(map(str, one.labels.items()))): one for one in gateways.workloads}
    return list(once.values())


def openings(found: Rendered, root_namespace: str = ROOT_NAMESPACE) -> list[Opening]:
    """Everything that the gateways of base/ in `found` have and base/ has not, or the other way round."""
    by_identity = {id(resource.value): resource for resource in found.resources}
    values = [resource.value for resource in found.resources]
    gateways = Gateways(found.resources, found.members, root_namespace)
    result: list[Opening] = []
    judged_pods: list[Workload] = []
    for workload in _pods(gateways):
        made = model(values, workload, root_namespace)
        judged = judge(values, made, known(), root_namespace)
        if judged.shape is None:
            continue
        if made.notes:  # which EnvoyFilter is the older one decides: it must be as base/ has it either way
            other = judge(values, model(values, workload, root_namespace, backwards=True), known(), root_namespace)
            judged.deviations.extend(other.deviations)
        for one in judged.deviations:
            resource = by_identity.get(id(one.resource))
            result.append(Opening(resource, one.path, one.words, workload, one.opens))
        if judged.shape.is_old:
            words = f"is as an earlier version had it ({judged.shape.title}); take base/ of this version"
            result.append(Opening(None, (), words, workload, opens=False, is_old=True))
        else:
            judged_pods.append(workload)
            result += _said(company(found.resources, gateways, workload), workload)
            for resource in found.resources:
                result += _said(extending(resource, workload, root_namespace), workload)
                result += _said(before_policies(resource, workload), workload)
        result += _doubtful(found.resources, workload, root_namespace)
    if judged_pods:
        homes = {one.namespace for one in judged_pods}
        for resource in found.resources:
            result += _said(of_namespace(resource, homes), judged_pods[0])
            result += _said(attached(resource, gateways), judged_pods[0])
            result += _said(redirecting(resource, gateways), judged_pods[0])
        result += _said(leading(found.resources, found.members, gateways), judged_pods[0])
        told = {id(one.resource) for one in result}
        strange = at_home(found.resources, homes)
        result += _said((one for one in strange if id(one.resource) not in told), judged_pods[0])
    return [one for at, one in enumerate(result) if one not in result[:at]]


def _said(found: Iterable[Found], workload: Workload) -> Iterator[Opening]:
    for one in found:
        yield Opening(one.resource, one.path, one.words, workload, one.opens)


def _doubtful(resources: Sequence[Resource], workload: Workload, root_namespace: str) -> Iterator[Opening]:
    """EnvoyFilters and Gateways whose selectors may mean these pods, which only their Deployment could tell."""
    for resource in resources:
        if acts(resource, BY_PATCHES):
            reached = workload.reached_from(resource.namespace, selector(resource), root_namespace)
        elif is_istio(resource, "Gateway"):
            reached = workload.selected(mapping(resource.value, "spec", "selector"))
        else:
            continue
        if reached is None and not mapping(resource.value, "spec").get("targetRefs"):
            words = "selects labels that the egress gateway's pods may have or not; verify their Deployment with it"
            yield Opening(resource, ("spec",), words, workload, opens=False, is_certain=False)


def is_base(found: Rendered, root_namespace: str = ROOT_NAMESPACE) -> bool:
    """Whether every gateway of `found` is one of base/, so that `openings` has judged it."""
    values = [resource.value for resource in found.resources]
    gateways = Gateways(found.resources, found.members, root_namespace)
    names = known().names
    return all(
        names & {str(part.get("name")) for part in (*one.listeners, *one.clusters)}
        for one in (model(values, workload, root_namespace) for workload in _pods(gateways))
    )
