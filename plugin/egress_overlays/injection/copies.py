"""Copies of a resource, and those that cannot be: of no first one, or without a name; loaded when there are some."""

from __future__ import annotations

from ..manifest.findings import Finding, fault_of
from ..manifest.resource import INJECTED, SHARD_ANNOTATION, STATE_LABEL, Resource
from ..names.domain import ascii_quoted
from ..sites import site_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..manifest.edits import Edits
    from ..sites import Site
    from . import Plan

_LONGEST_NAME = 253  # RFC 1123 subdomain, as the API server wants it


def copied(resource: Resource, key: str, further: Edits) -> Edits:
    """The edits that turn a copy of `resource` into one of its own, `key` being what its name ends in."""
    edits: Edits = {
        ("metadata", "name"): f"{resource.name}-{key}",
        ("metadata", "labels", STATE_LABEL): INJECTED,
        ("metadata", "annotations", SHARD_ANNOTATION): key,
    }
    # What a tool noted down about the one object must not be claimed by a second one.
    for annotation in resource.annotations:
        domain = str(annotation).partition("/")[0]
        if domain.endswith(("config.kubernetes.io", "config.k8s.io")):
            edits["metadata", "annotations", annotation] = None
    return edits | further


def orphans(
    earlier: Sequence[tuple[str, Resource]], roots: Mapping[tuple[str, Site | None], Sequence[Resource]]
) -> Iterator[Finding]:
    """Resources that pass for copies of an earlier run, each with its set, and are none of the `roots` of that set."""
    for name, resource in earlier:
        known = roots.get((name, site_of(resource)), ())
        if not known:
            yield fault_of(
                resource,
                f"carries {SHARD_ANNOTATION} but the {resource.kind} that it continues is missing; add that one, "
                "or remove the annotation",
                "orphan-shard",
            )
        elif not any(continues(resource, root) for root in known):
            key = str(resource.annotations[SHARD_ANNOTATION])
            wanted = ", ".join(f"{root.title}-{ascii(key)[1:-1]}" for root in known)
            yield fault_of(
                resource,
                f"carries {SHARD_ANNOTATION}: {ascii_quoted(key)}, which the function alone gives to copies, and has "
                f"not the name, namespace or group of one ({wanted}, {known[0].group}); remove the annotation",
                "orphan-shard",
            )


def is_limited(resource: Resource) -> bool:
    """Whether `resource` is a copy that is for some clients alone (`limiting`)."""
    return str(resource.annotations.get(SHARD_ANNOTATION, "")).startswith("for.")


def continues(resource: Resource, root: Resource) -> bool:
    """Whether `resource` is what the function makes of `root`; a nameSuffix of an outer layer stands behind the key."""
    if resource.namespace != root.namespace:
        return False
    key = f"-{resource.annotations[SHARD_ANNOTATION]}"
    at = resource.name.find(key)
    while at != -1:
        if resource.name[:at] + resource.name[at + len(key) :] == root.name:
            return True
        at = resource.name.find(key, at + 1)
    return False


def name_faults(resources: Sequence[Resource], result: Plan) -> Iterator[Finding]:
    """Copies that cannot have the name they need: it is none, too long, or that of another resource.

    Of two of one name Kustomize would print both, and the API server keep one.
    """
    copies: dict[tuple[str, str, str, str], Resource] = {}
    for index, all_edits in result.copies.items():
        first = resources[index]
        names = [edits["metadata", "name"] for edits in all_edits]
        longest = max(map(len, names), default=0)
        if names and not first.name:
            yield fault_of(
                first,
                f"needs {len(names)} further {first.kind} for its list and has no name that theirs could begin with; "
                "write metadata.name (generateName does not serve)",
                "copy-name",
                "metadata.name",
            )
        elif longest > _LONGEST_NAME:
            room = len(first.name) - (longest - _LONGEST_NAME)
            yield fault_of(
                first,
                f"needs a further {first.kind} whose name begins with its own and has {longest} characters, of which "
                f"Kubernetes allows {_LONGEST_NAME}; give it a name of at most {room}",
                "copy-name",
                "metadata.name",
            )
        copies |= {(first.group, first.kind, first.namespace, name): first for name in names}
    for index, resource in enumerate(resources):
        continued = copies.get((resource.group, resource.kind, resource.namespace, resource.name))
        if continued is not None and index not in result.removed:
            yield fault_of(
                resource,
                f"has the name that a further {resource.kind} needs, since the list is too long for {continued.title} "
                "or is for some clients; give it another name",
                "name-taken",
            )
