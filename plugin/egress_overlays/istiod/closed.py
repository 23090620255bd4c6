"""Whether a gateway of base/ is one that this version of base/ and components/ makes: all else is named.

Every listener, filter chain, filter and cluster must be as in one known shape, in its order. So nothing that stands
beside the lists has to be known by its looks to be found.
"""

from __future__ import annotations

from collections.abc import Iterator
from json import loads
from typing import Any, NamedTuple

from ..manifest.fields import mapping
from ..sites.envoy_filter import denies
from . import copied
from .configuration import Model
from .errors import NotModelled
from .free import client_rules, fixed, text
from .gateway import Resource
from .mentions import Deviation, mentioning
from .provenance import Path
from .shapes import ChainShape, Known, Shape, chain_shape, chains_of, own_part, server_shapes, shape, with_ports

Message = dict[str, Any]
_RESTRICTS = ("local_ratelimit", "ratelimit", "connection_limit", "ext_authz", "rbac", "wasm", "golang")
_SHOWN = 3


class Judged(NamedTuple):
    """What there is to say of one gateway: `shape`, the known one that it comes nearest to, and where it differs.

    None: it is no gateway of base/.
    """

    shape: Shape | None
    deviations: list[Deviation]


def judge(resources: list[Resource], found: Model, known: Known, root_namespace: str = "istio-system") -> Judged:
    """How the gateway `found`, made from `resources`, differs from what is `known`."""
    names = {str(one.get("name")) for one in (*found.listeners, *found.clusters)}
    if not names & known.names:
        return Judged(None, [])
    own = shape(found.listeners, found.clusters)
    has_servers = any("address" in one for one in found.listeners)
    nearest = max(known.shapes, key=lambda one: (_likeness(one, own), not one.is_old))
    nearest, known = with_ports(nearest, known, own)
    deviations = list(_Comparison(found, nearest, has_servers).deviations())
    for gateway, index, server in server_shapes(resources, found.workload):
        if server not in known.servers and not any(
            one.resource is gateway and one.path[:3] == ("spec", "servers", index) for one in found.unknown
        ):
            words = f"opens a server at the egress gateway's pods that base/ does not have: {server}"
            deviations.append(Deviation(gateway, ("spec", "servers", index), words))
    for rule in client_rules([found.listeners, found.clusters]):
        if rule not in known.client_rules:
            words = f"has a rule for clients that the function does not write: {_short(rule)}"
            deviations.append(Deviation(_owner(found), ("spec",), words))
    for part, word in copied.differing(found.listeners, found.clusters):
        words = f"{part.get('name')} has other {word.strip('<>')} than the gateway for TLS"
        words += "; list components/plain-http after what changes those"
        deviations.append(Deviation(_owner(found), ("spec",), words))
    deviations += [_not_modelled(one) for one in found.unknown]
    deviations += _without_effect(found, known)
    deviations += mentioning(resources, found.workload, known.names, root_namespace)
    return Judged(nearest, deviations)


def _not_modelled(one: NotModelled) -> Deviation:
    words = "changes the egress gateway's pods in a way that is not known here: " if not one.opens else ""
    return Deviation(one.resource, one.path, f"{words}{one.reason}", one.opens)


def _without_effect(found: Model, known: Known) -> Iterator[Deviation]:
    """Patches to what EnvoyFilters of base/ add: this istiod applies none to what was added, another one might."""
    for patch in found.patches:
        name = patch.listener.get("name") or mapping(patch.match, "cluster").get("name")
        if patch.operation != "ADD" and name in known.names:
            words = f"changes {name} of base/; istiod does not patch what a patch has added, so take it out"
            yield Deviation(patch.resource, patch.source.path[:3], words, opens=False)


def _owner(found: Model) -> Resource | None:
    """The manifest that adds the forwarder."""
    for part in (*found.listeners, *found.clusters):
        for source in found.origins.sources(part):
            if source.resource.get("kind") == "EnvoyFilter" and "address" not in part:
                return source.resource
    return None


def _likeness(one: Shape, other: Shape) -> int:
    """How many parts two shapes have in common."""
    count = sum(other.clusters.get(name) == part for name, part in one.clusters.items())
    for name, listener in one.listeners.items():
        theirs = other.listeners.get(name)
        if theirs is not None:
            count += (listener.part == theirs.part) + 4 * (listener == theirs)
            mine = [entry for chain in listener.chains for entry in chain.filters]
            count += sum(entry in mine for chain in theirs.chains for entry in chain.filters)
            # A filter that the other does not have counts against it: fewer filters are not nearer.
            count -= sum(entry not in [e for c in theirs.chains for e in c.filters] for entry in mine)
    return count


