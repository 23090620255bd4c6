"""A client of HBONE, as ztunnel is one: HTTP/2 CONNECT over the mesh's mutual TLS, and in it TLS for a name."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
from typing import TYPE_CHECKING, cast

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, DataReceived, ResponseReceived, StreamEnded, StreamReset

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PORT = 15008
TIMEOUT = 8.0  # Seconds; a refused stream is reset at once.
STREAM = 1


class ClosedError(OSError):
    """The waypoint has ended the stream, or the connection."""


class Tunnel:
    """One CONNECT through a waypoint to an address and port, as the identity of a certificate."""

    def __init__(self, waypoint: str, identity: tuple[Path, Path] | None, authority: str) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        if identity:
            context.load_cert_chain(*identity)
        self._socket = context.wrap_socket(socket.create_connection((waypoint, PORT), TIMEOUT))
        self._http = H2Connection(H2Configuration(validate_outbound_headers=False, validate_inbound_headers=False))
        self._received = bytearray()
        self._status = b""
        self._is_over = False
        self._http.initiate_connection()
        self._http.send_headers(STREAM, [(":method", "CONNECT"), (":authority", authority)])
        try:
            self._flush()
            while not self._status:
                self._wait()
        except OSError:
            self._socket.close()
            raise

    def _flush(self) -> None:
        self._socket.sendall(self._http.data_to_send())

    def _wait(self) -> None:
        """Takes in what comes; ClosedError where nothing more does."""
        if self._is_over:
            raise ClosedError("the stream is over")
        data = self._socket.recv(65536)
        if not data:
            raise ClosedError("the connection is over")
        for event in self._http.receive_data(data):
            if isinstance(event, ResponseReceived):
                self._status = dict(event.headers)[b":status"]
            elif isinstance(event, DataReceived):
                self._received += event.data
                self._http.acknowledge_received_data(event.flow_controlled_length, STREAM)
            elif isinstance(event, StreamEnded | StreamReset | ConnectionTerminated):
                self._is_over = True
        self._flush()

    def title(self, name: str | None, root: Path) -> str:
        """The title of the page that the server behind the tunnel has for this name in the SNI; ClosedError."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context(cafile=str(root))
        context.check_hostname = False
        tls = context.wrap_bio(incoming, outgoing, server_hostname=name)

        def carried(step: Callable[[], object]) -> object:
            while True:
                try:
                    done = step()
                except ssl.SSLWantReadError:
                    done = None
                if sent := outgoing.read():
                    self._http.send_data(STREAM, sent)
                    self._flush()
                if done is not None:
                    return done
                while not self._received:
                    self._wait()
                incoming.write(bytes(self._received))
                self._received.clear()

        def shaken() -> bool:
            tls.do_handshake()
            return True

        carried(shaken)
        carried(lambda: tls.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
        page = cast("bytes", carried(lambda: tls.read(4096)))
        return page.partition(b"<title>")[2].partition(b"<")[0].decode()

    def raw(self, data: bytes) -> None:
        """Sends these bytes to the server behind the tunnel, and waits for its first ones; ClosedError."""
        self._http.send_data(STREAM, data)
        self._flush()
        while not self._received:
            self._wait()

    def is_over(self) -> bool:
        """Whether the waypoint has ended it by now."""
        with contextlib.suppress(OSError):
            while not self._is_over and (self._socket.pending() or select.select([self._socket], [], [], 0)[0]):
                self._wait()
            return self._is_over
        return True

    def close(self) -> None:
        """Ends the connection."""
        self._socket.close()


def title(
    waypoint: str, identity: tuple[Path, Path] | None, authority: str, name: str | None, root: Path, *, raw: bytes = b""
) -> str | None:
    """The title of the page behind a waypoint; None where it is refused, and where `raw` is sent instead."""
    try:
        tunnel = Tunnel(waypoint, identity, authority)
    except OSError:
        return None
    try:
        if not raw:
            return tunnel.title(name, root)
        tunnel.raw(raw)
    except (OSError, ssl.SSLError):
        pass
    finally:
        tunnel.close()
    return None
