"""What a kind that holds names has to say of itself, once, and the places in its objects where the names stand.

All that fills, compares or verifies lists asks this.
"""

from __future__ import annotations

from ..manifest.resource import HTTP_PROTOCOL, PROTOCOL_ANNOTATION, WILDCARDS
from ..names.domain import PLACEHOLDER, SECOND_PLACEHOLDER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from ..manifest.edits import Edits, Path
    from ..manifest.resource import Resource

    Found = list["Place | ClientsPlace | DenialPlace | BadPlace"]
    Denying = Callable[
        [dict[str, Any], Sequence["Place"], list[str]], Iterable[tuple[Path, dict[str, Any]] | "BadPlace"]
    ]

SIDECAR = "sidecar"
GATEWAY = "gateway"
REGISTRY = "registry"
ROUTES = "routes"
POLICY = "policy"
HOPS = (SIDECAR, GATEWAY)
"""The hops that match the name of every connection.

What the service registry and routes hold must agree with them. A POLICY of the network is a layer of its own: it
stands beside the hops, for some pods, and may only take away from what they let through.
"""

BY_ROUTES = "routes"
BY_PATCHES = "patches"
BY_REGISTERING = "registering"
"""How else than by its lists an object counts: it leads connections on, changes proxies, or makes hosts known.

Each has one form, Istio's: `spec.tls` and `spec.gateways` of a VirtualService, `spec.workloadSelector` and
`spec.configPatches` of an EnvoyFilter, `spec.hosts` and `spec.ports` of a ServiceEntry.
"""


CHAINS = ("filter_chains", "filterChains", "match")
"""The lists whose entries Envoy has a filter chain for each: of a listener, and of a TLS route (Istio)."""


DENYING_ROUTE = [{"destination": {"host": "denied.egress-domains.invalid"}}]
"""Where a sidecar sends what is denied: to a cluster that is none, so that it closes the connection (Envoy, NC)."""


class Site:
    """One kind that holds names.

    `group` and `kind`: of the Kubernetes API. `find(value)`: a Place for each list, and a BadPlace for each thing that
    a person must mend; it raises nothing. `hop`: what the lists stand for, one of the constants above, or a function
    of (value, path) that says it. `holds`: where its lists stand, in words.

    `beside`: the hops that must hold the names as well, each with what it is there, or a function of (value) that says
    them. `limit`: the most names in one
    object, 0 for any number; `makes_more`: whether further objects are made past it. `exported`: the edits by which a
    copy is for the proxies of some namespaces alone, without which no list for some clients may stand in the kind,
    unless `checks_clients` or `admitted`, who asks. `keeps_hosts`: whether names may stand in spec.hosts beside
    the list.
    `open_paths`: where all names pass although nothing there is bad. `acts_by`: one of the constants BY_... above.
    `admitted`: the edits of (value, clients) by which a copy asks its clients who they are, and `admits` the clients of
    the list at a path, as it wrote them, by ValueError where something else stands there.
    `covering`: the list that must cover all others of the object. `fields`: the types of what else is read in `spec`.
    `denying`: a function of (value, places, names) that says which items refuse these names, each with the list that
    it stands in; without it no name inside a wildcard can be refused.
    `takes_http`: whether an object may take the names for plain HTTP.
    `by_port`: a function of the object for 443 that says by which edits of `spec` it is the one for another port.
    """

    __slots__ = (
        "acts_by",
        "admits",
        "admitted",
        "beside",
        "by_port",
        "checks_clients",
        "covering",
        "denying",
        "exported",
        "fields",
        "find",
        "group",
        "holds",
        "hop",
        "keeps_hosts",
        "kind",
        "limit",
        "makes_more",
        "open_paths",
        "takes_http",
    )

    def __init__(  # noqa: PLR0913 - a declaration; all but three are named where it is made
        self,
        group: str,
        kind: str,
        find: Callable[[dict[str, Any]], Iterable[Place | ClientsPlace | DenialPlace | BadPlace]],
        *,
        hop: str | Callable[[dict[str, Any], Path], str],
        holds: str,
        beside: Mapping[str, str] | Callable[[dict[str, Any]], Mapping[str, str]] | None = None,
        limit: int = 0,
        makes_more: bool = False,
        exported: Callable[[frozenset[str]], Edits] | None = None,
        checks_clients: bool = False,
        keeps_hosts: bool = False,
        open_paths: Callable[[Resource], Iterable[Path]] | None = None,
        acts_by: str = "",
        by_port: Callable[[dict[str, Any]], Callable[[int], Edits]] | None = None,
        covering: Path = (),
        fields: Callable[[], dict[str, Any]] | None = None,
        denying: Denying | None = None,
        admitted: Callable[[dict[str, Any], Iterable[str]], Edits] | None = None,
        admits: Callable[[dict[str, Any], Path], list[str]] | None = None,
        takes_http: bool = False,
    ) -> None:
        self.group = group
        self.kind = kind
        self.find = find
        self.hop = hop
        self.holds = holds
        self.beside = beside or {}
        self.limit = limit
        self.makes_more = makes_more
        self.exported = exported
        self.checks_clients = checks_clients
        self.keeps_hosts = keeps_hosts
        self.open_paths = open_paths
        self.acts_by = acts_by
        self.by_port = by_port
        self.covering = covering
        self.fields = fields
        self.denying = denying
        self.admitted = admitted
        self.admits = admits
        self.takes_http = takes_http

    def __repr__(self) -> str:
        return f"Site({self.kind}.{self.group})"

    @property
    def described(self) -> str:
        """The kind with its article."""
        return f"{'an' if self.kind[0] in 'AEIOU' else 'a'} {self.kind}"

    @property
    def is_copied(self) -> bool:
        """Whether a list may need several objects."""
        return any((self.makes_more, self.exported, self.by_port, self.admitted))

    def hop_of(self, value: dict[str, Any], path: Path) -> str:
        """The hop that the list at `path` of an object stands for."""
        return self.hop if isinstance(self.hop, str) else self.hop(value, path)

    def beside_of(self, value: dict[str, Any]) -> Mapping[str, str]:
        """The hops that must hold the names of an object as well; none where it lets them out by itself."""
        return self.beside(value) if callable(self.beside) else self.beside


