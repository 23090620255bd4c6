"""What a domains ConfigMap may consist of: fields that nobody reads hide names, or open them to everybody."""

from __future__ import annotations

from ..manifest.findings import WARNING, Finding, fault_of
from ..manifest.resource import ALLOW_EMPTY_ANNOTATION, DEFAULT_SET, PREFIX, SET_LABEL, Resource
from ..names.domain import ascii_quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Kubernetes API, ConfigMap v1 and ObjectMeta v1.
_FIELDS = {"apiVersion", "kind", "metadata", "data", "binaryData", "immutable"}
_METADATA = {
    *("name", "namespace", "labels", "annotations", "generateName", "uid", "resourceVersion", "generation"),
    *("creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "finalizers", "ownerReferences"),
    *("managedFields", "selfLink"),
}


def faults(source: Resource) -> Iterator[Finding]:
    """What is wrong with a domains ConfigMap, apart from its lines and clients."""
    if not source.value.keys() <= _FIELDS:
        yield from _unknown(source, source.value, _FIELDS, "")
    if not source.metadata.keys() <= _METADATA:
        yield from _unknown(source, source.metadata, _METADATA, "metadata.")
    yield from _of_another_type(source)
    found = source.labels.get(SET_LABEL, DEFAULT_SET)
    if not isinstance(found, str) or not found.strip():
        yield fault_of(source, f"the label {SET_LABEL} must name a set, as in {SET_LABEL}: {DEFAULT_SET}", "set-name")
    if source.annotations.get(ALLOW_EMPTY_ANNOTATION, "true") != "true":
        yield fault_of(source, f'the annotation {ALLOW_EMPTY_ANNOTATION} must be "true" or absent', "allow-empty")
    if source.value.get("binaryData"):
        yield fault_of(
            source,
            "binaryData is never read as domains (kubectl puts text there that is not UTF-8); "
            "save the file as UTF-8 and put the names under data",
            "binary-data",
        )


def nameless(name: str, sources: Iterable[Resource], named: set[Resource]) -> Iterator[Finding]:
    """The `sources` of the set `name` without a name, where others, `named`, have some."""
    for source in sources:
        # A functionConfig without a label may be there to run the function alone.
        if source not in named and SET_LABEL in source.labels and ALLOW_EMPTY_ANNOTATION not in source.annotations:
            yield Finding(
                WARNING,
                f"adds no name to the set {ascii_quoted(name)}, which has others; was its text lost? Remove the "
                "ConfigMap if it is to be empty",
                rule="no-names",
                resource=source,
            )


def _of_another_type(source: Resource) -> Iterator[Finding]:
    """Labels and annotations that are no mapping read as none: a list for some would be one for all."""
    for field in ("labels", "annotations"):
        value = source.metadata.get(field)
        if value is not None and not isinstance(value, dict):
            yield fault_of(source, f"metadata.{field} must be a mapping", "metadata-type", f"metadata.{field}")


def _unknown(source: Resource, holder: Iterable[object], known: set[str], where: str) -> Iterator[Finding]:
    for field in map(str, holder):
        if field in known:
            continue
        meant = _meant(field, known)
        if field.startswith(PREFIX):
            hint = f"write it under metadata.{'labels' if field == SET_LABEL else 'annotations'}"
        elif meant:
            hint = f"write {where}{meant}"
        elif not where and field in ("labels", "annotations"):
            hint = f"write metadata.{field}"
        else:
            hint = f"there are {', '.join(sorted(known))}" if not where else "remove it"
        message = f"has the field {ascii_quoted(where + field)}, which a domains ConfigMap does not have; {hint}"
        yield fault_of(source, message, "unknown-field")


def _meant(field: str, known: set[str]) -> str:
    if field == "stringData":  # A Secret's.
        return "data"
    from ..manifest.nearness import nearest

    return nearest(field, sorted(known))
