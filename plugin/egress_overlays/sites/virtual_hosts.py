"""EnvoyFilters that take names for plain HTTP: the `domains` of virtual hosts, which Envoy matches Host with.

Envoy reads the host to connect to out of Host too, and not as it matches a Host whose port is left out of account: of
`listed.example:x.evil.example` it matched one name and would ask DNS for another. So an entry here is the whole of
Host, the port of the list in it, and what makes Envoy leave ports out is a fault.
"""

from __future__ import annotations

from ..manifest.resource import CLIENTS_FILTER
from ..names.ports import HTTP, arriving
from .site import BadPlace, ClientsPlace, DenialPlace, Form, Place, list_at, mappings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from ..manifest.edits import Path
    from .site import Found

_MANAGER = "http_connection_manager"
_STRIPS = ("strip_any_host_port", "strip_matching_host_port", "strip_port_mode")
_IGNORES = "ignore_port_in_host_matching"
_DENIED = "denied"
_RBAC = "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC"
_DENYING = {
    "name": _DENIED,
    "typed_per_filter_config": {
        "egress-overlays.listed": {
            "@type": f"{_RBAC}PerRoute",
            "rbac": {
                "rules": {
                    "action": "DENY",
                    "policies": {_DENIED: {"permissions": [{"any": True}], "principals": [{"any": True}]}},
                }
            },
        }
    },
    "routes": [{"name": _DENIED, "match": {"prefix": "/"}, "direct_response": {"status": 403}}],
}
"""A virtual host that refuses, but for its domains: the log quotes the policy's name, and no name is looked up."""


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


def denies(host: Any) -> bool:
    """Whether the virtual host `host` refuses the names that it lists, as the function writes it."""
    if not isinstance(host, dict) or {key: value for key, value in host.items() if key != "domains"} != _DENYING:
        return False
    names = host.get("domains")
    return isinstance(names, list) and bool(names) and all(isinstance(name, str) and name for name in names)


def denying(places: Sequence[Place], names: list[str]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The virtual host that refuses `names` beside each list of an EnvoyFilter for plain HTTP: the longest decides."""
    for holder, form in {place.path[:-2]: place.form for place in places}.items():
        yield holder, {"domains": form.written(names), **_DENYING}


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
        found += _denial(host, at, form) if denies(host) else list_at(host, "domains", at, form)
    for entry, at in mappings(config, "http_filters", path, found):
        if entry.get("name") == CLIENTS_FILTER:
            found.append(ClientsPlace((*at, "typed_config"), form))


def _denial(host: dict[str, Any], path: Path, form: Form) -> Iterator[DenialPlace | BadPlace]:
    """The list of a virtual host that refuses, at `path`."""
    here, names = (*path, "domains"), host["domains"]
    if form.whole(names) != form.names(names):
        reason = "refuses one spelling of a name and not the other; take it out, the function writes it"
        yield BadPlace(here, reason)
    yield DenialPlace(here, path[:-1], form)
