"""The gateway of components/plain-http in a real Envoy, raw requests to it, and a server that keeps what arrives."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
import ssl
import threading
import time
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from egress_overlays.istiod.configuration import configuration
from egress_overlays.istiod.gateway import workloads
from egress_overlays.lists.clients import Client
from egress_overlays.probe import bootstrap, envoy
from egress_overlays.probe.client import OUTER_NAME
from egress_overlays.probe.identity import spiffe
from egress_overlays.probe.world import World

_SLOW = 3.0  # seconds after which no answer is taken for none; Envoy answers in some ms
_AFTERWARDS = 0.02  # in which what a server should not get would reach it


@dataclass(frozen=True)
class Outcome:
    """The `statuses` that a client was answered with, and the Host of every request that a server got."""

    statuses: tuple[int, ...]
    hosts: tuple[str, ...]
    answer: bytes
    arrived: bytes


class Origin:
    """A server of plain HTTP at `port` of each of `addresses`: it keeps every byte, and answers each request."""

    def __init__(self, addresses: list[str], port: int) -> None:
        self._arrived: list[tuple[str, bytes]] = []
        self._lock = threading.Lock()
        self._listening = [socket.create_server((address, port), backlog=64) for address in addresses]
        self.port = int(self._listening[0].getsockname()[1])
        for one in self._listening:
            threading.Thread(target=self._accept, args=(one,), daemon=True).start()

    def take(self) -> tuple[list[str], bytes]:
        """The addresses that got something since the last call, and all of it."""
        with self._lock:
            found, self._arrived = self._arrived, []
        return [address for address, _ in found], b"".join(data for _, data in found)

    def close(self) -> None:
        """Listen no longer."""
        for one in self._listening:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)  # ends the thread's accept, which would hold the port
            one.close()

    def _accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        address = connection.getsockname()[0]
        with contextlib.suppress(OSError), connection:
            pending = b""
            while data := connection.recv(65536):
                with self._lock:
                    self._arrived.append((address, data))
                pending += data
                while b"\r\n\r\n" in pending:
                    head, _, pending = pending.partition(b"\r\n\r\n")
                    if b"chunked" in head.lower():
                        while b"0\r\n\r\n" not in pending and (more := connection.recv(65536)):
                            with self._lock:
                                self._arrived.append((address, more))
                            pending += more
                        pending = pending.partition(b"0\r\n\r\n")[2]
                    elif length := re.search(rb"(?i)\ncontent-length: *([0-9]+)", head):
                        while len(pending) < int(length[1]) and (more := connection.recv(65536)):
                            with self._lock:
                                self._arrived.append((address, more))
                            pending += more
                        pending = pending[int(length[1]) :]
                    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nreached\n")


class Gateway:
    """One Envoy with what `resources` configure, up from entering to leaving it."""

    def __init__(self, binary: Path, resources: list[dict[str, Any]], directory: Path, port: int) -> None:
        (workload, *_) = workloads(resources)
        found = configuration(resources, workload, "istio-system")
        self.world = World(directory, servers=False)
        self._certificates: dict[str, Any] = {}
        self.asked: set[str] = set()
        self._keep_names()
        listeners, clusters = deepcopy((found.listeners, found.clusters))
        config = bootstrap.build(listeners, clusters, self.world, directory, keep_ports=True)
        self._envoy = envoy.Envoy(binary, config, directory)
        # Of its own, as the stand-in is: gateways of other tests run beside it, and the port is given.
        self.inside = str(ipaddress.ip_address(self.world.stand_in) + 2)
        self.origin = Origin([self.world.stand_in, self.inside], port)
        self.notes = self._envoy.notes

    def _keep_names(self) -> None:
        answer = self.world.names.resolve

        def resolve(request: Any, handler: Any) -> Any:
            self.asked.add(str(request.q.qname).rstrip(".").lower())
            return answer(request, handler)

        self.world.names.resolve = resolve  # type: ignore[method-assign]

    def __enter__(self) -> Self:
        self.world.__enter__()
        try:
            self._envoy.__enter__()
        except BaseException:
            self.origin.close()
            self.world.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._envoy.__exit__()
        self.origin.close()
        self.world.__exit__()

    def log(self) -> str:
        """The gateway's access log so far."""
        return self._envoy.stdout.read_text()

    def send(self, raw: bytes, arrives: int, *, client: str = "default/app", answers: int = 1) -> Outcome:
        """Send `raw` to the mesh listener 0.0.0.0_`arrives`, and wait for so many `answers`, or for silence.

        `client` is whom the certificate is for; "" for none.
        """
        self.origin.take()
        answer = self.answer(raw, arrives, client, answers)
        time.sleep(_AFTERWARDS)
        _, arrived = self.origin.take()
        hosts = tuple(one.decode("latin-1") for one in re.findall(rb"(?im)^host: *([^\r\n]*)", arrived))
        return Outcome(_statuses(answer), hosts, answer, arrived)

    def answer(self, raw: bytes, arrives: int, client: str, answers: int = 1) -> bytes:
        """What comes back, as `send` has it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(self.world.mesh.root)
        if client:
            if client not in self._certificates:
                found = self.world.mesh.issue(client.replace("/", "-"), spiffe(Client(client)))
                self._certificates[client] = found
            context.load_cert_chain(*self._certificates[client])
        answer = b""
        with contextlib.suppress(OSError, ssl.SSLError):
            plain = socket.create_connection(("127.0.0.1", self._envoy.port(f"0.0.0.0_{arrives}")), _SLOW)
            with context.wrap_socket(plain, server_hostname=OUTER_NAME) as connection:
                connection.sendall(raw)
                connection.settimeout(_SLOW)
                while True:
                    data = connection.recv(65536)
                    if not data:
                        break
                    answer += data
                    if len(_statuses(answer)) >= answers:
                        # Envoy leaves a connection that it ends open for a second. One answer more would come now.
                        connection.settimeout(_AFTERWARDS)
        return answer


def _statuses(answer: bytes) -> tuple[int, ...]:
    return tuple(int(one) for one in re.findall(rb"HTTP/1\.[01] ([0-9]{3})", answer))
