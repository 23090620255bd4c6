"""A gateway in a real Envoy, its DNS and its destinations, and clients that count what they get."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import quick_yaml as yaml
from egress_overlays.istiod.configuration import configuration
from egress_overlays.istiod.gateway import TYPE, workloads
from egress_overlays.lists.clients import Client
from egress_overlays.probe import bootstrap, envoy
from egress_overlays.probe.client import OUTER_NAME, with_raw_name
from egress_overlays.probe.identity import spiffe
from egress_overlays.probe.world import World
from metrics import Series, istio_statistics, pod_annotations, series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from egress_overlays.istiod.configuration import Gateway as Configured

SILENT, MISSING = "silent", "missing"
"""Labels: a name with the first in it is never answered by DNS, one with the second does not exist."""


class Dns(threading.Thread):
    """A DNS server quick enough for an attack: the stand-in for every name, but for SILENT and MISSING ones.

    `asked` holds the questions by that label. `says` has the return code (RFC 1035) for a name, `aliases` by how many
    CNAMEs its address is reached, `ttl` is what all answers have. A name in `both` has an IPv6 address before the other
    in the same answer. `loses` has how many more questions for a name get lost, `late` the time by time.monotonic()
    at which all that were asked for a name until then are answered.
    """

    def __init__(self, stand_in: str) -> None:
        super().__init__(daemon=True)
        self._answer = socket.inet_aton(stand_in)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self.asked: dict[str, set[bytes]] = {}
        self.says: dict[str, int] = {}
        self.aliases: dict[str, int] = {}
        self.both: set[str] = set()
        self.loses: dict[str, int] = {}
        self.late: dict[str, float] = {}
        self.ttl = 60

    def run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                query, client = self._socket.recvfrom(4096)
                name, reply = self._reply(query)
                if reply and name in self.late:
                    threading.Timer(self.late[name] - time.monotonic(), self._send, (reply, client)).start()
                elif reply:
                    self._socket.sendto(reply, client)

    def close(self) -> None:
        self._socket.close()

    def _send(self, reply: bytes, client: tuple[str, int]) -> None:
        with contextlib.suppress(OSError):
            self._socket.sendto(reply, client)

    def _reply(self, query: bytes) -> tuple[str, bytes]:
        """The name that is asked for, and the answer; nothing where there is none."""
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode())
            at += 1 + query[at]
        question, kind = query[12 : at + 5], query[at + 1 : at + 3]
        label = next((one for one in labels if one in (SILENT, MISSING)), labels[-1])
        self.asked.setdefault(label, set()).add(question)
        name = ".".join(labels)
        if SILENT in labels:
            return name, b""
        if self.loses.get(name):
            self.loses[name] -= 1
            return name, b""
        code = 3 if MISSING in labels else self.says.get(name, 0)
        found = not code and kind == b"\0\1"
        aliases = self.aliases.get(name, 0) if found else 0
        both = found and name in self.both
        header = query[:2] + bytes([0x81, 0x80 + code]) + struct.pack(">HHHH", 1, found * (aliases + 1) + both, 0, 0)
        answer, owner, at = b"", b"\xc0\x0c", 12 + len(question)
        for number in range(aliases):
            target = bytes([2]) + b"a%d" % number + owner
            answer += owner + struct.pack(">HHIH", 5, 1, self.ttl, len(target)) + target
            owner = struct.pack(">H", 0xC000 + at + len(answer) - len(target))
        answer += owner + struct.pack(">HHIH", 28, 1, self.ttl, 16) + bytes(15) + b"\1" if both else b""
        answer += owner + struct.pack(">HHIH", 1, 1, self.ttl, 4) + self._answer if found else b""
        return name, header + question + answer


@dataclass
class Gateway:
    """A gateway that runs: its port, its Envoy, and who issues its clients' certificates."""

    port: int
    running: envoy.Envoy
    world: World
    dns: Dns
    certificates: dict[str, tuple[str, str]] = field(default_factory=dict)
    before: int = 0
    peak: int = 0
    most: int = 0
    noise: float = 0.0
    counted: dict[str, float] = field(default_factory=dict)

    def certificate(self, client: str) -> tuple[str, str]:
        """(certificate, key) of a workload, `namespace/serviceaccount`."""
        if client not in self.certificates:
            issued = self.world.mesh.issue(client.replace("/", "-"), spiffe(Client(client)))
            self.certificates[client] = (str(issued[0]), str(issued[1]))
        return self.certificates[client]

    def connections(self) -> int:
        """How many sockets Envoy has, its own few included."""
        return sum(1 for _ in Path(f"/proc/{self.running.pid}/fd").iterdir())

    def metrics(self) -> list[Series]:
        """What Prometheus finds."""
        return series(self.running.get("/stats/prometheus"))

    def memory(self) -> int:
        """Bytes that Envoy holds in memory (VmRSS)."""
        status = Path(f"/proc/{self.running.pid}/status").read_text(encoding="utf-8")
        return 1024 * int(status.split("VmRSS:")[1].split()[0])


