"""What attackers do, each in processes of its own: `run` returns when they are done."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any

from attacked import connect, context
from egress_overlays.probe.client import OUTER_NAME, with_raw_name

if TYPE_CHECKING:
    from collections.abc import Callable

    Flood = Callable[[int, tuple[str, str], str, int], None]

PROCESSES = 2
_THREADS = 8
_GATHER = 5.0  # seconds: the gateway closes who says no name for 10, and a busy machine is late


def run(flood: Flood, port: int, certificate: tuple[str, str], label: str, count: int) -> None:
    """`flood` in PROCESSES at once, `count` connections altogether.

    Attackers are elsewhere: what they compute takes little from the gateway, its DNS and those who measure.
    """
    fork = multiprocessing.get_context("fork")
    share = count // PROCESSES

    def politely(*arguments: Any) -> None:
        os.nice(5)
        flood(*arguments)

    started = [
        fork.Process(target=politely, args=(port, certificate, f"{label}{number}", share))
        for number in range(PROCESSES)
    ]
    for process in started:
        process.start()
    for process in started:
        process.join()
    assert all(process.exitcode == 0 for process in started), "an attacker's process failed"


def names(label: str, count: int) -> list[str]:
    """Made-up names below the listed wildcard; `label` ends in a digit, its letters are a label of each."""
    return [f"r{label[-1]}-{number}.{label[:-1]}.wikipedia.org" for number in range(count)]


def at_once(port: int, certificate: tuple[str, str], label: str, count: int) -> None:
    """Connections gathered first, each of which then asks for a name of its own at the same moment; held for 6 s."""
    tls, started = context(certificate), time.monotonic()
    held: list[ssl.SSLSocket] = []

    def gather(number: int) -> None:
        for _ in range(number):
            if time.monotonic() - started < _GATHER:
                with contextlib.suppress(OSError):
                    held.append(tls.wrap_socket(connect(port), server_hostname=OUTER_NAME))

    _together(gather, count)
    hellos = [with_raw_name(name.encode()) for name in names(label, len(held))]
    time.sleep(max(0.0, started + _GATHER + 0.5 - time.monotonic()))
    for session, hello in zip(held, hellos, strict=True):
        with contextlib.suppress(OSError):
            session.sendall(hello)
    time.sleep(6)


def one_by_one(port: int, certificate: tuple[str, str], label: str, count: int) -> None:
    """A connection for each name, closed when the gateway has answered."""
    tls, made_up = context(certificate), iter(names(label, count))
    lock = threading.Lock()

    def ask(number: int) -> None:
        for _ in range(number):
            with lock:
                name = next(made_up, None)
            if name is None:
                return
            with (
                contextlib.suppress(OSError),
                connect(port) as plain,
                tls.wrap_socket(plain, server_hostname=OUTER_NAME) as session,
            ):
                session.sendall(with_raw_name(name.encode()))
                session.recv(1)

    _together(ask, count)


def half_open(port: int, _certificate: tuple[str, str], _label: str, count: int) -> None:
    """Connections without a certificate: every second one says nothing, the others begin a handshake; held for 12 s."""
    held = []
    hello = with_raw_name(b"x.example")
    for number in range(count):
        plain = socket.socket()
        plain.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            plain.connect(("127.0.0.1", port))
        held.append(plain)
        if number % 500 == 499:
            time.sleep(0.02)
    for plain in held[::2]:
        with contextlib.suppress(OSError):
            plain.setblocking(True)
            plain.sendall(hello)
    time.sleep(12)


def _together(work: Callable[[int], None], count: int) -> None:
    threads = [threading.Thread(target=work, args=(count // _THREADS,)) for _ in range(_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
