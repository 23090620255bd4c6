"""How a rule says what it found."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...manifest.edits import dotted
from ...manifest.findings import ERROR, Finding
from ...sites import BadPlace, find

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from ...manifest.edits import Path
    from ...manifest.resource import Resource
    from .answer import Answer

    Fault = tuple[Finding, Path]
    Faults = Iterator[Fault]


class Options(NamedTuple):
    """`root_namespace`: the mesh's (Istio, MeshConfig.rootNamespace); `allow_empty`: a set without a name is fine.

    `inside`: ranges of the cluster's own addresses, as in 10.0.0.0/8. `today`: the day that the last days of names are
    judged by; None where they are not. `answers`: what the DNS said of each exact name; None where it was not asked.
    """

    root_namespace: str = "istio-system"
    allow_empty: bool = False
    inside: tuple[str, ...] = ()
    today: date | None = None
    answers: Mapping[str, Answer] | None = None


def fault(rule: str, message: str, resource: Resource | None = None, path: Path = (), severity: str = ERROR) -> Fault:
    """A finding of `rule` at `path` of `resource`."""
    return Finding(severity, message, rule=rule, resource=resource, field=dotted(path) if path else ""), path


def some(names: Sequence[str], limit: int = 3) -> str:
    """The first few of `names`, quoted, and how many more there are."""
    first = ", ".join(f'"{name}"' for name in names[:limit])
    return first + (f" and {len(names) - limit} more" if len(names) > limit else "")


def misplaced(resource: Resource) -> list[BadPlace]:
    """What stands in `resource` where names belong, and holds none."""
    return [place for place in find(resource) if isinstance(place, BadPlace)]


def once(faults: Sequence[Fault]) -> Iterator[Fault]:
    """`faults` without each `bypass` at a place where another rule has an error to say, which is more exact."""
    exact = [
        (finding.resource, path)
        for finding, path in faults
        if finding.rule != "bypass" and finding.severity == ERROR and len(path) > 2
    ]
    for finding, path in faults:
        if finding.rule == "bypass" and any(
            finding.resource is resource and path[: len(other)] == other[: len(path)] for resource, other in exact
        ):
            continue
        yield finding, path