LIMIT = "overload.global_downstream_max_connections"


def connection_limit(annotations: Mapping[str, str]) -> dict[str, Any]:
    """The part of Envoy's bootstrap that pilot-agent writes about it: tests/e2e looks at a real one."""
    values = (yaml.safe_load(annotations.get("proxy.istio.io/config", "{}")) or {}).get("runtimeValues", {})
    monitor = {
        "name": "envoy.resource_monitors.global_downstream_max_connections",
        "typed_config": {
            "@type": TYPE + "resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
            "max_active_downstream_connections": int(values.get(LIMIT, 2**31 - 1)),
        },
    }
    return {"overload_manager": {"resource_monitors": [monitor]}}


@dataclass
class Stage:
    """What a gateway stands on before its Envoy runs: DNS, destinations, and the static configuration of it all."""

    directory: Path
    world: World
    dns: Dns
    config: dict[str, Any]
    mesh: str

    @contextlib.contextmanager
    def run(self, binary: Path) -> Iterator[Gateway]:
        """The gateway, by the configuration as it is by then."""
        with envoy.Envoy(binary, self.config, self.directory) as running:
            yield Gateway(running.port(self.mesh), running, self.world, self.dns)


@contextlib.contextmanager
def stage(made: Configured, answer: Callable[[socket.socket], None]) -> Iterator[Stage]:
    """The stage for the listeners and clusters of `made`; `answer` serves whoever connects to a destination."""
    with envoy.workspace() as directory, World(directory, servers=False) as world, contextlib.ExitStack() as stack:
        dns = Dns(world.stand_in)
        stack.callback(dns.close)
        dns.start()
        world.dns_port = dns.port
        config = bootstrap.build(made.listeners, made.clusters, world, directory)
        for listener in made.listeners:
            listener["access_log"].pop()  # the probe's own
        answering = socket.create_server((world.stand_in, world.port), backlog=4096)
        stack.callback(answering.close)
        threading.Thread(target=answer, args=(answering,), daemon=True).start()
        yield Stage(directory, world, dns, config, next(one["name"] for one in made.listeners if "address" in one))


@contextlib.contextmanager
def gateway(resources: list[dict[str, Any]], binary: Path) -> Iterator[Gateway]:
    """The gateway that `resources` configure."""
    (workload,) = workloads(resources)
    with stage(configuration(resources, workload), answer_all) as on:
        annotations = pod_annotations(resources)
        on.config |= istio_statistics(annotations) | connection_limit(annotations)
        with on.run(binary) as found:
            found.before = found.memory()
            yield found


def answer_all(listening: socket.socket) -> None:
    """One byte to whoever connects and says something."""
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=_say, args=(connection,), daemon=True).start()


RESETS, LISTENS = "resets", "listens"
"""Labels of names whose destination resets the connection, or answers when its client has said that it is done."""


def _say(connection: socket.socket) -> None:
    with contextlib.suppress(OSError), connection:
        connection.settimeout(10)
        received = connection.recv(4096)
        if RESETS.encode() in received:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        while LISTENS.encode() in received and connection.recv(4096):
            pass
        if received:
            connection.sendall(b"x")
            while connection.recv(65536):  # what is left unread when it is closed would reset the connection
                pass


def context(certificate: tuple[str, str] | None) -> ssl.SSLContext:
    """The mesh's TLS as a client speaks it, with a certificate or without one."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    if certificate:
        made.load_cert_chain(*certificate)
    return made


def connect(port: int, patience: float = 10) -> socket.socket:
    """A connection that sends what it is given at once."""
    plain = socket.create_connection(("127.0.0.1", port), patience)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return plain


def ask(port: int, tls: ssl.SSLContext, name: str, *, patience: float = 10) -> tuple[bool, float]:
    """Whether the destination answered for `name`, and after how many seconds."""
    started = time.perf_counter()
    try:
        with (
            connect(port, patience) as plain,
            tls.wrap_socket(plain, server_hostname=OUTER_NAME) as session,
        ):
            session.sendall(with_raw_name(name.encode()))
            return session.recv(1) == b"x", time.perf_counter() - started
    except OSError:
        return False, time.perf_counter() - started


class Others:
    """Clients that go on asking for names while an attack runs, at `rate` a second together."""

    def __init__(self, at: Gateway, client: str, names: Sequence[str], rate: float = 40) -> None:
        self._at, self._names, self._rate = at, names, rate
        self._tls = context(at.certificate(client))
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(4)]
        self.results: list[tuple[str, bool, float]] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        while not self._ended.wait(4 / self._rate):
            name = self._names[number % len(self._names)]
            number += 1
            self.results.append((name, *ask(self._at.port, self._tls, name)))

    @property
    def answered(self) -> float:
        """The share of requests that were answered."""
        return sum(ok for _, ok, _ in self.results) / len(self.results)

    @property
    def slowest(self) -> float:
        """Seconds that the slowest request that was answered took."""
        return max((seconds for _, ok, seconds in self.results if ok), default=float("inf"))
