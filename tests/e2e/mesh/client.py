"""The application: TLS clients that stand in a pod and know nothing of the mesh. A program of its own, without pytest.

stdin holds one JSON request a line, stdout one JSON reply a line, in the same order:
{"name": SNI and certificate name, "address" and "port": where to connect (default: what DNS says, 443),
 "sni": what to send instead (null: none), "unverified": take any server certificate, "certificate" and "key": one of
 the client's own, "inner": do TLS for this name inside of that TLS, "plaintext": no TLS at all, "raw": send these
 bytes (hexadecimal) instead, "held": see Held}
-> {"ok": true, "title": ..., "peer": ...} or {"ok": false, "error": ...}
"""

from __future__ import annotations

import encodings.idna  # noqa: F401 -- loaded on first use otherwise, when nobody may no longer read Python's own files
import json
import os
import re
import socket
import ssl
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

NOBODY = 65534
TIMEOUT = 8.0  # Seconds. A refused connection is closed at once; nothing here should ever take this long.


def request(root: str, question: dict[str, Any]) -> dict[str, Any]:
    """One HTTPS GET on a connection of its own."""
    name = question["name"]
    sni = question.get("sni", name)
    try:
        with socket.create_connection((question.get("address", name), question.get("port", 443)), TIMEOUT) as plain:
            if question.get("plaintext"):
                plain.sendall(b"GET / HTTP/1.1\r\nHost: %b\r\n\r\n" % name.encode())
                reply = plain.recv(65536)
                return {"ok": reply.startswith(b"HTTP/1.1 200"), "error": "no answer"}
            if "raw" in question:
                plain.sendall(bytes.fromhex(question["raw"]))
                return {"ok": bool(plain.recv(1)), "error": "no answer"}
            context = ssl.create_default_context(cafile=root)
            if question.get("unverified"):
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            if "certificate" in question:
                context.load_cert_chain(question["certificate"], question["key"])
            with context.wrap_socket(plain, server_hostname=sni) as connection:
                if "inner" in question:
                    return get(Inner(connection, ssl.create_default_context(cafile=root), question["inner"]), name)
                return get(connection, name)
    except (OSError, ssl.SSLError) as error:
        return {"ok": False, "error": f"{type(error).__name__}: {error}"}


class Inner:
    """TLS inside TLS, as a sidecar sends it: what the ssl module does not do on sockets it does on buffers."""

    def __init__(self, outer: ssl.SSLSocket, context: ssl.SSLContext, name: str) -> None:
        self._outer = outer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self._carry(self._tls.do_handshake)

    def _carry(self, step: Callable[[], bytes | int | None]) -> bytes | int | None:
        """Repeats a step of the inner session, and carries bytes between it and the outer one, until it is done."""
        while True:
            try:
                done = step()
            except ssl.SSLWantReadError:
                self._outer.sendall(self._outgoing.read())
                received = self._outer.recv(65536)
                if not received:
                    raise ConnectionResetError("closed by the gateway") from None
                self._incoming.write(received)
            else:
                self._outer.sendall(self._outgoing.read())
                return done

    def sendall(self, data: bytes) -> None:
        self._carry(lambda: self._tls.write(data))

    def recv(self, size: int) -> bytes:
        received = self._carry(lambda: self._tls.read(size))
        return received if isinstance(received, bytes) else b""


def get(connection: ssl.SSLSocket | Inner, name: str) -> dict[str, Any]:
    """One HTTP request on a connection that is open."""
    connection.sendall(b"GET / HTTP/1.1\r\nHost: %b\r\n\r\n" % name.encode())
    reply = b""
    while b"</html>" not in reply:
        received = connection.recv(65536)
        if not received:
            return {"ok": False, "error": "closed before the answer was whole"}
        reply += received
    found = re.search(rb"<title>(.*?)</title>", reply)
    return {"ok": reply.startswith(b"HTTP/1.1 200"), "title": found and found[1].decode()}


class Held:
    """Connections that stay open from one question to the next, by a key the test chooses."""

    def __init__(self, root: str) -> None:
        self._context = ssl.create_default_context(cafile=root)
        self._connections: dict[str, ssl.SSLSocket] = {}

    def ask(self, key: str, name: str) -> dict[str, Any]:
        """A request on the held connection, which is opened at its first use."""
        try:
            if key not in self._connections:
                plain = socket.create_connection((name, 443), TIMEOUT)
                self._connections[key] = self._context.wrap_socket(plain, server_hostname=name)
            return get(self._connections[key], name)
        except (OSError, ssl.SSLError) as error:
            return {"ok": False, "error": f"{type(error).__name__}: {error}"}


def main() -> int:
    """Becomes nobody, whose connections the pod's iptables rules send to the sidecar, and answers until stdin ends."""
    root = sys.argv[1]
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    held = Held(root)
    for line in sys.stdin:
        question = json.loads(line)
        answer = held.ask(question["held"], question["name"]) if "held" in question else request(root, question)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
