"""The internet as the mesh sees it: DNS whose answers a test may change, and TLS servers that note who connected."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, cast

from dnslib import AAAA, QTYPE, RCODE, RR, A, DNSRecord
from dnslib.server import BaseResolver, DNSServer

from .network import NODE, add_internet_address

if TYPE_CHECKING:
    from .pki import Authority


HTTPS = 443


class Dns(BaseResolver):  # type: ignore[misc]  # dnslib has no types
    """Answers from `records`: name, or `*.name` for all below it, to addresses; what is not there does not exist."""

    def __init__(self) -> None:
        self.records: dict[str, list[str]] = {}
        self.queries: list[str] = []
        self.ttl = 1  # Seconds. Short, so that a changed answer is a changed answer.

    def lookup(self, name: str) -> list[str] | None:
        """The addresses of a name: the exact record, or the closest wildcard above it."""
        if name in self.records:
            return self.records[name]
        labels = name.split(".")
        candidates = (".".join(["*", *labels[at:]]) for at in range(1, len(labels)))
        return next((self.records[candidate] for candidate in candidates if candidate in self.records), None)

    def resolve(self, request: DNSRecord, _handler: object) -> DNSRecord:
        """The answer to one query (dnslib's interface)."""
        name = str(request.q.qname).rstrip(".").lower()
        self.queries.append(name)
        addresses = self.lookup(name)
        reply = request.reply()
        if addresses is None:
            reply.header.rcode = RCODE.NXDOMAIN
        for address in addresses or []:
            kind, data = (QTYPE.AAAA, AAAA) if ":" in address else (QTYPE.A, A)
            if request.q.qtype == kind:
                reply.add_answer(RR(request.q.qname, kind, ttl=self.ttl, rdata=data(address)))
        return reply


IDLE = 900  # seconds that a connection may say nothing: longer than any test needs


@dataclass(frozen=True)
class Arrival:
    """A TCP connection that reached a server: to which address, from where, and the SNI if a ClientHello followed."""

    address: str
    peer: str
    server_name: list[str] = field(default_factory=list)
    port: int = 443


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, address: str, internet: Internet, port: int, *, tls: bool) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.internet = internet
        self.address = address
        self.port = port
        super().__init__((address, port), _Handler if tls else _PlainHandler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Connections that break are what many tests are about: nothing to print."""


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        arrival = Arrival(self.server.address, self.client_address[0], port=self.server.port)
        self.server.internet.arrivals.append(arrival)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

        def choose(connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _context: ssl.SSLContext) -> None:
            arrival.server_name.append(name or "")
            connection.context = self.server.internet.context(name or "no-sni.invalid")

        context.sni_callback = choose
        self.request.settimeout(IDLE)
        with context.wrap_socket(self.request, server_side=True) as connection, connection.makefile("rwb") as stream:
            while _serve(cast("IO[bytes]", stream), arrival.server_name[0]):
                pass


class _PlainHandler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.server.internet.arrivals.append(Arrival(self.server.address, self.client_address[0]))
        while _serve(cast("IO[bytes]", self.request.makefile("rwb")), "without TLS"):
            pass


def _serve(stream: IO[bytes], title: str) -> bool:
    """Answers one HTTP request with a page of this title; False at the end of the stream."""
    request = stream.readline()
    while request and stream.readline().strip():
        pass
    if not request:
        return False
    body = f"<html><title>{title}</title></html>\n".encode()
    stream.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    stream.flush()
    return True


class Internet:
    """One DNS server and a TLS server (port 443, or another) on each address that a test has named."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.dns = Dns()
        self.arrivals: list[Arrival] = []
        self._servers: dict[tuple[str, int], _Server] = {}
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        self._dns_servers = [
            DNSServer(self.dns, address=NODE, port=53, tcp=tcp, logger=_Quiet()) for tcp in (False, True)
        ]

    def start(self) -> None:
        """Starts the DNS server, over UDP and TCP."""
        for server in self._dns_servers:
            server.start_thread()

    def stop(self) -> None:
        """Stops every server."""
        for dns in self._dns_servers:
            dns.stop()
            dns.server.server_close()
        for server in self._servers.values():
            server.shutdown()
            server.server_close()

    def serve(self, name: str, *addresses: str) -> None:
        """Lets `name` resolve to these addresses and a TLS server stand on each of them."""
        for address in addresses:
            self.listen(address)
        self.dns.records[name] = list(addresses)

    def listen(self, address: str, port: int = HTTPS, *, tls: bool | None = None) -> None:
        """Lets a server stand on an address, which the node gets if it has none; with TLS at 443, or as `tls` says."""
        if (address, port) in self._servers:
            return
        is_known = any(address == known for known, _ in self._servers)
        if not is_known and not address.startswith("127.") and address != NODE:
            add_internet_address(address)
        server = self._servers[address, port] = _Server(address, self, port, tls=port == HTTPS if tls is None else tls)
        threading.Thread(target=server.serve_forever, name=f"server {address}", daemon=True).start()

    def context(self, name: str) -> ssl.SSLContext:
        """The TLS context with a certificate for `name`, made on first use."""
        with self._lock:
            if name not in self._contexts:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*self.authority.leaf(name))
                self._contexts[name] = context
            return self._contexts[name]

    def arrived(self, address: str) -> list[Arrival]:
        """The connections an address has seen so far."""
        return [arrival for arrival in self.arrivals if arrival.address == address]


class _Quiet:
    """dnslib's logger interface, writing nothing: `Dns.queries` is what tests read."""

    def __getattr__(self, _name: str) -> object:
        return lambda *_: None


def wait_for_port(address: str, port: int) -> bool:
    """Whether something listens there now."""
    with socket.create_connection((address, port), timeout=1):
        return True
