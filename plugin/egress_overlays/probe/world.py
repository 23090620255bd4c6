"""The world around the gateway under test, on loopback: certificates, a DNS server, servers of TLS and plain HTTP.

Every name that is asked for on purpose resolves to the stand-in, one loopback address that plays the
internet, unless `records` says otherwise; so a name that the gateway lets through by mistake is reached, and seen.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import secrets
import socket
import ssl
import threading
from pathlib import Path
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from dnslib import AAAA, QTYPE, RCODE, RR, A, DNSRecord
from dnslib.server import BaseResolver, DNSLogger, DNSServer, UDPServer

from ..istiod.errors import ProbeError

_HANDSHAKE = b"\x16"  # the first octet of TLS (RFC 8446, section 5.1), and of no request
_LONGEST_HEAD = 1 << 16


class Authority:
    """A certificate authority whose files lie in `directory` as NAME.pem and NAME.key."""

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.root = directory / f"{name}.pem"
        self.root.write_bytes(self._sign(self._key, None).public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str, identity: str) -> tuple[Path, Path]:
        """(certificate, key) files for `identity`, a DNS name or a URI."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate, private = self._directory / f"{name}.pem", self._directory / f"{name}.key"
        certificate.write_bytes(self._sign(key, identity).public_bytes(serialization.Encoding.PEM))
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return certificate, private

    def _sign(self, key: ec.EllipticCurvePrivateKey, identity: str | None) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(self._subject if identity is None else x509.Name([]))
            .issuer_name(self._subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=identity is None, path_length=None), critical=True)
        )
        if identity is not None:
            name = x509.UniformResourceIdentifier(identity) if "://" in identity else x509.DNSName(identity)
            builder = builder.add_extension(x509.SubjectAlternativeName([name]), critical=True)
        return builder.sign(self._key, hashes.SHA256())


class Names(BaseResolver):  # type: ignore[misc] # dnslib has no types
    """A DNS server's answers: `records[name]` where there is one, else the stand-in; no addresses means NXDOMAIN.

    `asked`: the names that somebody asks for on purpose (None: every name); any other is NXDOMAIN.
    """

    def __init__(self, stand_in: str) -> None:
        self._stand_in = (stand_in,)
        self.records: dict[str, tuple[str, ...]] = {}
        self.asked: set[str] | None = None

    def resolve(self, request: DNSRecord, handler: Any) -> DNSRecord:  # noqa: ARG002 - dnslib's signature
        """The reply to `request`; a TTL of 60 s, so that nothing changes during a run."""
        reply = request.reply()
        name = str(request.q.qname).rstrip(".").lower()
        known = self.asked is None or name in self.asked
        addresses = self.records.get(name, self._stand_in) if known else ()
        if not addresses:
            reply.header.rcode = RCODE.NXDOMAIN
        for address in addresses:
            kind, data = (QTYPE.AAAA, AAAA) if ":" in address else (QTYPE.A, A)
            if request.q.qtype == kind:
                octets = tuple(ipaddress.ip_address(address).packed)
                reply.add_answer(RR(request.q.qname, kind, rdata=data(octets), ttl=60))
        return reply


class _Alone(UDPServer):  # type: ignore[misc] # dnslib has no types
    """dnslib's server at a port of its own: dnslib asks to share it, and such a port the system gives to two."""

    def server_bind(self) -> None:
        self.allow_reuse_address = False
        super().server_bind()


class World:
    """DNS server and servers, up from entering to leaving it as a context manager.

    `stand_in`: the address that plays the internet; `closed`: the one after it, where nothing listens;
    `port`: the one of every server; `dns_port`.
    A server speaks TLS or plain HTTP, as its client does; it sends its own address, then closes.
    With `servers` False there are none: somebody else listens there.
    """

    def __init__(self, directory: Path, *, servers: bool = True) -> None:
        self.mesh = Authority(directory, "mesh-root")
        self.other = Authority(directory, "other-root")
        self._identity = Authority(directory, "servers-root").issue("server", "server.invalid")
        self._sockets: list[socket.socket] = []
        self.stand_in, self.port = self._take_addresses()
        if not servers:
            while self._sockets:
                self._sockets.pop().close()
        self.closed = str(ipaddress.ip_address(self.stand_in) + 1)
        self.names = Names(self.stand_in)
        # dnslib's servers bind when they are made; port 0 picks a free one.
        quiet = DNSLogger("-request,-reply,-truncated,-error")
        self._dns = DNSServer(self.names, address="127.0.0.1", port=0, logger=quiet, server=_Alone)
        self.dns_port = int(self._dns.server.server_address[1])

    def __enter__(self) -> Self:
        self._dns.start_thread()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self._identity)
        for listening in self._sockets:
            threading.Thread(target=_accept, args=(listening, context), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._dns.stop()
        self._dns.server.server_close()
        for listening in self._sockets:
            listening.close()

    def _take_addresses(self) -> tuple[str, int]:
        """Bind one free port on the stand-in, 127.0.0.1 and, where the machine has it, ::1."""
        for _ in range(20):
            # A whole /8 is loopback (Linux); a random one keeps runs beside each other apart.
            stand_in = f"127.{64 + secrets.randbelow(64)}.{secrets.randbelow(256)}.{2 * (1 + secrets.randbelow(126))}"
            try:
                first = _listen(stand_in, 0)
            except OSError as fault:
                raise ProbeError(
                    f"cannot listen on {stand_in}: {fault.strerror}; the probe needs 127.0.0.0/8 as Linux has it"
                ) from None
            self._sockets = [first]
            port = int(first.getsockname()[1])
            try:
                self._sockets.append(_listen("127.0.0.1", port))
            except OSError:
                first.close()
                continue
            # A machine without IPv6 has no ::1 that could be reached by mistake.
            with contextlib.suppress(OSError):
                self._sockets.append(_listen("::1", port))
            return stand_in, port
        raise ProbeError("no port was free on both a second loopback address and 127.0.0.1 in 20 tries")


def _listen(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listening = socket.socket(family)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen(256)
    except OSError:
        listening.close()
        raise
    return listening


def _accept(listening: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return  # Closed: the world has ended.
        threading.Thread(target=_serve, args=(connection, context), daemon=True).start()


def _answer(connection: socket.socket, body: bytes) -> None:
    """Answer the first request by plain HTTP, once it is whole."""
    head = b""
    while b"\r\n\r\n" not in head:
        data = connection.recv(16384)
        if not data or len(head) > _LONGEST_HEAD:
            return
        head += data
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
    )


def _serve(connection: socket.socket, context: ssl.SSLContext) -> None:
    try:
        connection.settimeout(10)
        answer = f"reached {connection.getsockname()[0]}\n".encode()
        if connection.recv(1, socket.MSG_PEEK) != _HANDSHAKE:
            _answer(connection, answer)
            return
        with context.wrap_socket(connection, server_side=True) as tls:
            tls.sendall(answer)
    except OSError:
        pass  # A gateway that connects and sends nothing, or breaks off: the client's side tells.
    finally:
        connection.close()
