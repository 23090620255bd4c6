"""What changes beside the lists because a list has names at another port: what the function opens there by itself.

Only what is just what the function makes for the names that are let through counts as such.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..injection.ports import unopened
from ..manifest.resource import PORTS_ANNOTATION, Resource
from ..names.domain import HTTPS, Domain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..rendered.rendered import Rendered


class Opened(NamedTuple):
    """A `resource` as it is without the `ports` that are open there for names of the set `set_name`."""

    resource: Resource
    ports: frozenset[int]
    set_name: str


class Following(NamedTuple):
    """A port that `opens`, or closes, at `objects` for `names` of the set `set_name`, as `said` has it."""

    set_name: str
    names: list[str]
    objects: list[Resource]
    said: str
    opens: bool


def opened(side: Rendered, resource: Resource) -> Opened:
    """What `resource` is without the ports of names that `side` lets through; else as it stands."""
    set_name = str(resource.annotations.get(PORTS_ANNOTATION, ""))
    if set_name in side.names:
        ports = sorted({Domain(host).port for host in side.hosts(set_name)} - {HTTPS})
        value = unopened(resource, ports) if ports else None
        if value is not None:
            return Opened(Resource(value, resource.origin), frozenset(ports), set_name)
    return Opened(resource, frozenset(), set_name)


def following(before: Rendered, after: Rendered) -> Iterator[Following]:
    """The ports that one of the two sides has open for names, and the other one not."""
    if not before.lists or not after.lists:
        return
    was, is_ = (_by_port(side) for side in (before, after))
    yield from _told(is_, was, after, opens=True)
    yield from _told(was, is_, before, opens=False)


def _by_port(side: Rendered) -> dict[tuple[str, int], list[Resource]]:
    """The objects where each port of each set is open."""
    found: dict[tuple[str, int], list[Resource]] = {}
    for resource in side.resources:
        if PORTS_ANNOTATION in resource.annotations:
            one = opened(side, resource)
            for port in sorted(one.ports):
                found.setdefault((one.set_name, port), []).append(resource)
    return found


def _told(
    mine: dict[tuple[str, int], list[Resource]],
    others: dict[tuple[str, int], list[Resource]],
    side: Rendered,
    *,
    opens: bool,
) -> Iterator[Following]:
    for (set_name, port), objects in mine.items():
        if (set_name, port) not in others:
            names = [host for host in side.hosts(set_name) if Domain(host).port == port]
            said = f"port {port} is {'open' if opens else 'closed'} now at {_joined(objects)}"
            yield Following(set_name, names, objects, said, opens)


def _joined(objects: Sequence[Resource]) -> str:
    *others, last = (one.described for one in objects)
    return f"{', '.join(others)} and {last}" if others else last
