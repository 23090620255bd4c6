"""Expectations in a real Envoy: what `test --probe` adds to the answers of the manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..lists.clients import Client
from ..names.domain import BY_HTTP, HTTPS, Domain, InvalidDomain
from ..names.ports import pairs
from ..sites.at_ports import port_of
from ..sites.site import is_by_http
from .console import Failure
from .expectations import ALLOW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..manifest.resource import Resource
    from ..rendered.rendered import Rendered
    from .expectations import Expectation


def tried(found: Rendered, expectations: Sequence[Expectation], outcomes: Sequence[dict[str, Any]]) -> list[str]:
    """What happened to each expectation that Envoy does not meet; "" where it does, or where no client can ask for it.

    One run for each workload that asks.
    """
    from ..probe import ProbeError, probe
    from ..probe.identity import PROBE
    from ..probe.signals import end_once

    end_once()
    asked: dict[Client, dict[int, str]] = {}
    said = [""] * len(outcomes)
    ports = {str(HTTPS), *(_port(one) for one in found.resources)}
    for number, one in enumerate(expectations):
        name = _sent(one.host)
        port = name.partition(":")[2] or str(HTTPS)
        if port not in ports:
            said[number] = f"refused, nothing listens for port {port}" if one.expect == ALLOW else ""
        elif name:
            client = one.client or (_admitted(found, one.host) if one.expect == ALLOW else None) or PROBE
            asked.setdefault(client, {})[number] = name
    resources = [resource.value for resource in found.resources]
    for client, names in asked.items():
        hosts = [f"{name}={expectations[number].expect}" for number, name in names.items()]
        try:
            report = probe(resources, hosts=hosts, client=client)
        except (ProbeError, ValueError) as fault:
            raise Failure(str(fault)) from None
        differing = {result.case.label: result for result in report.differing}
        for number, name in names.items():
            if name in differing:
                result = differing[name]
                said[number] = f"{result.outcome}, decided by {result.rule or 'nothing'}"
    return said


def _port(resource: Resource) -> str:
    """The port that `resource` is for, as a list writes it."""
    return f"{port_of(resource)}{BY_HTTP if is_by_http(resource.value) else ''}"


def _sent(host: str) -> str:
    """The name that a client would send for `host`, with the port that it asks for; "" for what no list may hold."""
    try:
        (domain,) = pairs(host)
    except InvalidDomain:
        return ""
    name = f"probe.{domain.name.base}" if domain.is_wildcard else domain.name
    return f"{name}:{domain.port}{BY_HTTP if domain.is_http else ''}"


def _admitted(found: Rendered, host: str) -> Client | None:
    """A workload that the lists let through for `host`, where it is limited to some."""
    from ..probe.identity import exemplar

    limits = [found.clients(name, Domain(host)) for name in found.names]
    clients = [one for one in limits if one] if None not in limits else []
    return exemplar(min(clients[0])) if clients else None
