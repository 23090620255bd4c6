"""components/steady-connections in real Envoy: a change takes one chain with it; DNS is asked for who may alone."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest

import quick_yaml as yaml
from attacked import Gateway, ask, connect, context, gateway, stage
from builds import build, config_map, overlay
from egress_overlays.injection.spreading import number_of
from egress_overlays.istiod.configuration import configuration
from egress_overlays.istiod.gateway import workloads
from egress_overlays.probe.client import OUTER_NAME, with_raw_name

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from pathlib import Path

NAMES = tuple(f"n{number}.load.example.net" for number in range(60))
KNOWS_CLIENTS = 38  # minor version of Envoy
FRONT = "sni_listener"


def made(directory: Path, names: tuple[str, ...]) -> Any:
    directory.mkdir()
    resources = build(overlay(directory, ("steady-connections",), names))
    return configuration(resources, workloads(resources)[0])


class Changing:
    """A gateway whose listener of names is read from a file."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "lds.yaml"
        self._version = 0

    def push(self, listener: dict[str, Any]) -> None:
        self._version += 1
        kind = {"@type": "type.googleapis.com/envoy.config.listener.v3.Listener"}
        text = json.dumps({"version_info": str(self._version), "resources": [{**kind, **listener}]})
        fresh = self._file.with_suffix(".new")
        fresh.write_text(text)
        fresh.replace(self._file)


def stay(listening: socket.socket) -> None:
    """One byte to whoever says something, whose connection stays open."""
    kept = []
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listening.accept()
            kept.append(connection)
            with contextlib.suppress(OSError):
                connection.recv(4096)
                connection.sendall(b"x")


@contextlib.contextmanager
def changing(first: Any, binary: Path) -> Iterator[tuple[Gateway, Changing]]:
    with stage(first, stay) as on:
        (front,) = [one for one in first.listeners if one["name"] == FRONT]
        on.config["static_resources"]["listeners"] = [one for one in first.listeners if one is not front]
        on.config["dynamic_resources"] = {
            "lds_config": {"path_config_source": {"path": str(on.directory / "lds.yaml")}}
        }
        on.config["node"] = {"id": "gateway", "cluster": "gateway"}
        lists = Changing(on.directory)
        lists.push(front)
        with on.run(binary) as running:
            yield running, lists


def held(at: Gateway, name: str) -> ssl.SSLSocket:
    session = context(at.certificate("shop/a")).wrap_socket(connect(at.port), server_hostname=OUTER_NAME)
    session.sendall(with_raw_name(name.encode()))
    assert session.recv(1) == b"x"
    return session


def has_ended(session: ssl.SSLSocket, patience: float) -> bool:
    session.settimeout(patience)
    try:
        return session.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_a_removed_name_takes_the_connections_of_its_chain_with_it_and_no_others(newest: Path, tmp_path: Path) -> None:
    first, second = made(tmp_path / "first", NAMES), made(tmp_path / "second", NAMES[1:])
    (after,) = [one for one in second.listeners if one["name"] == FRONT]
    with changing(first, newest) as (at, lists), contextlib.ExitStack() as stack:
        sessions = {name: stack.enter_context(held(at, name)) for name in NAMES}
        lists.push(after)
        tls = context(at.certificate("shop/a"))
        deadline = time.monotonic() + 20
        while ask(at.port, tls, NAMES[0])[0] and time.monotonic() < deadline:
            time.sleep(0.1)
        assert has_ended(sessions[NAMES[0]], 30)
        time.sleep(1)  # for those that would end although they should not
        ended = {name for name, session in sessions.items() if has_ended(session, 0.05)}
        assert all(ask(at.port, tls, name)[0] for name in NAMES[1:])
    assert ended == {name for name in NAMES if number_of(name, 24) == number_of(NAMES[0], 24)}
    assert len(ended) < len(NAMES) / 8


@pytest.mark.parametrize("components", [("client-lists",), ("client-lists", "steady-connections")], ids="+".join)
def test_a_client_without_a_right_to_a_name_causes_no_query(
    components: tuple[str, ...], newest: Path, tmp_path: Path
) -> None:
    directory = overlay(tmp_path, components, ("pypi.org",))
    limited = config_map(("*.bank.example",), "payments")
    limited["metadata"]["name"] = "limited"
    (directory / "limited.yaml").write_text(yaml.safe_dump(limited))
    file = directory / "kustomization.yaml"
    file.write_text(file.read_text().replace("- domains.yaml", "- domains.yaml\n- limited.yaml"))
    with gateway(build(directory), newest) as at:
        ours, others = (context(at.certificate(client)) for client in ("payments/a", "shop/a"))
        assert [ask(at.port, ours, "mine.bank.example")[0], ask(at.port, others, "pypi.org")[0]] == [True, True]
        assert not ask(at.port, others, "not-mine.bank.example")[0]
        asked = b"".join(question for questions in at.dns.asked.values() for question in questions)
    assert b"pypi" in asked
    assert (b"not-mine" in asked) is ("steady-connections" not in components)


def test_a_connection_leaves_one_line_whether_it_passes_or_not(newest: Path, tmp_path: Path) -> None:
    resources = build(overlay(tmp_path, ("json-access-log", "steady-connections"), NAMES))
    with gateway(resources, newest) as at:
        tls = context(at.certificate("shop/a"))
        assert ask(at.port, tls, NAMES[0])[0]
        assert not ask(at.port, tls, "evil.example")[0]
        log = at.running.stdout
        deadline = time.monotonic() + 10
        wanted = [(NAMES[0], "allowed"), ("evil.example", None)]
        found: list[tuple[str, str | None]] = []
        while len(found) < len(wanted) and time.monotonic() < deadline:
            time.sleep(0.3)
            lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
            found = [(line["sni"], line["chain"]) for line in lines if line["sni"] in (NAMES[0], "evil.example")]
        time.sleep(0.5)
    assert sorted(found, key=str) == sorted(wanted, key=str)
