"""Who answers a gateway's DNS queries: the probe's own server, asked as the gateway's configuration says."""

from __future__ import annotations

from typing import Any

from ..istiod.errors import ProbeError
from ..istiod.gateway import TYPE

Message = dict[str, Any]
_CARES = TYPE + "network.dns_resolver.cares.v3.CaresDnsResolverConfig"
_KEY = "typed_dns_resolver_config"


def own(port: int) -> Message:
    """A resolver that asks the probe's server on `port`, and never for a name with the machine's search domains."""
    return {
        "name": "envoy.network.dns_resolver.cares",
        "typed_config": {
            "@type": _CARES,
            "resolvers": _servers(port),
            "dns_resolver_options": {"no_default_search_domain": True},
        },
    }


def redirect(message: Message, port: int) -> None:
    """Have the resolver of `message` (a DNS cache or a cluster), if it has one, ask the probe's server; all else stays.

    Raises ProbeError naming what the probe's server could not answer.
    """
    where = message.get("name", "a resolver")
    if message.get("dns_resolution_config"):
        raise ProbeError(f"{where}: dns_resolution_config: the probe knows {_KEY} alone, which replaces it")
    if message.get("use_tcp_for_dns_lookups"):
        raise ProbeError(f"{where}: use_tcp_for_dns_lookups: the probe's DNS server answers over UDP only")
    if _KEY not in message:
        return
    config = message[_KEY].get("typed_config") or {}
    if config.get("@type") != _CARES:
        raise ProbeError(f"{where}: {_KEY}: the probe can redirect {_CARES} alone, not {config.get('@type')}")
    if (config.get("dns_resolver_options") or {}).get("use_tcp_for_dns_lookups"):
        raise ProbeError(f"{where}: {_KEY}: use_tcp_for_dns_lookups: the probe's DNS server answers over UDP only")
    if config.get("use_resolvers_as_fallback"):
        raise ProbeError(f"{where}: {_KEY}: use_resolvers_as_fallback: the probe would ask the machine's own servers")
    config["resolvers"] = _servers(port)


def _servers(port: int) -> list[Message]:
    return [{"socket_address": {"address": "127.0.0.1", "port_value": port}}]
