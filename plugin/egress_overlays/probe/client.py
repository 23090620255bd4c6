"""The application and its sidecar in one: a TLS session or a request for the destination in the mesh's mutual TLS."""

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
    """What the client sends: `name` as SNI (None: none), a request by plain HTTP for `host`, or `raw` bytes instead."""

    name: str | None = None
    raw: bytes = b""
    certificate: str = "mesh"
    """The one it shows: `mesh`, `other` (a stranger's), `none`; or `plaintext`, which is no outer TLS at all."""
    host: str = ""
    """The whole of Host, where it is a request by plain HTTP; `name` is what DNS may be asked for then."""

    @property
    def logged(self) -> str:
        """What Envoy's log calls it: Host as it is sent, or the name in lower case."""
        return self.host or str(self.name).lower()


def reach(port: int, hello: Hello, root: Path, certificates: dict[str, tuple[Path, Path]]) -> str:
    """Send `hello` to the mesh listener on 127.0.0.1:`port`; the address of the server reached, or ""."""
    with contextlib.suppress(OSError, ssl.SSLError), socket.create_connection(("127.0.0.1", port), _TIMEOUT) as plain:
        if hello.certificate == "plaintext":
            plain.sendall(_request(hello.host) if hello.host else client_hello(hello.name))
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
            return _answered(outer, hello.host) if hello.host else _inner(outer, hello.name)
    return ""


def with_raw_name(name: bytes) -> bytes:
    """A real ClientHello whose SNI is exactly `name`, whatever octets; ssl itself would refuse many."""
    placeholder = b".".join(b"x" * min(40, len(name) - at) for at in range(0, len(name), 41))
    return client_hello(placeholder.decode()).replace(placeholder, name)


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # whom we have reached, the server says inside
    return context


def client_hello(name: str | None) -> bytes:
    """A real ClientHello."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = _context().wrap_bio(incoming, outgoing, server_hostname=name)
    with contextlib.suppress(ssl.SSLWantReadError):
        session.do_handshake()
    return outgoing.read()


def _request(host: str) -> bytes:
    return f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


def _answered(outer: ssl.SSLSocket, host: str) -> str:
    """Ask for / by plain HTTP; what the server says, and nothing where the gateway answers in its place."""
    outer.sendall(_request(host))
    answer = b""
    while data := outer.recv(16384):
        answer += data
        head, ended, body = answer.partition(b"\r\n\r\n")
        if ended and not head.startswith(b"HTTP/1.1 200 "):
            return ""
        if ended and body.endswith(b"\n"):
            return _said(body)
    return ""


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
    return _said(line)


def _said(line: bytes) -> str:
    """The address that a server of the probe's world has said."""
    return line.decode("ascii", "replace").removeprefix("reached ").strip()
