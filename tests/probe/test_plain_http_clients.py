"""Lists for some clients by plain HTTP, in real Envoy: who reaches what, and that DNS is asked for nobody else."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from builds import built_of
from egress_overlays.istiod.errors import ProbeError
from egress_overlays.probe import envoy
from odd_requests import ALL, LISTED, PORT
from odd_requests import request as asking
from plain_http import Gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# As in test_clients_in_envoy.
REFUSES_THE_LISTENER, KNOWS_CLIENTS = 37, 38
WITH_RIGHT, WITHOUT = "default/app", "other/app"
LISTS: dict[str, tuple[str, dict[str, str]]] = {
    "shared": (f"a.example.com\nhttp://crl.example.com:{PORT}\nhttp://*.everybody.example.com:{PORT}\n", {}),
    "team": (
        f"http://deb.example.com:{PORT}\nhttp://*.mirror.example.com:{PORT}\n",
        {"clients": "default\nshop/checkout\n"},
    ),
    "blog": (
        "".join(
            f"{one}.example.com:{PORT}\n" for one in ("http://*.mirror", "!http://admin.mirror", "http://x.everybody")
        ),
        {"clients": "blog\n"},
    ),
    "secret": (f"http://sec.example.com:{PORT}\nhttp://*.secret.example.com:{PORT}\n", {"clients": "secret"}),
    "till": (
        f"http://till.example.com:{PORT}\n",
        {"clients": "till", "enforce": "report", "report-until": "2999-12-31"},
    ),
}
ODD = [one for group in ALL.values() for one in group]
COMPONENTS = ("client-lists", "report", "plain-http", "plain-http/client-lists")


@pytest.fixture(scope="module")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return built_of(tmp_path_factory.mktemp("http"), LISTS, COMPONENTS)


@pytest.fixture(scope="module")
def gateway(manifests: list[dict[str, Any]], binary: Path, minor: int) -> Iterator[Gateway]:
    if minor < KNOWS_CLIENTS:
        pytest.skip("knows no clients; see the test about that")
    with envoy.workspace() as directory, Gateway(binary, manifests, directory, PORT) as running:
        yield running


SHARED = ("crl.example.com", "a.everybody.example.com", "x.everybody.example.com")
TEAM = ("deb.example.com", "a.mirror.example.com", "a.b.mirror.example.com")
ADMIN, TILL, UNLISTED = "admin.mirror.example.com", "till.example.com", "evil.example.net"


@pytest.mark.parametrize(
    ("client", "reached"),
    [
        ("default/app", {*SHARED, *TEAM, ADMIN}),
        ("shop/checkout", {*SHARED, *TEAM, ADMIN}),
        ("shop/other", {*SHARED}),
        ("blog/any", {*SHARED, *TEAM[1:]}),
        ("other/app", {*SHARED}),
        ("default.evil/app", {*SHARED}),
        ("till/any", {*SHARED, *TEAM, TILL}),  # and not what a list denies
        ("", set()),
    ],
)
def test_each_client_reaches_its_own_and_the_shared_names(client: str, reached: set[str], gateway: Gateway) -> None:
    for name in (*SHARED, *TEAM, ADMIN, TILL, UNLISTED):
        outcome = gateway.send(asking(host=f"{name}:{PORT}".encode()), PORT, client=client)
        wanted = 200 if name in reached else 403
        assert outcome.statuses == ((wanted,) if client else ()), name
        assert len(outcome.hosts) == int(wanted == 200)


@pytest.mark.parametrize("spelled", ["ADMIN.mirror.example.com", "aDmin.mirror.EXAMPLE.com", "Deb.example.com"])
def test_a_name_in_capitals_is_refused_to_everybody(spelled: str, gateway: Gateway) -> None:
    for client in ("blog/any", "default/app", "till/any"):
        outcome = gateway.send(asking(host=f"{spelled}:{PORT}".encode()), PORT, client=client)
        assert (outcome.statuses, outcome.arrived) == ((403,), b"")
        assert b"rbac_access_denied_matched_policy[capitals-in-host]" in outcome.answer


def test_each_request_of_a_connection_is_checked(gateway: Gateway) -> None:
    own = asking(host=f"crl.example.com:{PORT}".encode())
    for raw, statuses in ((own + asking(), (200, 403)), (asking() + own, (403, 200))):
        outcome = gateway.send(raw, PORT, client=WITHOUT, answers=2)
        assert (outcome.statuses, outcome.hosts) == (statuses, (f"crl.example.com:{PORT}",))


@pytest.mark.parametrize("odd", ODD, ids=lambda one: one.what)
def test_an_odd_request(odd: Any, gateway: Gateway) -> None:
    outcome = gateway.send(odd.raw, PORT, client=WITH_RIGHT, answers=len(odd.statuses))
    in_capitals = odd.what == "a listed host in upper case"
    assert (outcome.statuses, len(outcome.hosts)) == (((403,), 0) if in_capitals else (odd.statuses, odd.arrives))


@pytest.mark.parametrize("odd", ODD, ids=lambda one: one.what)
def test_what_a_client_without_right_sends_asks_dns_nothing(odd: Any, gateway: Gateway) -> None:
    raw = odd.raw.replace(b"deb.", b"sec.").replace(b"mirror", b"secret")  # names that nobody else asks for
    outcome = gateway.send(raw, PORT, client=WITHOUT, answers=len(odd.statuses))
    expected = tuple(403 if one in (200, 503) else one for one in odd.statuses)
    assert outcome.statuses in (
        expected,
        expected[:1],
    )  # Envoy ends a connection whose request it did not read to its end
    assert (outcome.arrived, [name for name in gateway.asked if "sec" in name]) == (b"", [])


def test_a_name_is_asked_of_dns_for_who_may_reach_it(gateway: Gateway) -> None:
    names = ("sec.example.com", "a.secret.example.com")
    for name in names:
        assert gateway.send(asking(host=f"{name}:{PORT}".encode()), PORT, client="secret/any").statuses == (200,)
    assert gateway.asked >= set(names)


def test_clients_that_ask_at_the_same_time_are_told_apart(gateway: Gateway) -> None:
    own = {"default/app": "deb.example.com", "blog/any": "b.mirror.example.com", "other/app": "crl.example.com"}
    own["shop/other"] = "a.everybody.example.com"
    for client in own:
        gateway.send(asking(), PORT, client=client)
    asked = [(client, name) for client in own for name in ("deb.example.com", "crl.example.com")] * 20
    with ThreadPoolExecutor(16) as pool:
        raw = [(asking(host=f"{name}:{PORT}".encode()), PORT, client) for client, name in asked]
        found = list(pool.map(lambda one: b" 200 " in gateway.answer(*one), raw))
    assert found == [name == "crl.example.com" or client == "default/app" for client, name in asked]


def test_the_log_says_who_asked_and_what_decided(gateway: Gateway) -> None:
    for client in (WITH_RIGHT, WITHOUT, "till/any"):
        gateway.send(asking(), PORT, client=client)
    gateway.send(asking(host=f"{ADMIN}:{PORT}".encode()), PORT, client="blog/any")
    lines = [json.loads(line) for line in gateway.log().splitlines() if '"egress-overlays.http-clients"' in line][-4:]
    reported = "reported by till until 2999-12-31, else rbac_access_denied_matched_policy[none]"
    assert [(one["client"], one["host"], one["decision"], one["list"]) for one in lines] == [
        ("spiffe://cluster.local/ns/default/sa/app", LISTED, "allowed", "team"),
        ("spiffe://cluster.local/ns/other/sa/app", LISTED, "denied", None),
        ("spiffe://cluster.local/ns/till/sa/any", LISTED, "allowed", reported),
        ("spiffe://cluster.local/ns/blog/sa/any", f"{ADMIN}:{PORT}", "denied", "!blog"),
    ]
    assert lines[1]["details"] == "rbac_access_denied_matched_policy[none]"
    assert {one["port"] for one in lines} == {str(PORT)}


def test_an_envoy_that_knows_no_clients_lets_nobody_through(
    manifests: list[dict[str, Any]], binary: Path, minor: int
) -> None:
    if minor >= KNOWS_CLIENTS:
        return
    with envoy.workspace() as directory:
        if minor == REFUSES_THE_LISTENER:
            with pytest.raises(ProbeError), Gateway(binary, manifests, directory, PORT):
                pass
            return
        with Gateway(binary, manifests, directory, PORT) as running:
            for name in (*SHARED, *TEAM):
                outcome = running.send(asking(host=f"{name}:{PORT}".encode()), PORT)
                assert outcome.arrived == b""