class _Comparison:
    """One gateway beside the shape that it comes nearest to."""

    def __init__(self, found: Model, nearest: Shape, has_servers: bool) -> None:
        self._found = found
        self._shape = nearest
        self._has_servers = has_servers

    def deviations(self) -> Iterator[Deviation]:
        """Every difference."""
        yield from self._clusters()
        seen = set()
        for listener in self._found.listeners:
            name = str(listener.get("name"))
            known = self._shape.listeners.get(name)
            if known is None or name in seen:
                again = "once more " if known else ""
                yield self._at((listener,), (), f"adds the listener {name} {again}to the egress gateway's pods")
                continue
            seen.add(name)
            yield from self._fields((listener,), own_part(listener), loads(known.part), f"listener {name}")
            yield from self._chains(listener, known.chains, name)
        for name in self._shape.listeners:
            if name not in seen and (self._has_servers or not name.startswith("0.0.0.0_")):
                yield self._missing(f"the listener {name}")

    def _clusters(self) -> Iterator[Deviation]:
        for name, part in self._shape.clusters.items():
            alike = [cluster for cluster in self._found.clusters if cluster.get("name") == name]
            good = next((cluster for cluster in alike if text(fixed(cluster)) == part), None)
            for cluster in alike:
                if cluster is not good and (good is not None or cluster is not alike[-1]):
                    yield self._at((cluster,), (), f"adds a cluster {name} beside the one of base/; the first one wins")
            if good is None and alike:
                yield from self._fields((alike[-1],), fixed(alike[-1]), loads(part), f"cluster {name}")
            elif good is None:
                yield self._missing(f"the cluster {name}")

    def _chains(self, listener: Message, known: tuple[ChainShape, ...], name: str) -> Iterator[Deviation]:
        left = list(known)
        wrong = []
        for chain in chains_of(listener):
            if denies(chain):
                continue  # it lets nothing through
            own = chain_shape(chain)
            if own in left:
                left.remove(own)
            elif own not in known or "<names>" not in own.part:
                # Chains of the same sort for other names are as good as one.
                wrong.append((chain, own))
        for chain, own in wrong:
            if not left:
                yield self._at((listener, chain), (), f"adds a filter chain to the listener {name}")
                continue
            expected = max(left, key=lambda one: (one.part == own.part) + sum(f in own.filters for f in one.filters))
            left.remove(expected)
            where = f"filter chain of the listener {name}"
            mine = {key: value for key, value in chain.items() if key not in ("filters", "name")}
            yield from self._fields((listener, chain), fixed(mine), loads(expected.part), where)
            yield from self._filters((listener, chain), own.filters, expected.filters, name)
        for _ in left:
            # Without a route istiod leaves a server's chain out: nothing gets through.
            if chains_of(listener) or not name.startswith("0.0.0.0_"):
                yield self._missing(f"a filter chain of the listener {name}")

    def _filters(
        self, within: tuple[Message, ...], own: tuple[str, ...], known: tuple[str, ...], name: str
    ) -> Iterator[Deviation]:
        from difflib import SequenceMatcher  # only what differs needs it

        entries = [entry for entry in within[-1].get("filters") or [] if isinstance(entry, dict)]
        titles = [[str(loads(one).get("name")) if one[:1] == "{" else one for one in side] for side in (own, known)]
        for kind, i1, i2, j1, j2 in SequenceMatcher(None, titles[0], titles[1], autojunk=False).get_opcodes():
            if kind == "replace" and (i2 - i1, j2 - j1) == (1, 1):
                words = f"puts the filter {titles[0][i1]} in the place of {titles[1][j1]} in the listener {name}"
                yield self._at((*within, entries[i1]), (), words)
                continue
            if kind == "equal":
                for i, j in zip(range(i1, i2), range(j1, j2), strict=True):
                    where = f"filter {titles[0][i]} of the listener {name}"
                    yield from self._fields((*within, entries[i]), loads(own[i]), loads(known[j]), where)
                continue
            for i in range(i1, i2):
                kept = str(entries[i].get("typed_config", {})) + titles[0][i]
                words = f"adds the filter {titles[0][i]} to the listener {name}, or moves it there"
                opens = kind == "replace" or not any(word in kept for word in _RESTRICTS)
                yield self._at((*within, entries[i]), (), words, opens=opens)
            for j in range(j1, j2):
                words = f"takes the filter {titles[1][j]} out of its place in the listener {name}"
                yield self._at(within, ("filters",), words, removed=True)

    def _fields(self, within: tuple[Message, ...], own: Any, known: Any, where: str) -> Iterator[Deviation]:
        differences = list(_differences(own, known, ()))
        for path, words in differences[:_SHOWN]:
            yield self._at(within, path, f"changes the {where}: {words}")
        if len(differences) > _SHOWN:
            yield self._at(within, (), f"changes {len(differences) - _SHOWN} more fields of the {where}")

    def _missing(self, what: str) -> Deviation:
        return Deviation(_owner(self._found), ("spec",), f"{what}, which base/ has, is missing")

    def _at(
        self, within: tuple[Message, ...], path: Path, words: str, *, opens: bool = True, removed: bool = False
    ) -> Deviation:
        """With the manifest that says so, or the nearest one: who spoke last of `path`, from the innermost part out."""
        for part in reversed(within):
            sources = self._found.origins.sources(part)
            gone = [source for source in sources if source.removes]
            if removed and gone:
                return Deviation(gone[-1].resource, gone[-1].path, words, opens)
            for length in range(len(path), 0, -1):
                for source in reversed(sources):
                    place = source.place(path[:length])
                    if place is not None:
                        return Deviation(source.resource, place, words, opens)
            if sources:
                return Deviation(sources[-1].resource, sources[-1].path, words, opens)
            path = ()
        return Deviation(_owner(self._found), ("spec",), words, opens)


def _differences(own: Any, known: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Where `own` is not `known`, and how, in words."""
    if isinstance(own, dict) and isinstance(known, dict):
        for key in dict.fromkeys((*known, *own)):
            yield from _differences(own.get(key), known.get(key), (*path, key))
    elif isinstance(own, list) and isinstance(known, list) and len(own) == len(known):
        for index, (one, other) in enumerate(zip(own, known, strict=True)):
            yield from _differences(one, other, (*path, index))
    elif own != known or isinstance(own, bool) is not isinstance(known, bool):
        field = ".".join(map(str, path)) or "all of it"
        if own is None:
            yield path, f"{field} is missing, in base/ it is {_short(text(known))}"
        elif known is None:
            yield path, f"{field} is {_short(text(own))}, base/ has none"
        else:
            yield path, f"{field} is {_short(text(own))}, in base/ {_short(text(known))}"


def _short(words: str) -> str:
    return words if len(words) <= 80 else f"{words[:77]}..."
