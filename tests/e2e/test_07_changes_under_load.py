"""Lists change while the mesh works: what is added works at once, what is removed stops, what is kept never notices."""

from __future__ import annotations

import functools
import random
from typing import TYPE_CHECKING

import pytest
from mesh.application import Load
from mesh.processes import eventually
from mesh.proxy import DRAIN_SECONDS, now

if TYPE_CHECKING:
    from collections.abc import Callable

    from mesh.application import Application
    from mesh.internet import Internet
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

    Apply = Callable[[list[str]], None]

ADDRESS = "185.15.59.250"
ZONE = "load.example.net"
ROUNDS = 100
KEPT = [f"kept{number}.{ZONE}" for number in range(520)]  # Three ServiceEntries of at most 256 hosts, with the others.
COMING_AND_GOING = [f"other{number}.{ZONE}" for number in range(120)]


@pytest.fixture(scope="module", autouse=True)
def site(internet: Internet) -> None:
    """All of these names are one site."""
    internet.serve(f"*.{ZONE}", ADDRESS)


@pytest.fixture
def apply(mesh: Mesh, overlays: Overlays) -> Apply:
    """Writes a list into the ConfigMap, builds and applies: what a merge to main does."""

    def apply(domains: list[str]) -> None:
        mesh.cluster.sync(overlays.make(domains))

    return apply


def test_a_domain_that_is_added_works_and_one_that_is_removed_stops(
    apply: Apply, application: Application, sidecar: Proxy, gateway: Proxy
) -> None:
    stays, comes, goes = (f"{word}.{ZONE}" for word in ("stays", "comes", "goes"))
    apply([stays, goes])
    eventually(lambda: application.get(goes).ok and goes in sidecar.routed_names(), within=20, what="the first list")
    assert comes not in sidecar.routed_names() | gateway.allowed_names()

    apply([stays, comes])

    eventually(lambda: comes in sidecar.routed_names() & gateway.allowed_names(), within=10, what="the added name")
    eventually(lambda: goes not in sidecar.routed_names() | gateway.allowed_names(), within=10, what="the removed name")
    since = now()
    assert application.get(comes).title == comes
    assert application.get(stays).title == stays
    assert gateway.logged(since, requested_server_name=comes)
    application.get(
        goes
    )  # No route in the sidecar any more: it goes out directly, where restrict-direct-egress forbids that.
    assert gateway.logged_nothing(since, requested_server_name=goes)


def test_established_connections_outlive_a_change_by_the_drain_time(
    apply: Apply, application: Application, sidecar: Proxy, gateway: Proxy
) -> None:
    """Envoy closes what replaced filter chains carry after the drain time: for kept names too, they share a chain."""
    stays, goes = (f"held-{word}.{ZONE}" for word in ("stays", "goes"))
    apply([stays, goes])
    eventually(lambda: application.get(goes).ok and goes in sidecar.routed_names(), within=20, what="the first list")
    assert application.get_held("stays", stays).ok
    assert application.get_held("goes", goes).ok

    apply([stays])

    eventually(lambda: goes not in sidecar.routed_names() | gateway.allowed_names(), within=10, what="the removed name")
    assert application.get_held("stays", stays).ok
    assert application.get_held("goes", goes).ok
    for key, name in (("stays", stays), ("goes", goes)):
        held = functools.partial(application.get_held, key, name)
        eventually(lambda: not held().ok, within=4 * DRAIN_SECONDS, what=f"{name} closed")  # noqa: B023 -- used at once
    assert application.get(stays).ok  # A new connection, as any client opens when the old one ends.


def test_kept_domains_do_not_notice_a_hundred_changes(
    apply: Apply, application: Application, sidecar: Proxy, gateway: Proxy
) -> None:
    chance = random.Random(5)  # noqa: S311 -- the same changes every time
    present = set(COMING_AND_GOING[:60])
    apply([*KEPT, *present])
    eventually(lambda: set(KEPT) <= sidecar.routed_names() & gateway.allowed_names(), within=30, what="the first list")
    since = now()

    with Load(application, KEPT, rate=20) as load:
        for _ in range(ROUNDS):
            present ^= set(chance.sample(COMING_AND_GOING, chance.choice((1, 1, 1, 2, 10, 40))))
            apply([*KEPT, *present])
        eventually(
            lambda: gateway.allowed_names() == sidecar.routed_names() == {*KEPT, *present},
            within=30,
            what="the last list",
        )

    assert load.failures == []
    assert load.done > ROUNDS
    # Nor did one of them go out past the gateway while its ServiceEntry changed.
    sent = sidecar.logged(since, lines=load.done, upstream_host=f"{gateway.pod.address}:8443")
    assert len(sent) == load.done
