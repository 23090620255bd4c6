"""Sites that other packages declare: entry points of the group `egress_overlays.sites`, named `<kind>.<API group>`.

Loaded when a resource that takes part is of a kind that is not built in, since looking through the installed packages
costs more than all the rest of a run (Python packaging, "Entry points specification"). What is built in cannot be
replaced. Of a package that cannot be used the site refuses every object, in words, and nothing is left out in silence.
"""

from __future__ import annotations

from importlib.metadata import entry_points

from .site import POLICY, BadPlace, Site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from ..manifest.resource import Resource
    from .site import ClientsPlace, DenialPlace, Place

    Find = Callable[[dict[str, Any]], Iterable[Place | ClientsPlace | DenialPlace | BadPlace]]

ENTRY_POINTS = "egress_overlays.sites"

_FOUND: dict[tuple[str, str], Site | None] = {}


def declared_elsewhere(resource: Resource) -> Site | None:
    """What an installed package declares for the kind of `resource`; None where none does."""
    key = (resource.group, resource.kind)
    if key not in _FOUND:
        _FOUND[key] = _load(*key)
    return _FOUND[key]


def _load(group: str, kind: str) -> Site | None:
    found = list(entry_points(group=ENTRY_POINTS, name=f"{kind}.{group}"))
    if not found:
        return None
    packages = " and ".join(sorted(point.dist.name if point.dist else point.value for point in found))
    if len(found) > 1:
        return _refusing(group, kind, f"is declared by {packages}; install one of them")
    try:
        site = found[0].load()
    except Exception as fault:  # noqa: BLE001 - whatever a foreign module raises
        return _refusing(group, kind, f"is declared by {packages}, which cannot be loaded: {fault!r}")
    if not isinstance(site, Site) or (site.group, site.kind) != (group, kind):
        return _refusing(group, kind, f"is declared by {packages}, but {found[0].value} is no Site of {kind}.{group}")
    if site.is_copied:
        # Objects that have the name of a copy are looked for among the built-in kinds alone.
        return _refusing(
            group, kind, f"is declared by {packages}, whose objects cannot be copied; leave makes_more out"
        )
    site.find = _guarded(site.find, packages)
    return site


def _refusing(group: str, kind: str, reason: str) -> Site:
    return Site(group, kind, lambda _: [BadPlace((), reason)], hop=POLICY, holds="nothing")


def _guarded(find: Find, packages: str) -> Find:
    """`find`, whose faults are said of the object and the package, as those of no user."""

    def guarded(value: dict[str, Any]) -> list[Place | ClientsPlace | DenialPlace | BadPlace]:
        try:
            return list(find(value))
        except Exception as fault:  # noqa: BLE001 - whatever a foreign module raises
            return [BadPlace((), f"cannot be read by the package {packages}: {fault!r}; report it there")]

    return guarded
