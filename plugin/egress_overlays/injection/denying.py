"""What a set with denials adds to an object: items that refuse names inside of its wildcards; loaded for such a set."""

from __future__ import annotations

from ..manifest.edits import at, dotted
from ..manifest.findings import Finding, fault_of
from ..names.domain import Domain, ascii_quoted, covering, minimise
from ..sites import REGISTRY, BadPlace, DenialPlace, Place, Site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..lists.allowlist import AllowSet
    from ..manifest.edits import Edits, Path
    from ..manifest.resource import Resource


def fill(  # noqa: PLR0913, PLR0917 - one caller
    resource: Resource,
    site: Site,
    found: Sequence[object],
    allowed: AllowSet,
    objects: Sequence[Edits],
    findings: list[Finding],
) -> None:
    """Add to the edits of each of `objects`, the resource and its copies, what refuses the names that are denied."""
    places = [place for place in found if isinstance(place, Place)]
    earlier = [place for place in found if isinstance(place, DenialPlace)]
    if site.denying is None:
        denied = (*allowed.denied, *(allowed.holes.clients if allowed.holes else ()))
        if denied and any(site.hop_of(resource.value, place.path) != REGISTRY for place in places):
            findings.append(_cannot(resource, site, allowed, denied[0]))
        return
    told: list[tuple[frozenset[str], list[Domain]]] = []
    for edits in objects:
        names = _of_object(site, edits, allowed, told)
        items: dict[Path, list[object]] = {place.holder: [] for place in earlier}
        for item in site.denying(resource.value, places, list(names)) if names else ():
            if isinstance(item, BadPlace):
                findings.append(fault_of(resource, item.reason, "denial", dotted(item.path)))
            else:
                items.setdefault(item[0], []).append(item[1])
        for holder, wanted in items.items():
            known = [int(place.path[len(holder)]) for place in earlier if place.holder == holder]
            _put(resource, edits, holder, wanted, list(dict.fromkeys(known)))


def _of_object(
    site: Site, edits: Edits, allowed: AllowSet, told: list[tuple[frozenset[str], list[Domain]]]
) -> list[Domain]:
    """The denied names that stand below a wildcard of the object, and that no other one with its readers refuses.

    Of two chains for one name Envoy would refuse the listener.
    """
    hosts = edits.get(site.covering, allowed.hosts) if site.covering else allowed.hosts
    wildcards = {Domain(host) for host in hosts if host[:1] == "*"}
    readers = frozenset(edits.get(("spec", "exportTo"), ("*",)))
    refused = {name for others, names in told if "*" in others or others & readers for name in names}
    denied: Sequence[Domain] = allowed.denied
    if allowed.holes is not None and not site.checks_clients:
        denied = minimise((*denied, *allowed.holes.refused(readers)))[0]
    found = [name for name in denied if name not in refused and covering(name, wildcards) is not None]
    told.append((readers, found))
    return found


def _put(resource: Resource, edits: Edits, holder: Path, wanted: list[object], earlier: list[int]) -> None:
    """Have the items `wanted` in the list at `holder`, in the place of those of an earlier run."""
    if holder not in edits and len(wanted) != len(earlier) and earlier:
        # Fewer or more than there were: the list as a whole.
        within = [path for path in edits if path[: len(holder)] == holder]
        edits[holder] = at(resource.edited({path: edits.pop(path) for path in within}), holder)
    if holder in edits:
        kept = [
            entry for entry in edits[holder] if entry not in (at(resource.value, (*holder, one)) for one in earlier)
        ]
        edits[holder] = [*kept, *wanted]
        return
    end = len(at(resource.value, holder))
    for number, item in enumerate(wanted):
        edits[*holder, earlier[number] if earlier else end + number] = item


def _cannot(resource: Resource, site: Site, allowed: AllowSet, denied: Domain) -> Finding:
    message = (
        f"takes the set {ascii_quoted(allowed.name)}, which denies names inside of wildcards "
        f"({ascii_quoted(f'!{denied}')}), and {site.described} cannot say that; give it a set without denials"
    )
    return fault_of(resource, message, "denial")
