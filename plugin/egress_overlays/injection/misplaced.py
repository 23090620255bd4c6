"""What carries a key of ours, or one like it, that would be passed over."""

from __future__ import annotations

from ..manifest.findings import Finding, fault_of
from ..manifest.resource import (
    ANNOTATIONS,
    CLIENTS_ANNOTATION,
    INJECT_ANNOTATION,
    LABELS,
    PREFIX,
    SET_LABEL,
    SHARD_ANNOTATION,
    Resource,
)
from ..names.domain import ascii_quoted
from ..sites import site_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_READ = {"metadata", "spec", "data", "binaryData", "status"}
_READ_OF_METADATA = {"labels", "annotations"}


def misplaced(resource: Resource) -> Iterator[Finding]:
    """Labels and annotations that would be passed over: misspelt, of the other sort, in a wrong place or a List."""
    if resource.kind.endswith("List") and "items" in resource.value:
        from .within_lists import within_list

        yield from within_list(resource)
    is_labelled = SET_LABEL in resource.labels
    for key in resource.labels:
        if key not in LABELS and _is_doubtful(key):
            yield from _unknown(resource, str(key), "label")
    for key in resource.annotations:
        known = key in ANNOTATIONS or (key == CLIENTS_ANNOTATION and resource.is_domains_kind)
        if not known and (_is_doubtful(key) or (is_labelled and "/" not in str(key))):
            yield from _unknown(resource, str(key), "annotation")
    if is_labelled and not resource.is_domains_kind:
        yield _of_another_kind(resource)
    if SHARD_ANNOTATION in resource.annotations:
        site = site_of(resource)
        if site is None or not site.is_copied:
            message = f"carries {SHARD_ANNOTATION}, which the function alone gives to copies"
            yield fault_of(resource, message, "misplaced")
    if not (is_labelled and resource.is_domains_kind):  # There no other field may stand at all, see lists/shape.py.
        yield from _elsewhere(resource, "", resource.value, _READ)
        yield from _elsewhere(resource, "metadata.", resource.metadata, _READ_OF_METADATA)


def _of_another_kind(resource: Resource) -> Finding:
    return fault_of(
        resource,
        f"has the label {SET_LABEL}, which is for a ConfigMap (v1) alone, and no name in it counts; take the label "
        "off (was it set by labels: or generatorOptions: for everything?), or make it a ConfigMap",
        "misplaced",
    )


def _elsewhere(resource: Resource, where: str, holder: dict[str, object], known: set[str]) -> Iterator[Finding]:
    """Keys of ours in a mapping that is not read: `annotations` beside metadata, `metadata.annotation`."""
    for field, value in holder.items():
        if field not in known and isinstance(value, dict) and any(map(_is_doubtful, value)):
            yield _in_no_place(resource, f"{where}{field}", value)


def _is_doubtful(key: object) -> bool:
    """Whether `key` may be meant for us: any spelling with one letter wrong has one of these halves."""
    text = str(key).lower()
    return "egress-ov" in text or "erlays.dev/" in text


def _unknown(resource: Resource, key: str, what: str) -> Iterator[Finding]:
    from ..manifest.nearness import meant

    takes_part = SET_LABEL in resource.labels or INJECT_ANNOTATION in resource.annotations
    proposal = meant(key, takes_part=takes_part, bare=what == "annotation" and SET_LABEL in resource.labels)
    if not key.startswith(PREFIX) and not proposal:
        return
    if key in LABELS or key in (*ANNOTATIONS, CLIENTS_ANNOTATION):
        hint = "it is a label, not an annotation" if key in LABELS else "it is an annotation, not a label"
        if key == CLIENTS_ANNOTATION and what == "annotation":
            hint = "it is for a domains ConfigMap alone"
    elif proposal:
        hint = f"write {proposal}"
    else:
        hint = f"{what}s are {', '.join(LABELS if what == 'label' else (*ANNOTATIONS, CLIENTS_ANNOTATION))}"
    yield fault_of(resource, f"has the {what} {ascii_quoted(key)}, which means nothing; {hint}", "misplaced")


def _in_no_place(resource: Resource, field: str, value: dict[str, object]) -> Finding:
    key = next(key for key in value if _is_doubtful(key))
    place = "labels" if key in LABELS else "annotations"
    message = f"has {ascii_quoted(str(key))} under {ascii_quoted(field)}, where nobody reads it; write metadata.{place}"
    return fault_of(resource, message, "misplaced", ascii_quoted(field)[1:-1])
