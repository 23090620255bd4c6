"""Each attack of test_attacks.py succeeds where what base/ does against it is taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import floods
from attacked import MISSING, SILENT, ask, context
from under_attack import ASKED, PENDING, during, holds, manifests, ready

if TYPE_CHECKING:
    from pathlib import Path

CACHE = {"max_hosts", "host_ttl", "dns_query_timeout", "dns_cache_circuit_breaker"}
"""What base/ says of how much the DNS cache takes and for how long; Envoy's own values otherwise, but for its size."""

BOUNDING = {"LISTENER", "FILTER_CHAIN", "LISTENER_FILTER"}
"""What patches of base/ that add nothing apply to, where they bound what a connection without a certificate takes."""


def without_bounds_of_dns(node: Any) -> None:
    """Every DNS cache below `node` as base/ had it: 10,000 names for five minutes, PENDING queries of 5 s at once."""
    if isinstance(node, dict):
        if "max_hosts" in node:
            for key in CACHE:
                del node[key]
            node |= {"max_hosts": 10_000, "dns_cache_circuit_breaker": {"max_pending_requests": PENDING}}
            node["dns_failure_refresh_rate"] = {"base_interval": "5s", "max_interval": "60s"}
        for child in node.values():
            without_bounds_of_dns(child)
    elif isinstance(node, list):
        for child in node:
            without_bounds_of_dns(child)


def without_bounds_of_connections(resources: list[dict[str, Any]]) -> None:
    """No limit of connections, and of one without a certificate the buffers and timeouts that Istio leaves."""
    for one in resources:
        if one["kind"] == "Deployment":
            del one["spec"]["template"]["metadata"]["annotations"]["proxy.istio.io/config"]
        elif one["kind"] == "EnvoyFilter":
            patches = one["spec"]["configPatches"]
            one["spec"]["configPatches"] = [
                patch for patch in patches if patch["patch"]["operation"] == "ADD" or patch["applyTo"] not in BOUNDING
            ]


def test_names_whose_dns_server_is_silent_keep_others_out(tmp_path: Path) -> None:
    resources = manifests(tmp_path)
    without_bounds_of_dns(resources)
    with ready(resources) as running:
        others = during(running, floods.at_once, SILENT, 2400)
        with pytest.raises(AssertionError, match="requests were answered"):
            holds(running, others)


def test_names_that_do_not_exist_keep_listed_ones_out(tmp_path: Path) -> None:
    resources = manifests(tmp_path)
    without_bounds_of_dns(resources)
    with ready(resources) as running:
        during(running, floods.one_by_one, MISSING, 10_400)
        tls = context(running.certificate("good/a"))
        assert not ask(running.port, tls, "fresh.example.net")[0]
        assert not ask(running.port, tls, "fresh.wikipedia.org")[0]
        assert all(ask(running.port, tls, name)[0] for name in ASKED)  # they were in the cache before


def test_connections_without_a_certificate_take_memory_and_stay(tmp_path: Path) -> None:
    """As many as one likes, of which Envoy holds each for longer than the attacker needs to open the next ones."""
    resources = manifests(tmp_path)
    without_bounds_of_connections(resources)
    with ready(resources) as running:
        during(running, floods.half_open, "x", 16_000)
        assert running.most > 12_000
        assert (running.peak - running.before) / running.most > 20_000
