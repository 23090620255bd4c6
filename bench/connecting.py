"""Connections one after the other, in a pod: a program of its own, as tests/e2e/mesh/client.py is.

connecting.py ADDRESS PORT HELLO COUNT: sends HELLO (hexadecimal) on each, waits for the first byte that the destination
says, and prints how many seconds all of them took.
"""

from __future__ import annotations

import encodings.idna  # noqa: F401 -- loaded on first use otherwise, when nobody may no longer read Python's own files
import os
import socket
import sys
import time

NOBODY = 65534


def main() -> int:
    """Becomes nobody, whose connections go to the sidecar; 1 where the destination was not reached."""
    address, port, hello, count = sys.argv[1], int(sys.argv[2]), bytes.fromhex(sys.argv[3]), int(sys.argv[4])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    started = time.perf_counter()
    for _ in range(count):
        with socket.create_connection((address, port), timeout=20) as connection:
            connection.sendall(hello)
            if connection.recv(1) != b"x":
                return 1
    sys.stdout.write(f"{time.perf_counter() - started}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
