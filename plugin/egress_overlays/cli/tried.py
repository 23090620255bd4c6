"""Expectations in a real Envoy: what `test --probe` adds to the answers of the manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..lists.clients import Client
from ..names import parse
from ..names.domain import Domain, InvalidDomain
from .console import Failure
from .expectations import ALLOW

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    for number, one in enumerate(expectations):
        name = _sent(one.host)
        if name:
            client = one.client or (_admitted(found, one.host) if one.expect == ALLOW else None) or PROBE
            asked.setdefault(client, {})[number] = name
    said = [""] * len(outcomes)
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


def _sent(host: str) -> str:
    """The name that a client would send for `host`; "" for what no list may hold."""
    try:
        (domain,) = parse(host)
    except InvalidDomain:
        return ""
    return f"probe.{domain.base}" if domain.is_wildcard else str(domain)


def _admitted(found: Rendered, host: str) -> Client | None:
    """A workload that the lists let through for `host`, where it is limited to some."""
    from ..probe.identity import exemplar

    limits = [found.clients(name, Domain(host)) for name in found.names]
    clients = [one for one in limits if one] if None not in limits else []
    return exemplar(min(clients[0])) if clients else None
