"""The application and its sidecar in one: a TLS session for the destination inside the mesh's mutual TLS."""

from __future__ import annotations

import contextlib
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

# What a sidecar sends to the gateway of base/ (Istio's subset key in its SNI form).
OUTER_NAME = "outbound_.443_.wildcard_.egressgateway.istio-egress.svc.cluster.local"
_TIMEOUT = 8.0


@dataclass(frozen=True)
class Hello:
    """What the client sends: `name` as SNI (None: none), or `raw` bytes instead of a TLS session."""

    name: str | None = None
    raw: bytes = b""
    certificate: str = "mesh"
    """The one it shows: `mesh`, `other` (a stranger's), `none`; or `plaintext`, which is no outer TLS at all."""


def reach(port: int, hello: Hello, root: Path, certificates: dict[str, tuple[Path, Path]]) -> str:
    """Send `hello` to the mesh listener on 127.0.0.1:`port`; the address of the server reached, or ""."""
    with contextlib.suppress(OSError, ssl.SSLError), socket.create_connection(("127.0.0.1", port), _TIMEOUT) as plain:
        if hello.certificate == "plaintext":
            plain.sendall(_client_hello(hello.name))
            plain.recv(1)
            return ""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False  # the gateway's identity is a SPIFFE URI
        context.load_verify_locations(root)
        if hello.certificate != "none":
            context.load_cert_chain(*certificates[hello.certificate])
        with context.wrap_socket(plain, server_hostname=OUTER_NAME) as outer:
            if hello.raw:
                outer.sendall(hello.raw)
                outer.recv(1)
                return ""
            return _inner(outer, hello.name)
    return ""


def with_raw_name(name: bytes) -> bytes:
    """A real ClientHello whose SNI is exactly `name`, whatever octets; ssl itself would refuse many."""
    placeholder = b".".join(b"x" * min(40, len(name) - at) for at in range(0, len(name), 41))
    return _client_hello(placeholder.decode()).replace(placeholder, name)


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # whom we have reached, the server says inside
    return context


def _client_hello(name: str | None) -> bytes:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = _context().wrap_bio(incoming, outgoing, server_hostname=name)
    with contextlib.suppress(ssl.SSLWantReadError):
        session.do_handshake()
    return outgoing.read()


def _inner(outer: ssl.SSLSocket, name: str | None) -> str:
    """Run the inner session over `outer` by hand: a socket cannot be wrapped in TLS twice."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = _context().wrap_bio(incoming, outgoing, server_hostname=name)
    line = b""
    established = False
    while not line.endswith(b"\n"):
        try:
            if not established:
                session.do_handshake()
                established = True
            received = session.read(1024)
            if not received:
                return ""
            line += received
        except ssl.SSLWantReadError:
            outer.sendall(outgoing.read())
            data = outer.recv(16384)
            if not data:
                return ""
            incoming.write(data)
        else:
            if outgoing.pending:
                outer.sendall(outgoing.read())
    return line.decode("ascii", "replace").removeprefix("reached ").strip()
