"""What rendered manifests let through: the lists of every hop, the names that pass both, and why one does not.

A connection is matched twice by the name in its SNI: by the sidecar (VirtualService, `sniHosts`) and again by the
gateway (EnvoyFilter, `server_names`). Only what both match is reachable through the gateway.
"""

from __future__ import annotations

from ..lists.clients import are_for
from ..manifest.resource import DEFAULT_SET, INJECT_ANNOTATION
from ..names import holes
from ..names.domain import PLACEHOLDER, Domain, minimise
from ..sites import GATEWAY, POLICY, SIDECAR
from .host_lists import EVERYTHING, HostList, cover, hops_of, lists_of, ways
from .identities import is_within, who
from .unannotated import members

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..lists.clients import Client
    from ..lists.reporting import Reporting
    from ..manifest.resource import Resource
    from .identities import ClientRules


def host_lists(resources: Iterable[Resource]) -> dict[str, list[HostList]]:
    """The lists of every set in `resources`.

    Resources take part by their annotation. Where none carries it, those that look like an SNI egress gateway do, as
    the set `default`.
    """
    everything = list(resources)
    annotated = [resource for resource in everything if INJECT_ANNOTATION in resource.annotations]
    found: dict[str, list[HostList]] = {}
    for resource in annotated:
        found.setdefault(str(resource.annotations[INJECT_ANNOTATION]), []).extend(lists_of(resource))
    if annotated:
        return found
    found = {DEFAULT_SET: [entry for resource in members(everything) for entry in lists_of(resource)]}
    return found if found[DEFAULT_SET] else {}


def reachable(lists: Sequence[HostList], hops: Sequence[str] = ()) -> tuple[Domain, ...]:
    """The names, least in number, that pass every one of `hops`, those that `lists` stand for; sorted."""
    return minimise(passing(lists, hops))[0]


def passing(lists: Sequence[HostList], hops: Sequence[str] = ()) -> set[Domain]:
    """The names that pass every one of `hops`, those that `lists` stand for, covered ones among them.

    Two lists of one hop are alternatives: what one of them matches passes it.
    """
    if any(entry.holes for entry in lists):
        return set(holes.split(effective(lists, hops))[0])
    if not hops:
        return {name for way in ways(lists) for name in passing(way, hops_of(way))}
    passed: set[Domain] | None = None
    for hop in hops:
        here = {name for entry in lists if entry.hop == hop for name in _domains(entry.matching)}
        passed = here if passed is None else _both(passed, here)
    return passed or set()


def named(lists: Sequence[HostList]) -> set[Domain]:
    """As `passing`, with every name that stands somewhere and passes: each may be for other clients."""
    if not any(entry.holes for entry in lists):
        return passing(lists)
    known = effective(lists)
    hops = {hop for way in ways(lists) for hop in hops_of(way)}
    return {
        name for entry in lists if entry.hop in hops for name in _domains(entry.matching) if holes.admits(name, known)
    }


def denied(lists: Sequence[HostList], hops: Sequence[str] = ()) -> tuple[Domain, ...]:
    """The names, least in number, that do not pass although a wildcard among the `reachable` ones stands for them."""
    return holes.split(effective(lists, hops))[1] if any(entry.holes for entry in lists) else ()


def effective(lists: Sequence[HostList], hops: Sequence[str] = ()) -> dict[str, bool]:
    """What passes every one of `hops`, or of those of one way out, as a set with holes."""
    if not hops:
        found: dict[str, bool] = {}
        for way in ways(lists):
            found = holes.union(found, effective(way, hops_of(way)))
        return found
    passed: dict[str, bool] | None = None
    for hop in hops:
        # Chains with the same holes are chains of one listener, of which the most specific name decides.
        alike: dict[tuple[str, ...], set[str]] = {}
        for entry in lists:
            if entry.hop == hop:
                alike.setdefault(entry.holes, set()).update(_domains(entry.matching))
        here: dict[str, bool] = {}
        for own, names in alike.items():
            here = holes.union(here, holes.table(names, own))
        passed = here if passed is None else holes.intersection(passed, here)
    return passed or {}


def _domains(names: Iterable[str]) -> Iterable[Domain]:
    """The names that the proxies can match anything with, `*.com` among them; the placeholder is none."""
    for name in names:
        if name == EVERYTHING or (
            name not in ("", PLACEHOLDER) and "*" not in name[1:] and name.lower().strip(".") == name
        ):
            yield Domain(name)


def _both(one: set[Domain], other: set[Domain]) -> set[Domain]:
    mine, theirs = frozenset[str](one), frozenset[str](other)
    return (one & other) | {name for name in one if cover(name, theirs)} | {name for name in other if cover(name, mine)}


