"""The lists of names in manifests: where each stands, which hop matches by it, and what it matches."""

from __future__ import annotations

from ..manifest.edits import at
from ..manifest.fields import texts
from ..manifest.resource import APART, NAMES_ANNOTATION, PROTOCOL_ANNOTATION, SHARD_ANNOTATION, WILDCARDS
from ..names.domain import Domain
from ..names.holes import admits, deciding, table
from ..sites import GATEWAY, HOPS, POLICY, SIDECAR, TEXT, BadPlace, DenialPlace, Place, site_of
from ..sites.at_ports import pair
from ..sites.istio import BESIDE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..manifest.edits import Path
    from ..manifest.resource import Resource

EVERYTHING = "*"


class HostList:
    """One list of names in a manifest: `hop`, the `resource`, the `path` in it, and `names` as they stand there.

    Where `is_missing`, what stands at `path` has no list, and matches every name. `holes` are the names that a chain
    beside it refuses.
    """

    __slots__ = ("_direct", "_entries", "_table", "holes", "hop", "is_missing", "names", "part", "path", "resource")

    def __init__(
        self, hop: str, resource: Resource, path: Path, names: Sequence[str], *, is_missing: bool = False
    ) -> None:
        self.hop = hop
        self.resource = resource
        self.path = path
        self.names = names
        self.is_missing = is_missing
        self.holes: tuple[str, ...] = ()
        asked = str(resource.annotations.get(NAMES_ANNOTATION, ""))
        self.part = "" if asked == APART else asked
        self._direct: bool | None = None
        self._table: dict[str, bool] | None = None
        self._entries: frozenset[str] | None = None

    @property
    def matching(self) -> Sequence[str]:
        """The names that the proxy takes the list for.

        A server_names that is empty, or holds an empty name, matches every one (Envoy, FilterChainMatch).
        """
        if self.is_missing or (self.hop == GATEWAY and (not self.names or "" in self.names)):
            return [*self.names, EVERYTHING]
        return self.names

    @property
    def is_direct(self) -> bool:
        """Whether sidecars let the names out by this list alone, without a gateway."""
        if self._direct is None:
            self._direct = self.hop == SIDECAR and not beside([self])
        return self._direct

    def takes(self, name: str) -> bool:
        """Whether the list is for `name`, and not for the other part of its set alone."""
        return not self.part or name.startswith("*") == (self.part == WILDCARDS)

    @property
    def is_divided(self) -> bool:
        """Whether other lists of the same object take the other part of the set."""
        return bool(self.resource.annotations.get(NAMES_ANNOTATION) == APART)

    @property
    def table(self) -> dict[str, bool]:
        """What each name and each hole says."""
        if self._table is None:
            self._table = table(self.matching, self.holes)
        return self._table

    def hole(self, host: str) -> str | None:
        """The hole that refuses `host` although one of the names stands for it; None where none does."""
        found = deciding(host, self.table) if self.holes and not admits(host, self.table) else None
        return found if found in self.holes else None

    def is_known_in(self, namespace: str) -> bool:
        """Whether proxies in `namespace` are told of the resource (Istio, VirtualService.exportTo)."""
        exported = texts(self.resource.value.get("spec"), "exportTo") or ["*"]
        return bool({"*", namespace}.intersection(exported)) or (
            "." in exported and namespace == self.resource.namespace
        )

    def covers(self, name: str) -> bool:
        """Whether everything that `name` (a host, or a wildcard) stands for is matched by one of the names."""
        return self.match(Domain(name)) is not None

    def match(self, host: Domain) -> str | None:
        """The entry that Envoy would match `host` with, the most specific first; None where there is none.

        A wildcard `host` is matched by the wildcard that admits every name below it. The proxies compare bytes in
        lower case: `Example.com` or `example.com.` in a list match nothing. A wildcard `host` stands for the names
        that no hole takes out.
        """
        if self.holes:
            found = deciding(host, self.table)
            return found if found is not None and self.table[found] else None
        if self._entries is None:
            self._entries = frozenset(self.matching)
        if host in self._entries:
            return str(host)
        return cover(host, self._entries)


