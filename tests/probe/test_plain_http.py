"""components/plain-http in real Envoy: what a client can send, and that nothing reaches a host that is not listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from builds import build, overlay
from egress_overlays.probe import envoy
from odd_requests import ALL, LISTED, OTHER, PORT
from odd_requests import request as asking
from plain_http import Gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = (
    *("a.example.com", f"http://deb.example.com:{PORT}", f"http://*.mirror.example.com:{PORT}"),
    *(f"!http://no.mirror.example.com:{PORT}", f"!http://*.none.mirror.example.com:{PORT}"),
)
DENIED = ("no.mirror.example.com", "NO.Mirror.Example.com", "x.none.mirror.example.com", "a.b.none.mirror.example.com")
ODD = [one for group in ALL.values() for one in group]


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return build(overlay(tmp_path_factory.mktemp("http"), ("plain-http",), NAMES))


@pytest.fixture(scope="module")
def gateway(resources: list[dict[str, Any]], binary: Path) -> Iterator[Gateway]:
    with envoy.workspace() as directory, Gateway(binary, resources, directory, PORT) as running:
        yield running


def is_listed(host: str) -> bool:
    name, _, port = host.lower().partition(":")
    return port == str(PORT) and (name == "deb.example.com" or name.endswith(".mirror.example.com"))


@pytest.mark.parametrize("odd", ODD, ids=[one.what for one in ODD])
def test_an_odd_request(odd: Any, gateway: Gateway) -> None:
    gateway.asked.clear()
    outcome = gateway.send(odd.raw, PORT, answers=len(odd.statuses))
    assert (outcome.statuses, len(outcome.hosts)) == (odd.statuses, odd.arrives)
    assert [host for host in outcome.hosts if not is_listed(host)] == []
    assert [name for name in gateway.asked if not is_listed(f"{name}:{PORT}")] == []
    assert b"\n" not in outcome.arrived.replace(b"\r\n", b"")  # no line of another kind goes on to the server


def test_what_goes_on_and_what_the_log_says(gateway: Gateway) -> None:
    raw = asking(b"GET /secret?token=1 HTTP/1.1", b"x-envoy-peer-metadata: abc", b"X-Request-Id: 7", b"Accept: a")
    outcome = gateway.send(raw, PORT)
    assert outcome.arrived == f"GET /secret?token=1 HTTP/1.1\r\nhost: {LISTED}\r\naccept: a\r\n\r\n".encode()
    refused = gateway.send(asking(host=OTHER.encode()), PORT)
    assert f"host {OTHER}, route -, rbac_access_denied_matched_policy[not-listed]".encode() in refused.answer
    log = gateway.log()
    assert "secret" not in log
    (allowed, *_) = [line for line in reversed(log.splitlines()) if f'"{LISTED}"' in line]
    assert " 200 - via_upstream " in allowed
    assert allowed.endswith(" - allowed")
    (denied, *_) = [line for line in reversed(log.splitlines()) if f'"{OTHER}"' in line]
    assert " 403 - rbac_access_denied_matched_policy[not-listed] " in denied
    assert denied.endswith(" - -")


@pytest.mark.parametrize("name", DENIED)
def test_a_denied_name_below_a_listed_wildcard(name: str, gateway: Gateway) -> None:
    gateway.asked.clear()
    outcome = gateway.send(asking(host=f"{name}:{PORT}".encode()), PORT)
    assert (outcome.statuses, outcome.arrived) == ((403,), b"")
    assert b"route denied, rbac_access_denied_matched_policy[denied]" in outcome.answer
    assert name.lower() not in gateway.asked
    (line, *_) = [one for one in reversed(gateway.log().splitlines()) if f'"{name}:{PORT}"' in one]
    assert " 403 - rbac_access_denied_matched_policy[denied] " in line
    assert line.endswith(" - denied")


@pytest.mark.parametrize("name", ["xno.mirror.example.com", "x.no.mirror.example.com", "none.mirror.example.com"])
def test_names_beside_a_denied_one(name: str, gateway: Gateway) -> None:
    assert gateway.send(asking(host=f"{name}:{PORT}".encode()), PORT).statuses == (200,)


@pytest.mark.parametrize(
    ("address", "reason"), [("", "not-global"), ("10.0.0.1", "not-global"), ("169.254.169.254", "not-global")]
)
def test_a_listed_name_at_an_address_that_is_not_global(address: str, reason: str, gateway: Gateway) -> None:
    name = f"at-{address.replace('.', '-')}a.mirror.example.com"
    gateway.world.names.records[name] = (address or gateway.inside,)
    outcome = gateway.send(asking(host=f"{name}:{PORT}".encode()), PORT)
    assert (outcome.statuses, outcome.arrived) == ((403,), b"")
    assert f"rbac_access_denied_matched_policy[{reason}]".encode() in outcome.answer


def test_a_client_past_its_sidecar_or_at_the_port_for_tls(gateway: Gateway) -> None:
    stranger = gateway.send(asking(), PORT, client="")
    assert (stranger.answer, stranger.arrived) == (b"", b"")
    for_tls = gateway.send(asking(), 8443)
    assert (for_tls.answer, for_tls.arrived) == (b"", b"")


def test_a_client_that_closes_after_its_request(gateway: Gateway, minor: int) -> None:
    """Envoy 1.40 resets the inner connection with the answer in it; a sidecar does not say that it closes."""
    outcome = gateway.send(asking(b"GET / HTTP/1.1", b"Connection: close"), PORT)
    assert outcome.hosts == (LISTED,)
    assert outcome.statuses == (() if minor >= 40 else (200,))
