"""The gateways that base/ and components/ of this version make, part by part: what is fixed of each.

`shapes.json` holds them. tools/shapes.py writes it from base/ and components/ as Kustomize builds them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ..names.domain import HTTPS
from ..names.ports import HTTP, listening
from ..sites.at_ports import MESH_LISTENER, named
from . import copied
from .free import client_rules, fixed, text
from .gateway import Resource, servers
from .workload import Workload

Message = dict[str, Any]
FILE = Path(__file__).with_name("shapes.json")


class ChainShape(NamedTuple):
    """A filter chain: what is fixed of it, and of each of its filters, in order."""

    part: str
    filters: tuple[str, ...]


class ListenerShape(NamedTuple):
    """A listener: what is fixed of it, and of its chains."""

    part: str
    chains: tuple[ChainShape, ...]


class Shape(NamedTuple):
    """A gateway: listeners and clusters by name. `title` says what makes it; `is_old` where this version does not."""

    title: str
    is_old: bool
    listeners: dict[str, ListenerShape]
    clusters: dict[str, str]


class Known(NamedTuple):
    """All that is known: shapes, the servers of their Gateways, and the ways in which rules for clients are written.

    `http` is what components/plain-http adds to each shape, alone and with lists for clients, see `by_http`.
    """

    shapes: tuple[Shape, ...]
    servers: frozenset[str]
    client_rules: frozenset[str]
    http: tuple[Shape, ...]

    @property
    def names(self) -> frozenset[str]:
        """The names of what EnvoyFilters of base/ add: who adds one of these makes a gateway of base/."""
        return frozenset(
            name
            for shape in (*self.shapes, *self.http)
            for name in (*shape.clusters, *shape.listeners)
            if not name.startswith(("0.0.0.0_", "BlackHole"))
        )


def with_ports(found: Shape, known: Known, own: Shape) -> tuple[Shape, Known]:
    """`found` and all that is `known`, and the same again for each port that `own` has a part for.

    The function makes that part from the one for 443, so that it must be the same but for ports and names.
    """
    ports = sorted({int(match[1]) for name in (*own.listeners, *own.clusters) if (match := _OF_PORT.match(name))})
    listeners = {name for one in known.http for name in one.listeners}
    http = {port for port in ports if any(named(name, port) in own.listeners for name in listeners)}
    shapes, servers = [found], set(known.servers)
    if http or listeners & own.listeners.keys():
        part = max((by_http(one, found) for one in known.http), key=lambda one: _in_common(one, own))
        shapes += [part, *(_Change(port, known.names).shape(part) for port in http)]
        ports, added = [port for port in ports if port not in http], {HTTP, *http}
    else:
        added = set()
    shapes += [_Change(port, known.names).shape(found) for port in ports]
    for port in (*ports, *added):
        servers |= {_Change(port, known.names).part(server) for server in known.servers}
    whole = Shape(
        found.title,
        found.is_old,
        {name: part for one in shapes for name, part in one.listeners.items()},
        {name: part for one in shapes for name, part in one.clusters.items()},
    )
    return whole, Known((*known.shapes, whole), frozenset(servers), known.client_rules, known.http)


def _in_common(one: Shape, other: Shape) -> int:
    """How many listeners and clusters are the same in both."""
    return len(one.listeners.items() & other.listeners.items()) + len(one.clusters.items() & other.clusters.items())


def by_http(part: Shape, found: Shape) -> Shape:
    """What components/plain-http adds to the gateway `found`: the `part`, with what it copies from there."""
    known = copied.learned(
        [*found.clusters.values()]
        + [one for listener in found.listeners.values() for chain in listener.chains for one in chain.filters]
    )
    return _mapped(part, lambda one: copied.put(one, known))


def without_copied(part: Shape) -> Shape:
    """The part that components/plain-http adds, with words where it holds copies."""
    return _mapped(part, copied.take)


def _mapped(one: Shape, change: Callable[[str], str], names: Mapping[str, str] | None = None) -> Shape:
    """`one` with every part of it changed, and `names` of listeners and clusters."""
    names = names or {}
    return Shape(
        one.title,
        one.is_old,
        {
            names.get(name, name): ListenerShape(
                change(listener.part),
                tuple(ChainShape(change(chain.part), tuple(map(change, chain.filters))) for chain in listener.chains),
            )
            for name, listener in one.listeners.items()
        },
        {names.get(name, name): change(cluster) for name, cluster in one.clusters.items()},
    )


_OF_PORT = re.compile(r"port_([1-9][0-9]{0,4})_")
_NUMBER = re.compile(r'"(port_value|number)":(443|8443|31080)(?![0-9])')


class _Change:
    """What base/ says, said for one port: as `sites.at_ports` does it."""

    def __init__(self, port: int, names: frozenset[str]) -> None:
        self._names = {name: named(name, port) for name in names}
        arrives = listening(port)
        self._numbers = {str(HTTPS): str(port)}
        for base in (MESH_LISTENER, listening(HTTP)):
            self._names[f"0.0.0.0_{base}"] = f"0.0.0.0_{arrives}"
            self._numbers[str(base)] = str(arrives)

    def part(self, part: str) -> str:
        changed: Any = json.loads(_NUMBER.sub(lambda found: f'"{found[1]}":{self._numbers[found[2]]}', part))
        return text(self._renamed(changed))

    def _renamed(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self._renamed(child) for child in node]
        if isinstance(node, dict):
            return {key: self._renamed(child) for key, child in node.items()}
        return self._names.get(node, node) if isinstance(node, str) else node

    def shape(self, one: Shape) -> Shape:
        return _mapped(one, self.part, self._names)


def chain_shape(chain: Message) -> ChainShape:
    """The shape of one filter chain."""
    filters = chain.get("filters") if isinstance(chain.get("filters"), list) else []
    own = {key: value for key, value in chain.items() if key not in ("filters", "name")}
    return ChainShape(text(fixed(own)), tuple(text(fixed(entry)) for entry in filters or ()))


def chains_of(listener: Message) -> list[Message]:
    """The filter chains of a listener, the default one last."""
    found = listener.get("filter_chains")
    chains = [chain for chain in found if isinstance(chain, dict)] if isinstance(found, list) else []
    default = listener.get("default_filter_chain")
    return [*chains, default] if isinstance(default, dict) else chains


def own_part(listener: Message) -> Message:
    """What is fixed of a listener beside its chains; whether it has a default one counts."""
    own = {key: value for key, value in listener.items() if key not in ("filter_chains", "default_filter_chain")}
    return {**dict(fixed(own)), **({"default_filter_chain": True} if listener.get("default_filter_chain") else {})}


def shape(listeners: list[Message], clusters: list[Message], title: str = "", *, is_old: bool = False) -> Shape:
    """The shape of these listeners and clusters."""
    return Shape(
        title,
        is_old,
        {
            str(one.get("name")): ListenerShape(
                text(own_part(one)), tuple(dict.fromkeys(map(chain_shape, chains_of(one))))
            )
            for one in listeners
        },
        {str(one.get("name")): text(fixed(one)) for one in clusters if one.get("name") != "BlackHoleCluster"},
    )


def server_shapes(resources: list[Resource], workload: Workload) -> list[tuple[Resource, int, str]]:
    """The servers of the Gateways that select `workload`: what is fixed of each."""
    return [(gateway, index, _server(server)) for gateway, index, server in servers(resources, workload)]


def _server(server: Message) -> str:
    tls = server.get("tls")
    port = server.get("port")
    # Names, hosts (of VirtualServices that may bind) and versions of TLS open nothing.
    return text(
        {
            **{key: value for key, value in server.items() if key not in ("name", "hosts")},
            "port": {k: v for k, v in port.items() if k != "name"} if isinstance(port, dict) else port,
            "tls": {
                k: v for k, v in tls.items() if k not in ("minProtocolVersion", "maxProtocolVersion", "cipherSuites")
            }
            if isinstance(tls, dict)
            else tls,
        }
    )


@cache
def known() -> Known:
    """What shapes.json holds."""
    data = json.loads(FILE.read_text(encoding="utf-8"))
    return decoded(data)


def decoded(data: Message) -> Known:
    """`data` of shapes.json; parts stand in it once and are referred to by their index."""
    parts = [text(part) for part in data["parts"]]

    def read(one: Message) -> Shape:
        listeners = {
            name: ListenerShape(
                parts[listener["part"]],
                tuple(
                    ChainShape(parts[chain["part"]], tuple(parts[entry] for entry in chain["filters"]))
                    for chain in listener["chains"]
                ),
            )
            for name, listener in one["listeners"].items()
        }
        clusters = {name: parts[part] for name, part in one["clusters"].items()}
        return Shape(one["title"], bool(one.get("old")), listeners, clusters)

    return Known(
        tuple(map(read, data["shapes"])),
        frozenset(text(server) for server in data["servers"]),
        frozenset(text(rule) for rule in data["clientRules"]),
        tuple(map(read, data["http"])),
    )


def encoded(found: Known) -> Message:
    """`found` as shapes.json has it."""
    parts: dict[str, int] = {}

    def index(part: str) -> int:
        return parts.setdefault(part, len(parts))

    def write(one: Shape) -> Message:
        return {
            "title": one.title,
            **({"old": True} if one.is_old else {}),
            "listeners": {
                name: {
                    "part": index(listener.part),
                    "chains": [
                        {"part": index(chain.part), "filters": [index(entry) for entry in chain.filters]}
                        for chain in listener.chains
                    ],
                }
                for name, listener in one.listeners.items()
            },
            "clusters": {name: index(part) for name, part in one.clusters.items()},
        }

    shapes = [write(one) for one in found.shapes]
    http = [write(one) for one in found.http]
    return {
        "parts": [json.loads(part) for part in parts],
        "shapes": shapes,
        "http": http,
        "servers": [json.loads(server) for server in sorted(found.servers)],
        "clientRules": [json.loads(rule) for rule in sorted(found.client_rules)],
    }


__all__ = ["FILE", "Known", "Shape", "chain_shape", "client_rules", "decoded", "encoded", "known", "shape"]
