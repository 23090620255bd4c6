"""What a kind that holds names has to say of itself, once; all that fills, compares or verifies lists asks this."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from ..manifest.edits import Edits, Path
    from ..manifest.resource import Resource
    from .place import BadPlace, ClientsPlace, Place

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


class Site:
    """One kind that holds names.

    `group` and `kind`: of the Kubernetes API. `find(value)`: a Place for each list, and a BadPlace for each thing that
    a person must mend; it raises nothing. `hop`: what the lists stand for, one of the constants above, or a function
    of (value, path) that says it. `holds`: where its lists stand, in words.

    `beside`: the hops that must hold the names as well, each with what it is there. `limit`: the most names in one
    object, 0 for any number; `makes_more`: whether further objects are made past it. `exported`: the edits by which a
    copy is for the proxies of some namespaces alone, without which no list for some clients may stand in the kind,
    unless `checks_clients`, who asks. `keeps_hosts`: whether names may stand in spec.hosts beside the list.
    `open_paths`: where all names pass although nothing there is bad.
    """

    __slots__ = (
        "beside",
        "checks_clients",
        "exported",
        "find",
        "group",
        "holds",
        "hop",
        "keeps_hosts",
        "kind",
        "limit",
        "makes_more",
        "open_paths",
    )

    def __init__(  # noqa: PLR0913 - a declaration; all but three are named where it is made
        self,
        group: str,
        kind: str,
        find: Callable[[dict[str, Any]], Iterable[Place | ClientsPlace | BadPlace]],
        *,
        hop: str | Callable[[dict[str, Any], Path], str],
        holds: str,
        beside: Mapping[str, str] | None = None,
        limit: int = 0,
        makes_more: bool = False,
        exported: Callable[[frozenset[str]], Edits] | None = None,
        checks_clients: bool = False,
        keeps_hosts: bool = False,
        open_paths: Callable[[Resource], Iterable[Path]] | None = None,
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

    def __repr__(self) -> str:
        return f"Site({self.kind}.{self.group})"

    @property
    def is_copied(self) -> bool:
        """Whether a list may need several objects."""
        return self.makes_more or self.exported is not None

    def hop_of(self, value: dict[str, Any], path: Path) -> str:
        """The hop that the list at `path` of an object stands for."""
        return self.hop if isinstance(self.hop, str) else self.hop(value, path)
