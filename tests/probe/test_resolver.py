"""DNS as the gateway asks it: the probe's own server alone, by the gateway's own options, and no search domains."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from builds import build, overlay
from egress_overlays.probe import ProbeError, probe
from egress_overlays.probe.resolvers import redirect

Message = dict[str, Any]
CARES = "type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> list[Message]:
    return build(overlay(tmp_path_factory.mktemp("overlay"), (), ("*.wikipedia.org",)))


def caches(resources: list[Message]) -> list[Message]:
    """The settings of the forwarder's two caches."""
    (envoy_filter,) = (resource for resource in resources if resource["kind"] == "EnvoyFilter")
    patches = [entry["patch"]["value"] for entry in envoy_filter["spec"]["configPatches"]]
    forwarder = patches[2]["filter_chains"][0]["filters"][0]
    return [config["typed_config"]["dns_cache_config"] for config in (patches[1]["cluster_type"], forwarder)]


def with_resolver(resources: list[Message], resolver: Message | None) -> list[Message]:
    changed = deepcopy(resources)
    for cache in caches(changed):
        cache.pop("typed_dns_resolver_config", None)
        if resolver is not None:
            cache["typed_dns_resolver_config"] = deepcopy(resolver)
    return changed


def cares(**config: Any) -> Message:
    return {"name": "envoy.network.dns_resolver.cares", "typed_config": {"@type": CARES, **config}}


@pytest.mark.long
def test_search_domains_of_the_machine_change_nothing(
    base: list[Message], newest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # c-ares reads LOCALDOMAIN in place of the `search` of /etc/resolv.conf.
    monkeypatch.setenv("LOCALDOMAIN", "corp.example")
    for resources in (base, with_resolver(base, None), with_resolver(base, cares())):
        assert probe(resources, binary=newest).differing == []


def test_the_options_of_a_cache_stay_and_its_servers_are_the_probes() -> None:
    options = {"no_default_search_domain": True}
    cache = {
        "name": "egress",
        "typed_dns_resolver_config": cares(
            resolvers=[{"socket_address": {"address": "192.0.2.53", "port_value": 53}}],
            dns_resolver_options=options,
            query_tries=2,
        ),
    }
    redirect(cache, 5353)
    assert cache["typed_dns_resolver_config"] == cares(
        resolvers=[{"socket_address": {"address": "127.0.0.1", "port_value": 5353}}],
        dns_resolver_options=options,
        query_tries=2,
    )


@pytest.mark.parametrize(
    ("cache", "named"),
    [
        ({"typed_dns_resolver_config": {"typed_config": {"@type": "t/GetAddrInfoDnsResolverConfig"}}}, "GetAddrInfo"),
        ({"typed_dns_resolver_config": {"name": "envoy.network.dns_resolver.cares"}}, "typed_dns_resolver_config"),
        (
            {"typed_dns_resolver_config": cares(dns_resolver_options={"use_tcp_for_dns_lookups": True})},
            "use_tcp_for_dns_lookups",
        ),
        ({"typed_dns_resolver_config": cares(use_resolvers_as_fallback=True)}, "use_resolvers_as_fallback"),
        ({"dns_resolution_config": {"resolvers": [{}]}}, "dns_resolution_config"),
        ({"use_tcp_for_dns_lookups": True}, "use_tcp_for_dns_lookups"),
    ],
)
def test_a_resolver_that_cannot_be_redirected_is_named(
    cache: Message, named: str, base: list[Message], newest: Path
) -> None:
    changed = with_resolver(base, None)
    for one in caches(changed):
        one.update(deepcopy(cache))
    with pytest.raises(ProbeError, match=rf"^egress_v4.*: .*{named}"):
        probe(changed, hosts=["en.wikipedia.org"], binary=newest)
