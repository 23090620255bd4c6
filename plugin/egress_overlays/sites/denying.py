"""What refuses names inside of wildcards: a route of a VirtualService, a filter chain of an EnvoyFilter.

The most specific server name decides which filter chain Envoy takes, so that names which are denied need a chain of
their own beside the one that admits the wildcard, for the same connections otherwise.
"""

from __future__ import annotations

from ..manifest.edits import at
from .envoy_filter import DENYING_FILTERS, MATCH, NAMES
from .site import DENYING_ROUTE, BadPlace, DenialPlace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from ..manifest.edits import Path
    from ..manifest.resource import Resource
    from .site import Place

CHAIN = "denied"
"""The name of the filter chain, which the access log quotes."""


def routes(
    value: dict[str, Any], places: Sequence[Place], names: list[str]
) -> Iterator[tuple[Path, dict[str, Any]] | BadPlace]:
    """The TLS route that refuses `names` wherever a list of the VirtualService is matched."""
    bare = _without_names(value, [place for place in places if place.path[-1] == "sniHosts"])
    if bare:
        yield ("spec", "tls"), {"match": [{**match, "sniHosts": names} for match in bare], "route": DENYING_ROUTE}


def chains(
    value: dict[str, Any], places: Sequence[Place], names: list[str]
) -> Iterator[tuple[Path, dict[str, Any]] | BadPlace]:
    """The filter chains that refuse `names` beside each list of the EnvoyFilter, in the same listener."""
    holders: dict[Path, list[Place]] = {}
    for place in places:
        holder = place.path[:-3]
        if isinstance(place.path[-3], int) and place.path[-4:-3] == ("filter_chains",) and place.path[-2] == MATCH[0]:
            holders.setdefault(holder, []).append(place)
        else:
            reason = (
                "stands in no filter_chains of a listener, so that no chain beside it can deny a name inside a "
                "wildcard; move the chain to filter_chains of a patch with applyTo: LISTENER"
            )
            yield BadPlace(place.path, reason)
    for holder, within in holders.items():
        for number, match in enumerate(_without_names(value, within), 1):
            yield (
                holder,
                {
                    "name": CHAIN if number == 1 else f"{CHAIN}-{number}",
                    MATCH[0]: {**match, NAMES[0]: names},
                    "filters": DENYING_FILTERS,
                },
            )


def without_denials(resource: Resource, places: Iterable[object]) -> dict[str, Any]:
    """The value of `resource` without those of its `places` that refuse names; they stand behind all others."""
    holders: dict[Path, set[int]] = {}
    for place in places:
        if isinstance(place, DenialPlace):
            holders.setdefault(place.holder, set()).add(int(place.path[len(place.holder)]))
    kept = {
        holder: [item for index, item in enumerate(at(resource.value, holder)) if index not in gone]
        for holder, gone in holders.items()
    }
    return resource.edited(kept) if kept else resource.value


def _without_names(value: dict[str, Any], places: Sequence[Place]) -> list[dict[str, Any]]:
    """What the matches of `places` say beside their names, each once."""
    found: list[dict[str, Any]] = []
    for place in places:
        match = {key: child for key, child in at(value, place.path[:-1]).items() if key != place.path[-1]}
        if match not in found:
            found.append(match)
    return found