def is_by_http(value: dict[str, Any]) -> bool:
    """Whether the object `value` takes the names of its set for plain HTTP, and those alone."""
    metadata = value.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    return isinstance(annotations, dict) and annotations.get(PROTOCOL_ANNOTATION) == HTTP_PROTOCOL


class Form:
    """How a list holds names: `write` makes an entry of a name, `read` the name of an entry.

    `read` returns None for an entry that `write` would not make: nobody takes it for a name then. `narrows` says of a
    kind that cannot say all that a wildcard stands for what it says instead; a form never says more. `further`: what
    a second entry of each name ends in, where a name takes two.
    """

    __slots__ = ("further", "narrows", "read", "write")

    def __init__(
        self, write: Callable[[str], Any], read: Callable[[Any], str | None], narrows: str = "", *, further: str = ""
    ) -> None:
        self.write = write
        self.read = read
        self.narrows = narrows
        self.further = further

    def names(self, entries: Sequence[Any]) -> list[str]:
        """The names that `entries` stand for; what cannot be read as one stands as it is, which is no name."""
        found = [str(entry) if (name := self.read(entry)) is None else name for entry in entries]
        return list(dict.fromkeys(found)) if self.further else found

    def whole(self, entries: Sequence[Any]) -> list[str]:
        """The names of which every entry stands there: what refuses one spelling of a name does not refuse the name."""
        return [name for name in self.names(entries) if set(self.written([name])) <= set(entries)]

    def written(self, names: Sequence[str]) -> list[Any]:
        """The entries for `names`."""
        found = [self.write(name) for name in names]
        return [entry for one in found for entry in (one, one + self.further)] if self.further else found


TEXT = Form(str, str)
"""A name is a text, and `*.` stands for any number of labels, as Envoy has it in SNI; Host has forms of its own."""


class Place:
    """A list of names: `path` leads to it, as in `("spec", "tls", 0, "match", 1, "sniHosts")`, and `form` writes it.

    `part`: WILDCARDS or EXACT where it takes these names alone. A part without names holds a placeholder
    of its own.
    """

    __slots__ = ("form", "part", "path")

    def __init__(self, path: Path, form: Form = TEXT) -> None:
        self.path = path
        self.form = form
        self.part = ""

    def written(self, names: list[str]) -> list[Any]:
        """The list as it stands here; `names` itself where they are texts."""
        if self.part == WILDCARDS:
            names = [name for name in names if name[:1] == "*"] or [SECOND_PLACEHOLDER]
        elif self.part:
            names = [name for name in names if name[:1] != "*"] or [PLACEHOLDER]
        return names if self.form is TEXT else self.form.written(names)


class ClientsPlace:
    """An RBAC filter's configuration, at `path`: which client may reach which name, in each of `KEYS`, by `form`."""

    KEYS = ("matcher", "shadow_matcher")

    __slots__ = ("form", "path")

    def __init__(self, path: Path, form: Form = TEXT) -> None:
        self.path = path
        self.form = form

    def guards(self, path: Path) -> bool:
        """Whether the filter stands in the chain, or the connection manager, that the list at `path` is of."""
        return path[: len(self.path) - 3] == self.path[:-3]  # filters, index, typed_config


class DenialPlace:
    """A list of names that are refused, at `path`, in an item of the list at `holder`: what the function writes."""

    __slots__ = ("form", "holder", "path")

    def __init__(self, path: Path, holder: Path, form: Form = TEXT) -> None:
        self.path = path
        self.holder = holder
        self.form = form


class BadPlace:
    """What stands at `path` where names belong and cannot be filled: `reason` what to mend, `opens` for every name."""

    __slots__ = ("opens", "path", "reason")

    def __init__(self, path: Path, reason: str, *, opens: bool = False) -> None:
        self.path = path
        self.reason = reason
        self.opens = opens


def list_at(holder: dict[str, Any], key: str, path: Path, form: Form = TEXT) -> Iterator[Place | BadPlace]:
    """The list under `key` of the mapping at `path`, where the key is present."""
    if key in holder:
        here = (*path, key)
        if isinstance(holder[key], list):
            yield Place(here, form)
        else:
            yield BadPlace(here, "must be a list of names")


def mappings(holder: dict[str, Any], key: str, path: Path, found: list[Any]) -> Iterator[tuple[dict[str, Any], Path]]:
    """The mappings in the list under `key` of the mapping at `path`, each with its own path.

    What is of another shape goes to `found` as a BadPlace: a list of names could stand in it.
    """
    entries = holder.get(key)
    if entries is None:
        return
    here = (*path, key)
    if not isinstance(entries, list):
        found.append(BadPlace(here, "must be a list"))
        return
    for index, entry in enumerate(entries):
        if isinstance(entry, dict):
            yield entry, (*here, index)
        else:
            found.append(BadPlace((*here, index), "must be a mapping"))
