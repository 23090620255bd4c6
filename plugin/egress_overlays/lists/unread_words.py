"""What is said of fields, labels and annotations that nobody reads; loaded where there are some."""

from __future__ import annotations

from ..manifest.findings import Finding, fault_of
from ..manifest.nearness import meant, nearest
from ..manifest.resource import (
    ANNOTATIONS,
    CLIENTS_ANNOTATION,
    DEFAULTS,
    INJECT_ANNOTATION,
    LABELS,
    PREFIX,
    SET_LABEL,
    Resource,
)
from ..names.domain import ascii_quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def unknown_fields(source: Resource, holder: Iterable[object], known: set[str], where: str) -> Iterator[Finding]:
    """The fields of `holder`, which stands at `where`, that are none of the `known` ones."""
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
    return nearest(field, sorted(known))


def of_another_kind(resource: Resource) -> Finding:
    """A list by its label, of a kind that holds none."""
    return fault_of(
        resource,
        f"has the label {SET_LABEL}, which is for a ConfigMap (v1) alone, and no name in it counts; take the label "
        "off (was it set by labels: or generatorOptions: for everything?), or make it a ConfigMap",
        "misplaced",
    )


def unknown_key(resource: Resource, key: str, what: str, *, is_list: bool) -> Iterator[Finding]:
    """A label or an annotation, as `what` says, that means nothing, where it was meant to be one of ours."""
    takes_part = is_list or INJECT_ANNOTATION in resource.annotations
    proposal = meant(key, takes_part=takes_part, bare=is_list and what == "annotation")
    if not key.startswith(PREFIX) and not proposal:
        return
    if key in LABELS or key in (*ANNOTATIONS, CLIENTS_ANNOTATION):
        hint = "it is a label, not an annotation" if key in LABELS else "it is an annotation, not a label"
        if key == CLIENTS_ANNOTATION and what == "annotation":
            hint = "it is for a domains ConfigMap alone"
    elif proposal not in ("", PREFIX):
        hint = f"write {proposal}"
    else:
        of_lists = (CLIENTS_ANNOTATION, *(PREFIX + default for default in DEFAULTS))
        hint = f"{what}s are {', '.join(LABELS if what == 'label' else (*ANNOTATIONS, *of_lists))}"
    yield fault_of(resource, f"has the {what} {ascii_quoted(key)}, which means nothing; {hint}", "misplaced")


def in_no_place(resource: Resource, field: str, key: str) -> Finding:
    """A key of ours in a field where nobody reads it."""
    place = "labels" if key in LABELS else "annotations"
    message = f"has {ascii_quoted(key)} under {ascii_quoted(field)}, where nobody reads it; write metadata.{place}"
    return fault_of(resource, message, "misplaced", ascii_quoted(field)[1:-1])
