"""Fields, labels and annotations that nobody reads: names in them would be lost, or be open to everybody."""

from __future__ import annotations

from ..manifest.findings import WARNING, Finding, fault_of
from ..manifest.resource import (
    ALLOW_EMPTY_ANNOTATION,
    ANNOTATIONS,
    CLIENTS_ANNOTATION,
    DEFAULT_SET,
    LABELS,
    PREFIX,
    SET_LABEL,
    Resource,
    is_default,
)
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
# Of a resource that is none; keys of ours in other mappings are meant for these.
_READ = {"metadata", "spec", "data", "binaryData", "status"}
_READ_OF_METADATA = {"labels", "annotations"}


def faults(source: Resource) -> Iterator[Finding]:
    """What is wrong with a domains ConfigMap, apart from its lines and clients."""
    if not (source.value.keys() <= _FIELDS and source.metadata.keys() <= _METADATA):
        from .unread_words import unknown_fields

        yield from unknown_fields(source, source.value, _FIELDS, "")
        yield from unknown_fields(source, source.metadata, _METADATA, "metadata.")
    yield from _of_another_type(source)
    found = source.labels.get(SET_LABEL, DEFAULT_SET)
    if not isinstance(found, str) or not found.strip():
        yield fault_of(source, f"the label {SET_LABEL} must name a set, as in {SET_LABEL}: {DEFAULT_SET}", "set-name")
    if source.annotations.get(ALLOW_EMPTY_ANNOTATION, "true") != "true":
        yield fault_of(source, f'the annotation {ALLOW_EMPTY_ANNOTATION} must be "true" or absent', "allow-empty")
    if any(is_default(str(key)) for key in source.annotations):
        from .fields import faults_of_defaults

        yield from faults_of_defaults(source)
    if source.value.get("binaryData"):
        yield fault_of(
            source,
            "binaryData is never read as domains (kubectl puts text there that is not UTF-8); "
            "save the file as UTF-8 and put the names under data",
            "binary-data",
        )


def unlabelled(resource: Resource) -> Iterator[Finding]:
    """A list of our own kind that no set has: as a functionConfig it needs no label, among resources it does."""
    from ..manifest.nearness import is_near

    if "data" in resource.value and SET_LABEL not in resource.labels and is_near(resource.group, PREFIX[:-1]):
        message = f"belongs to no set, and none of its names counts; label it {SET_LABEL}: {DEFAULT_SET}"
        yield fault_of(resource, message, "misplaced")


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


def misplaced(resource: Resource, *, is_config: bool = False) -> Iterator[Finding]:
    """Labels and annotations that would be passed over: misspelt, of the other sort, in a wrong place or a List.

    `is_config`: the functionConfig, which is a list without a label too.
    """
    if resource.kind.endswith("List"):
        from .within_lists import within_list

        yield from within_list(resource, _is_of_ours)
    is_labelled = SET_LABEL in resource.labels
    is_list = is_labelled or is_config
    for key in resource.labels:
        if key not in LABELS and _is_doubtful(key):
            yield from _unknown_key(resource, str(key), "label", is_list=is_list)
    for key in resource.annotations:
        of_lists = key == CLIENTS_ANNOTATION or is_default(str(key))
        known = key in ANNOTATIONS or (of_lists and resource.is_domains_kind)
        if not known and (_is_doubtful(key) or (is_list and "/" not in str(key))):
            yield from _unknown_key(resource, str(key), "annotation", is_list=is_list)
    if is_labelled and not resource.is_domains_kind:
        from .unread_words import of_another_kind

        yield of_another_kind(resource)
    if not (is_labelled and resource.is_domains_kind):  # There no other field may stand at all, see `faults`.
        yield from _elsewhere(resource, "", resource.value, _READ)
        yield from _elsewhere(resource, "metadata.", resource.metadata, _READ_OF_METADATA)
        yield from _beside_its_fields(resource)


def _elsewhere(resource: Resource, where: str, holder: dict[str, object], known: set[str]) -> Iterator[Finding]:
    """Keys of ours in a mapping that is not read: `annotations` beside metadata, `metadata.annotation`."""
    for field, value in holder.items():
        if field not in known:
            key = _first_of_ours(value, 2) if isinstance(value, dict) else ""
            if key:
                yield _in_no_place(resource, f"{where}{field}", key)
            elif _is_of_ours(field):
                yield _in_no_place(resource, where.rstrip(".") or "the resource itself", str(field))


def _beside_its_fields(resource: Resource) -> Iterator[Finding]:
    """Keys of ours among the fields of spec or the groups of data, or in `spec.annotations`."""
    for where in ("spec", "data"):
        holder = resource.value.get(where)
        for field, value in holder.items() if isinstance(holder, dict) else ():
            if _is_of_ours(field):
                yield _in_no_place(resource, where, str(field))
            elif field in ("labels", "annotations") and isinstance(value, dict):
                key = _first_of_ours(value, 1)
                if key:
                    yield _in_no_place(resource, f"{where}.{field}", key)


def _first_of_ours(value: dict[object, object], depth: int) -> str:
    """The first key of ours in `value`, or in a mapping below it, `depth` of them being looked at; empty for none."""
    for key, child in value.items():
        if _is_of_ours(key):
            return str(key)
        found = _first_of_ours(child, depth - 1) if depth > 1 and isinstance(child, dict) else ""
        if found:
            return found
    return ""


def _is_of_ours(key: object) -> bool:
    """Whether `key` is one of ours, or was meant to be."""
    if not _is_doubtful(key):
        return False
    from ..manifest.nearness import meant

    return str(key).startswith(PREFIX) or meant(str(key)) != ""


def _is_doubtful(key: object) -> bool:
    """Whether `key` may be meant for us: however it is misspelt, one of these words is whole in most."""
    text = str(key).lower()
    return "egress" in text or "overlay" in text


def _unknown_key(resource: Resource, key: str, what: str, *, is_list: bool) -> Iterator[Finding]:
    from .unread_words import unknown_key

    return unknown_key(resource, key, what, is_list=is_list)


def _in_no_place(resource: Resource, field: str, key: str) -> Finding:
    from .unread_words import in_no_place

    return in_no_place(resource, field, key)
