"""What an object for names at another port than 443 is: the one for 443, with ports and names of its own.

Each port arrives at a port of the gateway, goes to an internal listener with a list of its own, and can be connected to
at that port alone. Nothing that a client says takes part in that.
"""

from __future__ import annotations

from ..manifest.resource import KEEP_HOSTS_ANNOTATION, SHARD_ANNOTATION
from ..names.domain import HTTPS, PLACEHOLDER
from ..names.ports import listening

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..manifest.resource import Resource

MESH_LISTENER = 8443
_KEY = "port."


def key_of(port: int, key: str = "") -> str:
    """What the name of a copy for `port` ends in; `key` is what it ends in besides."""
    return f"{key}-{_KEY}{port}" if key else f"{_KEY}{port}"


def port_of(resource: Resource) -> int:
    """The port that `resource`, a copy or none, is for."""
    written = str(resource.annotations.get(SHARD_ANNOTATION, "")).rpartition(_KEY)
    ours = written[1] and (not written[0] or written[0][-1] == "-") and written[2].isascii() and written[2].isdecimal()
    return int(written[2]) if ours and len(written[2]) <= 5 else HTTPS


def pair(resource: Resource, name: str) -> str:
    """`name` as it stands in `resource`, with the port that this is for: what a line of a list says."""
    port = port_of(resource)
    if port == HTTPS or name in ("", PLACEHOLDER):
        return name
    kept = str(resource.annotations.get(KEEP_HOSTS_ANNOTATION, "")).replace(" ", "").split(",")
    return name if name in kept else f"{name}:{port}"


def virtual_service(value: dict[str, Any], port: int) -> dict[str, Any]:
    """The VirtualService `value` for `port`: sidecars send what is for it to the port that is its own."""
    spec: dict[str, Any] = _renumbered(value["spec"], "port", {HTTPS: port, MESH_LISTENER: listening(port)})
    for route in spec.get("tls") or ():
        for target in route.get("route") or ():
            target["destination"] = {**target["destination"], "port": {"number": listening(port)}}
    return {**value, "spec": spec}


def service_entry(value: dict[str, Any], port: int) -> dict[str, Any]:
    """The ServiceEntry `value` for `port`."""
    return {**value, "spec": _renumbered(value["spec"], "number", {HTTPS: port})}


def envoy_filter(value: dict[str, Any], port: int) -> dict[str, Any]:
    """The EnvoyFilter `value` for `port`: clusters and listeners of its own, which lead to one another alone."""
    numbers = {HTTPS: port, MESH_LISTENER: listening(port)}
    spec = _renumbered(_renumbered(value["spec"], "port_value", numbers), "portNumber", numbers)
    added = {
        str(patch["patch"]["value"].get("name"))
        for patch in spec.get("configPatches") or ()
        if patch.get("applyTo") in ("CLUSTER", "LISTENER") and patch["patch"].get("operation") == "ADD"
    }
    return {**value, "spec": _renamed(spec, {name: named(name, port) for name in added})}


def named(name: str, port: int) -> str:
    """What a cluster or listener of base/ is called in the part of the gateway that is for `port`."""
    return f"port_{port}_{name}"


def _renumbered(node: Any, key: str, numbers: dict[int, int]) -> Any:
    """A copy of `node` in which every `key` has the number that stands for its own."""
    if isinstance(node, list):
        return [_renumbered(child, key, numbers) for child in node]
    if not isinstance(node, dict):
        return node
    return {
        name: numbers.get(child, child) if name == key and isinstance(child, int) else _renumbered(child, key, numbers)
        for name, child in node.items()
    }


def _renamed(node: Any, names: dict[str, str]) -> Any:
    if isinstance(node, list):
        return [_renamed(child, names) for child in node]
    if isinstance(node, dict):
        return {key: _renamed(child, names) for key, child in node.items()}
    return names.get(node, node) if isinstance(node, str) else node
