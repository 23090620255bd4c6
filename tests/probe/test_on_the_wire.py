"""What reports of the field ask of a gateway, in real Envoy: how a ClientHello comes, and how a connection ends."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from attacked import LISTENS, RESETS, Gateway, ask, connect, context, gateway
from builds import build, overlay
from egress_overlays.probe.client import OUTER_NAME, with_raw_name
from hellos import of_size

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = b"en.wikipedia.org"


@pytest.fixture(scope="module")
def running(newest: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    manifests = build(overlay(tmp_path_factory.mktemp("overlay"), ("monitoring",), ("*.wikipedia.org",)))
    with gateway(manifests, newest) as found:
        yield found


def opened(running: Gateway) -> ssl.SSLSocket:
    tls = context(running.certificate("good/a"))
    return tls.wrap_socket(connect(running.port), server_hostname=OUTER_NAME)


def test_a_client_hello_byte_by_byte(running: Gateway) -> None:
    with opened(running) as session:
        for byte in with_raw_name(NAME):
            session.sendall(bytes([byte]))
            time.sleep(0.001)
        assert session.recv(1) == b"x"


@pytest.mark.parametrize("size", [1800, 8000, 16000])
def test_a_client_hello_of_post_quantum_size_and_more(running: Gateway, size: int) -> None:
    whole = of_size(NAME, size)
    with opened(running) as session:
        for start in range(0, len(whole), 1400):
            session.sendall(whole[start : start + 1400])
            time.sleep(0.005)
        assert session.recv(1) == b"x"


def test_a_client_hello_over_16_kib_is_closed_and_counted(running: Gateway) -> None:
    def counted() -> float:
        return sum(
            one.value
            for one in running.metrics()
            if one.labels["__name__"] == "envoy_tls_inspector_client_hello_too_large"
        )

    before = counted()
    with opened(running) as session, contextlib.suppress(OSError):  # it may be closed before all is sent
        session.sendall(of_size(NAME, 17_000))
        assert session.recv(1) == b""
    assert counted() == before + 1


def test_a_client_that_is_done_sending_still_gets_its_answer(running: Gateway) -> None:
    name = f"{LISTENS}.wikipedia.org"
    with opened(running) as session:
        session.sendall(with_raw_name(name.encode()))
        time.sleep(0.3)
        with socket.socket(fileno=os.dup(session.fileno())) as same:
            same.shutdown(socket.SHUT_WR)  # ssl's own would take the session away
        assert session.recv(1) == b"x"


def test_a_destination_that_resets_ends_that_connection_and_no_other(running: Gateway) -> None:
    with opened(running) as kept:
        kept.sendall(with_raw_name(NAME))
        assert kept.recv(1) == b"x"
        started = time.monotonic()
        with opened(running) as session:
            session.sendall(with_raw_name(f"{RESETS}.wikipedia.org".encode()))
            with contextlib.suppress(ConnectionResetError):
                assert session.recv(1) == b""
        assert time.monotonic() - started < 2
        kept.settimeout(0.3)
        with pytest.raises(TimeoutError):
            kept.recv(1)
    assert ask(running.port, context(running.certificate("good/a")), NAME.decode())[0]


def test_an_idle_connection_is_kept_up_before_a_load_balancer_forgets_it(running: Gateway) -> None:
    """The kernel's keepalive runs towards the destination, sooner than the shortest usual timeout (Azure's: 240 s)."""
    with opened(running) as session:
        session.sendall(with_raw_name(NAME))
        assert session.recv(1) == b"x"
        timers = keepalives(running)
    assert timers
    assert all(0 < seconds < 240 for seconds in timers)


def keepalives(running: Gateway) -> list[float]:
    """Seconds until the keepalive of each open connection to the destination (Linux, proc_net_tcp: timer 2)."""
    address = socket.inet_aton(running.world.stand_in)[::-1].hex().upper()
    there = f"{address}:{running.world.port:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    timers = [row[5].split(":") for row in rows if row[2] == there and row[3] == "01"]
    return [int(when, 16) / os.sysconf("SC_CLK_TCK") for kind, when in timers if kind == "02"]
