"""What DNS answers in the field, in real Envoy: failures that pass, aliases, both families, records that go."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from attacked import Gateway, ask, context, gateway
from builds import build, overlay

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVFAIL, NXDOMAIN = 2, 3
LONGEST = 12.0  # seconds: base/ asks again within 10


@pytest.fixture(scope="module")
def running(newest: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    manifests = build(overlay(tmp_path_factory.mktemp("overlay"), (), ("*.wikipedia.org",)))
    with gateway(manifests, newest) as found:
        yield found


def answered(running: Gateway, name: str) -> bool:
    return ask(running.port, context(running.certificate("good/a")), name)[0]


def until(running: Gateway, name: str, *, within: float) -> float:
    """Seconds until `name` is answered."""
    started = time.monotonic()
    while not answered(running, name):
        assert time.monotonic() - started < within, f"{name} is not answered"
        time.sleep(0.2)
    return time.monotonic() - started


@pytest.mark.long
@pytest.mark.parametrize("code", [SERVFAIL, NXDOMAIN])
def test_a_name_that_failed_is_reached_soon_after_it_is_well_again(running: Gateway, code: int) -> None:
    name = f"failed-{code}.wikipedia.org"
    running.dns.says[name] = code
    assert not answered(running, name)

    del running.dns.says[name]

    assert until(running, name, within=LONGEST) < LONGEST


def test_a_chain_of_aliases_leads_to_its_address(running: Gateway) -> None:
    running.dns.aliases["alias.wikipedia.org"] = 8
    assert answered(running, "alias.wikipedia.org")


def test_base_asks_for_ipv4_alone_and_ipv6_in_front_of_it_is_not_connected_to(running: Gateway) -> None:
    """A name that has both is reached by IPv4; `::1` that is slipped into the answer is refused as an address."""
    assert answered(running, "two-families.wikipedia.org")
    running.dns.both.add("slipped-in.wikipedia.org")
    assert not answered(running, "slipped-in.wikipedia.org")
    for word in (b"two-families", b"slipped-in"):
        asked = [one for one in running.dns.asked["org"] if word in one]
        assert [one[-4:] for one in asked] == [b"\0\1\0\1"]  # type A, class IN (RFC 1035, 3.2.2 and 3.2.4)


def test_answers_that_are_not_to_be_kept_serve_all_the_same(running: Gateway) -> None:
    running.dns.ttl = 0
    try:
        assert all(answered(running, "unkept.wikipedia.org") for _ in range(20))
    finally:
        running.dns.ttl = 60


@pytest.mark.long
def test_a_withdrawn_record_serves_as_long_as_it_is_asked_for(running: Gateway) -> None:
    """Envoy keeps the last address that it had of a name; a name that nobody asks for leaves after 10 s."""
    name = "withdrawn.wikipedia.org"
    running.dns.ttl = 1
    assert answered(running, name)
    running.dns.ttl = 60
    running.dns.says[name] = NXDOMAIN
    started = time.monotonic()
    while time.monotonic() - started < LONGEST:
        assert answered(running, name)
        time.sleep(1)

    time.sleep(LONGEST + 10)

    assert not answered(running, name)