def cover(host: str, entries: frozenset[str]) -> str | None:
    """The narrowest wildcard of `entries` that covers `host` and is not `host` itself."""
    dot = host.find(".", 2 if host[:1] == "*" else 0)
    while dot != -1:
        if "*" + host[dot:] in entries:
            return "*" + host[dot:]
        dot = host.find(".", dot + 1)
    return EVERYTHING if EVERYTHING in entries and host != EVERYTHING else None


def every_list(resources: Iterable[Resource]) -> list[HostList]:
    """The lists of all `resources`, annotated or not."""
    return [entry for resource in resources for entry in lists_of(resource)]


def lists_of(resource: Resource) -> list[HostList]:
    """The lists of `resource`, and those that are missing where every name passes then."""
    site = site_of(resource)
    if site is None:
        return []
    lists = []
    denials = []
    for place in site.find(resource.value):
        if isinstance(place, DenialPlace):
            denials.append(place)
        elif isinstance(place, Place):
            names = place.form.names(at(resource.value, place.path))
            if SHARD_ANNOTATION in resource.annotations or PROTOCOL_ANNOTATION in resource.annotations:
                names = [pair(resource, name) for name in names]
            lists.append(HostList(site.hop_of(resource.value, place.path), resource, place.path, names))
            lists[-1].part = place.part or lists[-1].part
        elif isinstance(place, BadPlace) and place.opens:
            lists.append(HostList(site.hop_of(resource.value, place.path), resource, place.path, [], is_missing=True))
    if lists and site.open_paths:
        known = {entry.path for entry in lists}
        lists += [
            HostList(site.hop_of(resource.value, path), resource, path, [], is_missing=True)
            for path in site.open_paths(resource)
            if path not in known
        ]
    if denials:
        for entry in lists:
            entry.holes = _holes(entry, denials)
    return lists


def _holes(entry: HostList, denials: Sequence[DenialPlace]) -> tuple[str, ...]:
    """The names that `denials` refuse of the connections which the list `entry` is asked about."""
    value = entry.resource.value
    asked = without(at(value, entry.path[:-1]), entry.path[-1])
    return tuple(
        dict.fromkeys(
            pair(entry.resource, name)
            for place in denials
            if entry.path[: len(place.holder)] == place.holder
            and (place.form is not TEXT or without(at(value, place.path[:-1]), place.path[-1]) == asked)
            for name in place.form.whole(at(value, place.path))
        )
    )


def without(match: object, key: object) -> object:
    """What a match says beside the names under `key`."""
    return {name: value for name, value in match.items() if name != key} if isinstance(match, dict) else match


def beside(lists: Sequence[HostList]) -> Mapping[str, str]:
    """The hops that must hold the names of a set with `lists`, each with what it is there."""
    found: dict[str, str] = {}
    for resource in {id(entry.resource): entry.resource for entry in lists}.values():
        site = site_of(resource)
        found |= site.beside_of(resource.value) if site is not None else {}
    return found if lists else BESIDE


def ways(lists: Sequence[HostList]) -> list[list[HostList]]:
    """The `lists` of each way out: from the sidecars directly, and through all hops; a name needs one of them.

    Policies of the network and what only makes names known stand on no way by themselves.
    """
    directly = [entry for entry in lists if entry.is_direct]
    through = [entry for entry in lists if not entry.is_direct]
    if not directly:
        return [through]
    return [directly, through] if any(entry.hop in HOPS for entry in through) else [directly]


def members(lists: Mapping[str, Sequence[HostList]]) -> list[Resource]:
    """The resources of `lists`, by set, each once."""
    return list({id(entry.resource): entry.resource for entries in lists.values() for entry in entries}.values())


def hops_of(lists: Sequence[HostList]) -> tuple[str, ...]:
    """The hops that a name of a set with `lists` must pass: those of the mesh, or else the policies of the network."""
    wanted = {*beside(lists), *(entry.hop for entry in lists)}
    found = tuple(hop for hop in HOPS if hop in wanted)
    return found or ((POLICY,) if POLICY in wanted else HOPS)
