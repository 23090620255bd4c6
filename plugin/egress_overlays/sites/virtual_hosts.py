"""EnvoyFilters that take names for plain HTTP: the `domains` of virtual hosts, which Envoy matches Host with.

Envoy reads the host to connect to out of Host too, and not as it matches a Host whose port is left out of account: of
`listed.example:x.evil.example` it matched one name and would ask DNS for another. So an entry here is the whole of
Host, the port of the list in it, and what makes Envoy leave ports out is a fault.
"""

from __future__ import annotations

from ..names.ports import HTTP, arriving
from .site import BadPlace, Form, list_at, mappings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..manifest.edits import Path
    from .site import Found

_MANAGER = "http_connection_manager"
_STRIPS = ("strip_any_host_port", "strip_matching_host_port", "strip_port_mode")
_IGNORES = "ignore_port_in_host_matching"


def find(value: dict[str, Any]) -> Found:
    """The lists in the EnvoyFilter `value`; what forwards by plain HTTP without one is a fault."""
    found: Found = []
    spec = value.get("spec")
    if not isinstance(spec, dict):
        return found
    patches = list(mappings(spec, "configPatches", ("spec",), found))
    form = form_at(_port(patches))
    for patch, path in patches:
        body = patch.get("patch")
        added = body.get("value") if isinstance(body, dict) else None
        if patch.get("applyTo") == "LISTENER" and isinstance(added, dict):
            here = (*path, "patch", "value")
            for chain, at in mappings(added, "filter_chains", here, found):
                for entry, there in mappings(chain, "filters", at, found):
                    config = entry.get("typed_config")
                    if isinstance(config, dict) and _MANAGER in str(config.get("@type")):
                        _manager(config, (*there, "typed_config"), form, found)
    for place in found:
        if isinstance(place, BadPlace):
            place.opens = True
    return found


def _port(patches: list[tuple[dict[str, Any], Path]]) -> int:
    """The port of the list, by the port of the gateway where its connections arrive."""
    for patch, _ in patches:
        match = patch.get("match")
        listener = match.get("listener") if isinstance(match, dict) else None
        number = listener.get("portNumber") if isinstance(listener, dict) else None
        if type(number) is int:
            return arriving(number)
    return HTTP


def form_at(port: int) -> Form:
    """How a name for plain HTTP at `port` stands in a list that is compared with Host.

    Clients leave the port out where it is 80, and there alone (RFC 9110, section 4.2.1).
    """
    suffix = f":{port}"

    def read(entry: Any) -> str:
        name = str(entry)
        if port == HTTP or name.endswith(suffix):
            return name.removesuffix(suffix)
        return f"{name}:{HTTP}"  # which is no name here

    return Form(str, read, further=suffix) if port == HTTP else Form(lambda name: f"{name}{suffix}", read)


def _manager(config: dict[str, Any], path: Path, form: Form, found: Found) -> None:
    """Note the lists of one connection manager."""
    for key in _STRIPS:
        if config.get(key):
            found.append(BadPlace((*path, key), "makes Envoy take Host for what it is not; remove it"))
    routes = config.get("route_config")
    if not isinstance(routes, dict) or not routes.get("virtual_hosts"):
        reason = "must have route_config.virtual_hosts with domains here; write domains: [egress-domains.invalid]"
        found.append(BadPlace(path, reason))
        return
    here = (*path, "route_config")
    if routes.get(_IGNORES):
        found.append(BadPlace((*here, _IGNORES), "makes Envoy take Host for what it is not; remove it"))
    for host, at in mappings(routes, "virtual_hosts", here, found):
        if "domains" not in host:
            found.append(BadPlace((*at, "domains"), "must be present; write domains: [egress-domains.invalid]"))
        found += list_at(host, "domains", at, form)
