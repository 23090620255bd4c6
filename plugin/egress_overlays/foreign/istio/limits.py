"""What narrows the names further on: hosts of Gateways, and what Sidecars tell a namespace of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..found import Note, wider
from ..names import EVERYTHING
from ..values import Map, mapping, mappings, text, texts
from .hops import Hop, Passing
from .routes import bound

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..files import Item


def gateway_hosts(items: Sequence[Item], services: Sequence[Item]) -> Hop:
    """The hosts of the Gateways that the VirtualServices are bound to; no limit where one of them is not at hand."""
    wanted = bound(services)
    known = {(item.namespace, item.name): item for item in items if item.kind == "Gateway"}
    found = [known.get(one) or known.get(("", one[1])) for one in wanted]
    passing: list[Passing] = []
    if wanted and all(found):
        for item in filter(None, found):
            passing += _hosts(item)
    are_known = bool(wanted) and all(found)
    return Hop("the Gateway's hosts", [one._replace(title="") for one in passing], is_closed=are_known)


def _hosts(item: Item) -> Iterator[Passing]:
    servers = [one for one in mappings(item.spec.get("servers")) if _takes_tls(one)]
    for server in servers:
        for host in texts(server.get("hosts")):
            yield Passing(host.rpartition("/")[2], host.place, f"Gateway {item.name}")
    for listener in mappings(item.spec.get("listeners")):
        yield Passing(text(listener, "hostname") or EVERYTHING, listener.place, f"Gateway {item.name}")


def _takes_tls(server: Map) -> bool:
    """Whether a server looks at the SNI of TLS, or takes every connection."""
    return text(mapping(server, "port"), "protocol").upper() in ("", "TLS", "HTTPS", "TCP")


def sidecars(items: Sequence[Item]) -> Iterator[Note]:
    """A word on each Sidecar that tells its workloads of some hosts alone."""
    for item in items:
        if item.kind == "Sidecar":
            hosts = [host for one in mappings(item.spec.get("egress")) for host in texts(one.get("hosts"))]
            if hosts and "*/*" not in hosts:
                whose = "some workloads" if item.spec.get("workloadSelector") else "the workloads"
                words = f"tells {whose} of {item.namespace or 'its namespace'} of {', '.join(hosts[:3])} alone"
                yield wider(item.spec.at("egress"), f"Sidecar {item.name}: {words}; the list is every workload's")
