"""What an object for names at another port than 443 is: the one for 443, with edits of ports and names, by the port.

Each port arrives at a port of the gateway, goes to an internal listener with a list of its own, and can be connected to
at that port alone. Nothing that a client says takes part in that.
"""

from __future__ import annotations

from ..manifest.fields import mapping, mappings, text
from ..manifest.resource import KEEP_HOSTS_ANNOTATION, SHARD_ANNOTATION
from ..names.domain import BY_HTTP, HTTPS, PLACEHOLDER
from ..names.ports import HTTP, listening
from .site import DENYING_ROUTE, is_by_http

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..manifest.edits import Edits, Path
    from ..manifest.resource import Resource

MESH_LISTENER = 8443
_BASES = {HTTPS: MESH_LISTENER, HTTP: listening(HTTP)}
"""What the objects of base/ and of components/plain-http are for, and where that arrives at the gateway."""
_KEY = "port."


def key_of(port: int, key: str = "") -> str:
    """What the name of a copy for `port` ends in; `key` is what it ends in besides."""
    return f"{key}-{_KEY}{port}" if key else f"{_KEY}{port}"


def port_of(resource: Resource) -> int:
    """The port that `resource`, a copy or none, is for."""
    written = str(resource.annotations.get(SHARD_ANNOTATION, "")).rpartition(_KEY)
    ours = written[1] and (not written[0] or written[0][-1] == "-") and written[2].isascii() and written[2].isdecimal()
    return int(written[2]) if ours and len(written[2]) <= 5 else _base(resource.value)


def _base(value: dict[str, Any]) -> int:
    """The port that an object is for which is no copy."""
    return HTTP if is_by_http(value) else HTTPS


def _numbers_of(value: dict[str, Any], port: int) -> dict[int, int]:
    """What the numbers of an object become in its copy for `port`."""
    base = _base(value)
    return {base: port, _BASES[base]: listening(port)}


def pair(resource: Resource, name: str) -> str:
    """`name` as it stands in `resource`, with the port that this is for: what a line of a list says."""
    port = port_of(resource)
    if port == HTTPS or name in ("", PLACEHOLDER):
        return name
    kept = str(resource.annotations.get(KEEP_HOSTS_ANNOTATION, "")).replace(" ", "").split(",")
    return name if name in kept else f"{name}:{port}{BY_HTTP if is_by_http(resource.value) else ''}"


def virtual_service(value: dict[str, Any]) -> Callable[[int], Edits]:
    """Of a VirtualService: sidecars send what is for a port to the port that is its own."""
    leaves = _leaves(value)

    def at(port: int) -> Edits:
        arrives = listening(port)
        edits = _numbers(leaves, ("port", "number"), _numbers_of(value, port))
        for index, route in enumerate(value["spec"].get("tls") or ()):
            leads = () if route.get("route") == DENYING_ROUTE else route.get("route") or ()
            for place, target in enumerate(leads):
                path = ("spec", "tls", index, "route", place, "destination")
                edits[path] = {**target["destination"], "port": {"number": arrives}}
        return edits

    return at


def service_entry(value: dict[str, Any]) -> Callable[[int], Edits]:
    """Of a ServiceEntry."""
    leaves = _leaves(value)
    return lambda port: _numbers(leaves, ("number",), _numbers_of(value, port))


def envoy_filter(value: dict[str, Any]) -> Callable[[int], Edits]:
    """Of an EnvoyFilter: clusters and listeners of its own, which lead to one another alone.

    Its access logs in JSON say the port: the name of a connection does not.
    """
    leaves = _leaves(value)
    added = {
        text(mapping(patch, "patch", "value"), "name")
        for _, patch in mappings(value["spec"], "configPatches")
        if patch.get("applyTo") in ("CLUSTER", "LISTENER") and mapping(patch, "patch").get("operation") == "ADD"
    } - {""}

    def at(port: int) -> Edits:
        edits = _numbers(leaves, ("port_value", "portNumber"), _numbers_of(value, port))
        for path, leaf in leaves:
            if isinstance(leaf, str) and leaf in added:
                edits[path] = named(leaf, port)
            elif isinstance(leaf, dict):
                edits[*path, "port"] = str(port)
        return edits

    return at


def named(name: str, port: int) -> str:
    """What a cluster or listener of base/ is called in the part of the gateway that is for `port`."""
    return f"port_{port}_{name}"


def _numbers(leaves: list[tuple[Path, Any]], keys: tuple[str, ...], numbers: dict[int, int]) -> Edits:
    """The edits by which every number under one of `keys` is the one that stands for it."""
    return {path: numbers[leaf] for path, leaf in leaves if type(leaf) is int and path[-1] in keys and leaf in numbers}


def _leaves(value: dict[str, Any]) -> list[tuple[Path, Any]]:
    """What of the spec may differ by port, with its path: texts, numbers, and the formats of logs in JSON."""
    found: list[tuple[Path, Any]] = []
    _collect(value["spec"], ("spec",), found)
    return found


def _collect(node: Any, path: Path, found: list[tuple[Path, Any]]) -> None:
    for key, child in enumerate(node) if isinstance(node, list) else node.items():
        if isinstance(child, (dict, list)):
            if key == "json_format" and isinstance(child, dict):
                found.append(((*path, key), child))
            _collect(child, (*path, key), found)
        elif isinstance(child, str) or type(child) is int:
            found.append(((*path, key), child))