class Verdict:
    """Whether `host` passes: `hops` maps each hop to its lists, each with the entry that matches or None.

    A policy of the network beside the mesh's hops is for some pods alone: it is shown and decides nothing.
    `holes` are the denials that take it, or some of it, from the wildcards that stand for it. `exceptions` are those of
    limited lists, with whom they leave it to.
    `clients` are the workloads that the gateway lets it through for, None for every one. Where it was
    asked for `client`, the sidecars' lists are those that its namespace knows. `is_direct`: sidecars let it out by
    themselves, and no gateway sees it. `reported`: what lets it through for `client` although no list does.
    """

    __slots__ = ("allowed", "client", "clients", "holes", "hops", "host", "is_direct", "reported", "set_name")

    def __init__(  # noqa: PLR0913 - one caller
        self,
        host: Domain,
        set_name: str,
        lists: Sequence[HostList],
        clients: frozenset[Client] | None = None,
        client: Client | None = None,
        *,
        reporting: Sequence[Reporting] = (),
        exceptions: Mapping[Domain, frozenset[Client] | None] | None = None,
    ) -> None:
        self.host = host
        self.set_name = set_name
        self.clients = clients
        self.client = client
        if client is not None:
            lists = [entry for entry in lists if entry.hop != SIDECAR or entry.is_known_in(client.namespace)]
        deciding = hops_of(lists)
        policies = (POLICY,) if any(entry.hop == POLICY for entry in lists) else ()
        self.hops = {
            hop: [(entry, entry.match(host)) for entry in lists if entry.hop == hop]
            for hop in dict.fromkeys((*deciding, *policies))
        }
        passes = any(
            all(any(entry.match(host) for entry in way if entry.hop == hop) for hop in hops_of(way))
            for way in ways(lists)
        )
        self.holes: list[str] = []
        if any(entry.holes for entry in lists):
            # Of a wildcard that passes, the names that are refused below it.
            own = [name for name in denied(lists) if host.is_wildcard and host.covers(name)]
            named = [found for entry in lists if (found := entry.hole(host)) is not None]
            self.holes = sorted({*own, *named})
            passes = passes and not own
        for name, others in exceptions.items() if exceptions else ():
            # What a limited list denies for itself: the name is not for those of its clients that nobody else lets.
            if name != host and host.is_wildcard and host.covers(name) and self.clients is not None:
                left = frozenset(one for one in self.clients if others is None or is_within(one, others))
                if left != self.clients and (client is None or not are_for(left, client)):
                    self.holes.append(name)
                self.clients = left
            elif name.covers(host) and (client is None or not are_for(self.clients, client)):
                self.holes.append(name)
        self.reported: Reporting | None = None
        # What is denied is refused to those who report, too.
        is_denied = any(name.meets(host) for name in exceptions or ())
        if client is not None and passes and not self.admits_client and not is_denied:
            self.reported = next((one for one in reporting if one.admits(client)), None)
        self.allowed = passes and (self.admits_client or self.reported is not None)
        self.is_direct = self.allowed and any(entry.is_direct and entry.match(host) for entry in lists)

    @property
    def admits_client(self) -> bool:
        """Whether the gateway lets the name through for the client, or, without one, for anybody."""
        if self.client is None:
            return self.clients is None or bool(self.clients)
        return are_for(self.clients, self.client)


def clients(host: Domain, lists: Iterable[HostList], rules: Sequence[ClientRules]) -> frozenset[Client] | None:
    """The clients that `rules` limit `host` to; None where a chain that none of them stands in lets it through."""
    if any(
        (entry.is_direct or (entry.hop == GATEWAY and not any(one.guards(entry) for one in rules)))
        and entry.match(host)
        for entry in lists
    ):
        return None
    return who(rules, host)


def nearest(host: Domain, names: Iterable[str]) -> tuple[str, str] | None:
    """The entry that somebody who asked for `host` may have meant, and how it differs; None where nothing is near."""
    known = {name for name in names if name != PLACEHOLDER}
    elsewhere = min(
        (one for one in map(Domain, known) if one.port != host.port and one.name.covers(host.name)), default=""
    )
    if elsewhere:
        return elsewhere, f"is for port {Domain(elsewhere).port} alone"
    base = host.base
    if "*." + base in known:
        return "*." + base, "covers the names below it, not the name itself; .name in a list means both"
    if host.is_wildcard and base in known:
        return base, "is that name alone; names below it are not on the list"
    above = base.split(".")
    for start in range(1, len(above) - 1):
        parent = ".".join(above[start:])
        if parent in known:
            return parent, "is that name alone; names below it are not on the list"
    from difflib import get_close_matches

    close = get_close_matches(host, sorted(known), 1, 0.75)
    return (close[0], "is spelt alike") if close else None
