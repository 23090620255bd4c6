"""A DNS server on 127.0.0.1, over UDP and TCP, that answers as a test says."""

from __future__ import annotations

import socketserver
import threading
from typing import TYPE_CHECKING, Self

from dnslib import QTYPE, RCODE, RR, DNSRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

SILENT = "silent"


def _at_one_port(
    udp: type[socketserver.BaseRequestHandler], tcp: type[socketserver.BaseRequestHandler]
) -> tuple[socketserver.ThreadingUDPServer, socketserver.ThreadingTCPServer]:
    """Servers of both at one port, which other tests may hold for TCP just when it is free for UDP."""
    for _ in range(50):
        first = socketserver.ThreadingUDPServer(("127.0.0.1", 0), udp)
        try:
            return first, socketserver.ThreadingTCPServer(("127.0.0.1", int(first.server_address[1])), tcp)
        except OSError:
            first.server_close()
    raise OSError("no port of 127.0.0.1 is free for UDP and TCP both")


class DnsServer:
    """Answers by `zone`: of each name its records as in `("A 192.0.2.1", ...)`, the name of an error, or SILENT.

    An alias (`CNAME x`) is followed as far as the zone goes: what stands in no zone does not exist. With
    `CNAME-ALONE x` it is not followed. `asked` are the questions so far, `most` how many were open at a time.
    """

    def __init__(self, zone: Mapping[str, tuple[str, ...] | str], delay: float = 0.0) -> None:
        self.zone = zone
        self.asked: list[tuple[str, str]] = []
        self.most = 0
        self._open = 0
        self._delay = delay
        self._lock = threading.Lock()
        self._wait = threading.Event()
        outer = self

        class Udp(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data, connection = self.request
                reply = outer.reply(data, 512)
                if reply:
                    connection.sendto(reply, self.client_address)

        class Tcp(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                size = int.from_bytes(self.rfile.read(2), "big")
                reply = outer.reply(self.rfile.read(size), 65535)
                self.wfile.write(len(reply).to_bytes(2, "big") + reply)

        socketserver.ThreadingUDPServer.max_packet_size = 65535
        self._udp, self._tcp = _at_one_port(Udp, Tcp)
        self.port = int(self._udp.server_address[1])
        self.address = f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        for server in (self._udp, self._tcp):
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._wait.set()
        for server in (self._udp, self._tcp):
            server.shutdown()
            server.server_close()

    def reply(self, data: bytes, most: int) -> bytes:
        """The answer on the wire; nothing where there is none."""
        query = DNSRecord.parse(data)
        name, kind = str(query.q.qname).rstrip(".").lower(), QTYPE[query.q.qtype]
        with self._lock:
            self.asked.append((name, kind))
            self._open += 1
            self.most = max(self.most, self._open)
        self._wait.wait(self._delay)
        with self._lock:
            self._open -= 1
        reply = query.reply()
        for _ in range(10):
            found = self.zone.get(name, "NXDOMAIN")
            if found == SILENT:
                return b""
            if isinstance(found, str):
                reply.header.rcode = getattr(RCODE, found)
                break
            alias = next((one.split()[1] for one in found if one.startswith("CNAME")), "")
            for one in found:
                record = one.replace("-ALONE", "")
                if alias or record.split()[0] == kind:
                    reply.add_answer(*RR.fromZone(f"{name}. 60 IN {record}"))
            if not alias or "CNAME-ALONE" in found[0]:
                break
            name = alias.rstrip(".")
        packed: bytes = reply.pack()
        if len(packed) <= most:
            return packed
        short = query.reply()
        short.header.tc = 1
        return bytes(short.pack())
