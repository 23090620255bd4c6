"""Questions to DNS that get lost, and answers that take long, in real Envoy: the request waits for the next question.

A gateway that has had fewer than three answers asks again after `query_timeout_seconds`; later c-ares takes five times
what answers take on average, 250 ms at least. It doubles that for each further question, less up to a half.
"""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from attacked import Gateway, ask, context, gateway
from builds import build, overlay
from egress_overlays.probe import resolvers

if TYPE_CHECKING:
    from pathlib import Path

NAMES = tuple(f"n{number}.wikipedia.org" for number in range(8))
MOST = 5
"""Of NAMES: the third question leaves after 2 to 3 s, and after 3 s the request is refused."""


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return build(overlay(tmp_path_factory.mktemp("overlay"), (), ("*.wikipedia.org",)))


def answered(running: Gateway, names: tuple[str, ...] = NAMES) -> int:
    """How many of `names` are answered, one request each, all at once."""
    tls = context(running.certificate("good/a"))
    with ThreadPoolExecutor(len(names)) as pool:
        return sum(ok for ok, _ in pool.map(lambda name: ask(running.port, tls, name), names))


@pytest.mark.parametrize(("lost", "least"), [(1, len(NAMES)), (2, MOST)])
def test_lost_questions_of_a_fresh_gateway_refuse_nobody(
    lost: int, least: int, resources: list[dict[str, Any]], binary: Path
) -> None:
    with gateway(resources, binary) as running:
        running.dns.loses = dict.fromkeys(NAMES, lost)
        assert answered(running) >= least


def test_a_fresh_gateway_whose_first_name_server_is_dead_asks_the_second(
    resources: list[dict[str, Any]], binary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as dead:
        dead.bind(("127.0.0.1", 0))
        silent = int(dead.getsockname()[1])

        def servers(port: int) -> list[dict[str, Any]]:
            return [{"socket_address": {"address": "127.0.0.1", "port_value": one}} for one in (silent, port)]

        monkeypatch.setattr(resolvers, "_servers", servers)
        with gateway(resources, binary) as running:
            assert answered(running) == len(NAMES)


def test_an_answer_that_takes_two_and_a_half_seconds_is_waited_for(
    resources: list[dict[str, Any]], binary: Path
) -> None:
    """Where others come fast, so that the questions begin to follow each other in quarters of a second.

    Envoy 1.37 to 1.39 take the answer to the last question alone, so that what is asked must not have ended by then.
    """
    with gateway(resources, binary) as running:
        for _ in range(4):
            assert answered(running) == len(NAMES)
        running.dns.late = {"late.wikipedia.org": time.monotonic() + 2.5}
        assert answered(running, ("late.wikipedia.org",)) == 1
