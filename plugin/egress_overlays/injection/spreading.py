"""Names spread over several filter chains by a hash of each; loaded when a resource asks for it.

Envoy ends every connection of a chain that changes, so that of many chains a changed name takes one alone. What the
hash of a name says needs no state: a name stays in its chain whatever else comes or goes.
"""

from __future__ import annotations

from hashlib import sha256

from ..manifest.edits import at, dotted
from ..manifest.findings import Finding, fault_of
from ..manifest.resource import CHAINS_ANNOTATION, Resource
from ..names.domain import ascii_quoted
from ..sites import CHAINS, GATEWAY, SIDECAR, ClientsPlace, Place, Site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..manifest.edits import Edits, Path

    Rules = Callable[[frozenset[str]], dict[str, Any]]

FEWEST, MOST = 2, 128


def number_of(name: str, chains: int) -> int:
    """Which one of so many `chains` holds `name`: for good, since nothing else counts."""
    return int.from_bytes(sha256(name.encode()).digest()[:8], "big") % chains


def spread(names: Sequence[str], chains: int) -> dict[int, list[str]]:
    """`names` by the number of their chain, in its order; a chain without a name is none."""
    found: dict[int, list[str]] = {}
    for name in names:
        found.setdefault(number_of(name, chains), []).append(name)
    return dict(sorted(found.items()))


def asked(
    resource: Resource,
    site: Site,
    places: Sequence[Place],
    clients: Sequence[ClientsPlace],
    findings: list[Finding],
) -> Spread | None:
    """The resource with as many chains as its annotation asks for; None with a fault where it cannot have them."""
    text = str(resource.annotations[CHAINS_ANNOTATION])
    field = f"annotation {CHAINS_ANNOTATION}"
    message = ""
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(MOST)) and FEWEST <= int(text) <= MOST):
        message = f"{ascii_quoted(text)} is no number of filter chains; write {FEWEST} to {MOST}"
    elif not any(_holder(place.path) for place in places):
        message = f"carries {CHAINS_ANNOTATION}, which is for a VirtualService or an EnvoyFilter with chains"
    for place in () if message else places:
        if _holder(place.path) is None and site.hop_of(resource.value, place.path) in (GATEWAY, SIDECAR):
            field = dotted(place.path)
            message = (
                f"carries {CHAINS_ANNOTATION}, but this list stands in no list of filter chains (filter_chains of "
                "applyTo: LISTENER, match of a VirtualService); remove the annotation, or move the chain there"
            )
    if message:
        findings.append(fault_of(resource, message, "chains", field))
        return None
    return Spread(resource, places, clients, int(text))


class Spread:
    """A resource whose chains are made anew: `chains` of each sort that it has, with the names of each.

    Chains are of one sort where they differ by their names alone: those of an earlier run are one sort again.
    """

    def __init__(
        self, resource: Resource, places: Sequence[Place], clients: Sequence[ClientsPlace], chains: int
    ) -> None:
        self._value = resource.value
        self._chains = chains
        self._plain = [place for place in places if _holder(place.path) is None]
        self._holders: dict[Path, dict[int, Path]] = {}
        self._places = {place.path: place for place in places}
        for place in places:
            holder = _holder(place.path)
            if holder is not None:
                size = len(holder)
                self._holders.setdefault(holder, {})[int(place.path[size])] = place.path[size + 1 :]
        self._clients: dict[Path, dict[int, list[Path]]] = {}
        self.others: list[ClientsPlace] = []
        """The filters for clients that stand in no chain which is spread."""
        for one in clients:
            holder = _holder(one.path)
            if holder in self._holders and holder is not None and one.path[len(holder)] in self._holders[holder]:
                size = len(holder)
                found = self._clients.setdefault(holder, {})
                found.setdefault(int(one.path[size]), []).append(one.path[size + 1 :])
            else:
                self.others.append(one)
        self._sorts = {holder: self._sorts_of(holder) for holder in self._holders}

    @property
    def places(self) -> int:
        """How many times each name is written."""
        return len(self._plain) + sum(map(len, self._sorts.values()))

    def lists(self, names: list[str], rules: Rules | None = None) -> Edits:
        """The edits that put `names` where they belong, with `rules` for the clients of each chain."""
        edits: Edits = {place.path: place.written(names) for place in self._plain}
        for holder, sorts in self._sorts.items():
            entries = at(self._value, holder)
            kept = [entry for index, entry in enumerate(entries) if index not in self._holders[holder]]
            edits[holder] = [
                *(
                    self._chain(holder, index, number, part, rules)
                    for index in sorts
                    for number, part in spread(self._place(holder, index).written(names), self._chains).items()
                ),
                *kept,
            ]
        return edits

    def _place(self, holder: Path, index: int) -> Place:
        return self._places[*holder, index, *self._holders[holder][index]]

    def _sorts_of(self, holder: Path) -> list[int]:
        """The first chain of each sort, by its index."""
        seen: dict[str, int] = {}
        for index in sorted(self._holders[holder]):
            blank = self._chain(holder, index, None, [], None)
            seen.setdefault(repr(blank), index)
        return list(seen.values())

    def _chain(
        self, holder: Path, index: int, number: int | None, names: list[str], rules: Rules | None
    ) -> dict[str, Any]:
        """The chain at `index` with these names; without its number and rules where there are none."""
        entry: dict[str, Any] = at(self._value, holder)[index]
        edits: Edits = {self._holders[holder][index]: names}
        if isinstance(entry.get("name"), str):
            own = _unnumbered(entry["name"])
            edits["name",] = own if number is None else f"{own}-{number}"
        for path in self._clients.get(holder, {}).get(index, ()):
            made = rules(frozenset(names)) if rules is not None else {}
            edits |= {(*path, key): made for key in ClientsPlace.KEYS}
        return Resource(entry).edited(edits)


def _holder(path: Path) -> Path | None:
    """The path of the list of chains that `path` leads through."""
    for length in range(len(path) - 1, 0, -1):
        if path[length - 1] in CHAINS and isinstance(path[length], int):
            return path[:length]
    return None


def _unnumbered(name: str) -> str:
    """The name of a chain without the number that an earlier run has put behind it."""
    own, dash, number = name.rpartition("-")
    return own if dash and own and number.isdecimal() else name
