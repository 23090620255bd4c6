"""Real servers and clients of other protocols than HTTP, through a gateway in real Envoy."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from builds import ROOT, build, overlay
from egress_overlays.istiod.configuration import configuration
from egress_overlays.istiod.gateway import workloads
from egress_overlays.probe import bootstrap, envoy
from egress_overlays.probe.client import OUTER_NAME
from egress_overlays.probe.identity import PROBE, spiffe
from egress_overlays.probe.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator


def of_maven(name: str) -> Path:
    """Where the server is that `tools/components.py NAME` gets out of Maven's registry; skips the test without mvn."""
    tool = [sys.executable, str(ROOT / "tools/components.py"), name]
    if shutil.which("mvn") is None:
        pytest.skip(f"needs mvn, which gets {name}: apt-get install maven")
    return Path(json.loads(subprocess.run(tool, stdout=subprocess.PIPE, check=True).stdout)[name])


class Way:
    """A gateway that runs, its world, and a stand-in for the sidecar.

    That one listens at `port` of loopback, wraps what comes in the mesh's mutual TLS and hands it to the gateway's
    listener for the port of the list.
    """

    def __init__(self, world: World, port: int, log: Path) -> None:
        self.world = world
        self.port = port
        self._log = log

    def logged(self, *words: str) -> bool:
        """Whether the gateway writes a line with all of these words, within some seconds."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if any(all(word in line for word in words) for line in self._log.read_text().splitlines()):
                return True
            time.sleep(0.1)
        return False


@contextlib.contextmanager
def way(directory: Path, binary: Path, line: str, listener: str) -> Iterator[Way]:
    """Through a gateway whose list is `line`, by its listener of this name."""
    (directory / "overlay").mkdir()
    resources = build(overlay(directory / "overlay", ("ports",), (line,)))
    (workload,) = workloads(resources)
    with World(directory, servers=False) as world, contextlib.ExitStack() as stack:
        made = configuration(resources, workload)
        config = bootstrap.build(made.listeners, made.clusters, world, directory)
        running = stack.enter_context(envoy.Envoy(binary, config, directory))
        sidecar = socket.create_server(("127.0.0.1", 0))
        stack.callback(sidecar.close)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(world.mesh.root)
        context.load_cert_chain(*world.mesh.issue("application", spiffe(PROBE)))
        target = running.port(listener)
        threading.Thread(target=_accept, args=(sidecar, context, target), daemon=True).start()
        yield Way(world, sidecar.getsockname()[1], directory / "stdout.log")


def _accept(sidecar: socket.socket, context: ssl.SSLContext, target: int) -> None:
    while True:
        try:
            client, _ = sidecar.accept()
        except OSError:
            return
        threading.Thread(target=_carry, args=(client, context, target), daemon=True).start()


def _carry(client: socket.socket, context: ssl.SSLContext, target: int) -> None:
    with (
        contextlib.suppress(OSError),
        client,
        socket.create_connection(("127.0.0.1", target)) as plain,
        context.wrap_socket(plain, server_hostname=OUTER_NAME) as gateway,
    ):
        back = threading.Thread(target=_pump, args=(gateway, client), daemon=True)
        back.start()
        _pump(client, gateway)
        back.join(timeout=30)


def _pump(source: Any, sink: Any) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)
