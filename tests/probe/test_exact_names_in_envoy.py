"""components/exact-names in real Envoy: names below a wildcard that fill its DNS cache keep no exact name out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import floods
from attacked import MISSING, Gateway, ask, context, gateway
from builds import build, overlay

if TYPE_CHECKING:
    from pathlib import Path

LISTED = ("*.wikipedia.org", "pypi.org", "fresh.example.net")
PLACES = 300  # in each cache; base/ has 16,384, which no test machine fills within the 10 s that a name stays
MADE_UP = 1200


def small(node: Any) -> None:
    """Every DNS cache below `node` with PLACES places, in which a name stays for ten minutes."""
    if isinstance(node, dict):
        if "max_hosts" in node:
            node |= {"max_hosts": PLACES, "host_ttl": "600s"}
        for child in node.values():
            small(child)
    elif isinstance(node, list):
        for child in node:
            small(child)


def taken(running: Gateway) -> dict[str, float]:
    """How many names each DNS cache holds."""
    found = running.metrics()
    return {one.labels["cache"]: one.value for one in found if one.labels["__name__"] == "envoy_dns_num_hosts"}


@pytest.mark.long
@pytest.mark.parametrize("components", [("steady-connections",), ("steady-connections", "exact-names")], ids="+".join)
def test_made_up_names_take_all_places_and_none_of_those_of_exact_names(
    components: tuple[str, ...], newest: Path, tmp_path: Path
) -> None:
    resources = build(overlay(tmp_path, ("monitoring", *components), LISTED))
    small(resources)
    apart = "exact-names" in components
    with gateway(resources, newest) as running:
        tls = context(running.certificate("good/a"))
        assert ask(running.port, tls, "pypi.org")[0]
        floods.run(floods.one_by_one, running.port, running.certificate("attacker/a"), MISSING, MADE_UP)
        assert len(running.dns.asked[MISSING]) >= PLACES - 1
        assert not ask(running.port, tls, "fresh.wikipedia.org")[0]
        assert ask(running.port, tls, "fresh.example.net")[0] is apart
        assert ask(running.port, tls, "pypi.org")[0]
        places = taken(running)
    assert places.pop("egress_v4_10s_1s") >= PLACES
    assert places == ({"egress_exact-egress_v4_10s_1s": 2} if apart else {})
