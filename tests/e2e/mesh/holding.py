"""Many connections that stay open, in a pod: a program of its own, without pytest, as client.py is.

stdin holds one JSON request a line, stdout one JSON reply a line, in the same order:
{"open": NAMES, "each": N} opens what is missing to N connections to each name -> {"failed": [...]}
{"ended": true} looks which ones their other side has closed, and forgets them -> {"ended": {NAME: HOW MANY}}
{"ask": true} makes a request on each that is held -> {"failed": [...]}
"""

from __future__ import annotations

import encodings.idna  # noqa: F401 -- loaded on first use otherwise, when nobody may no longer read Python's own files
import json
import os
import selectors
import socket
import ssl
import sys
from collections import Counter

NOBODY = 65534
TIMEOUT = 20.0  # seconds


class Held:
    """Connections by name; one that is not asked says nothing, so that one which can be read has ended."""

    def __init__(self, root: str) -> None:
        self._context = ssl.create_default_context(cafile=root)
        self._selector = selectors.DefaultSelector()
        self._held: dict[ssl.SSLSocket, str] = {}

    def open(self, names: list[str], each: int) -> list[str]:
        """Opens what is missing to `each` connections to each name; what failed."""
        have, failed = Counter(self._held.values()), []
        for name in names:
            for _ in range(each - have[name]):
                try:
                    plain = socket.create_connection((name, 443), TIMEOUT)
                    session = self._context.wrap_socket(plain, server_hostname=name)
                except OSError as error:
                    failed.append(f"{name}: {error}")
                    continue
                self._held[session] = name
                failed += self._ask(session)
                self._selector.register(session, selectors.EVENT_READ)
        return failed

    def ended(self) -> dict[str, int]:
        """How many connections to each name their other side has closed since the last question."""
        found: Counter[str] = Counter()
        for key, _ in self._selector.select(0):
            assert isinstance(key.fileobj, ssl.SSLSocket)
            found[self._held.pop(key.fileobj)] += 1
            self._selector.unregister(key.fileobj)
            key.fileobj.close()
        return dict(found)

    def ask(self) -> list[str]:
        """A request on each connection; what failed."""
        return [failure for session in self._held for failure in self._ask(session)]

    def _ask(self, session: ssl.SSLSocket) -> list[str]:
        name = self._held[session]
        try:
            session.sendall(b"GET / HTTP/1.1\r\nHost: %b\r\n\r\n" % name.encode())
            reply = b""
            while b"</html>" not in reply:
                received = session.recv(65536)
                if not received:
                    return [f"{name}: closed"]
                reply += received
        except OSError as error:
            return [f"{name}: {error}"]
        return [] if name.encode() in reply else [f"{name}: another site answered"]


def main() -> int:
    """Becomes nobody, and answers until stdin ends."""
    held = Held(sys.argv[1])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    for line in sys.stdin:
        question = json.loads(line)
        if "open" in question:
            answer: dict[str, object] = {"failed": held.open(question["open"], question["each"])}
        else:
            answer = {"ended": held.ended()} if "ended" in question else {"failed": held.ask()}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
